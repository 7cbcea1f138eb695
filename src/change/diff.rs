//! How two versions of one object differ: field by field, and as text.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use similar::TextDiff as Similar;

use crate::origin::Origin;
use crate::resource::{Resource, item_key, name_path};
use crate::yaml::{Data, MAX_DEPTH, Path, Value};

/// What happened to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// It is at head only.
    Added,
    /// It is at base only.
    Removed,
    /// Its value differs.
    Changed,
    /// A list has the same items in another order; the items that differ are changes of their own.
    Reordered,
    /// It names an object whose generated hash moved, and moved with it.
    Followed,
}

/// A value as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The value.
    Shown(Value),
    /// A value of a Secret: that it changed is shown, what it is never.
    Hidden,
}

/// A field on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it is in the object of that side.
    pub path: Path,
    /// Where it came from, in the rendering of that side.
    pub origin: Origin,
    /// What it is.
    pub content: Content,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field with list items named (`spec.containers[name=web].image`).
    pub field: String,
    /// What happened to it.
    pub what: What,
    /// The field at base.
    pub before: Option<Part>,
    /// The field at head.
    pub after: Option<Part>,
}

/// The difference of two objects as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDiff {
    /// In unified format, without a header.
    pub unified: String,
    /// True if and only if time ran out, so that more lines are shown as changed than had to be.
    pub coarse: bool,
}

/// The fields that differ, in the order of head. `renamed` are the pairs of names that only follow a generated hash.
pub(super) fn fields(
    before: &Resource,
    after: &Resource,
    renamed: &BTreeSet<(String, String)>,
) -> Vec<FieldChange> {
    let mut walk = Walk {
        before,
        after,
        renamed,
        found: Vec::new(),
    };
    walk.values(
        (&before.value, Path::root()),
        (&after.value, Path::root()),
        0,
    );
    walk.found
}

struct Walk<'a> {
    before: &'a Resource,
    after: &'a Resource,
    renamed: &'a BTreeSet<(String, String)>,
    found: Vec<FieldChange>,
}

type At<'v> = (&'v Value, Path);

