//! Which lines of a source file a change wrote.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::text::Span;

/// How long two versions of one file may be compared before the answer becomes coarse.
const DEADLINE: Duration = Duration::from_millis(500);

/// The bytes of `after` in lines that `before` does not have there, neighbouring lines joined.
pub fn inserted(before: &str, after: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut at = 0;
    let diff = TextDiff::configure()
        .timeout(DEADLINE)
        .diff_lines(before, after);
    for change in diff.iter_all_changes() {
        let length = change.value().len();
        match change.tag() {
            ChangeTag::Delete => continue,
            ChangeTag::Equal => {}
            ChangeTag::Insert => match found.last_mut() {
                Some(last) if last.end as usize == at => last.end = (at + length) as u32,
                _ => found.push(Span::new(at, at + length)),
            },
        }
        at += length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_lines_are_found() {
        let after = "a\nb2\nc\nd\n";
        let found = inserted("a\nb\nc\n", after);
        assert_eq!(
            found.iter().map(|span| span.of(after)).collect::<Vec<_>>(),
            ["b2\n", "d\n"]
        );
        assert_eq!(inserted("", "x"), [Span::new(0, 1)]);
        assert_eq!(inserted("x\n", "x\n"), []);
    }
}
