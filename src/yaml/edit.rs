//! Format-preserving edits: the smallest change to a file that changes its value as asked.
//!
//! Comments, quoting, line endings and everything else that need not change stay. Each edit is checked before it is given:
//! the text after it is parsed again and has to have the value that was asked for. What cannot be edited safely
//! (a node that an alias shares, a value that a merge key would override) is refused with the reason.

mod place;
mod put;
mod splice;
mod write;

use std::ops::Range;

use crate::text::{Edit, Span, TextEdit};
use place::{Found, Site};
use put::put;

use super::parse::parse;
use super::{
    Data, Dialect, Document, Entry, MAX_DEPTH, Mapping, NodeId, NodeKind, Path, Step, Value,
};
use crate::origin::Origin;
use write::{Writer, flow};

/// Why a file cannot be edited as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing is there to be removed or added to.
    #[error("`{0}` does not exist")]
    Absent(Path),
    /// The path leads through a value that has no such parts.
    #[error("`{0}` is neither empty nor of the kind that the path needs")]
    Kind(Path),
    /// The path leads through an alias: the text that would change belongs to its anchor.
    #[error("`{0}` is an alias of another value")]
    Alias(Path),
    /// Other places use the same text through an anchor.
    #[error("`{0}` is shared through the anchor `{1}`")]
    Shared(Path, String),
    /// A merge key (`<<`) decides what the value is.
    #[error("`{0}` takes part in a merge (`<<`)")]
    Merged(Path),
    /// The key is written twice.
    #[error("`{0}` is written more than once")]
    Repeated(Path),
    /// The value has a tag, which a new value might contradict.
    #[error("`{0}` has the tag `{1}`")]
    Tagged(Path, String),
    /// The value cannot be written in YAML, or not in this place.
    #[error("`{0}` is written in a way that cannot be changed safely")]
    Unsafe(Path),
}

/// Writes the first value into a text without any (empty, or comments only, where [`parse`] finds no document).
pub fn begin(text: &str, path: &Path, value: &Value) -> Result<TextEdit, EditError> {
    let refused = || EditError::Unsafe(path.clone());
    let stream = parse(text);
    if stream.error.is_some() || !stream.documents.is_empty() {
        return Err(refused());
    }
    let nothing = Document {
        nodes: Vec::new(),
        root: None,
        span: Span::at(text.len()),
        comments: Vec::new(),
    };
    let site = Site::new(text, &nothing);
    let whole = nested(path.steps(), value).ok_or_else(|| EditError::Absent(path.clone()))?;
    let lines = Writer::new(&site, true).block(&whole, 0);
    let edit = site.first_lines(text.len(), &lines.ok_or_else(refused)?);
    let after = parse(&edit.apply(text));
    let is_right = after
        .documents
        .first()
        .is_some_and(|document| document.value(Dialect::Helm, &mut |_| Origin::NONE) == Ok(whole));
    if is_right { Ok(edit) } else { Err(refused()) }
}

/// Sets the value at `path`. What is missing on the way there is created; an index one behind the last appends.
pub fn set(
    text: &str,
    document: &Document,
    path: &Path,
    value: &Value,
) -> Result<TextEdit, EditError> {
    let site = Site::new(text, document);
    if document.root.is_none() {
        let whole = nested(path.steps(), value).ok_or_else(|| EditError::Absent(path.clone()))?;
        return site.try_both(path, Change::Set(value), |writer| {
            let lines = writer.block(&whole, 0);
            let lines = lines.ok_or_else(|| EditError::Unsafe(path.clone()))?;
            let start = document.span.start as usize;
            Ok(site.first_lines(start, &lines).edits().to_vec())
        });
    }
    let found = site.find(path)?;
    let rest = path.steps().get(found.covered..).unwrap_or_default();
    let Some((step, below)) = rest.split_first() else {
        return site.try_both(path, Change::Set(value), |writer| {
            replace(&site, &found, path, value, writer)
        });
    };
    let new = nested(below, value).ok_or_else(|| EditError::Absent(path.clone()))?;
    site.try_both(path, Change::Set(value), |writer| {
        extend(&site, &found, path, (step, below.len()), &new, writer)
    })
}

