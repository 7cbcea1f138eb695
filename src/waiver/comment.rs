//! Waivers as comments in the files that people edit: YAML, and Helm templates.
//!
//! A file need not be valid for its comments to be found: a template is no YAML, and neither is half of a patch.

use super::Terms;
use crate::text::{LineIndex, Span};

/// What begins a waiver in a comment.
const MARK: &str = "plimsoll:ignore";

/// A waiver in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// What it says.
    pub terms: Terms,
    /// Its bytes, from the mark to its end.
    pub span: Span,
    /// The line that it is about: its own, or the next one with content where it stands alone. From 1.
    pub line: u32,
}

/// The waivers in a text, in its order.
pub fn comments(text: &str) -> Vec<Comment> {
    if !text.contains(MARK) {
        return Vec::new();
    }
    let index = LineIndex::new(text);
    text.match_indices(MARK)
        .filter_map(|(start, _)| comment(text, &index, start))
        .collect()
}

fn comment(text: &str, index: &LineIndex, start: usize) -> Option<Comment> {
    let before = text.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let opened = before.get(line_start..)?.trim_end();
    let rest = text.get(start..)?;
    // How long what is said is, where its line ends, and whether nothing else stands on its lines.
    let (length, end, alone) = if let Some(content) = opened.strip_suffix('#') {
        // In YAML a comment needs white space before it.
        if !content.is_empty() && !content.ends_with(char::is_whitespace) {
            return None;
        }
        let length = rest.find('\n').unwrap_or(rest.len());
        (length, length, content.trim().is_empty())
    } else if let Some(content) = opened.strip_suffix("/*") {
        let content = content
            .trim_end()
            .trim_end_matches('-')
            .strip_suffix("{{")?;
        let length = rest.find("*/")?;
        let after = rest.get(length + 2..)?.trim_start_matches([' ', '\t', '-']);
        let after = after.strip_prefix("}}")?;
        let end = rest.len() - after.len();
        let after = after.split('\n').next().unwrap_or_default();
        (length, end, is_void(content) && is_void(after))
    } else {
        return None;
    };
    let said = rest.get(MARK.len()..length)?;
    // `plimsoll:ignored` is another word.
    if said.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let said_end = start + rest.get(..length)?.trim_end().len();
    let last = index.position(text, (start + end) as u32).line;
    let line = if alone {
        (last + 1..=index.lines())
            .find(|&line| !is_void(index.line(line).of(text)))
            .unwrap_or(last)
    } else {
        index.position(text, start as u32).line
    };
    Some(Comment {
        terms: Terms::parse(said),
        span: Span::new(start, said_end),
        line,
    })
}

/// True if and only if a line holds nothing but white space and a comment.
fn is_void(line: &str) -> bool {
    let line = line.trim();
    let is_template_comment = (line.starts_with("{{/*") || line.starts_with("{{- /*"))
        && line.ends_with("}}")
        && line.matches("{{").count() == 1;
    line.is_empty() || line.starts_with('#') || is_template_comment
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each waiver as `line: reason`.
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = comments(text)
            .iter()
            .map(|comment| format!("{}: {}", comment.line, comment.terms.reason))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next() {
        check("a: 1 # plimsoll:ignore[C-0057] why\nb: 2\n", &["1: why"]);
        check(
            "# plimsoll:ignore[C-0057] why\r\n\r\n# more\r\nb: 2\r\n",
            &["4: why"],
        );
        check(
            "  #plimsoll:ignore[C-0057] a\n  # plimsoll:ignore[C-0016] b\n  b: 2",
            &["3: a", "3: b"],
        );
        check("# plimsoll:ignore[C-0057] at the end", &["1: at the end"]);
        check(
            "{{- /* plimsoll:ignore[C-0057] why */}}\nb: {{ .Values.b }}\n",
            &["2: why"],
        );
        check(
            "{{/* plimsoll:ignore[C-0057]\n  two lines\n*/ -}}\n\nb: 2\n",
            &["5: two lines"],
        );
        check(
            "b: 2 {{- /* plimsoll:ignore[C-0057] why */ -}}\nc: 3\n",
            &["1: why"],
        );
        check(
            "{{/* plimsoll:ignore[C-0057] why */}}b: 2\nc: 3\n",
            &["1: why"],
        );
    }

    #[test]
    fn what_is_no_comment_is_none() {
        for text in [
            "a: plimsoll:ignore[C-0057] why\n",
            "a: x#plimsoll:ignore[C-0057] why\n",
            "a: 1 # see plimsoll:ignore[C-0057] why\n",
            "# plimsoll:ignored[C-0057] why\n",
            "{{ /* plimsoll:ignore[C-0057] why",
            "/* plimsoll:ignore[C-0057] why */\n",
        ] {
            check(text, &[]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"(plimsoll:ignore|\[C-0057\]|[#/*{}é \n\r-]|/\*|\*/|\{\{|\}\}| until=| x){0,30}") {
            for comment in comments(&text) {
                proptest::prop_assert!(comment.span.of(&text).starts_with(MARK));
                proptest::prop_assert!(comment.line >= 1);
            }
        }
    }
}
