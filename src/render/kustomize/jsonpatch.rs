//! JSON patches (RFC 6902) as the library does them that Kustomize uses: negative indices count from the end, `add` replaces,
//! and what stands before the first slash of a path is ignored.

use super::budget::Budget;
use crate::origin::{Origin, Origins};
use crate::yaml::{Data, Value};

/// One operation of a patch.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    op: String,
    path: Option<String>,
    from: Option<String>,
    value: Option<Value>,
    /// Where it was written.
    pub(super) origin: Origin,
    /// What else decides where its value goes.
    condition: Origin,
}

/// Why a patch cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inapplicable {
    /// The operation.
    pub(super) origin: Origin,
    /// Why, as a clause.
    pub(super) why: String,
}

/// Reads a patch: a list of maps.
pub(super) fn operations(value: &Value) -> Result<Vec<Operation>, Inapplicable> {
    let wrong = |origin, why: &str| Inapplicable {
        origin,
        why: why.to_owned(),
    };
    let Data::Sequence(items) = &value.data else {
        return if value.is_null() {
            Ok(Vec::new())
        } else {
            Err(wrong(value.origin, "a JSON patch is a list of operations"))
        };
    };
    items
        .iter()
        .map(|item| {
            if item.as_mapping().is_none() {
                return Err(wrong(item.origin, "an operation of a JSON patch is a map"));
            }
            let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
            Ok(Operation {
                op: text("op").unwrap_or_else(|| "unknown".to_owned()),
                path: text("path"),
                from: text("from"),
                value: item.get("value").cloned(),
                origin: item.origin,
                condition: item.get("path").map_or(Origin::NONE, |path| path.origin),
            })
        })
        .collect()
}

/// Applies a patch, which `target` has chosen the document for.
pub(super) fn apply(
    operations: &[Operation],
    document: &mut Value,
    target: Origin,
    origins: &mut Origins,
    budget: &mut Budget,
) -> Result<(), Inapplicable> {
    operations.iter().try_for_each(|operation| {
        run(operation, document, target, origins, budget).map_err(|why| Inapplicable {
            origin: operation.origin,
            why,
        })
    })
}

fn run(
    operation: &Operation,
    document: &mut Value,
    target: Origin,
    origins: &mut Origins,
    budget: &mut Budget,
) -> Result<(), String> {
    let path = operation
        .path
        .as_deref()
        .ok_or("the operation has no `path`")?;
    let condition = origins.both(operation.condition, target);
    let depth = path.matches('/').count();
    if let Some(value) = &operation.value {
        budget.take_value(value, depth)?;
    }
    let mut value = || {
        let mut value = operation.value.clone().unwrap_or_default();
        put_under(&mut value, condition, origins);
        value
    };
    match operation.op.as_str() {
        "add" => {
            let mut value = value();
            if let Some(old) = get(document, path) {
                value.origin = origins.over(value.origin, old.origin);
            }
            add(document, path, value)
        }
        "remove" => {
            remove(document, path)?;
            // What something was taken from knows who did it.
            if let Some((left, _)) = container(document, path) {
                left.origin = origins.under(left.origin, condition);
            }
            Ok(())
        }
        "replace" => {
            let value = value();
            replace(document, path, value, origins)
        }
        "move" => {
            let from = operation
                .from
                .as_deref()
                .ok_or("the operation has no `from`")?;
            let mut moved = remove(document, from)?;
            budget.take_value(&moved, depth)?;
            moved.origin = origins.under(moved.origin, operation.origin);
            add(document, path, moved)
        }
        "copy" => {
            let from = operation
                .from
                .as_deref()
                .ok_or("the operation has no `from`")?;
            container(document, from).ok_or_else(|| missing(from))?;
            let found = get(document, from);
            if let Some(found) = found {
                budget.take_value(found, depth)?;
            }
            let mut copy = found.cloned().unwrap_or_default();
            copy.origin = origins.under(copy.origin, operation.origin);
            add(document, path, copy)
        }
        "test" => {
            container(document, path).ok_or_else(|| missing(path))?;
            let found = get(document, path);
            let wanted = value();
            let holds = match found {
                None => wanted.is_null(),
                Some(found) => same(found, &wanted, 0),
            };
            if holds {
                Ok(())
            } else {
                Err(format!(
                    "the value at `{path}` is not the one that is tested for"
                ))
            }
        }
        other => Err(format!("`{other}` is not an operation of a JSON patch")),
    }
}

