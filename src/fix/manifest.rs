//! Candidates in files that hold objects as they are: plain manifests, bases and patches, each where a part of the field is written;
//! and in the fields of a kustomization that wrote a value.

use super::candidate::{Candidate, Goal, Scene, layer, parts};
use super::place;
use crate::origin::{Role, Source as Place};
use crate::text::TextEdit;
use crate::yaml::{self, Data, Document, NodeKind, Path, Step, Value};

pub(super) fn candidates(scene: &Scene<'_>, out: &mut Vec<Candidate>) {
    let (nearest, depth) = scene.nearest();
    let rest = scene.rest(depth);
    let is_collection = matches!(nearest.data, Data::Mapping(_) | Data::Sequence(_));
    let mut places: Vec<(Place, bool)> = if rest.is_empty() && !is_collection {
        let data = scene.trace(nearest.origin).data;
        data.into_iter().map(|place| (place, false)).collect()
    } else {
        parts(scene, nearest)
    };
    places.retain(|(place, _)| {
        matches!(
            place.role,
            Role::Manifest | Role::Base | Role::Patch | Role::Transformer
        )
    });
    for (place, is_part) in places {
        let path = scene.file_of(&place);
        let Some(text) = (scene.text)(path) else {
            continue;
        };
        let stream = yaml::parse(&text);
        let Some((document, mut at)) = place::find(&stream, place.span) else {
            continue;
        };
        if is_part {
            at = at.prefix(at.steps().len().saturating_sub(1));
        }
        let at = Path::from(at.steps().iter().chain(rest).cloned().collect::<Vec<_>>());
        for goal in scene.replacements() {
            if let Some(edit) = write(&text, document, &at, scene.value(), &goal) {
                out.push(scene.candidate(goal.title(&named(scene)), layer(place.role), path, edit));
            }
        }
    }
}

/// The field with the items of lists named, from the container or the pod on.
pub(super) fn named(scene: &Scene<'_>) -> String {
    crate::resource::name_path(&scene.resource.value, &scene.field)
}

fn write(
    text: &str,
    document: &Document,
    at: &Path,
    whole: Option<&Value>,
    goal: &Goal,
) -> Option<TextEdit> {
    match goal {
        // An item can only be written where its list ends, which is not what a missing index means.
        Goal::Set(_) if whole.is_none() && matches!(at.steps().last(), Some(Step::Index(_))) => {
            None
        }
        Goal::Set(wanted) => {
            let value = fitting(document, at, whole, wanted);
            yaml::edit::set(text, document, at, &value).ok()
        }
        Goal::Remove => yaml::edit::remove(text, document, at).ok(),
    }
}

/// Where the file holds only a part of a text (the tag of an image), the part that makes the whole as wanted.
fn fitting(document: &Document, at: &Path, whole: Option<&Value>, wanted: &Value) -> Value {
    let part = match document.at(at) {
        Some((node, depth)) if depth == at.steps().len() => match &document.node(node).kind {
            NodeKind::Scalar { text, .. } => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    let inner = || {
        let (whole, part) = (whole?.as_str()?, part?);
        let start = whole.rfind(part).filter(|_| whole != part)?;
        let inner = wanted.as_str()?.strip_prefix(whole.get(..start)?)?;
        inner.strip_suffix(whole.get(start + part.len()..)?)
    };
    inner().map_or_else(
        || wanted.clone(),
        |inner| Value::string(inner, crate::origin::Origin::NONE),
    )
}
