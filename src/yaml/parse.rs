//! Events into the lossless tree: an arena of nodes with exact byte spans, and the comments between them.
//!
//! Accepts what go-yaml accepts, in both of its versions. What the nodes mean to a program is decided in
//! [`resolve`](super::resolve).

use std::collections::HashMap;

use super::events::{Event, Events};
use super::everyday;
use super::{
    Comment, Document, Node, NodeId, NodeKind, Path, ScalarStyle, Step, Stream, SyntaxError,
};
use crate::text::Span;

/// What ends a line, to go-yaml and libyaml.
pub(super) const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// Reads the documents of `text`.
pub fn parse(text: &str) -> Stream {
    let mut documents = Vec::new();
    let error = read(text, &mut documents).err();
    Stream { documents, error }
}

/// Reads bytes, which have to be UTF-8.
pub fn parse_bytes(bytes: &[u8]) -> Stream {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => {
            let at = error.valid_up_to();
            Stream {
                documents: Vec::new(),
                error: Some(SyntaxError {
                    span: Span::new(at, (at + error.error_len().unwrap_or(1)).min(bytes.len())),
                    message: no_character(bytes.get(at..).unwrap_or_default()).to_owned(),
                }),
            }
        }
    }
}

/// Why no character begins here, in go-yaml's words.
fn no_character(bytes: &[u8]) -> &'static str {
    let width = match bytes.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(trailing) = bytes.get(1..width) else {
        return "incomplete UTF-8 octet sequence";
    };
    if trailing.iter().any(|byte| byte & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    let is_long = match bytes {
        [0xc0 | 0xc1, ..] => true,
        [0xe0, second, ..] => *second < 0xa0,
        [0xf0, second, ..] => *second < 0x90,
        _ => false,
    };
    if is_long {
        "invalid length of a UTF-8 sequence"
    } else {
        "invalid Unicode character"
    }
}

/// How many lines end in `text`, as go-yaml and libyaml count them.
pub fn line_breaks(text: &str) -> usize {
    text.matches(BREAKS).count() - text.matches("\r\n").count()
}

/// Follows `path` from the root.
pub(super) fn descend(document: &Document, path: &Path) -> Option<(NodeId, usize)> {
    let mut id = document.target(document.root?);
    for (depth, step) in path.steps().iter().enumerate() {
        let next = match (step, &document.node(id).kind) {
            (Step::Key(key), NodeKind::Mapping { pairs, .. }) => {
                // Of equal keys the last wins.
                pairs.iter().rev().find_map(|&(k, value)| {
                    match &document.node(document.target(k)).kind {
                        NodeKind::Scalar { text, .. } if text == key => Some(value),
                        _ => None,
                    }
                })
            }
            (Step::Index(index), NodeKind::Sequence { items, .. }) => items.get(*index).copied(),
            _ => None,
        };
        match next {
            Some(next) => id = document.target(next),
            None => return Some((id, depth)),
        }
    }
    Some((id, path.steps().len()))
}

fn read(text: &str, documents: &mut Vec<Document>) -> Result<(), SyntaxError> {
    if u32::try_from(text.len()).is_err() {
        return Err(SyntaxError {
            span: Span::at(0),
            message: "found more than 4 GiB of text".to_owned(),
        });
    }
    if let Some(document) = read_everyday(text) {
        documents.push(document);
        return Ok(());
    }
    read_all(text, documents)
}

/// The only document of a text, if nothing in it needs libyaml.
fn read_everyday(text: &str) -> Option<Document> {
    let mut builder = Builder::new(text);
    let mut document = None;
    everyday::read(text, |event, span| {
        document = builder.take(event, span).ok()?;
        Some(())
    })?;
    document
}