impl Walk<'_> {
    fn note(&mut self, what: What, before: Option<At<'_>>, after: Option<At<'_>>) {
        let part = |resource: &Resource, (value, path): At<'_>| Part {
            content: if resource.hides(&path) {
                Content::Hidden
            } else {
                Content::Shown(value.clone())
            },
            origin: value.origin,
            path,
        };
        let before = before.map(|at| part(self.before, at));
        let after = after.map(|at| part(self.after, at));
        let field = match (&before, &after) {
            (_, Some(after)) => name_path(&self.after.value, &after.path),
            (Some(before), None) => name_path(&self.before.value, &before.path),
            (None, None) => return,
        };
        self.found.push(FieldChange {
            field,
            what,
            before,
            after,
        });
    }

    fn values(&mut self, before: At<'_>, after: At<'_>, depth: usize) {
        match (&before.0.data, &after.0.data) {
            // A depth that no rendering has; what is below is compared as a whole.
            _ if depth > MAX_DEPTH => {
                if before.0 != after.0 {
                    self.note(What::Changed, Some(before), Some(after));
                }
            }
            (Data::Mapping(old), Data::Mapping(new)) => {
                for entry in new {
                    let path = after.1.clone().key(entry.key.clone());
                    match old.get(&entry.key) {
                        Some(value) => self.values(
                            (value, before.1.clone().key(entry.key.clone())),
                            (&entry.value, path),
                            depth + 1,
                        ),
                        None => self.note(What::Added, None, Some((&entry.value, path))),
                    }
                }
                for entry in old {
                    if new.get(&entry.key).is_none() {
                        let path = before.1.clone().key(entry.key.clone());
                        self.note(What::Removed, Some((&entry.value, path)), None);
                    }
                }
            }
            (Data::Sequence(old), Data::Sequence(new)) => {
                self.lists((old, before), (new, after), depth);
            }
            (Data::String(old), Data::String(new)) if old != new => {
                let follows = self.renamed.contains(&(old.clone(), new.clone()));
                let what = if follows {
                    What::Followed
                } else {
                    What::Changed
                };
                self.note(what, Some(before), Some(after));
            }
            (old, new) => {
                if !same(old, new) {
                    self.note(What::Changed, Some(before), Some(after));
                }
            }
        }
    }

    /// Items with a name are matched by it, all others by their index.
    fn lists(&mut self, before: (&[Value], At<'_>), after: (&[Value], At<'_>), depth: usize) {
        let ((old, before), (new, after)) = (before, after);
        let field = match after.1.steps().last() {
            Some(crate::yaml::Step::Key(key)) => key.clone(),
            _ => String::new(),
        };
        let (Some(old_keys), Some(new_keys)) = (keys(&field, old), keys(&field, new)) else {
            for index in 0..old.len().max(new.len()) {
                let at = |items: &'_ [Value], path: &Path| {
                    items.get(index).map(|_| path.clone().index(index))
                };
                match (
                    old.get(index).zip(at(old, &before.1)),
                    new.get(index).zip(at(new, &after.1)),
                ) {
                    (Some(before), Some(after)) => self.values(before, after, depth + 1),
                    (None, after @ Some(_)) => self.note(What::Added, None, after),
                    (before, None) => self.note(What::Removed, before, None),
                }
            }
            return;
        };
        let mut order = Vec::new();
        for (index, (item, key)) in new.iter().zip(&new_keys).enumerate() {
            let path = after.1.clone().index(index);
            let was = old_keys.iter().position(|other| other == key);
            match was.and_then(|was| old.get(was).map(|value| (was, value))) {
                Some((was, value)) => {
                    order.push(was);
                    self.values((value, before.1.clone().index(was)), (item, path), depth + 1);
                }
                None => self.note(What::Added, None, Some((item, path))),
            }
        }
        for (index, (item, key)) in old.iter().zip(&old_keys).enumerate() {
            if !new_keys.contains(key) {
                let path = before.1.clone().index(index);
                self.note(What::Removed, Some((item, path)), None);
            }
        }
        if !order.is_sorted() {
            self.note(What::Reordered, Some(before), Some(after));
        }
    }
}

/// The names of all items, or `None` where one has none or two share one.
fn keys(field: &str, items: &[Value]) -> Option<Vec<String>> {
    let keys = items
        .iter()
        .map(|item| item_key(field, item).map(|(_, name)| name))
        .collect::<Option<Vec<_>>>()?;
    let distinct: BTreeSet<&String> = keys.iter().collect();
    (distinct.len() == keys.len()).then_some(keys)
}

/// Equality of scalars; not-a-number is the same as itself here, because it prints the same.
fn same(a: &Data, b: &Data) -> bool {
    match (a, b) {
        (Data::Float(a), Data::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    }
}

/// The unified difference of two versions of one object, Secrets masked.
pub(super) fn text(
    before: Option<&Resource>,
    after: Option<&Resource>,
    deadline: Duration,
) -> TextDiff {
    let print = |this: Option<&Resource>, other: Option<&Resource>, side: &str| {
        let Some(this) = this else {
            return String::new();
        };
        let shown = this.masked(&|path| {
            let differs = other.is_some_and(|other| other.value.at(path) != this.value.at(path));
            if differs {
                format!("(hidden, {side})")
            } else {
                "(hidden)".to_owned()
            }
        });
        format!("{shown:#?}")
    };
    let old = print(before, after, "before");
    let new = print(after, before, "after");
    let start = Instant::now();
    let diff = Similar::configure()
        .timeout(deadline)
        .diff_lines(&old, &new);
    TextDiff {
        unified: diff.unified_diff().context_radius(3).to_string(),
        coarse: start.elapsed() >= deadline,
    }
}
