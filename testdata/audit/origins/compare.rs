//! The scalars in which two renderings of one app differ.
//!
//! Objects are paired by identity, what is left by what stayed of it, because a change of a name or of a kind is one change and
//! not the end of everything in the object. Items of lists are paired so that an item more or less does not move the others.

use std::collections::BTreeSet;

use plimsoll::origin::Origin;
use plimsoll::render::Rendered;
use plimsoll::resource::{Identity, Resource};
use plimsoll::yaml::{Data, Value};

/// A scalar, with the origins of the keys and collections above it.
pub(crate) struct Leaf<'a> {
    pub(crate) value: &'a Value,
    pub(crate) keys: Vec<Origin>,
}

/// A scalar that is another, is gone, or is new.
pub(crate) struct Difference<'a> {
    pub(crate) path: String,
    /// Of what is new, the origins of what was above its place.
    pub(crate) place: Vec<Origin>,
    pub(crate) before: Option<Leaf<'a>>,
    pub(crate) after: Option<Leaf<'a>>,
}

/// The scalars of a value, in order; an empty list or map counts as one.
pub(crate) fn leaves(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match &value.data {
        Data::Mapping(map) if !map.is_empty() => {
            map.iter().for_each(|entry| collect(&entry.value, found));
        }
        Data::Sequence(items) if !items.is_empty() => {
            items.iter().for_each(|item| collect(item, found));
        }
        Data::Mapping(_) | Data::Sequence(_) => {}
        _ => found.push(value),
    }
}

/// What two renderings differ in.
pub(crate) struct Comparison<'a> {
    pub(crate) differences: Vec<Difference<'a>>,
    /// How many objects were paired though they are called something else now.
    pub(crate) renamed: usize,
}

/// All differences between two renderings.
pub(crate) fn renderings<'a>(before: &'a Rendered, after: &'a Rendered) -> Comparison<'a> {
    let mut walk = Walk {
        differences: Vec::new(),
    };
    let mut left: Vec<&Resource> = before.rendering.resources.iter().collect();
    let mut rest: Vec<&Resource> = after.rendering.resources.iter().collect();
    let mut renamed = 0;
    for (round, fits) in FITS.iter().enumerate() {
        left.retain(|one| {
            let place = rest
                .iter()
                .position(|other| fits(&one.identity, &other.identity));
            let Some(place) = place else { return true };
            walk.pair(one, rest.remove(place));
            renamed += usize::from(round > 0);
            false
        });
    }
    for one in left {
        walk.all(&one.identity.to_string(), &one.value, &[], None);
    }
    for other in rest {
        walk.all(&other.identity.to_string(), &other.value, &[], Some(&[]));
    }
    Comparison {
        differences: walk.differences,
        renamed,
    }
}

/// When two objects are one, the surest ways first: by identity, moved to another namespace, renamed, of another kind.
const FITS: [fn(&Identity, &Identity) -> bool; 4] = [
    |a, b| a == b,
    |a, b| (&a.group, &a.kind, &a.name) == (&b.group, &b.kind, &b.name),
    |a, b| (&a.group, &a.kind) == (&b.group, &b.kind),
    |a, b| (&a.namespace, &a.name) == (&b.namespace, &b.name),
];

struct Walk<'a> {
    differences: Vec<Difference<'a>>,
}

impl<'a> Walk<'a> {
    fn pair(&mut self, before: &'a Resource, after: &'a Resource) {
        if before.value != after.value {
            self.values(
                &before.identity.to_string(),
                &before.value,
                &after.value,
                &[],
                &[],
            );
        }
    }

