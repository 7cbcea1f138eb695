//! YAML printed as kyaml prints it: indented by two, lists not indented, blank lines gone, comments kept.
//!
//! This is for the YAML inside a text that a replacement writes into. What it cannot print as kyaml would (anchors, tags, folded
//! scalars, comments in odd places) it does not print at all, and the caller edits the text in place.

use std::collections::BTreeMap;

use crate::text::Span;
use crate::yaml::{Document, NodeId, NodeKind, ScalarStyle};

/// Prints a document with some scalars replaced by others, which are written out as they are to stand there.
pub(super) fn reprint(
    document: &Document,
    text: &str,
    changed: &BTreeMap<NodeId, String>,
) -> Option<String> {
    let root = document.root()?;
    let mut printer = Printer {
        document,
        text,
        changed,
        next_comment: 0,
        out: String::new(),
    };
    printer.block(root, 0, false, 0)?;
    // A comment that is left stands somewhere this printer does not know.
    (printer.next_comment == document.comments.len()).then_some(printer.out)
}

struct Printer<'a> {
    document: &'a Document,
    text: &'a str,
    changed: &'a BTreeMap<NodeId, String>,
    next_comment: usize,
    out: String,
}

impl Printer<'_> {
    fn indent(&mut self, indent: usize) {
        self.out.push_str(&" ".repeat(indent));
    }

    /// Comments on lines of their own before an offset.
    fn comments_before(&mut self, offset: u32, indent: usize, inline: bool) -> Option<()> {
        while let Some(comment) = self.document.comments.get(self.next_comment) {
            if comment.span.start >= offset {
                break;
            }
            let behind = self
                .text
                .get(comment.span.end as usize..offset as usize)?
                .trim_start_matches(['\r', '\n'])
                .len();
            let gap = (offset - comment.span.end) as usize - behind;
            if !comment.own_line || inline || gap > 2 {
                return None;
            }
            self.indent(indent);
            self.out.push_str(comment.span.of(self.text));
            self.out.push('\n');
            self.next_comment += 1;
        }
        Some(())
    }

    /// The comment behind a scalar, and the end of the line.
    fn end_line(&mut self, after: Span) -> Option<()> {
        if let Some(comment) = self.document.comments.get(self.next_comment)
            && !comment.own_line
            && comment.span.start >= after.end
        {
            let between = self
                .text
                .get(after.end as usize..comment.span.start as usize)?;
            if !between.contains('\n') {
                self.out.push(' ');
                self.out.push_str(comment.span.of(self.text));
                self.next_comment += 1;
            }
        }
        self.out.push('\n');
        Some(())
    }

    /// A node that begins a line of its own, or (`inline`) stands behind `- `.
    fn block(&mut self, id: NodeId, indent: usize, inline: bool, depth: usize) -> Option<()> {
        let node = self.document.node(id);
        if node.tag.is_some() || node.anchor.is_some() || depth > crate::yaml::MAX_DEPTH {
            return None;
        }
        match &node.kind {
            NodeKind::Mapping { pairs, flow: false } => {
                for (index, &(key, value)) in pairs.iter().enumerate() {
                    let inline = inline && index == 0;
                    self.comments_before(self.document.node(key).span.start, indent, inline)?;
                    if !inline {
                        self.indent(indent);
                    }
                    self.scalar(key, indent)?;
                    self.out.push(':');
                    self.value(value, indent, depth + 1)?;
                }
                Some(())
            }
            NodeKind::Sequence { items, flow: false } => {
                for (index, &item) in items.iter().enumerate() {
                    let inline = inline && index == 0;
                    self.comments_before(self.document.node(item).span.start, indent, inline)?;
                    if !inline {
                        self.indent(indent);
                    }
                    self.out.push('-');
                    if self.is_block(item) {
                        self.out.push(' ');
                        self.block(item, indent + 2, true, depth + 1)?;
                    } else {
                        self.value(item, indent, depth + 1)?;
                    }
                }
                Some(())
            }
            _ => {
                self.leaf(id, indent)?;
                self.end_line(node.span)
            }
        }
    }

    fn is_block(&self, id: NodeId) -> bool {
        matches!(
            self.document.node(id).kind,
            NodeKind::Mapping { flow: false, .. } | NodeKind::Sequence { flow: false, .. }
        )
    }

    /// What stands behind `key:` or `-`.
    fn value(&mut self, id: NodeId, indent: usize, depth: usize) -> Option<()> {
        let node = self.document.node(id);
        if self.is_block(id) {
            self.out.push('\n');
            let deeper = match node.kind {
                NodeKind::Sequence { .. } => indent,
                _ => indent + 2,
            };
            return self.block(id, deeper, false, depth);
        }
        if !node.span.is_empty() || self.changed.contains_key(&id) {
            self.out.push(' ');
        }
        if node.tag.is_some() || node.anchor.is_some() {
            return None;
        }
        if self.leaf(id, indent + 2)? {
            return Some(());
        }
        self.end_line(node.span)
    }

    /// A scalar or a flow collection. True if it has ended its line.
    fn leaf(&mut self, id: NodeId, indent: usize) -> Option<bool> {
        match &self.document.node(id).kind {
            NodeKind::Scalar {
                text,
                style: ScalarStyle::Literal,
            } if !self.changed.contains_key(&id) => {
                let body = text.trim_end_matches('\n');
                if body.is_empty() || body.starts_with([' ', '\n']) {
                    return None;
                }
                self.out.push_str(match text.len() - body.len() {
                    0 => "|-\n",
                    1 => "|\n",
                    _ => "|+\n",
                });
                for line in text.lines() {
                    if !line.is_empty() {
                        self.indent(indent);
                    }
                    self.out.push_str(line);
                    self.out.push('\n');
                }
                Some(true)
            }
            NodeKind::Scalar { .. } => {
                self.scalar(id, indent)?;
                Some(false)
            }
            _ => {
                self.flow(id, 0)?;
                Some(false)
            }
        }
    }

    fn scalar(&mut self, id: NodeId, _indent: usize) -> Option<()> {
        let node = self.document.node(id);
        if node.tag.is_some() || node.anchor.is_some() {
            return None;
        }
        if let Some(new) = self.changed.get(&id) {
            self.out.push_str(new);
            return Some(());
        }
        let NodeKind::Scalar { style, .. } = &node.kind else {
            return None;
        };
        let written = node.span.of(self.text);
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) || written.contains('\n') {
            return None;
        }
        self.out.push_str(written);
        Some(())
    }

    fn flow(&mut self, id: NodeId, depth: usize) -> Option<()> {
        let node = self.document.node(id);
        if node.tag.is_some() || node.anchor.is_some() || depth > crate::yaml::MAX_DEPTH {
            return None;
        }
        match &node.kind {
            NodeKind::Sequence { items, .. } => {
                self.out.push('[');
                for (index, &item) in items.iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.flow(item, depth + 1)?;
                }
                self.out.push(']');
            }
            NodeKind::Mapping { pairs, .. } => {
                self.out.push('{');
                for (index, &(key, value)) in pairs.iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.flow(key, depth + 1)?;
                    self.out.push_str(": ");
                    self.flow(value, depth + 1)?;
                }
                self.out.push('}');
            }
            NodeKind::Scalar { .. } => self.scalar(id, 0)?,
            NodeKind::Alias { .. } => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_printed_as_kyaml_prints_them() {
        let check = |text: &str, expected: Option<&str>| {
            let stream = crate::yaml::parse(text);
            let printed = stream
                .documents
                .first()
                .and_then(|document| reprint(document, text, &BTreeMap::new()));
            assert_eq!(printed.as_deref(), expected, "{text:?}");
        };
        check(
            "# head\nx:\n    y: old # why\n    z: [1,  2]\n\nw:\n  - a\n  - b: 1\n    c: |\n        l\n",
            Some("# head\nx:\n  y: old # why\n  z: [1, 2]\nw:\n- a\n- b: 1\n  c: |\n    l\n"),
        );
        check("a: &x 1\nb: *x\n", None);
        check("a: {b: c}\n# end\n", None);
    }
}