/// Notes that the value, and all in it, is there only because of `condition`.
fn put_under(value: &mut Value, condition: Origin, origins: &mut Origins) {
    value.origin = origins.under(value.origin, condition);
    match &mut value.data {
        Data::Sequence(items) => items
            .iter_mut()
            .for_each(|item| put_under(item, condition, origins)),
        Data::Mapping(mapping) => mapping
            .iter_mut()
            .for_each(|entry| put_under(&mut entry.value, condition, origins)),
        _ => {}
    }
}

fn missing(path: &str) -> String {
    format!("there is nothing at `{path}`")
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn parts(path: &str) -> Option<(Vec<String>, String)> {
    let mut parts: Vec<String> = path.split('/').skip(1).map(unescape).collect();
    let last = parts.pop()?;
    Some((parts, last))
}

/// The position that a key names in a list of `length` items.
fn position(key: &str, length: usize) -> Option<usize> {
    let index: i64 = key.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    usize::try_from(index).ok()
}

fn step<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match &mut value.data {
        Data::Mapping(mapping) => mapping.get_mut(key),
        Data::Sequence(items) => {
            let index = position(key, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    }
}

/// The collection that holds the last step of a path.
fn container<'v>(document: &'v mut Value, path: &str) -> Option<(&'v mut Value, String)> {
    let (parents, last) = parts(path)?;
    let mut value = document;
    for part in parents {
        value = step(value, &part)?;
    }
    matches!(value.data, Data::Mapping(_) | Data::Sequence(_)).then_some((value, last))
}

fn get<'v>(document: &'v mut Value, path: &str) -> Option<&'v Value> {
    let (container, last) = container(document, path)?;
    step(container, &last).map(|value| &*value)
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let (container, last) = container(document, path).ok_or_else(|| missing(path))?;
    match &mut container.data {
        Data::Mapping(mapping) => {
            let origin = value.origin;
            mapping.insert(last, origin, value);
            Ok(())
        }
        Data::Sequence(items) if last == "-" => {
            items.push(value);
            Ok(())
        }
        Data::Sequence(items) => {
            let length = items.len();
            match position(&last, length + 1).filter(|&index| index <= length) {
                Some(index) => {
                    items.insert(index, value);
                    Ok(())
                }
                None => Err(format!(
                    "`{path}` is outside the list, which has {length} items"
                )),
            }
        }
        _ => Err(missing(path)),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, String> {
    let (container, last) = container(document, path).ok_or_else(|| missing(path))?;
    match &mut container.data {
        Data::Mapping(mapping) => mapping
            .remove(&last)
            .map(|entry| entry.value)
            .ok_or_else(|| missing(path)),
        Data::Sequence(items) => {
            let length = items.len();
            match position(&last, length).filter(|&index| index < length) {
                Some(index) => Ok(items.remove(index)),
                None => Err(format!(
                    "`{path}` is outside the list, which has {length} items"
                )),
            }
        }
        _ => Err(missing(path)),
    }
}

fn replace(
    document: &mut Value,
    path: &str,
    mut value: Value,
    origins: &mut Origins,
) -> Result<(), String> {
    if path.is_empty() {
        // The whole document; what is no collection changes nothing.
        if matches!(value.data, Data::Mapping(_) | Data::Sequence(_)) {
            value.origin = origins.over(value.origin, document.origin);
            *document = value;
        }
        return Ok(());
    }
    let (container, last) = container(document, path).ok_or_else(|| missing(path))?;
    if let Some(place) = step(container, &last) {
        value.origin = origins.over(value.origin, place.origin);
        *place = value;
        return Ok(());
    }
    match &mut container.data {
        // The library sets a key of a map whether it was there or not.
        Data::Mapping(mapping) => {
            let origin = value.origin;
            mapping.insert(last, origin, value);
            Ok(())
        }
        _ => Err(missing(path)),
    }
}

/// JSON equality: numbers by value, whatever type holds them.
fn same(a: &Value, b: &Value, depth: usize) -> bool {
    if depth > crate::yaml::MAX_DEPTH {
        return false;
    }
    let number = |value: &Value| match value.data {
        Data::Int(number) => Some(number as f64),
        Data::Uint(number) => Some(number as f64),
        Data::Float(number) => Some(number),
        _ => None,
    };
    match (&a.data, &b.data) {
        (Data::Mapping(a), Data::Mapping(b)) => {
            a.len() == b.len()
                && a.iter().all(|entry| {
                    b.get(&entry.key)
                        .is_some_and(|other| same(&entry.value, other, depth + 1))
                })
        }
        (Data::Sequence(a), Data::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, depth + 1))
        }
        (one, other) => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
            (None, None) => one == other,
            _ => false,
        },
    }
}