    /// Every scalar of what is only on one side: before, or after in a `place` with these origins above it.
    fn all(&mut self, path: &str, value: &'a Value, keys: &[Origin], place: Option<&[Origin]>) {
        let keys = [keys, &[value.origin]].concat();
        match &value.data {
            Data::Mapping(map) => {
                for entry in map {
                    let keys = [&keys[..], &[entry.key_origin]].concat();
                    self.all(&format!("{path}.{}", entry.key), &entry.value, &keys, place);
                }
            }
            Data::Sequence(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.all(&format!("{path}[{index}]"), item, &keys, place);
                }
            }
            _ => {
                let leaf = Some(Leaf { value, keys });
                let (before, after) = match place {
                    None => (leaf, None),
                    Some(_) => (None, leaf),
                };
                self.differences.push(Difference {
                    path: path.to_owned(),
                    place: place.unwrap_or_default().to_vec(),
                    before,
                    after,
                });
            }
        }
    }

    fn values(
        &mut self,
        path: &str,
        before: &'a Value,
        after: &'a Value,
        keys: &[Origin],
        new_keys: &[Origin],
    ) {
        let keys = &[keys, &[before.origin]].concat();
        let new_keys = &[new_keys, &[after.origin]].concat();
        match (&before.data, &after.data) {
            (Data::Mapping(old), Data::Mapping(new)) => {
                for entry in old {
                    let below = format!("{path}.{}", entry.key);
                    let keys = [&keys[..], &[entry.key_origin]].concat();
                    match new.entry(&entry.key) {
                        Some(other) => {
                            let new_keys = [&new_keys[..], &[other.key_origin]].concat();
                            self.values(&below, &entry.value, &other.value, &keys, &new_keys);
                        }
                        None => self.all(&below, &entry.value, &keys, None),
                    }
                }
                for entry in new.iter().filter(|entry| old.entry(&entry.key).is_none()) {
                    let below = format!("{path}.{}", entry.key);
                    let new_keys = [&new_keys[..], &[entry.key_origin]].concat();
                    self.all(&below, &entry.value, &new_keys, Some(keys));
                }
            }
            (Data::Sequence(old), Data::Sequence(new)) => {
                self.items(path, old, new, keys, new_keys);
            }
            (Data::Mapping(_) | Data::Sequence(_), _)
            | (_, Data::Mapping(_) | Data::Sequence(_)) => {
                self.all(path, before, keys, None);
                self.all(path, after, new_keys, Some(keys));
            }
            _ if before == after => {}
            _ => self.differences.push(Difference {
                path: path.to_owned(),
                place: Vec::new(),
                before: Some(Leaf {
                    value: before,
                    keys: keys.clone(),
                }),
                after: Some(Leaf {
                    value: after,
                    keys: new_keys.clone(),
                }),
            }),
        }
    }

    fn items(
        &mut self,
        path: &str,
        old: &'a [Value],
        new: &'a [Value],
        keys: &[Origin],
        new_keys: &[Origin],
    ) {
        let same = |a: &Value, b: &Value| a == b;
        let start = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
        let (old_rest, new_rest) = (
            old.get(start..).unwrap_or_default(),
            new.get(start..).unwrap_or_default(),
        );
        let end = old_rest
            .iter()
            .rev()
            .zip(new_rest.iter().rev())
            .take_while(|(a, b)| same(a, b))
            .count();
        let old_rest = old_rest.get(..old_rest.len() - end).unwrap_or_default();
        let new_rest = new_rest.get(..new_rest.len() - end).unwrap_or_default();
        let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
        let names = |items: &[Value]| items.iter().map(name).collect::<Option<BTreeSet<_>>>();
        let (old_names, new_names) = (names(old_rest), names(new_rest));
        let is_reordered = old_names.is_some() && old_names == new_names;
        if old_rest.len() == new_rest.len() && !is_reordered {
            for (index, (a, b)) in old_rest.iter().zip(new_rest).enumerate() {
                self.values(&format!("{path}[{}]", start + index), a, b, keys, new_keys);
            }
            return;
        }
        // Items are the same where their names are, or where all of them is.
        let fits = |a: &Value, b: &Value| match (name(a), name(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        };
        let first = self.differences.len();
        let mut left: Vec<&'a Value> = new_rest.iter().collect();
        for (index, item) in old_rest.iter().enumerate() {
            let below = format!("{path}[{}]", start + index);
            match left.iter().position(|other| fits(item, other)) {
                Some(at) => {
                    let other = left.remove(at);
                    self.values(&below, item, other, keys, new_keys);
                }
                None => self.all(&below, item, keys, None),
            }
        }
        for item in left {
            self.all(&format!("{path}[+]"), item, new_keys, Some(keys));
        }
        self.forget_moved(path, first);
    }

    /// Of the differences from `first` on, what is gone from one item of the list at `path` and is the same in another has moved:
    /// an item was renamed, and no longer is what something else in the list belongs to.
    fn forget_moved(&mut self, path: &str, first: usize) {
        let inside = |difference: &Difference<'_>| {
            let rest = difference.path.get(path.len()..).unwrap_or_default();
            let behind = rest.split_once(']').map_or("", |(_, behind)| behind);
            behind.to_owned()
        };
        let found = self.differences.split_off(first);
        let mut is_moved = vec![false; found.len()];
        for (gone, one) in found.iter().enumerate() {
            let Some(before) = one.before.as_ref().filter(|_| one.after.is_none()) else {
                continue;
            };
            let new = found.iter().enumerate().position(|(new, other)| {
                let is_free = !is_moved.get(new).copied().unwrap_or(true);
                let same = |after: &Leaf<'_>| after.value == before.value;
                let appeared = other.before.is_none() && other.after.as_ref().is_some_and(same);
                is_free && appeared && inside(one) == inside(other)
            });
            for at in new.into_iter().chain(new.map(|_| gone)) {
                if let Some(moved) = is_moved.get_mut(at) {
                    *moved = true;
                }
            }
        }
        let kept = found.into_iter().zip(is_moved);
        self.differences.extend(
            kept.filter(|(_, moved)| !moved)
                .map(|(difference, _)| difference),
        );
    }
}
