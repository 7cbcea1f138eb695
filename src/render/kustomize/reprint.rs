//! YAML printed as kyaml prints it: indented by two, lists not indented, blank lines gone, comments kept.
//!
//! This is for the YAML inside a text that a replacement writes into: the tree after the replacement, beside the document that it
//! was read from, which has the comments and styles. What it cannot print as kyaml would (anchors, tags, folded scalars,
//! comments in odd places) it does not print at all, and the caller edits the text in place.

use super::node::{Body, Node, Pair, Tag, plain_tag};
use crate::text::Span;
use crate::yaml::{self, Document, MAX_DEPTH, NodeId, NodeKind, ScalarStyle};

/// Prints `root`, which is the tree of `document` with some scalars changed, nodes replaced, and pairs and items added behind.
pub(super) fn reprint(document: &Document, text: &str, root: &Node) -> Option<String> {
    let mut printer = Printer {
        document,
        text,
        next_comment: 0,
        out: String::new(),
    };
    let place = printer.beside(document.root(), root);
    printer.block(root, place, 0, false, 0)?;
    // A comment that is left stands somewhere this printer does not know.
    (printer.next_comment == document.comments.len()).then_some(printer.out)
}

/// The node of the document that a node of the tree was read from; `None` for one that is new.
type Place = Option<NodeId>;

struct Printer<'a> {
    document: &'a Document,
    text: &'a str,
    next_comment: usize,
    out: String,
}

