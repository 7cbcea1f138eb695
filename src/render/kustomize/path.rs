//! Field paths of replacements and vars: `spec.containers.[name=web].env.0.value`, `*`, `metadata.annotations.[a.b/c]`.
//!
//! A path is resolved to positions in a tree, so that the tree can be read or written there afterwards.

use super::budget::check_depth;
use super::fieldspec::split_path;
use super::node::{Body, Key, Kind, Node, Pair};
use crate::origin::Origin;
use crate::yaml::ScalarStyle;

/// Positions of pairs and items, outermost first.
pub(super) type Position = Vec<usize>;

/// Splits a path at dots that stand in no brackets.
pub(super) fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut joined = piece;
        for next in pieces.by_ref() {
            joined.push('.');
            joined.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if joined.contains('=') {
            parts.push(joined);
        } else {
            parts.push(joined.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

/// Splits a path of a var, where `name[0]` means the first item of `name`.
pub(super) fn split_with_indices(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in split(path) {
        let indexed = part
            .strip_suffix(']')
            .and_then(|part| part.rsplit_once('['))
            .filter(|(_, index)| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()));
        match indexed {
            Some((name, index)) => {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.to_owned());
            }
            None => parts.push(part),
        }
    }
    parts
}

/// The node at a position.
pub(super) fn at<'n>(node: &'n Node, position: &[usize]) -> Option<&'n Node> {
    position
        .iter()
        .try_fold(node, |node, &index| match &node.body {
            Body::Map(pairs) => pairs.get(index).map(|pair| &pair.value),
            Body::List(items) => items.get(index),
            Body::Scalar { .. } => None,
        })
}

/// The node at a position, to change it.
pub(super) fn at_mut<'n>(node: &'n mut Node, position: &[usize]) -> Option<&'n mut Node> {
    position
        .iter()
        .try_fold(node, |node, &index| match &mut node.body {
            Body::Map(pairs) => pairs.get_mut(index).map(|pair| &mut pair.value),
            Body::List(items) => items.get_mut(index),
            Body::Scalar { .. } => None,
        })
}

fn index_of(part: &str) -> Option<i64> {
    part.parse().ok()
}

fn is_bracketed(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

fn name_and_value(part: &str) -> Result<(&str, &str), String> {
    let bare = part.strip_suffix(']').unwrap_or(part);
    let bare = bare.strip_prefix('[').unwrap_or(bare);
    bare.split_once('=').ok_or_else(|| {
        format!("`{part}` does not say which item of the list; write `[name=value]`")
    })
}

fn not_a(kind: Kind, part: &str, node: &Node) -> String {
    format!(
        "`{part}` needs {}, and there is {}",
        kind.name(),
        node.kind().name()
    )
}

/// Follows a path that names one field. `None` where it is absent, an error where it makes no sense.
pub(super) fn lookup(root: &Node, path: &[String]) -> Result<Option<Position>, String> {
    let mut node = root;
    let mut position = Vec::new();
    for part in path
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
    {
        if part == "*" {
            return Err("`*` may name many fields, and one is needed".to_owned());
        }
        let is_item = index_of(part).is_some() || part == "-" || is_bracketed(part);
        let wanted = if is_item { Kind::List } else { Kind::Map };
        if index_of(part).is_some_and(|index| index < 0) {
            return Err(format!("the index `{part}` is negative"));
        }
        if node.is_null() {
            return Ok(None);
        }
        if node.kind() != wanted {
            return Err(not_a(wanted, part, node));
        }
        let found = if let Some(index) = index_of(part) {
            usize::try_from(index)
                .ok()
                .filter(|&i| i < node.items().len())
        } else if part == "-" {
            match node.items().len().checked_sub(1) {
                Some(last) => Some(last),
                None => return Err("the list has no last item".to_owned()),
            }
        } else if is_bracketed(part) {
            let (name, value) = name_and_value(part)?;
            node.items().iter().position(|item| {
                if name.is_empty() {
                    item.text() == value
                } else {
                    item.field(name).is_some_and(|field| field.text() == value)
                }
            })
        } else {
            node.pairs().iter().position(|pair| pair.key.text == part)
        };
        let Some(found) = found else {
            return Ok(None);
        };
        position.push(found);
        node = match at(node, &[found]) {
            Some(next) => next,
            None => return Ok(None),
        };
    }
    Ok(Some(position))
}

/// What is created where a path ends in nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Create {
    /// The kind of the last node.
    pub(super) kind: Kind,
    /// Whose wish it is.
    pub(super) origin: Origin,
}

/// What following a path came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Matches {
    /// These nodes.
    Here(Vec<Position>),
    /// Fields inside the text of a scalar, where writing has no effect.
    InText,
}

/// Follows a path that may name many fields, and creates what is absent if it is told to.
pub(super) fn matches(
    root: &mut Node,
    path: &[String],
    create: Option<Create>,
) -> Result<Matches, String> {
    check_depth(path.len())?;
    let mut found = Vec::new();
    let mut in_text = false;
    walk(
        root,
        path,
        create,
        &mut Vec::new(),
        &mut found,
        &mut in_text,
    )?;
    Ok(if found.is_empty() && in_text {
        Matches::InText
    } else {
        Matches::Here(found)
    })
}

fn next_kind(path: &[String], create: Create) -> Kind {
    match path.get(1) {
        Some(next) if is_bracketed(next) || index_of(next).is_some_and(|i| i >= 0) => Kind::List,
        Some(next) if !next.is_empty() => Kind::Map,
        _ => create.kind,
    }
}

