//! What Kubescape's rules are given and what they say of it: objects, or what `resourcesAggregator` makes of objects.

use super::name_of_object;
use crate::control::Joined;
use crate::finding::Suggestion;
use crate::policy::rego::{Document, Failure, Response, Violation};
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
            let (of_role, of_binding) = (&role.identity.namespace, &binding.identity.namespace);
            let is_near = role.identity.kind != "Role"
                || of_role == of_binding
                || of_role.is_empty()
                || of_binding.is_empty();
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

/// The violations of a response, each beside the place of its object. A response about nothing that is there is a failure: it
/// would be said of no line.
pub(super) fn placed(
    response: &Response,
    objects: &[(&Resource, Document)],
) -> Result<Vec<(usize, Violation)>, Failure> {
    let place_of = |[api_version, kind, namespace, name]: &[String; 4]| {
        objects.iter().position(|(object, _)| {
            object.identity.kind == *kind
                && object.identity.name == *name
                && (api_version.is_empty() || object.api_version == *api_version)
                && (namespace.is_empty() || object.identity.namespace == *namespace)
        })
    };
    let violation = |path: Path, suggestion: Option<Suggestion>| Violation {
        path,
        message: response.message.clone(),
        suggestion,
        severity: None,
    };
    let mut found = Vec::new();
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
    let (inside, own): (Vec<_>, Vec<_>) = response
        .places
        .iter()
        .partition(|(path, _)| leads_inside(path));
    let whole = (name_of_object(), None);
    let own = match (own.is_empty(), inside.is_empty()) {
        (true, true) => vec![&whole],
        (true, false) if found.is_empty() => vec![&whole],
        _ => own,
    };
    for place in response.objects.iter().filter_map(place_of) {
        for (path, suggestion) in &own {
            found.push((place, violation(path.clone(), suggestion.clone())));
        }
    }
    if found.is_empty() {
        let place = response.related.iter().find_map(place_of);
        found.extend(place.map(|place| (place, violation(name_of_object(), None))));
    }
    if found.is_empty() {
        let what = format!("`{}` is said of no object that there is", response.message);
        return Err(Failure::Evaluation(what));
    }
    Ok(found)
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

fn leads_inside(path: &Path) -> bool {
    matches!(path.steps(), [Step::Key(key), Step::Index(_), ..] if key == "relatedObjects")
}
