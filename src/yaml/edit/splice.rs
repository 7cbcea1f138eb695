//! What goes in and what goes out: the bytes at which a line, an item or a pair is added to a collection, and those that a removal
//! takes with it.

use std::ops::Range;

use super::place::Site;
use super::put::is_block_scalar;
use super::{edit, subtree};
use crate::text::{Edit, Span, TextEdit};
use crate::yaml::{Node, NodeId, NodeKind, ScalarStyle};

impl<'a> Site<'a> {
    /// Adds an item or pair at the end of a collection in brackets or braces.
    pub(super) fn addition_in_flow(&self, id: NodeId, item: &str) -> Option<Vec<Edit>> {
        if self.is_bare_pair(id) {
            return None;
        }
        let start = self.node(id).span.start as usize;
        let Some(&last) = self.children(id).last() else {
            return Some(vec![edit(start + 1..start + 1, item)]);
        };
        let end = self.node(last).span.end as usize;
        if self.text.get(..end)?.ends_with(':') {
            // A value that is not written: the colon needs its space.
            let rest = self.text.get(end..)?;
            let blanks = rest.len() - rest.trim_start_matches(' ').len();
            let space = if blanks == 0 { " " } else { "" };
            let at = end + blanks;
            return Some(vec![edit(at..at, format!("{space}, {item}"))]);
        }
        Some(vec![edit(end..end, format!(", {item}"))])
    }

    /// Adds lines behind the last item or pair of a block collection.
    pub(super) fn addition_in_block(&self, id: NodeId, column: usize, lines: &str) -> Vec<Edit> {
        match self.children(id).last() {
            Some(&last) => self.addition_behind(last, column, lines),
            None => Vec::new(),
        }
    }

    /// Adds lines behind a node.
    pub(super) fn addition_behind(&self, id: NodeId, column: usize, lines: &str) -> Vec<Edit> {
        let end = self.node(id).span.end as usize;
        let content = self.content_end(end);
        let at = if content < end {
            content
        } else {
            self.line_end(end)
        };
        let mut edits = vec![edit(
            at..at,
            format!("{}{}{lines}", self.eol, " ".repeat(column)),
        )];
        // A block scalar at the very end of a file has no line break to keep; with a line below it would get one.
        let last = NodeId(subtree(self.document, id).end.saturating_sub(1));
        let node = self.node(last);
        if at == self.text.len()
            && content == end
            && let NodeKind::Scalar {
                style: ScalarStyle::Literal | ScalarStyle::Folded,
                text,
            } = &node.kind
            && !text.is_empty()
        {
            let header = self.indicators(node);
            let start = node.span.start as usize;
            match self.chomping(node) {
                None => {
                    let at = start + header.len();
                    edits.push(edit(at..at, "-"));
                }
                Some('+') => {
                    let at = start + header.find('+').unwrap_or_default();
                    edits.push(edit(at..at + 1, "-"));
                }
                Some(_) => {}
            }
        }
        edits
    }

    /// Adds the first lines of a document that has none, behind the line of `at`.
    pub(super) fn first_lines(&self, at: usize, lines: &str) -> TextEdit {
        let at = self.line_end(at);
        let before = self.text.get(..at).unwrap_or_default();
        let is_new_line = before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}']);
        // Where nothing follows, the new lines end with a line break, as all of the file do.
        TextEdit::replace(
            Span::at(at),
            if is_new_line {
                format!("{lines}{}", self.eol)
            } else {
                format!("{}{lines}", self.eol)
            },
        )
    }

    /// The header of a block scalar, without its comment (`|2-`).
    fn indicators(&self, node: &Node) -> &'a str {
        let header = node.span.of(self.text);
        let length = header
            .find(|c: char| !matches!(c, '|' | '>' | '0'..='9' | '+' | '-'))
            .unwrap_or(header.len());
        header.get(..length).unwrap_or_default()
    }

    /// What a block scalar says about its last line breaks: `+`, `-` or nothing.
    fn chomping(&self, node: &Node) -> Option<char> {
        self.indicators(node)
            .chars()
            .find(|c| matches!(c, '+' | '-'))
    }

    pub(super) fn removal_in_flow(&self, parent: NodeId, index: usize) -> Option<Range<usize>> {
        if self.is_bare_pair(parent) {
            return None;
        }
        let children = self.children(parent);
        let end = self.node(*children.get(index)?).span.end as usize;
        if index + 1 < children.len() {
            return Some(self.start_of(parent, index)?..self.start_of(parent, index + 1)?);
        }
        let before = self.node(*children.get(index.checked_sub(1)?)?).span.end as usize;
        Some(before..end)
    }

    pub(super) fn removal_in_block(&self, parent: NodeId, index: usize) -> Option<Range<usize>> {
        let child = *self.children(parent).get(index)?;
        let start = self.start_of(parent, index)?;
        let end = self.node(child).span.end as usize;
        let content = self.content_end(end);
        let line_end = if content < end {
            content
        } else {
            self.line_end(end)
        };
        let column = self.column(start);
        let mut next_line = self.behind_break(line_end);
        // Comments below that are indented deeper belong to it.
        while let Some(comment) = self.comment_on(next_line)
            && self.column(comment) > column
        {
            next_line = self.behind_break(self.line_end(comment));
        }
        if !self.starts_line(start) {
            // The first of its collection, behind a dash: the next one takes its place there.
            let rest = self.text.get(next_line..)?;
            let blanks = rest.len() - rest.trim_start_matches([' ', '\n', '\r']).len();
            return Some(start..next_line + blanks);
        }
        let mut from = self.line_start(start);
        // The comments right above belong to it.
        while let Some(above) = self.line_above(from)
            && let Some(comment) = self.comment_on(above)
            && self.column(comment) == column
        {
            from = above;
        }
        // A block scalar right above would take blank lines that come to stand below it, if it keeps them, and it needs
        // its own line break.
        let above = self.document.nodes.iter().find(|node| {
            node.span.end as usize == from && self.content_end(from) < from && is_block_scalar(node)
        });
        if let Some(above) = above {
            if self.chomping(above) == Some('+') {
                let rest = self.text.get(next_line..)?;
                let lines = rest
                    .split_inclusive('\n')
                    .take_while(|line| line.trim().is_empty());
                next_line += lines.map(str::len).sum::<usize>();
            }
            return Some(from..next_line);
        }
        if self.text.get(from..next_line)?.ends_with(['\n', '\r']) {
            return Some(from..next_line);
        }
        // The last line of a file that does not end with a line break: the one before it goes instead.
        Some(self.content_end(from)..next_line)
    }

    /// The start of the line above the one that begins at `line`.
    fn line_above(&self, line: usize) -> Option<usize> {
        let end = self.content_end(line);
        (end < line).then(|| self.line_start(end))
    }

    /// Where the comment begins that is alone on the line that begins at `line`.
    fn comment_on(&self, line: usize) -> Option<usize> {
        let rest = self.text.get(line..)?;
        let at = line + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.document
            .comments
            .binary_search_by_key(&at, |comment| comment.span.start as usize)
            .ok()
            .and_then(|index| self.document.comments.get(index))
            .filter(|comment| comment.own_line)
            .map(|_| at)
    }
}
