//! What Kubescape's rules are given and what they say of it: objects, or what `resourcesAggregator` makes of objects.

use super::name_of_object;
use crate::control::Joined;
use crate::policy::rego::{Document, Response, Violation};
use crate::resource::Resource;
use crate::yaml::{Path, Step, Value};

/// What a rule is given in place of some objects.
pub(super) fn joined(joined: Joined, objects: &[&(&Resource, Document)]) -> Document {
    match joined {
        Joined::Subjects => Document::list(subjects(objects)),
        Joined::ApiServer => {
            let is_it = |object: &&&(&Resource, Document)| {
                let identity = &object.0.identity;
                identity.kind == "Pod"
                    && identity.namespace == "kube-system"
                    && ["apiserver", "api-server"]
                        .iter()
                        .any(|part| identity.name.contains(part))
            };
            let found = objects.iter().find(is_it);
            Document::list(found.map(|(_, document)| document.clone()))
        }
    }
}

/// Each subject of each binding whose role is among the objects.
fn subjects(objects: &[&(&Resource, Document)]) -> Vec<Document> {
    let of_kind = |end: &'static str| {
        let has_kind =
            move |object: &&&(&Resource, Document)| object.0.identity.kind.ends_with(end);
        objects.iter().filter(has_kind)
    };
    let mut subjects = Vec::new();
    for (binding, bound) in of_kind("Binding") {
        let reference = binding.value.get("roleRef");
        let named = |key: &str| reference?.get(key)?.as_str();
        let (kind, name) = (named("kind"), named("name"));
        for (role, given) in of_kind("Role") {
            // A role of another namespace is another role, whatever its name; Kubescape joins it all the same.
            let is_near = role.identity.kind != "Role"
                || role.identity.namespace == binding.identity.namespace;
            if !is_near
                || kind != Some(role.identity.kind.as_str())
                || name != Some(role.identity.name.as_str())
            {
                continue;
            }
            let all = binding.value.get("subjects").and_then(Value::as_sequence);
            let related = Document::list([bound.clone(), given.clone()]);
            let subject = |subject: &Value| {
                subject.as_mapping()?;
                Some(Document::from_value(subject)?.with("relatedObjects", related.clone()))
            };
            subjects.extend(all.into_iter().flatten().filter_map(subject));
        }
    }
    subjects
}

/// The violations of a response, each beside the place of its object.
pub(super) fn placed(
    response: &Response,
    objects: &[(&Resource, Document)],
) -> Vec<(usize, Violation)> {
    let place_of = |[api_version, kind, namespace, name]: &[String; 4]| {
        objects.iter().position(|(object, _)| {
            object.identity.kind == *kind
                && object.identity.name == *name
                && object.api_version == *api_version
                && (namespace.is_empty() || object.identity.namespace == *namespace)
        })
    };
    let violation = |path: Path, suggestion| Violation {
        path,
        message: response.message.clone(),
        suggestion,
        severity: None,
    };
    let mut found = Vec::new();
    for object in &response.objects {
        let Some(place) = place_of(object) else {
            continue;
        };
        let whole = [(name_of_object(), None)];
        let places = if response.places.is_empty() {
            &whole[..]
        } else {
            &response.places
        };
        found.extend(
            places
                .iter()
                .map(|(path, suggestion)| (place, violation(path.clone(), suggestion.clone()))),
        );
    }
    // What is said of objects that were joined is said once of each, where all the places in it are, or else at the first one.
    for (index, object) in response.related.iter().enumerate() {
        let Some(place) = place_of(object) else {
            continue;
        };
        let inside = response
            .places
            .iter()
            .filter_map(|(path, _)| inside(path, index));
        let paths: Vec<&[Step]> = inside.collect();
        let Some(first) = paths.first() else {
            continue;
        };
        let mut common = first.len();
        for path in &paths {
            let same = first.iter().zip(*path).take_while(|(a, b)| a == b).count();
            common = common.min(same);
        }
        let path = match common {
            0 => first.to_vec(),
            common => first.iter().take(common).cloned().collect(),
        };
        found.push((place, violation(Path::from(path), None)));
    }
    found
}

/// The rest of a path into one of the joined objects.
fn inside(path: &Path, index: usize) -> Option<&[Step]> {
    match path.steps() {
        [Step::Key(key), Step::Index(of), rest @ ..] if key == "relatedObjects" && *of == index => {
            Some(rest)
        }
        _ => None,
    }
}