fn read_all(text: &str, documents: &mut Vec<Document>) -> Result<(), SyntaxError> {
    let mut builder = Builder::new(text);
    for event in Events::new(text) {
        let (event, span) = event?;
        if let Some(document) = builder.take(event, span)? {
            documents.push(document);
        }
    }
    // Comments after a final `...` belong to the last document.
    let rest = comments(text, Span::new(builder.cursor, text.len()));
    if let Some(last) = documents.last_mut() {
        last.comments.extend(rest);
    }
    Ok(())
}

/// A collection whose end was not seen yet. Keys and values of a mapping alternate.
struct Open {
    id: NodeId,
    children: Vec<NodeId>,
    mapping: bool,
    flow: bool,
}

struct Builder<'a> {
    text: &'a str,
    // Where the last scalar, alias or document marker ended: comments are looked for from here.
    cursor: usize,
    nodes: Vec<Node>,
    comments: Vec<Comment>,
    root: Option<NodeId>,
    start: usize,
    end: usize,
    stack: Vec<Open>,
    anchors: HashMap<String, NodeId>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            cursor: text.len() - text.trim_start_matches('\u{feff}').len(),
            nodes: Vec::new(),
            comments: Vec::new(),
            root: None,
            start: 0,
            end: 0,
            stack: Vec::new(),
            anchors: HashMap::new(),
        }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<Option<Document>, SyntaxError> {
        let (start, end) = (span.start as usize, span.end as usize);
        match event {
            Event::DocumentStart { minor } => {
                if minor.is_some_and(|minor| minor != 1) {
                    // libyaml accepts version 1.2, go-yaml does not.
                    return Err(SyntaxError {
                        span,
                        message: "found incompatible YAML document".to_owned(),
                    });
                }
                self.start = start;
                self.end = end;
                self.advance(start, end);
            }
            Event::DocumentEnd { explicit } => {
                if explicit {
                    self.end = end;
                }
                self.advance(start, end);
                self.anchors.clear();
                return Ok(Some(Document {
                    nodes: std::mem::take(&mut self.nodes),
                    root: self.root.take(),
                    span: Span::new(self.start, self.end.max(self.start)),
                    comments: std::mem::take(&mut self.comments),
                }));
            }
            Event::Alias { anchor } => {
                let Some(&target) = self.anchors.get(&anchor) else {
                    return Err(SyntaxError {
                        span,
                        message: format!("unknown anchor '{anchor}' referenced"),
                    });
                };
                if self
                    .stack
                    .binary_search_by_key(&target, |open| open.id)
                    .is_ok()
                {
                    return Err(SyntaxError {
                        span,
                        message: format!("anchor '{anchor}' value contains itself"),
                    });
                }
                self.advance(start, end);
                self.add(NodeKind::Alias { target }, span, None, None);
            }
            Event::Scalar {
                anchor,
                tag,
                text,
                style,
            } => {
                if style == ScalarStyle::Plain && text.is_empty() {
                    self.unwritten(anchor, tag, span);
                } else {
                    let has_properties =
                        matches!(self.text.as_bytes().get(start), Some(b'!' | b'&'));
                    let (start, bang) = if has_properties {
                        skip_properties(self.text, start, end)
                    } else {
                        (start, false)
                    };
                    let span = match style {
                        ScalarStyle::Literal | ScalarStyle::Folded => {
                            Span::new(start, block_end(self.text, start, end, &text))
                        }
                        _ => Span::new(start, end),
                    };
                    if style == ScalarStyle::DoubleQuoted {
                        escaped_slash(self.text, span)?;
                    }
                    self.advance(start, span.end as usize);
                    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                        self.header_comment(start, end);
                    }
                    let tag = tag.or_else(|| bang.then(|| "!".to_owned()));
                    let text = text.into_owned();
                    self.add(NodeKind::Scalar { text, style }, span, tag, anchor);
                }
            }
            Event::Start {
                anchor,
                tag,
                mapping,
                flow,
            } => {
                let start = if anchor.is_some() || tag.is_some() {
                    skip_properties(self.text, start, self.text.len()).0
                } else {
                    start
                };
                let kind = if mapping {
                    NodeKind::Mapping {
                        pairs: Vec::new(),
                        flow,
                    }
                } else {
                    NodeKind::Sequence {
                        items: Vec::new(),
                        flow,
                    }
                };
                let id = self.add(kind, Span::at(start), tag, anchor);
                self.stack.push(Open {
                    id,
                    children: Vec::new(),
                    mapping,
                    flow,
                });
            }
            Event::End => self.close(end),
        }
        Ok(None)
    }

    /// Collects the comments up to `start` and moves behind `end`.
    fn advance(&mut self, start: usize, end: usize) {
        if self.cursor < start {
            let found = comments(self.text, Span::new(self.cursor, start));
            self.comments.extend(found);
        }
        self.cursor = self.cursor.max(end);
    }

    /// The comment behind the indicator of a block scalar is inside the scalar's own bytes.
    fn header_comment(&mut self, start: usize, end: usize) {
        let header = self.text.get(start..end).unwrap_or_default();
        let length = header.find(BREAKS).unwrap_or(header.len());
        let found = comments(self.text, Span::new(start, start + length));
        self.comments.extend(found);
    }

    fn add(
        &mut self,
        kind: NodeKind,
        span: Span,
        tag: Option<String>,
        anchor: Option<String>,
    ) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), id);
        }
        self.nodes.push(Node {
            kind,
            span,
            tag,
            anchor,
        });
        self.end = self.end.max(span.end as usize);
        match self.stack.last_mut() {
            Some(open) => open.children.push(id),
            None => self.root = Some(id),
        }
        id
    }

    /// A value that is not written. The parser reports some of them where the next token begins.
    fn unwritten(&mut self, anchor: Option<String>, tag: Option<String>, span: Span) {
        if self.stack.is_empty() && anchor.is_none() && tag.is_none() {
            return;
        }
        let mut at = span.end as usize;
        if anchor.is_some() || tag.is_some() {
            self.advance(at, at);
        } else if let Some(open) = self.stack.last()
            && open.mapping
            && open.children.len() % 2 == 1
            && let Some(&key) = open.children.last()
            && let Some(key) = self.nodes.get(key.0 as usize)
        {
            at = value_place(self.text, key.span.end as usize, at);
        }
        self.add(
            NodeKind::Scalar {
                text: String::new(),
                style: ScalarStyle::Plain,
            },
            Span::at(at),
            tag,
            anchor,
        );
    }

    fn close(&mut self, end: usize) {
        let Some(open) = self.stack.pop() else {
            return;
        };
        let last = open
            .children
            .last()
            .and_then(|id| self.nodes.get(id.0 as usize))
            .map(|node| node.span.end);
        let Some(node) = self.nodes.get_mut(open.id.0 as usize) else {
            return;
        };
        let braced = open.flow
            && self
                .text
                .as_bytes()
                .get(node.span.start as usize)
                .is_some_and(|byte| matches!(byte, b'{' | b'['));
        // A pair in a flow sequence (`[a: 1]`) has no braces of its own.
        let own_end = end > 0 && matches!(self.text.as_bytes().get(end - 1), Some(b'}' | b']'));
        node.span.end = match last {
            Some(last) if !(braced && own_end) => last.max(node.span.start),
            _ => (end as u32).max(node.span.start),
        };
        self.end = self.end.max(node.span.end as usize);
        node.kind = if open.mapping {
            NodeKind::Mapping {
                pairs: open
                    .children
                    .chunks_exact(2)
                    .filter_map(|pair| match pair {
                        &[key, value] => Some((key, value)),
                        _ => None,
                    })
                    .collect(),
                flow: open.flow,
            }
        } else {
            NodeKind::Sequence {
                items: open.children,
                flow: open.flow,
            }
        };
    }
}