/// Adds `value` behind the last item of the list at `path`, which is created where it is missing.
pub fn append(
    text: &str,
    document: &Document,
    path: &Path,
    value: &Value,
) -> Result<TextEdit, EditError> {
    let site = Site::new(text, document);
    let length = match site.find(path) {
        Ok(found) if found.covered == path.steps().len() => site.length(found.node),
        _ => 0,
    };
    set(text, document, &path.clone().index(length), value)
}

/// Inserts `value` before the item `index` of the list at `path`.
pub fn insert(
    text: &str,
    document: &Document,
    path: &Path,
    index: usize,
    value: &Value,
) -> Result<TextEdit, EditError> {
    let site = Site::new(text, document);
    let found = site.find(path)?;
    if found.covered < path.steps().len() || index > site.length(found.node) {
        return Err(EditError::Absent(path.clone().index(index)));
    }
    if index == site.length(found.node) {
        return append(text, document, path, value);
    }
    site.check_ancestors(&found, path, true)?;
    if !matches!(site.node(found.node).kind, NodeKind::Sequence { .. }) {
        return Err(EditError::Kind(path.clone()));
    }
    site.try_both(path, Change::Insert(index, value), |writer| {
        insert_item(&site, &found, path, index, value, writer)
    })
}

/// Removes the key or item at `path`, with the comments directly above it and behind it. The last one leaves `{}` or `[]`.
pub fn remove(text: &str, document: &Document, path: &Path) -> Result<TextEdit, EditError> {
    let site = Site::new(text, document);
    let found = site.find(path)?;
    let absent = || EditError::Absent(path.clone());
    if found.covered < path.steps().len() {
        return Err(absent());
    }
    let Some((&(parent, index), above)) = found.trail.split_last() else {
        return Err(absent());
    };
    site.check_ancestors(&found, path, false)?;
    site.check_subtree(found.node, path)?;
    site.check_siblings(parent, index, path)?;
    site.try_both(path, Change::Remove, |writer| {
        if site.children(parent).len() == 1 {
            let holder = Found {
                trail: above.to_vec(),
                node: parent,
                covered: found.covered.saturating_sub(1),
            };
            let empty = Value::new(match site.node(parent).kind {
                NodeKind::Sequence { .. } => Data::Sequence(Vec::new()),
                _ => Data::Mapping(Mapping::new()),
            });
            return put(&site, &holder, path, &empty, writer);
        }
        if site.is_flow(parent) {
            site.removal_in_flow(parent, index)
        } else {
            site.removal_in_block(parent, index)
        }
        .map(|range| vec![edit(range, "")])
        .ok_or_else(|| EditError::Unsafe(path.clone()))
    })
}

/// What an edit is to do to the value.
#[derive(Clone, Copy)]
enum Change<'a> {
    Set(&'a Value),
    Insert(usize, &'a Value),
    Remove,
}

fn edit(range: Range<usize>, text: impl Into<String>) -> Edit {
    Edit {
        span: Span::new(range.start, range.end),
        text: text.into(),
    }
}

/// `value` under the steps that do not exist yet. A new list can only begin with its first item.
fn nested(steps: &[Step], value: &Value) -> Option<Value> {
    if steps.len() > MAX_DEPTH {
        return None;
    }
    steps
        .iter()
        .rev()
        .try_fold(value.clone(), |inner, step| match step {
            Step::Key(key) => {
                let mut mapping = Mapping::new();
                mapping.push(Entry {
                    key: key.clone(),
                    key_origin: Origin::NONE,
                    value: inner,
                });
                Some(Value::new(Data::Mapping(mapping)))
            }
            Step::Index(0) => Some(Value::new(Data::Sequence(vec![inner]))),
            Step::Index(_) => None,
        })
}

impl Site<'_> {
    /// Writes with block scalars, and if that does not give the right value, without.
    fn try_both(
        &self,
        path: &Path,
        change: Change,
        write: impl Fn(&Writer) -> Result<Vec<Edit>, EditError>,
    ) -> Result<TextEdit, EditError> {
        // By its number, because its place may move.
        let number = parse(self.text)
            .documents
            .iter()
            .position(|document| document.span == self.document.span);
        for literals in [true, false] {
            let edits = merge(write(&Writer::new(self, literals))?);
            if let Ok(edit) = TextEdit::new(edits)
                && let Some(number) = number
                && self.is_right(number, path, change, &edit)
            {
                return Ok(edit);
            }
        }
        Err(EditError::Unsafe(path.clone()))
    }

    /// True if and only if the text after `edit` has the value that was asked for, in a dialect that can read it.
    fn is_right(&self, number: usize, path: &Path, change: Change, edit: &TextEdit) -> bool {
        let after = parse(&edit.apply(self.text));
        let Some(document) = after.documents.get(number) else {
            return false;
        };
        let read =
            |document: &Document, dialect| document.value(dialect, &mut |_| Origin::NONE).ok();
        [Dialect::Helm, Dialect::Kustomize]
            .into_iter()
            .any(|dialect| {
                let Some(mut before) = read(self.document, dialect) else {
                    return false;
                };
                apply(&mut before, path.steps(), change) && read(document, dialect) == Some(before)
            })
    }
}

