//! What an edit moves in what is rendered: every field that differs, and whether it is one that the edit was meant for.

use std::collections::BTreeSet;

use crate::resource::{Resource, item_key};
use crate::yaml::{Data, Path, Step, Value};

/// The innermost fields in which two objects differ, each as a path into the one that has it (the later one where both have).
pub(super) fn between<'a>(before: &'a Value, after: &'a Value) -> Vec<(&'a Value, Path)> {
    let mut walk = Walk {
        before,
        after,
        found: Vec::new(),
    };
    walk.both(Some(before), Some(after), &Path::root(), &Path::root(), "");
    walk.found
}

struct Walk<'a> {
    before: &'a Value,
    after: &'a Value,
    found: Vec<(&'a Value, Path)>,
}

impl<'a> Walk<'a> {
    fn both(
        &mut self,
        before: Option<&'a Value>,
        after: Option<&'a Value>,
        was_at: &Path,
        at: &Path,
        field: &str,
    ) {
        if before == after {
            return;
        }
        let map = |value: Option<&'a Value>| value.and_then(Value::as_mapping);
        let list = |value: Option<&'a Value>| value.and_then(Value::as_sequence);
        let is_scalar = |value: Option<&Value>| {
            value.is_some_and(|value| !matches!(value.data, Data::Mapping(_) | Data::Sequence(_)))
                && !value.is_some_and(Value::is_null)
        };
        let has_scalar = is_scalar(before) || is_scalar(after);
        let found = self.found.len();
        if !has_scalar && (map(before).is_some() || map(after).is_some()) {
            let keys: BTreeSet<&str> = [map(before), map(after)]
                .into_iter()
                .flatten()
                .flat_map(|map| map.iter().map(|entry| entry.key.as_str()))
                .collect();
            for key in keys {
                self.both(
                    map(before).and_then(|map| map.get(key)),
                    map(after).and_then(|map| map.get(key)),
                    &was_at.clone().key(key),
                    &at.clone().key(key),
                    key,
                );
            }
        } else if !has_scalar && (list(before).is_some() || list(after).is_some()) {
            self.lists(
                list(before).unwrap_or_default(),
                list(after).unwrap_or_default(),
                (was_at, at),
                field,
            );
        }
        // A scalar, or an empty collection that came, went or changed its kind.
        if self.found.len() == found {
            self.found.push(if after.is_some() {
                (self.after, at.clone())
            } else {
                (self.before, was_at.clone())
            });
        }
    }

    fn lists(
        &mut self,
        before: &'a [Value],
        after: &'a [Value],
        (was_at, at): (&Path, &Path),
        field: &str,
    ) {
        let name = |items: &[Value], index: usize| {
            let key = item_key(field, items.get(index)?)?;
            let alone = items
                .iter()
                .filter(|item| item_key(field, item).as_ref() == Some(&key))
                .count()
                == 1;
            alone.then_some(key)
        };
        let named = (0..before.len()).all(|index| name(before, index).is_some())
            && (0..after.len()).all(|index| name(after, index).is_some());
        let partner = |index: usize| {
            if named {
                let wanted = name(after, index);
                (0..before.len()).find(|&other| name(before, other) == wanted)
            } else {
                (index < before.len()).then_some(index)
            }
        };
        let partners: Vec<Option<usize>> = (0..after.len()).map(partner).collect();
        for (index, was) in partners.iter().enumerate() {
            self.both(
                was.and_then(|was| before.get(was)),
                after.get(index),
                &was_at.clone().index(was.unwrap_or(index)),
                &at.clone().index(index),
                "",
            );
        }
        for (index, item) in before.iter().enumerate() {
            if !partners.contains(&Some(index)) {
                let path = was_at.clone().index(index);
                self.both(Some(item), None, &path, &path, "");
            }
        }
    }
}

/// What kind of place a field is, whichever container, pod or kind of workload it is in: indices are forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape(Vec<String>);

impl Shape {
    /// The shape of a field of an object. An item of a list has the shape of its list.
    pub(super) fn of(resource: &Resource, path: &Path) -> Self {
        let mut steps = path.steps();
        let mut shape = Vec::new();
        if let Some(pod) = resource.pod() {
            if let Some(rest) = steps.strip_prefix(pod.spec.steps()) {
                shape.push("(pod)".to_owned());
                steps = rest;
                if let [Step::Key(list), Step::Index(_), rest @ ..] = rest
                    && ["containers", "initContainers", "ephemeralContainers"]
                        .contains(&list.as_str())
                {
                    shape = vec!["(container)".to_owned()];
                    steps = rest;
                }
            } else if let Some(rest) = steps.strip_prefix(pod.metadata.steps()) {
                shape.push("(pod metadata)".to_owned());
                steps = rest;
            }
        }
        while let [rest @ .., Step::Index(_)] = steps {
            steps = rest;
        }
        shape.extend(steps.iter().map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Index(_) => "*".to_owned(),
        }));
        Self(shape)
    }

    /// True if and only if what has this shape is what has the other, or a part of it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;
    use crate::resource::name_path;
    use crate::text::Span;
    use crate::yaml::{self, Dialect};

    fn value(text: &str) -> Value {
        yaml::parse(text).documents[0]
            .value(Dialect::Helm, &mut |_| Origin::NONE)
            .unwrap()
    }

    #[test]
    fn every_innermost_difference_is_found() {
        let moved = |before: &str, after: &str| -> Vec<String> {
            between(&value(before), &value(after))
                .into_iter()
                .map(|(value, path)| name_path(value, &path))
                .collect()
        };
        let web = "containers: [{name: a, image: x}, {name: b, image: y}]";
        assert_eq!(moved(web, web), [""; 0]);
        assert_eq!(
            moved(
                web,
                "containers: [{name: b, image: z, s: {u: 1, v: {}}}, {name: a, image: x}]"
            ),
            [
                "containers[name=b].image",
                "containers[name=b].s.u",
                "containers[name=b].s.v"
            ]
        );
        assert_eq!(moved("add: [A, B]", "add: [B]"), ["add[A]"]);
        assert_eq!(moved("a: {b: 1}", "a: 2"), ["a"]);
        assert_eq!(moved("a: [1, 2]", "a: [1]"), ["a[1]"]);
        assert_eq!(moved("a:", "a: {b: 1}"), ["a.b"]);
        assert_eq!(moved("a: {b: 1}", "{}"), ["a.b"]);
    }

    #[test]
    fn shapes_forget_which_container_it_is() {
        let object = |kind: &str, text: &str| {
            Resource::new(
                value(&format!("{{apiVersion: apps/v1, kind: {kind}, {text}}}")),
                Span::default(),
            )
            .unwrap()
        };
        let web = object("Deployment", "spec: {template: {spec: {containers: []}}}");
        let shape = |path: &str| Shape::of(&web, &path.parse().unwrap());
        let own = shape("spec.template.spec.containers[0].securityContext.capabilities.add[1]");
        assert_eq!(
            own,
            shape("spec.template.spec.initContainers[2].securityContext.capabilities.add")
        );
        assert!(!shape("spec.template.spec.containers[0].image").is_within(&own));
        assert!(own.is_within(&shape("spec.template.spec.containers[1].securityContext")));
        assert!(!own.is_within(&shape("spec.template.spec.securityContext")));
    }
}