fn walk(
    node: &mut Node,
    path: &[String],
    create: Option<Create>,
    here: &mut Position,
    found: &mut Vec<Position>,
    in_text: &mut bool,
) -> Result<(), String> {
    let Some((part, rest)) = path.split_first() else {
        found.push(here.clone());
        return Ok(());
    };
    let mut step = |node: &mut Node, index: usize, here: &mut Position| {
        let Some(next) = at_mut(node, &[index]) else {
            return Ok(());
        };
        here.push(index);
        let result = walk(next, rest, create, here, found, in_text);
        here.pop();
        result
    };
    let index = index_of(part).filter(|&index| index >= 0);
    if index.is_some() || is_bracketed(part) || part == "*" {
        if !node.is_null() && node.kind() != Kind::List {
            return Err(not_a(Kind::List, part, node));
        }
        if let Some(index) = index {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            if let (Some(create), Some(items)) = (create, node.items_mut())
                && items.len() == index
            {
                items.push(Node::empty(next_kind(path, create), create.origin));
            }
            let length = node.items().len();
            if index >= length {
                return Err(format!(
                    "the list has {length} items, and number {index} is asked for"
                ));
            }
            return step(node, index, here);
        }
        if part == "*" {
            return (0..node.items().len()).try_for_each(|index| step(node, index, here));
        }
        let (name, pattern) = name_and_value(part)?;
        let fitting = fitting_items(node, name, pattern)?;
        // As in Kustomize, an element counts only if the rest of the path exists in it.
        let mut count = 0;
        for index in fitting {
            let before = found_len(found, *in_text);
            let Some(next) = at_mut(node, &[index]) else {
                continue;
            };
            here.push(index);
            let result = walk(next, rest, create, here, found, in_text);
            here.pop();
            result?;
            count += found_len(found, *in_text) - before;
        }
        let (0, Some(create)) = (count, create) else {
            return Ok(());
        };
        let value = Node::untagged(pattern, create.origin);
        let item = if name.is_empty() {
            value
        } else {
            Node {
                body: Body::Map(vec![Pair {
                    key: Key::new(name, create.origin),
                    value,
                }]),
                ..Node::map(create.origin)
            }
        };
        let Some(items) = node.items_mut() else {
            return Err(not_a(Kind::List, part, node));
        };
        items.push(item);
        let last = items.len() - 1;
        let Some(next) = at_mut(node, &[last]) else {
            return Ok(());
        };
        here.push(last);
        let result = walk(next, rest, Some(create), here, found, in_text);
        here.pop();
        return result;
    }
    if node.is_null() && create.is_none() {
        return Ok(());
    }
    if node.kind() != Kind::Map {
        return Err(not_a(Kind::Map, part, node));
    }
    let slot = node.pairs().iter().position(|pair| pair.key.text == *part);
    let slot = match (slot, create) {
        (Some(slot), _) => slot,
        (None, None) => return Ok(()),
        (None, Some(create)) => {
            let value = Node::empty(next_kind(path, create), create.origin);
            let Some(pairs) = node.pairs_mut() else {
                return Ok(());
            };
            pairs.push(Pair {
                key: Key::new(part, create.origin),
                value,
            });
            pairs.len() - 1
        }
    };
    if let Some(field) = at(node, &[slot])
        && field.kind() == Kind::Scalar
        && !rest.is_empty()
    {
        return inside_text(field.text(), rest, create).map(|is_there| *in_text |= is_there);
    }
    step(node, slot, here)
}

fn found_len(found: &[Position], in_text: bool) -> usize {
    found.len() + usize::from(in_text)
}

/// Looks for a path inside the text of a scalar. True if it is there: writing it would change a copy only.
fn inside_text(text: &str, path: &[String], create: Option<Create>) -> Result<bool, String> {
    let mut tree = super::structured::tree(text)
        .ok_or_else(|| "the text of the field is not YAML".to_owned())?;
    match matches(&mut tree, path, create)? {
        Matches::Here(found) => Ok(!found.is_empty()),
        Matches::InText => Ok(true),
    }
}

/// The items of a list whose field (or who themselves) match a pattern, which is not anchored.
fn fitting_items(node: &Node, name: &str, pattern: &str) -> Result<Vec<usize>, String> {
    if node.items().is_empty() {
        return Ok(Vec::new());
    }
    let regex = super::pattern::compile(pattern)
        .map_err(|_| format!("`{pattern}` is not a regular expression"))?;
    let fits = |node: &Node| regex.is_match(written(node).trim());
    Ok(node
        .items()
        .iter()
        .enumerate()
        .filter(|(_, item)| {
            if name.is_empty() {
                fits(item)
            } else {
                item.field(name).is_some_and(fits)
            }
        })
        .map(|(index, _)| index)
        .collect())
}

/// A scalar as it would be written, which is what patterns are matched against.
fn written(node: &Node) -> String {
    match &node.body {
        Body::Scalar { text, style } => match style {
            ScalarStyle::DoubleQuoted => format!("{text:?}"),
            ScalarStyle::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
            _ => text.clone(),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_dots_outside_brackets() {
        let check = |path: &str, parts: &[&str]| assert_eq!(split(path), parts, "{path}");
        check("spec.replicas", &["spec", "replicas"]);
        check(
            "spec.data.[name=f.i].key",
            &["spec", "data", "[name=f.i]", "key"],
        );
        check(r"spec\.replicas", &["spec.replicas"]);
        check(
            "metadata.annotations.[a.b.c/d]",
            &["metadata", "annotations", "a.b.c/d"],
        );
        assert_eq!(
            split_with_indices("spec.ports[0].port"),
            ["spec", "ports", "0", "port"]
        );
    }
}
