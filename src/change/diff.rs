//! How two versions of one object differ: field by field, and as text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use similar::TextDiff as Similar;

use crate::origin::Origin;
use crate::resource::{Resource, item_key, name_path};
use crate::yaml::emit::emit;
use crate::yaml::{Data, MAX_DEPTH, Path, Step, Value};

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
            Some(Step::Key(key)) => key.clone(),
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
                    self.values(
                        (value, before.1.clone().index(was)),
                        (item, path),
                        depth + 1,
                    );
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
    matches!((a, b), (Data::Float(a), Data::Float(b)) if a.is_nan() && b.is_nan()) || a == b
}

/// The two versions of one object as YAML, Secrets masked; empty for one that is not there.
pub(super) fn printed(before: Option<&Resource>, after: Option<&Resource>) -> (String, String) {
    let print = |this: Option<&Resource>, other: Option<&Resource>, side: &str| {
        let Some(this) = this else {
            return String::new();
        };
        let shown = this.concealed(&|path| {
            let differs = other.is_some_and(|other| other.value.at(path) != this.value.at(path));
            if differs {
                format!("(hidden, {side})")
            } else {
                "(hidden)".to_owned()
            }
        });
        // YAML cannot hold every text that a program can read from it; a change of one is shown all the same.
        emit(&shown).unwrap_or_else(|_| leaves(&shown))
    };
    (
        print(before, after, "before"),
        print(after, before, "after"),
    )
}

/// The unified difference of two versions of one object, Secrets masked.
pub(super) fn text(
    before: Option<&Resource>,
    after: Option<&Resource>,
    deadline: Duration,
) -> TextDiff {
    let (old, new) = printed(before, after);
    let (diff, coarse) = timed(deadline, || {
        Similar::configure()
            .timeout(deadline)
            .diff_lines(&old, &new)
    });
    TextDiff {
        unified: diff.unified_diff().context_radius(3).to_string(),
        coarse,
    }
}

/// What `work` gives, and whether it took the time until `deadline`.
pub(super) fn timed<T>(deadline: Duration, work: impl FnOnce() -> T) -> (T, bool) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed() >= deadline)
}