/// The comments in a stretch without scalars, where every `#` begins one.
fn comments(text: &str, gap: Span) -> Vec<Comment> {
    let mut found = Vec::new();
    let (mut at, end) = (gap.start as usize, gap.end as usize);
    while let Some(offset) = text.get(at..end).and_then(|rest| rest.find('#')) {
        let start = at + offset;
        let length = text
            .get(start..)
            .map_or(0, |rest| rest.find(BREAKS).unwrap_or(rest.len()));
        let before = text.get(..start).unwrap_or_default();
        let own_line = before
            .trim_end_matches([' ', '\t'])
            .trim_end_matches('\u{feff}')
            .chars()
            .next_back()
            .is_none_or(|c| BREAKS.contains(&c));
        at = start + length;
        found.push(Comment {
            span: Span::new(start, at),
            own_line,
        });
    }
    found
}

/// Skips white space, line breaks and comments.
pub(super) fn skip_blank(text: &str, mut at: usize, limit: usize) -> usize {
    while let Some(rest) = text.get(at..limit) {
        let trimmed =
            rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with('#') {
            break;
        }
        at += trimmed.find(BREAKS).unwrap_or(trimmed.len());
    }
    at
}

/// Skips tag and anchor; also tells whether the tag is the bare `!`.
fn skip_properties(text: &str, mut at: usize, limit: usize) -> (usize, bool) {
    let mut bang = false;
    loop {
        let rest = text.get(at..limit).unwrap_or_default();
        let length = if rest.starts_with('!') {
            let length = rest
                .find(|c: char| c == ' ' || c == '\t' || BREAKS.contains(&c))
                .unwrap_or(rest.len());
            bang = length == 1;
            length
        } else if let Some(name) = rest.strip_prefix('&') {
            1 + name
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
                .unwrap_or(name.len())
        } else {
            return (at, bang);
        };
        at = skip_blank(text, at + length, limit);
    }
}