impl Printer<'_> {
    fn indent(&mut self, indent: usize) {
        self.out.push_str(&" ".repeat(indent));
    }

    /// `id`, if `node` is still what was read there. The comments inside what was replaced are gone with it.
    fn beside(&mut self, id: Place, node: &Node) -> Place {
        let id = id?;
        let read = self.document.node(id);
        let is_same = match (&read.kind, &node.body) {
            (NodeKind::Scalar { .. } | NodeKind::Alias { .. }, Body::Scalar { .. }) => true,
            (NodeKind::Sequence { items, .. }, Body::List(now)) => now.len() >= items.len(),
            (NodeKind::Mapping { pairs, .. }, Body::Map(now)) => {
                now.len() >= pairs.len()
                    && pairs.iter().zip(now).all(|((key, _), pair)| {
                        matches!(&self.document.node(*key).kind,
                            NodeKind::Scalar { text, .. } if *text == pair.key.text)
                    })
            }
            _ => false,
        };
        if is_same {
            return Some(id);
        }
        let end = read.span.end;
        while let Some(comment) = self.document.comments.get(self.next_comment)
            && comment.span.start < end
        {
            self.next_comment += 1;
        }
        None
    }

    fn span(&self, place: Place) -> Option<Span> {
        Some(self.document.node(place?).span)
    }

    /// Comments on lines of their own before something that was read.
    fn comments_before(&mut self, place: Place, indent: usize, inline: bool) -> Option<()> {
        let Some(Span { start: offset, .. }) = self.span(place) else {
            return Some(());
        };
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

    /// The comment behind something that was read, and the end of the line.
    fn end_line(&mut self, place: Place) -> Option<()> {
        if let Some(after) = self.span(place)
            && let Some(comment) = self.document.comments.get(self.next_comment)
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

    /// True if and only if the node is printed on lines of its own.
    fn is_block(&self, node: &Node, place: Place) -> bool {
        let in_flow = place.is_some_and(|id| {
            matches!(
                self.document.node(id).kind,
                NodeKind::Mapping { flow: true, .. } | NodeKind::Sequence { flow: true, .. }
            )
        });
        let has_content = match &node.body {
            Body::Scalar { .. } => false,
            Body::List(items) => !items.is_empty(),
            Body::Map(pairs) => !pairs.is_empty(),
        };
        has_content && !in_flow
    }

    /// The tag that was written before a scalar, with a blank behind it; `None` for what was read with an anchor, and for the
    /// tags of collections.
    fn tag_of(&self, place: Place) -> Option<String> {
        let Some(id) = place else {
            return Some(String::new());
        };
        let node = self.document.node(id);
        let tag = match (&node.tag, &node.kind) {
            (None, _) => String::new(),
            (Some(tag), NodeKind::Scalar { .. }) => {
                format!("!!{} ", tag.strip_prefix("tag:yaml.org,2002:")?)
            }
            _ => return None,
        };
        let is_alias = matches!(node.kind, NodeKind::Alias { .. });
        (node.anchor.is_none() && !is_alias).then_some(tag)
    }

    fn key_of(&self, place: Place, index: usize) -> (Place, Place) {
        match place.map(|id| &self.document.node(id).kind) {
            Some(NodeKind::Mapping { pairs, .. }) => pairs
                .get(index)
                .map_or((None, None), |&(key, value)| (Some(key), Some(value))),
            _ => (None, None),
        }
    }

    fn item_of(&self, place: Place, index: usize) -> Place {
        match place.map(|id| &self.document.node(id).kind) {
            Some(NodeKind::Sequence { items, .. }) => items.get(index).copied(),
            _ => None,
        }
    }

    /// A node that begins a line of its own, or (`inline`) stands behind `- `.
    fn block(
        &mut self,
        node: &Node,
        place: Place,
        indent: usize,
        inline: bool,
        depth: usize,
    ) -> Option<()> {
        self.tag_of(place)?;
        if depth > MAX_DEPTH {
            return None;
        }
        if !self.is_block(node, place) {
            self.leaf(node, place, indent)?;
            return Some(());
        }
        for (index, pair) in node.pairs().iter().enumerate() {
            let (key, value) = self.key_of(place, index);
            let inline = inline && index == 0;
            self.comments_before(key, indent, inline)?;
            if !inline {
                self.indent(indent);
            }
            self.key(pair, key)?;
            let value = self.beside(value, &pair.value);
            self.value(&pair.value, value, indent, depth + 1)?;
        }
        for (index, item) in node.items().iter().enumerate() {
            let there = self.item_of(place, index);
            let inline = inline && index == 0;
            self.comments_before(there, indent, inline)?;
            if !inline {
                self.indent(indent);
            }
            self.out.push('-');
            let there = self.beside(there, item);
            if self.is_block(item, there) {
                self.out.push(' ');
                self.block(item, there, indent + 2, true, depth + 1)?;
            } else {
                self.value(item, there, indent, depth + 1)?;
            }
        }
        Some(())
    }

    fn key(&mut self, pair: &Pair, place: Place) -> Option<()> {
        let tag = self.tag_of(place)?;
        let style = match place.map(|id| &self.document.node(id).kind) {
            Some(NodeKind::Scalar { style, .. }) => *style,
            _ => ScalarStyle::Plain,
        };
        let text = scalar(&pair.key.text, style, &pair.key.tag, &tag, true)?;
        self.out.push_str(&text);
        self.out.push(':');
        Some(())
    }

    /// What stands behind `key:` or `-`, to the end of its lines.
    fn value(&mut self, node: &Node, place: Place, indent: usize, depth: usize) -> Option<()> {
        if self.is_block(node, place) {
            self.out.push('\n');
            let deeper = match node.body {
                Body::List(_) => indent,
                _ => indent + 2,
            };
            return self.block(node, place, deeper, false, depth);
        }
        let before = self.out.len();
        self.out.push(' ');
        self.leaf(node, place, indent + 2)?;
        // Behind a null that is not written there is no blank.
        if self.out.get(before..) == Some(" \n") {
            self.out.truncate(before);
            self.out.push('\n');
        }
        Some(())
    }

    /// A scalar or a flow collection, to the end of its lines.
    fn leaf(&mut self, node: &Node, place: Place, indent: usize) -> Option<()> {
        let Body::Scalar { text, style } = &node.body else {
            self.flow(node, place, 0)?;
            return self.end_line(place);
        };
        let tag = self.tag_of(place)?;
        let is_literal =
            *style == ScalarStyle::Literal || *style == ScalarStyle::Plain && text.contains('\n');
        if !is_literal {
            let text = scalar(text, *style, &node.tag, &tag, false)?;
            self.out.push_str(&text);
            return self.end_line(place);
        }
        let body = text.trim_end_matches('\n');
        let is_odd = |line: &str| line.ends_with([' ', '\t']) || line.chars().any(char::is_control);
        if body.is_empty() || body.starts_with([' ', '\n']) || body.lines().any(is_odd) {
            return None;
        }
        self.out.push_str(&tag);
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
        Some(())
    }

    fn flow(&mut self, node: &Node, place: Place, depth: usize) -> Option<()> {
        let tag = self.tag_of(place)?;
        if depth > MAX_DEPTH {
            return None;
        }
        match &node.body {
            Body::Scalar { text, style } => {
                let text = scalar(text, *style, &node.tag, &tag, true)?;
                self.out.push_str(&text);
            }
            Body::List(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    let there = self.item_of(place, index);
                    let there = self.beside(there, item);
                    self.flow(item, there, depth + 1)?;
                }
                self.out.push(']');
            }
            Body::Map(pairs) => {
                self.out.push('{');
                for (index, pair) in pairs.iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    let (key, value) = self.key_of(place, index);
                    self.key(pair, key)?;
                    self.out.push(' ');
                    let value = self.beside(value, &pair.value);
                    self.flow(&pair.value, value, depth + 1)?;
                }
                self.out.push('}');
            }
        }
        Some(())
    }
}

