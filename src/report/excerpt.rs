//! Lines of the files that people edit, cut out for a reader, with the secrets in them covered.

use std::ops::Range;

use super::{Location, SourceText, Texts};
use crate::text::{LineIndex, Span};

/// What stands in a secret's place.
pub(super) const COVER: &str = "(hidden)";

/// At most so many lines of one place are shown: a reader wants to know where, not to read the file.
const LINES: u32 = 4;

/// A line of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file, from 1.
    pub(super) number: u32,
    /// Its text without the line break, secrets covered.
    pub(super) text: String,
    /// The bytes of the text that are meant; empty where none of this line are.
    pub(super) marked: Range<usize>,
}

/// The lines of a place, with `around` more on each side; none where the text is not known.
pub(super) fn lines(texts: &Texts, location: &Location, around: u32) -> Vec<Line> {
    let Some(source) = texts.get(&(location.side, location.path.clone())) else {
        return Vec::new();
    };
    let index = LineIndex::new(&source.text);
    let first = location.start.line.saturating_sub(around).max(1);
    let last = (shown_to(location) + around).min(index.lines().max(first));
    let window = Span {
        start: index.line(first).start,
        end: index.line(last).end,
    };
    let (text, marked) = covered(source, window, location.span);
    let mut at = 0;
    let mut lines = Vec::new();
    for (number, line) in (first..).zip(text.split_inclusive('\n')) {
        let shown = line.trim_end_matches(['\n', '\r']);
        let clip = |offset: usize| offset.clamp(at, at + shown.len()) - at;
        lines.push(Line {
            number,
            text: shown.to_owned(),
            marked: clip(marked.start)..clip(marked.end),
        });
        at += line.len();
    }
    lines
}

/// The last line of a place that is shown.
pub(super) fn shown_to(location: &Location) -> u32 {
    let first = location.start.line;
    location.end.line.clamp(first, first + LINES - 1)
}

/// The text of `window` with its secrets covered, and where `marked` lies in it.
pub(super) fn covered(
    source: &SourceText,
    window: Span,
    marked: Span,
) -> (String, std::ops::Range<usize>) {
    let mut out = String::new();
    let mut at = window.start;
    let clip = |offset: u32| offset.clamp(window.start, window.end);
    let (mut start, mut end) = (None, None);
    let mut keep = |out: &mut String, from: u32, to: u32| {
        let piece = Span {
            start: from,
            end: to,
        };
        for (offset, slot) in [
            (clip(marked.start), &mut start),
            (clip(marked.end), &mut end),
        ] {
            if slot.is_none() && (from..=to).contains(&offset) {
                *slot = Some(out.len() + (offset - from) as usize);
            }
        }
        out.push_str(piece.of(&source.text));
    };
    for secret in source
        .secrets
        .iter()
        .filter(|secret| secret.meets(window) && !secret.is_empty())
    {
        let (from, to) = (clip(secret.start).max(at), clip(secret.end));
        if to <= from {
            continue;
        }
        keep(&mut out, at, from);
        out.push_str(COVER);
        // Line breaks inside a secret are kept, so that the numbers of the lines after it stay right.
        out.extend(
            Span {
                start: from,
                end: to,
            }
            .of(&source.text)
            .chars()
            .filter(|&c| c == '\n'),
        );
        at = to;
    }
    keep(&mut out, at, window.end);
    let start = start.unwrap_or(0);
    let mut end = end.unwrap_or(out.len()).max(start);
    // A mark that ends in the line break would be drawn into the next line.
    while end > start
        && out
            .as_bytes()
            .get(end - 1)
            .is_some_and(|b| matches!(b, b'\n' | b'\r'))
    {
        end -= 1;
    }
    (out, start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn secrets_are_covered_also_where_they_overlap() {
        let source = SourceText {
            text: Arc::from("a: hunter22\nb: x\n"),
            secrets: vec![Span::new(3, 8), Span::new(5, 11)],
        };
        let (text, marked) = covered(&source, Span::new(0, 17), Span::new(15, 16));
        assert_eq!(text, "a: (hidden)(hidden)\nb: x\n");
        assert_eq!(text.get(marked), Some("x"));
    }
}