/// Joins insertions at the same place.
fn merge(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.retain(|edit| !edit.span.is_empty() || !edit.text.is_empty());
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut merged: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match merged.last_mut() {
            Some(last) if last.span == edit.span => last.text.push_str(&edit.text),
            _ => merged.push(edit),
        }
    }
    merged
}

/// The change on the value itself; false where it does not apply.
fn apply(value: &mut Value, steps: &[Step], change: Change) -> bool {
    let mut value = value;
    let (last, way) = match (steps.split_last(), change) {
        (Some((last, way)), Change::Set(_) | Change::Remove) => (Some(last), way),
        (None, Change::Remove) => return false,
        (_, _) => (None, steps),
    };
    for step in way {
        let Some(next) = child(value, step) else {
            return false;
        };
        value = next;
    }
    match (change, last) {
        (Change::Set(new), Some(last)) => child(value, last).is_some_and(|place| {
            *place = new.clone();
            true
        }),
        (Change::Set(new), None) => {
            *value = new.clone();
            true
        }
        (Change::Insert(index, new), _) => match &mut value.data {
            Data::Sequence(items) if index <= items.len() => {
                items.insert(index, new.clone());
                true
            }
            _ => false,
        },
        (Change::Remove, Some(Step::Key(key))) => value
            .as_mapping_mut()
            .is_some_and(|mapping| mapping.remove(key).is_some()),
        (Change::Remove, Some(Step::Index(index))) => match &mut value.data {
            Data::Sequence(items) if *index < items.len() => {
                items.remove(*index);
                true
            }
            _ => false,
        },
        (Change::Remove, None) => false,
    }
}

/// The part of `value` at `step`, created where it is missing.
fn child<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    if value.is_null() {
        value.data = match step {
            Step::Key(_) => Data::Mapping(Mapping::new()),
            Step::Index(_) => Data::Sequence(Vec::new()),
        };
    }
    match (step, &mut value.data) {
        (Step::Key(key), Data::Mapping(mapping)) => {
            if mapping.get(key).is_none() {
                mapping.insert(key.as_str(), Origin::NONE, Value::default());
            }
            mapping.get_mut(key)
        }
        (Step::Index(index), Data::Sequence(items)) => {
            if *index == items.len() {
                items.push(Value::default());
            }
            items.get_mut(*index)
        }
        _ => None,
    }
}

/// Replaces an existing node.
fn replace(
    site: &Site,
    found: &Found,
    path: &Path,
    new: &Value,
    writer: &Writer,
) -> Result<Vec<Edit>, EditError> {
    site.check_ancestors(found, path, true)?;
    site.check_subtree(found.node, path)?;
    put(site, found, path, new, writer)
}