/// A scalar on one line, as go-yaml v3 prints a node: it keeps its style, and the tag that was written before it; another tag
/// that its text does not imply is written, unless it is that of a text, which is quoted instead. `tight` is true for a key
/// and inside a flow collection.
fn scalar(text: &str, style: ScalarStyle, tag: &Tag, written: &str, tight: bool) -> Option<String> {
    if text.contains('\n') {
        return None;
    }
    let single = || {
        let is_special = text.chars().any(char::is_control);
        (!is_special).then(|| format!("'{}'", text.replace('\'', "''")))
    };
    match style {
        ScalarStyle::DoubleQuoted => return Some(format!("{written}{}", double_quoted(text)?)),
        ScalarStyle::SingleQuoted => return Some(format!("{written}{}", single()?)),
        ScalarStyle::Literal | ScalarStyle::Folded => return None,
        ScalarStyle::Plain => {}
    }
    let implied = plain_tag(text);
    let name = match tag {
        _ if !written.is_empty() => written,
        Tag::None => "",
        tag if *tag == implied => "",
        Tag::Str => return double_quoted(text),
        Tag::Int => "!!int ",
        Tag::Float => "!!float ",
        Tag::Bool => "!!bool ",
        Tag::Null => "!!null ",
        Tag::Timestamp => "!!timestamp ",
        Tag::Merge | Tag::Binary | Tag::Alias | Tag::Other => return None,
    };
    let can_be_plain = if text.is_empty() {
        !tight
    } else {
        stays_plain(text, tight)
    };
    if can_be_plain {
        Some(format!("{name}{text}").trim_end().to_owned())
    } else {
        Some(format!("{name}{}", single()?))
    }
}

/// True if and only if the text can stand without quotes.
fn stays_plain(text: &str, in_flow: bool) -> bool {
    let (before, after) = if in_flow { ("[", "]\n") } else { ("k: ", "\n") };
    let stream = yaml::parse(&format!("{before}{text}{after}"));
    let Some(document) = stream.documents.first().filter(|_| stream.error.is_none()) else {
        return false;
    };
    let only = document
        .root()
        .and_then(|root| match &document.node(root).kind {
            NodeKind::Sequence { items, .. } => <[NodeId; 1]>::try_from(items.as_slice()).ok(),
            NodeKind::Mapping { pairs, .. } => pairs.first().map(|&(_, value)| [value]),
            _ => None,
        });
    only.is_some_and(|[id]| {
        matches!(&document.node(id).kind,
            NodeKind::Scalar { text: read, style: ScalarStyle::Plain } if read == text)
    })
}

fn double_quoted(text: &str) -> Option<String> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                return None;
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_printed_as_kyaml_prints_them() {
        let check = |text: &str, expected: Option<&str>| {
            let stream = yaml::parse(text);
            let root = super::super::structured::tree(text).unwrap();
            let printed = stream
                .documents
                .first()
                .and_then(|document| reprint(document, text, &root));
            assert_eq!(printed.as_deref(), expected, "{text:?}");
        };
        check(
            "# head\nx:\n    y: old # why\n    z: [1,  2]\n\nw:\n  - a\n  - b: 1\n    c: |\n        l\n",
            Some("# head\nx:\n  y: old # why\n  z: [1, 2]\nw:\n- a\n- b: 1\n  c: |\n    l\n"),
        );
        check("a: &x 1\nb: *x\n", None);
        check("a: {b: c}\n# end\n", None);
        check("a:\nb: ''\nc: {}\n", Some("a:\nb: ''\nc: {}\n"));
    }

    #[test]
    fn a_scalar_keeps_its_tag_and_style() {
        let check = |text: &str, style, tag, tight, expected: &str| {
            assert_eq!(
                scalar(text, style, &tag, "", tight).as_deref(),
                Some(expected)
            );
        };
        use ScalarStyle::{DoubleQuoted, Plain};
        check("x", Plain, Tag::Int, false, "!!int x");
        check("", Plain, Tag::Int, false, "!!int");
        check("5", Plain, Tag::Str, false, "\"5\"");
        check("a: b", Plain, Tag::Str, false, "'a: b'");
        check("a,b", Plain, Tag::Str, true, "'a,b'");
        check("<a>", DoubleQuoted, Tag::Str, false, "\"<a>\"");
    }
}
