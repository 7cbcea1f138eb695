//! What could be tried for a finding: edits from the control's suggestion and the origins of the place, the best place first.
//!
//! Nothing here is believed: each candidate is rendered and evaluated by `prove`. So a place may be found by a likeness of names,
//! and what is written need only be likely to be right.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Edits, Layer, manifest, overlay, template, values};
use crate::discover::{App, Source};
use crate::finding::{Finding, Suggestion};
use crate::origin::{Origin, Role, Source as Place, Trace};
use crate::render::Rendered;
use crate::resource::Resource;
use crate::text::{RepoPath, TextEdit};
use crate::yaml::{Data, Mapping, Path, Step, Value, emit};

/// One edit to try.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) title: String,
    pub(super) layer: Layer,
    pub(super) edits: Edits,
    /// The fields of the finding's object that it is meant to change, with what is in them.
    pub(super) meant: Vec<Path>,
}

/// What is to become of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goal {
    Set(Value),
    Remove,
}

impl Goal {
    /// What is done to `field`, as a clause.
    pub(super) fn title(&self, field: &str) -> String {
        match self {
            Self::Set(value) if value.is_null() => format!("set {field} to null"),
            Self::Set(value) => format!("set {field} to {}", shown(value)),
            Self::Remove => format!("remove {field}"),
        }
    }
}

/// A finding, and all there is to know about its place.
pub(super) struct Scene<'a> {
    pub(super) rendered: &'a Rendered,
    pub(super) resource: &'a Resource,
    /// The text of a file as it is now; `None` for what is no file of the repository.
    pub(super) text: &'a dyn Fn(&RepoPath) -> Option<Arc<str>>,
    /// The field to change.
    pub(super) field: Path,
    pub(super) goal: Goal,
}

impl Scene<'_> {
    pub(super) fn trace(&self, origin: Origin) -> Trace {
        self.rendered.origins.trace(origin)
    }

    pub(super) fn file_of(&self, place: &Place) -> &RepoPath {
        &self.rendered.origins.file(place.file).path
    }

    /// The value at the field, where it exists.
    pub(super) fn value(&self) -> Option<&Value> {
        self.resource.value.at(&self.field)
    }

    /// The nearest value that exists on the way to the field, and how many steps it covers.
    pub(super) fn nearest(&self) -> (&Value, usize) {
        self.resource.value.nearest(&self.field)
    }

    /// The steps of the field from `depth` on.
    pub(super) fn rest(&self, depth: usize) -> &[Step] {
        self.field.steps().get(depth..).unwrap_or_default()
    }

    pub(super) fn candidate(
        &self,
        title: String,
        layer: Layer,
        path: &RepoPath,
        edit: TextEdit,
    ) -> Candidate {
        Candidate {
            title,
            layer,
            edits: BTreeMap::from([(path.clone(), edit)]),
            meant: vec![self.field.clone()],
        }
    }

    /// What replaces a value: of a switch that is on, being off is as good as being gone.
    pub(super) fn replacements(&self) -> Vec<Goal> {
        match (&self.goal, self.value().map(|value| &value.data)) {
            (Goal::Remove, Some(Data::Bool(true))) => {
                vec![Goal::Set(Value::new(Data::Bool(false))), Goal::Remove]
            }
            (goal, _) => vec![goal.clone()],
        }
    }
}

/// All candidates for a finding, in no order of merit.
pub(super) fn all(
    app: &App,
    rendered: &Rendered,
    resource: &Resource,
    finding: &Finding,
    suggestion: &Suggestion,
    text: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) -> Vec<Candidate> {
    let goal = match suggestion {
        Suggestion::Set(value) => Goal::Set(value.clone()),
        Suggestion::Remove => Goal::Remove,
    };
    let mut found = Vec::new();
    for field in std::iter::once(finding.path.clone()).chain(on_the_pod(resource, &finding.path)) {
        let scene = Scene {
            rendered,
            resource,
            text,
            field,
            goal: goal.clone(),
        };
        match &app.source {
            Source::Helm(release) => {
                values::candidates(&scene, release, &mut found);
                template::candidates(&scene, release, &mut found);
            }
            Source::Kustomize(target) => {
                manifest::candidates(&scene, &mut found);
                overlay::candidates(&scene, target, &mut found);
            }
            Source::Manifests(_) => manifest::candidates(&scene, &mut found),
        }
    }
    found.retain(|candidate| candidate.edits.values().all(|edit| !edit.is_empty()));
    // The same edit may have been found as two different ones: it is meant for both fields.
    let mut merged: Vec<Candidate> = Vec::new();
    for candidate in found {
        match merged
            .iter_mut()
            .find(|known| known.edits == candidate.edits)
        {
            Some(known) => known.meant.extend(candidate.meant),
            None => merged.push(candidate),
        }
    }
    merged
}

