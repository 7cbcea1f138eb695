//! JSON and YAML inside the text of a field: reading it, writing one value in it, printing JSON as Go does.

use std::sync::Arc;

use super::node::{Body, Node, Tag};
use super::path::{Create, Matches, at, at_mut, matches};
use super::reprint::reprint;
use super::source::{self, SourceText};
use crate::origin::{Origin, Origins, Role};
use crate::text::{Edit, RepoPath, TextEdit};
use crate::yaml::{self, Data, Document, NodeId, NodeKind, ScalarStyle, Value};

/// The tree that a text holds; `None` where it is not YAML, or empty.
pub(super) fn tree(text: &str) -> Option<Node> {
    let stream = yaml::parse(text);
    let document = stream.documents.first()?;
    let mut origins = Origins::new();
    let path = RepoPath::root();
    let text = Arc::from(text);
    let file = origins.add_file(&path, &text);
    let source = SourceText::file(&text, &path, file, Role::Base);
    let mut node = source::tree(document, &source, &mut origins).ok()??;
    forget_origins(&mut node, 0);
    Some(node)
}

/// The handles belong to an arena that is gone.
fn forget_origins(node: &mut Node, depth: usize) {
    if depth > yaml::MAX_DEPTH {
        return;
    }
    node.origin = Origin::NONE;
    match &mut node.body {
        Body::Scalar { .. } => {}
        Body::List(items) => items
            .iter_mut()
            .for_each(|item| forget_origins(item, depth + 1)),
        Body::Map(pairs) => {
            for pair in pairs {
                pair.key.origin = Origin::NONE;
                forget_origins(&mut pair.value, depth + 1);
            }
        }
    }
}

/// `text` with `value` at `path` in the JSON or YAML that it holds; `None` where that cannot be done.
pub(super) fn set(
    text: &str,
    path: &[String],
    value: &Node,
    create: Option<Create>,
) -> Option<String> {
    let mut root = tree(text)?;
    let Ok(Matches::Here(found)) = matches(&mut root, path, create) else {
        return None;
    };
    if found.is_empty() {
        return None;
    }
    for position in &found {
        let place = at_mut(&mut root, position)?;
        if let Body::Scalar { text, .. } = &mut place.body {
            value.text().clone_into(text);
        } else {
            *place = value.clone();
        }
    }
    if text.trim_start().starts_with(['{', '[']) {
        let pretty = text.contains('\n') && text.contains("  ");
        return root.value().ok().map(|value| json(&value, pretty));
    }
    let printed = print(text, &root).or_else(|| edit_scalars(text, &root, &found));
    if let Some(printed) = printed {
        return Some(printed.trim().to_owned());
    }
    let value = root.value().ok()?;
    yaml::emit::emit(&value)
        .ok()
        .map(|text| text.trim().to_owned())
}

/// The YAML of a text after a change, as it is printed again.
fn print(text: &str, root: &Node) -> Option<String> {
    let stream = yaml::parse(text);
    reprint(stream.documents.first()?, text, root)
}

/// Writes scalars in their places in a YAML text, where all of them were there before.
fn edit_scalars(text: &str, root: &Node, found: &[Vec<usize>]) -> Option<String> {
    let stream = yaml::parse(text);
    let document = stream.documents.first()?;
    let mut edits = Vec::new();
    for position in found {
        let node = document.node(node_at(document, position)?);
        let NodeKind::Scalar { style, .. } = &node.kind else {
            return None;
        };
        let new = at(root, position)?;
        edits.push(Edit {
            span: node.span,
            text: scalar(new.text(), *style, &new.tag)?,
        });
    }
    Some(TextEdit::new(edits).ok()?.apply(text))
}

fn node_at(document: &Document, position: &[usize]) -> Option<NodeId> {
    let mut id = document.root()?;
    for &index in position {
        id = match &document.node(document.target(id)).kind {
            NodeKind::Sequence { items, .. } => *items.get(index)?,
            NodeKind::Mapping { pairs, .. } => pairs.get(index)?.1,
            _ => return None,
        };
    }
    Some(id)
}

/// A scalar in the style it had; `None` for a block scalar.
fn scalar(text: &str, style: ScalarStyle, tag: &Tag) -> Option<String> {
    let quoted = || json(&Value::string(text, Origin::NONE), false);
    match style {
        ScalarStyle::DoubleQuoted => Some(quoted()),
        ScalarStyle::SingleQuoted => Some(format!("'{}'", text.replace('\'', "''"))),
        ScalarStyle::Plain => {
            // A text that would be read as something else, or not be read at all, needs quotes.
            let again = tree(&format!("k: {text}\n"));
            let same = again
                .as_ref()
                .and_then(|node| node.field("k"))
                .is_some_and(|node| {
                    node.text() == text && (*tag != Tag::Str || node.tag == Tag::Str)
                });
            Some(if same { text.to_owned() } else { quoted() })
        }
        ScalarStyle::Literal | ScalarStyle::Folded => None,
    }
}

/// A value as Go's `encoding/json` prints it: keys sorted, `<`, `>` and `&` escaped; with indentation if it is wanted.
pub(super) fn json(value: &Value, pretty: bool) -> String {
    let mut text = String::new();
    write_json(value, pretty, 0, &mut text);
    text
}

fn write_json(value: &Value, pretty: bool, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        if pretty {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    };
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Data::Int(number) => out.push_str(&number.to_string()),
        Data::Uint(number) => out.push_str(&number.to_string()),
        Data::Float(number) => out.push_str(&json_float(*number)),
        Data::String(text) => write_text(text, out),
        Data::Sequence(items) if items.is_empty() => out.push_str("[]"),
        Data::Sequence(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write_json(item, pretty, depth + 1, out);
            }
            line(out, depth);
            out.push(']');
        }
        Data::Mapping(mapping) if mapping.is_empty() => out.push_str("{}"),
        Data::Mapping(mapping) => {
            let mut entries: Vec<_> = mapping.iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (index, entry) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(out, depth + 1);
                write_text(&entry.key, out);
                out.push(':');
                if pretty {
                    out.push(' ');
                }
                write_json(&entry.value, pretty, depth + 1, out);
            }
            line(out, depth);
            out.push('}');
        }
    }
}

fn json_float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        }
    } else {
        format!("{number}")
    }
}

fn write_text(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_set_inside_text() {
        let check = |text: &str, path: &str, value: &str, expected: Option<&str>| {
            let path = super::super::path::split(path);
            let value = Node::untagged(value, Origin::NONE);
            assert_eq!(
                set(text, &path, &value, None).as_deref(),
                expected,
                "{text}"
            );
        };
        check(
            "{\"b\": 1, \"a\": \"x\"}",
            "a",
            "<y>",
            Some("{\"a\":\"\\u003cy\\u003e\",\"b\":1}"),
        );
        check(
            "{\n  \"a\": \"x\"\n}\n",
            "a",
            "y",
            Some("{\n  \"a\": \"y\"\n}"),
        );
        check("a: x # why\nb: 1\n", "a", "y", Some("a: y # why\nb: 1"));
        check("plain", "a", "y", None);
    }
}