/// Creates `step` and what is below it in the deepest node that exists.
fn extend(
    site: &Site,
    found: &Found,
    path: &Path,
    (step, below): (&Step, usize),
    new: &Value,
    writer: &Writer,
) -> Result<Vec<Edit>, EditError> {
    site.check_ancestors(found, path, true)?;
    let holder = path.prefix(found.covered);
    let whole = |new: &Value| {
        nested(std::slice::from_ref(step), new).ok_or_else(|| EditError::Absent(path.clone()))
    };
    if site.is_nothing(found.node) {
        return put(site, found, path, &whole(new)?, writer);
    }
    match (&site.node(found.node).kind, step) {
        (NodeKind::Mapping { pairs, .. }, Step::Key(key)) => {
            if below > 0 && pairs.iter().any(|&(key, _)| site.is_merge(key)) {
                return Err(EditError::Merged(holder));
            }
            if pairs.is_empty() && !site.in_flow(found) {
                return put(site, found, path, &whole(new)?, writer);
            }
            insert_pair(site, found, path, key, new, writer)
        }
        (NodeKind::Sequence { items, .. }, Step::Index(index)) => {
            if *index != items.len() {
                return Err(EditError::Absent(path.clone()));
            }
            if items.is_empty() && !site.in_flow(found) {
                return put(site, found, path, &whole(new)?, writer);
            }
            insert_item(site, found, path, *index, new, writer)
        }
        (NodeKind::Alias { .. }, _) => Err(EditError::Alias(holder)),
        _ => Err(EditError::Kind(holder)),
    }
}

/// Adds a pair behind the last one.
fn insert_pair(
    site: &Site,
    found: &Found,
    path: &Path,
    key: &str,
    value: &Value,
    writer: &Writer,
) -> Result<Vec<Edit>, EditError> {
    let refused = || EditError::Unsafe(path.clone());
    let whole = nested(&[Step::Key(key.to_owned())], value).ok_or_else(refused)?;
    if site.is_flow(found.node) {
        let inner = flow(&whole).ok_or_else(refused)?;
        let pair = inner
            .strip_prefix('{')
            .and_then(|inner| inner.strip_suffix('}'))
            .ok_or_else(refused)?;
        return site.addition_in_flow(found.node, pair).ok_or_else(refused);
    }
    let column = site.column(site.node(found.node).span.start as usize);
    let lines = writer.block(&whole, column).ok_or_else(refused)?;
    Ok(site.addition_in_block(found.node, column, &lines))
}

/// Adds an item before the item `index`, or behind the last one.
fn insert_item(
    site: &Site,
    found: &Found,
    path: &Path,
    index: usize,
    value: &Value,
    writer: &Writer,
) -> Result<Vec<Edit>, EditError> {
    let refused = || EditError::Unsafe(path.clone());
    let items = site.children(found.node);
    let start = site.node(found.node).span.start as usize;
    if site.is_flow(found.node) {
        let item = flow(value).ok_or_else(refused)?;
        if index == items.len() {
            return site.addition_in_flow(found.node, &item).ok_or_else(refused);
        }
        let at = site.start_of(found.node, index).ok_or_else(refused)?;
        return Ok(vec![edit(at..at, format!("{item}, "))]);
    }
    let column = site.column(start);
    let item = Value::new(Data::Sequence(vec![value.clone()]));
    let lines = writer.block(&item, column).ok_or_else(refused)?;
    match index.checked_sub(1).and_then(|before| items.get(before)) {
        Some(&before) => Ok(site.addition_behind(before, column, &lines)),
        None => Ok(vec![edit(
            start..start,
            format!("{lines}{}{}", site.eol, " ".repeat(column)),
        )]),
    }
}

/// Subtrees are ranges of ids, because the parser adds a node before its children.
fn subtree(document: &Document, id: NodeId) -> Range<u32> {
    let mut last = id;
    loop {
        let next = match &document.node(last).kind {
            NodeKind::Sequence { items, .. } => items.last(),
            NodeKind::Mapping { pairs, .. } => pairs.last().map(|(_, value)| value),
            _ => None,
        };
        match next {
            Some(&next) => last = next,
            None => return id.0..last.0 + 1,
        }
    }
}

#[cfg(test)]
#[expect(clippy::format_push_string, reason = "brevity")]
mod tests;
