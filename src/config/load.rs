//! The text of a configuration into a tree whose nodes know their bytes: the only module that knows yaml-rust2.
//!
//! Scalars stay texts: `1.30` is not a number and `no` is not false until an entry says what it wants. Anchors, aliases
//! and tags are refused, and so is a second document: a configuration is read by people first.

use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::TScalarStyle;

use crate::text::Span;

/// Nothing in a configuration nests deeper than this.
const MAX_DEPTH: usize = 32;

/// A value as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) data: Data,
    pub(super) span: Span,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Data {
    Scalar {
        text: String,
        /// True if and only if it is written without quotes.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// True if and only if nothing is written here, or null is.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// What it is, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match &self.data {
            _ if self.is_null() => "nothing",
            Data::Scalar { .. } => "a single value",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }
}

/// Why a text is no configuration at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) message: String,
    pub(super) span: Span,
}

/// A collection that is still being read.
enum Open {
    List(Vec<Node>),
    /// The pairs, and a key that waits for its value.
    Map(Vec<(Node, Node)>, Option<Node>),
}

/// Reads the one document of `text`; `None` where there is nothing but comments.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Malformed> {
    let without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shift = text.len() - without_mark.len();
    let offsets = Offsets::new(without_mark);
    let mut parser = Parser::new_from_str(without_mark);
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut root = None;
    let mut documents = 0;
    let malformed = |message: &str, start: usize| {
        let start = start + shift;
        Malformed {
            message: message.to_owned(),
            span: Span::new(start, text.len().min(start + 1)),
        }
    };
    loop {
        let (event, marker) = parser
            .next_token()
            .map_err(|error| malformed(error.info(), offsets.of(error.marker().index())))?;
        let start = offsets.of(marker.index());
        let done = match event {
            Event::StreamEnd => return Ok(root),
            Event::DocumentStart => {
                documents += 1;
                if documents > 1 {
                    return Err(malformed(
                        "a configuration is one document, and another begins here",
                        start,
                    ));
                }
                continue;
            }
            Event::Alias(_) => {
                return Err(malformed(
                    "aliases are not understood in a configuration",
                    start,
                ));
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(malformed(
                    "tags are not understood in a configuration",
                    start,
                ));
            }
            Event::Scalar(value, style, _, None) => {
                let length = scalar_length(without_mark, start, &value, style);
                Node {
                    span: Span::new(start + shift, start + shift + length),
                    data: Data::Scalar {
                        text: value,
                        plain: style == TScalarStyle::Plain,
                    },
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() >= MAX_DEPTH {
                    return Err(malformed("a configuration does not nest this deep", start));
                }
                open.push((
                    if matches!(event, Event::SequenceStart(..)) {
                        Open::List(Vec::new())
                    } else {
                        Open::Map(Vec::new(), None)
                    },
                    start + shift,
                ));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), start)) => {
                    let end = items
                        .last()
                        .map_or(start + 1, |last| last.span.end as usize);
                    Node {
                        data: Data::List(items),
                        span: Span::new(start, end),
                    }
                }
                Some((Open::Map(pairs, _), start)) => {
                    let start = pairs
                        .first()
                        .map_or(start, |(key, _)| start.min(key.span.start as usize));
                    let end = pairs.last().map_or(start + 1, |(key, value)| {
                        key.span.end.max(value.span.end) as usize
                    });
                    Node {
                        data: Data::Map(pairs),
                        span: Span::new(start, end),
                    }
                }
                None => continue,
            },
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
        };
        match open.last_mut() {
            None => root = Some(done),
            Some((Open::List(items), _)) => items.push(done),
            Some((Open::Map(pairs, key), _)) => match key.take() {
                None => *key = Some(done),
                Some(key) => pairs.push((key, done)),
            },
        }
    }
}

/// From the character counts of yaml-rust2's markers to bytes.
struct Offsets(Vec<u32>);

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self(Vec::new());
        }
        let mut offsets: Vec<u32> = text
            .char_indices()
            .map(|(offset, _)| offset as u32)
            .collect();
        offsets.push(text.len() as u32);
        Self(offsets)
    }

    fn of(&self, characters: usize) -> usize {
        if self.0.is_empty() {
            return characters;
        }
        let end = self.0.last().copied().unwrap_or_default();
        self.0.get(characters).copied().unwrap_or(end) as usize
    }
}

/// How many bytes a scalar takes in the text; its first line where it has several.
fn scalar_length(text: &str, start: usize, value: &str, style: TScalarStyle) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    if style == TScalarStyle::Plain && rest.starts_with(value) {
        return value.len();
    }
    let line = rest.lines().next().unwrap_or_default();
    let quote = match style {
        TScalarStyle::SingleQuoted => '\'',
        TScalarStyle::DoubleQuoted => '"',
        _ => return line.trim_end().len(),
    };
    let mut escaped = false;
    for (offset, character) in line.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return offset + 1,
            _ => {}
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(node: &Node, text: &str) -> String {
        match &node.data {
            Data::Scalar { .. } => node.span.of(text).to_owned(),
            Data::List(items) => {
                let items: Vec<_> = items.iter().map(|item| shown(item, text)).collect();
                format!("[{}]", items.join(", "))
            }
            Data::Map(pairs) => {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(key, value)| format!("{}: {}", shown(key, text), shown(value, text)))
                    .collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    #[test]
    fn nodes_know_their_bytes() {
        let check = |text: &str, expected: &str| {
            let node = parse(text).unwrap().unwrap();
            assert_eq!(shown(&node, text), expected);
        };
        check(
            "a: 1.30\nb: [x, 'y''s', \"z\\\"\"]\n",
            "{a: 1.30, b: [x, 'y', \"z\\\"\"]}",
        );
        check(
            "é: ü\r\nlist:\r\n  - ö: true # x\r\n",
            "{é: ü, list: [{ö: true}]}",
        );
        check("\u{feff}# ü\na: no\n", "{a: no}");
        check("a:\nb: {}\n", "{a: , b: {}}");
    }

    #[test]
    fn what_is_no_configuration_is_told_with_its_place() {
        let check = |text: &str, line: &str, words: &str| {
            let error = parse(text).unwrap_err();
            let rest = text.get(error.span.start as usize..).unwrap();
            assert!(rest.starts_with(line), "{error:?} is at {rest:?}");
            assert!(error.message.contains(words), "{error:?}");
        };
        check("a: 1\n---\nb: 2\n", "", "one document");
        check("a: &x 1\nb: *x\n", "*x", "aliases");
        check("é: !!str 1\n", "", "tags");
        check("a: [1\n", "", "");
        check(&"[".repeat(40), "[", "deep");
        assert_eq!(parse("# nothing\n"), Ok(None));
        assert_eq!(parse(""), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"([\[\]{}:,\-#&*!|>'"%@`\n \t?a-cé0]|: |- |\n  |---\n){0,40}"#) {
            if let Ok(Some(node)) = parse(&text) {
                proptest::prop_assert!(node.span.end as usize <= text.len() + 1);
            }
        }
    }
}