/// Where a value stands that is not written: behind the colon after its key, or behind the key where there is none.
pub(super) fn value_place(text: &str, key_end: usize, mark: usize) -> usize {
    let at = skip_blank(text, key_end, mark);
    if text.as_bytes().get(at) == Some(&b':') && at < mark {
        at + 1
    } else {
        key_end.min(mark)
    }
}

/// The end of a block scalar. The parser's own mark is behind the blank lines that follow, which belong to the scalar
/// only where its header says `+`.
fn block_end(text: &str, start: usize, mark: usize, value: &str) -> usize {
    let body = text.get(start..mark).unwrap_or_default();
    let indicators = body
        .find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9'))
        .unwrap_or(body.len());
    let (header, rest) = body.split_at(indicators);
    if value.is_empty() {
        return start + header.len();
    }
    if header.contains('+') {
        return mark;
    }
    let is_blank = |c: char| c == ' ' || c == '\t' || BREAKS.contains(&c);
    let Some(last) = value.rfind(|c| !is_blank(c)) else {
        return mark;
    };
    // Lines of mere white space count where they are part of the value.
    let tail = value.get(last..).unwrap_or_default();
    let blank_lines = tail.trim_end_matches(BREAKS).matches(BREAKS).count();
    let content = rest.trim_end_matches(is_blank).len();
    let after: usize = rest
        .get(content..)
        .unwrap_or_default()
        .split_inclusive('\n')
        .take(blank_lines + 1)
        .map(str::len)
        .sum();
    let end = start + header.len() + content + after;
    if header.contains('-') {
        let whole = text.get(..end).unwrap_or_default();
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        line.strip_suffix('\r').unwrap_or(line).len()
    } else {
        end
    }
}

/// go-yaml refuses `\/`, which libyaml accepts.
fn escaped_slash(text: &str, span: Span) -> Result<(), SyntaxError> {
    let quoted = span.of(text);
    if !quoted.contains("\\/") {
        return Ok(());
    }
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        if escaped && byte == b'/' {
            let at = span.start as usize + at;
            return Err(SyntaxError {
                span: Span::new(at - 1, at + 1),
                message: "found unknown escape character".to_owned(),
            });
        }
        escaped = byte == b'\\' && !escaped;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::format_push_string, reason = "brevity")]
mod tests;