/// Fields of a container's security context that a pod's has, too, for all its containers.
const SHARED: [&str; 6] = [
    "runAsNonRoot",
    "runAsUser",
    "runAsGroup",
    "seccompProfile",
    "seLinuxOptions",
    "appArmorProfile",
];

/// The field of the pod that a container's missing field would fall back to.
fn on_the_pod(resource: &Resource, field: &Path) -> Option<Path> {
    let spec = resource.pod()?.spec;
    let rest = field.steps().strip_prefix(spec.steps())?;
    let is_missing = resource.value.at(field).is_none();
    match rest {
        [
            Step::Key(_),
            Step::Index(_),
            Step::Key(context),
            Step::Key(name),
            ..,
        ] if context == "securityContext" && SHARED.contains(&name.as_str()) && is_missing => {
            let inner = rest.get(2..)?.iter().cloned();
            Some(Path::from(
                spec.steps()
                    .iter()
                    .cloned()
                    .chain(inner)
                    .collect::<Vec<_>>(),
            ))
        }
        _ => None,
    }
}

/// `value` below the steps; `None` where a step is an item that is not the first of its list.
pub(super) fn nested(steps: &[Step], value: &Value) -> Option<Value> {
    steps
        .iter()
        .rev()
        .try_fold(value.clone(), |inner, step| match step {
            Step::Key(key) => Some(entry(key, inner)),
            Step::Index(0) => Some(Value::new(Data::Sequence(vec![inner]))),
            Step::Index(_) => None,
        })
}

/// A map with one key.
pub(super) fn entry(key: &str, value: Value) -> Value {
    let mut map = Mapping::new();
    map.insert(key, Origin::NONE, value);
    Value::new(Data::Mapping(map))
}

/// A value on one line, as a person would write it.
pub(super) fn shown(value: &Value) -> String {
    match &value.data {
        Data::Sequence(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Data::Mapping(map) => {
            let pairs: Vec<String> = map
                .iter()
                .map(|entry| format!("{}: {}", entry.key, shown(&entry.value)))
                .collect();
            format!("{{{}}}", pairs.join(", "))
        }
        _ => emit::emit(value).unwrap_or_default().trim_end().to_owned(),
    }
}

/// The layer that a role's file belongs to.
pub(super) fn layer(role: Role) -> Layer {
    match role {
        Role::Values | Role::Set => Layer::Values,
        Role::Patch | Role::Transformer | Role::Generator => Layer::Overlay,
        Role::Manifest => Layer::Manifest,
        Role::Base => Layer::Base,
        Role::Default => Layer::Defaults,
        Role::Template => Layer::Template,
    }
}

/// Where the parts of a collection were written: the places of its keys or items; of an empty one, its own.
pub(super) fn parts(scene: &Scene<'_>, value: &Value) -> Vec<(Place, bool)> {
    let mut found = Vec::new();
    let mut add = |origin: Origin, is_part: bool| {
        for place in scene.trace(origin).data {
            if !found.contains(&(place, is_part)) {
                found.push((place, is_part));
            }
        }
    };
    match &value.data {
        Data::Mapping(map) if !map.is_empty() => {
            map.iter().for_each(|entry| add(entry.key_origin, true));
        }
        Data::Sequence(items) if !items.is_empty() => {
            items.iter().for_each(|item| add(item.origin, true));
        }
        _ => add(value.origin, false),
    }
    found
}