/// Every scalar with its path, a line each.
fn leaves(value: &Value) -> String {
    let mut lines = String::new();
    let mut todo = vec![(value, Path::root())];
    while let Some((value, path)) = todo.pop() {
        match &value.data {
            Data::Mapping(map) if !map.is_empty() => {
                let entries = map.iter().rev();
                todo.extend(entries.map(|e| (&e.value, path.clone().key(e.key.clone()))));
            }
            Data::Sequence(items) if !items.is_empty() => {
                let items = items.iter().enumerate().rev();
                todo.extend(items.map(|(index, item)| (item, path.clone().index(index))));
            }
            scalar => {
                let text = match scalar {
                    Data::String(text) => format!("{text:?}"),
                    Data::Bool(flag) => flag.to_string(),
                    Data::Int(number) => number.to_string(),
                    Data::Uint(number) => number.to_string(),
                    Data::Float(number) => number.to_string(),
                    Data::Null => "null".to_owned(),
                    Data::Mapping(_) => "{}".to_owned(),
                    Data::Sequence(_) => "[]".to_owned(),
                };
                let _ = writeln!(lines, "{path}: {text}");
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;
    use crate::yaml::{self, Dialect};

    fn object(text: &str) -> Resource {
        let stream = yaml::parse(text);
        assert_eq!(stream.error, None);
        let value = stream.documents[0]
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap();
        Resource::new(value, Span::at(0)).unwrap()
    }

    /// The changes from one object to another, each as `what field`, in their order.
    fn check(kind: &str, before: &str, after: &str, expected: &[&str]) -> Vec<FieldChange> {
        let object = |text: &str| object(&format!("apiVersion: v1\nkind: {kind}\n{text}\n"));
        let renamed = BTreeSet::from([("conf-1".to_owned(), "conf-2".to_owned())]);
        let found = fields(&object(before), &object(after), &renamed);
        let lines: Vec<String> = found
            .iter()
            .map(|change| format!("{:?} {}", change.what, change.field))
            .collect();
        assert_eq!(lines, expected, "{before} -> {after}");
        found
    }

    #[test]
    fn maps_and_lists_are_matched_by_what_names_their_items() {
        let pod = |text: &str| format!("spec: {{ {text} }}");
        let check = |before: &str, after: &str, expected: &[&str]| {
            check("Pod", &pod(before), &pod(after), expected);
        };
        check(
            "a: 1, b: 2",
            "b: 3, c: 4",
            &["Changed spec.b", "Added spec.c", "Removed spec.a"],
        );
        check("a: 1, b: 2", "b: 2, a: 1", &[]);
        check("a: 1", "a: '1'", &["Changed spec.a"]);
        check("a: { x: 1 }", "a: [1]", &["Changed spec.a"]);
        check(
            "args: [a, b]",
            "args: [b]",
            &["Changed spec.args[0]", "Removed spec.args[1]"],
        );
        check(
            "containers: [{ name: a, image: a:1 }, { name: b, image: b:1 }]",
            "containers: [{ name: z, image: z:1 }, { name: a, image: a:2 }]",
            &[
                "Added spec.containers[name=z]",
                "Changed spec.containers[name=a].image",
                "Removed spec.containers[name=b]",
            ],
        );
        check(
            "env: [{ name: A, value: x }, { name: B, value: y }]",
            "env: [{ name: B, value: y }, { name: A, value: x }]",
            &["Reordered spec.env"],
        );
        // Two items of one name are told apart by their index only.
        check(
            "env: [{ name: A, value: x }, { name: A, value: y }]",
            "env: [{ name: A, value: x }, { name: A, value: z }]",
            &["Changed spec.env[1].value"],
        );
        check(
            "ports: [{ containerPort: 53, protocol: UDP }, { containerPort: 53 }]",
            "ports: [{ containerPort: 53, name: dns }, { containerPort: 53, protocol: UDP }]",
            &[
                "Added spec.ports[containerPort=53].name",
                "Reordered spec.ports",
            ],
        );
        check(
            "add: [A, B]",
            "add: [B, C]",
            &["Added spec.add[C]", "Removed spec.add[A]"],
        );
        check("name: conf-1", "name: conf-2", &["Followed spec.name"]);
    }

    #[test]
    fn a_value_of_a_secret_is_never_part_of_a_change() {
        let before = "metadata: { name: s }\ndata: { same: b25l, old: b25l, moved: b25l }\nstringData: { t: OLDSECRET }";
        let after = "metadata: { name: s, labels: { a: b }, annotations: { kubectl.kubernetes.io/last-applied-configuration: NEWSECRET } }\ndata: { same: b25l, new: NEWSECRET, moved: NEWSECRET }\nstringData: { t: NEWSECRET }";
        let changes = check(
            "Secret",
            before,
            after,
            &[
                "Added metadata.labels",
                "Added metadata.annotations",
                "Added data.new",
                "Changed data.moved",
                "Removed data.old",
                "Changed stringData.t",
            ],
        );
        let text = format!("{changes:?}");
        assert!(!text.contains("SECRET") && !text.contains("b25l"), "{text}");
        // Where the whole map is new, or is no map at all, nothing of it is shown either.
        for (before, after) in [
            ("metadata: {}", "data: { k: NEWSECRET }"),
            (
                "type: Opaque",
                "type: Opaque\nmetadata: { annotations: { kubectl.kubernetes.io/last-applied-configuration: NEWSECRET } }",
            ),
            ("data: { k: NEWSECRET }", "data: NEWSECRET"),
            ("data: [NEWSECRET]", "data: [NEWSECRET, NEWSECRET]"),
            (
                "data: { k: { deep: NEWSECRET } }",
                "data: { k: { deep: NEWSECRET2 } }",
            ),
        ] {
            let object = |text: &str| object(&format!("apiVersion: v1\nkind: Secret\n{text}\n"));
            let (before, after) = (object(before), object(after));
            let changes = format!("{:?}", fields(&before, &after, &BTreeSet::new()));
            assert!(
                changes.contains("Hidden") && !changes.contains("NEWSECRET"),
                "{changes}"
            );
            for (old, new) in [(Some(&before), Some(&after)), (None, Some(&after))] {
                let diff = text_of(old, new);
                assert!(!diff.contains("NEWSECRET"), "{diff}");
            }
        }
    }

    #[test]
    fn text_differences_are_unified_and_masked() {
        let before = object(
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: b25l, b: dHdv }\n",
        );
        let after = object(
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { a: b25l, b: dGhyZWU= }\n",
        );
        assert_eq!(
            text_of(Some(&before), Some(&after)),
            "@@ -1,7 +1,7 @@\n apiVersion: v1\n data:\n   a: (hidden)\n-  b: (hidden, before)\n+  b: (hidden, after)\n kind: Secret\n metadata:\n   name: s\n"
        );
        let map = object("apiVersion: v1\nkind: ConfigMap\ndata: { a: x }\n");
        assert_eq!(
            text_of(Some(&map), None),
            "@@ -1,4 +0,0 @@\n-apiVersion: v1\n-data:\n-  a: x\n-kind: ConfigMap\n"
        );
        assert_eq!(text_of(Some(&map), Some(&map)), "");
        let odd = |text: &str| {
            object(&format!(
                "apiVersion: v1\nkind: ConfigMap\ndata: {{ a: \"\\u007F{text}\" }}\n"
            ))
        };
        let diff = text_of(Some(&odd("x")), Some(&odd("y")));
        assert!(
            diff.contains("-data.a: \"\\u{7f}x\"\n+data.a: \"\\u{7f}y\"\n"),
            "{diff}"
        );
        // When there is no time, the difference is coarse and says so.
        let long = |step: usize| {
            let lines: Vec<String> = (0..4000)
                .map(|i| format!("  k{}: v{}\n", i * step, i % 7))
                .collect();
            let lines = lines.concat();
            object(&format!("apiVersion: v1\nkind: ConfigMap\ndata:\n{lines}"))
        };
        let (a, b) = (long(1), long(3));
        assert!(text(Some(&a), Some(&b), Duration::ZERO).coarse);
    }

    fn text_of(before: Option<&Resource>, after: Option<&Resource>) -> String {
        text(before, after, Duration::from_secs(5)).unified
    }
}
