//! Which part of a YAML text a source place is: from the bytes that an origin names to a path that can be edited.

use crate::text::{Edit, Span, TextEdit};
use crate::yaml::{self, Document, NodeId, NodeKind, Path, ScalarStyle, Stream};

/// The document that holds `span`, and the way to the innermost node there; of a key, the way to its value.
pub(super) fn find(stream: &Stream, span: Span) -> Option<(&Document, Path)> {
    let document = stream.documents.iter().find(|document| {
        let root = document.root().map(|root| document.node(root).span);
        root.is_some_and(|root| covers(root, span))
    })?;
    let path = descend(document, document.root()?, span, Path::root());
    Some((document, path))
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn descend(document: &Document, id: NodeId, span: Span, path: Path) -> Path {
    let node = document.node(id);
    if node.span == span {
        return path;
    }
    match &node.kind {
        NodeKind::Mapping { pairs, .. } => {
            for &(key, value) in pairs {
                let NodeKind::Scalar { text, .. } = &document.node(key).kind else {
                    continue;
                };
                if covers(document.node(key).span, span) {
                    return path.key(text.as_str());
                }
                if covers(document.node(value).span, span) {
                    return descend(document, value, span, path.key(text.as_str()));
                }
            }
            path
        }
        NodeKind::Sequence { items, .. } => {
            let at = items
                .iter()
                .position(|&item| covers(document.node(item).span, span));
            match at.and_then(|at| items.get(at).map(|&item| (at, item))) {
                Some((at, item)) => descend(document, item, span, path.index(at)),
                None => path,
            }
        }
        NodeKind::Scalar { .. } | NodeKind::Alias { .. } => path,
    }
}

/// An edit of a YAML text that is written as a block scalar inside another one, as an edit of the outer text: where `span` is in such
/// a scalar, `change` is given the inner text, and else the text itself.
pub(super) fn edit_inside(
    text: &str,
    span: Span,
    change: impl Fn(&str, Option<Span>) -> Option<TextEdit>,
) -> Option<TextEdit> {
    let stream = yaml::parse(text);
    let inner = find(&stream, span).and_then(|(document, path)| {
        let (node, _) = document.at(&path)?;
        match &document.node(node).kind {
            NodeKind::Scalar {
                text,
                style: ScalarStyle::Literal | ScalarStyle::Folded,
            } if text.contains(": ") && document.node(node).span != span => {
                Some((document, path, text.clone()))
            }
            _ => None,
        }
    });
    let Some((document, path, inner)) = inner else {
        return change(text, Some(span));
    };
    let edit = change(&inner, None)?;
    let new = yaml::Value::string(edit.apply(&inner), crate::origin::Origin::NONE);
    let edit = yaml::edit::set(text, document, &path, &new).ok()?;
    Some(smallest(text, &edit))
}

/// The same edit without what it writes as it was.
pub(super) fn smallest(text: &str, edit: &TextEdit) -> TextEdit {
    let edits = edit.edits().iter().filter_map(|edit| {
        let old = edit.span.of(text);
        let start = common(old.chars(), edit.text.chars());
        let (old_rest, new_rest) = (old.get(start..)?, edit.text.get(start..)?);
        let end = common(old_rest.chars().rev(), new_rest.chars().rev());
        let from = edit.span.start as usize + start;
        let to = edit.span.end as usize - end;
        let new = new_rest.get(..new_rest.len() - end)?;
        (from < to || !new.is_empty()).then(|| Edit {
            span: Span::new(from, to),
            text: new.to_owned(),
        })
    });
    TextEdit::new(edits.collect()).unwrap_or_else(|_| edit.clone())
}

/// How many bytes two texts have in common from where they begin.
fn common(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b)
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str, part: &str) -> String {
        let at = text.find(part).unwrap();
        let stream = yaml::parse(text);
        let (_, path) = find(&stream, Span::new(at, at + part.len())).unwrap();
        path.to_string()
    }

    #[test]
    fn places_lead_to_paths() {
        let text = "a:\n  b: {c: 1, d: [x, yy]}\n  e: |\n    text\n---\nf: 2\n";
        for (part, path) in [
            ("b", "a.b"),
            ("{c: 1, d: [x, yy]}", "a.b"),
            ("1", "a.b.c"),
            ("yy", "a.b.d[1]"),
            ("text", "a.e"),
            ("2", "f"),
        ] {
            assert_eq!(way(text, part), path, "{part}");
        }
    }

    #[test]
    fn a_patch_inside_a_file_is_edited_where_it_stands() {
        let text = "patches:\n- patch: |-\n    a: 1\n    # why\n    b: 2\n- x\n";
        let at = text.find("b: 2").unwrap();
        let edit = edit_inside(text, Span::new(at, at + 1), |inner, _| {
            let stream = yaml::parse(inner);
            let value = yaml::Value::new(yaml::Data::Int(3));
            yaml::edit::set(inner, &stream.documents[0], &"b".parse().unwrap(), &value).ok()
        })
        .unwrap();
        assert_eq!(edit.apply(text), text.replace("b: 2", "b: 3"));
        assert_eq!(edit.edits().len(), 1);
        assert_eq!(edit.edits()[0].text, "3");
    }
}
