//! Candidates in an overlay: its patch of the object, or a new patch in its kustomization.
//!
//! A patch names the object and the items of lists that it means; only lists whose items have a merge key can be patched so.

use super::candidate::{Candidate, Goal, Scene, entry};
use super::manifest::named;
use super::{Layer, place};
use crate::discover::{KUSTOMIZATION_FILES, Overlay};
use crate::origin::{Origin, Role, Source as Place};
use crate::resource::item_key;
use crate::text::{RepoPath, TextEdit};
use crate::yaml::{self, Data, Dialect, Document, Mapping, Path, Step, Value, emit};

pub(super) fn candidates(scene: &Scene<'_>, target: &Overlay, out: &mut Vec<Candidate>) {
    let Some((field, wanted)) = patched(scene) else {
        return;
    };
    let title = match &scene.goal {
        Goal::Remove if !wanted.is_null() && field == scene.field => {
            Goal::Set(wanted.clone()).title(&named(scene))
        }
        goal => goal.title(&named(scene)),
    };
    for place in patches(scene) {
        let path = scene.file_of(&place);
        let Some(text) = (scene.text)(path) else {
            continue;
        };
        let edit = place::edit_inside(&text, place.span, |text, span| {
            let stream = yaml::parse(text);
            let document = match span {
                Some(span) => place::find(&stream, span)?.0,
                None => stream.documents.first()?,
            };
            graft(text, document, &scene.resource.value, &field, &wanted)
        });
        if let Some(edit) = edit {
            out.push(scene.candidate(title.clone(), Layer::Overlay, path, edit));
        }
    }
    if let Some((path, edit)) = new_patch(scene, target, &field, &wanted) {
        out.push(scene.candidate(title, Layer::Overlay, &path, edit));
    }
}

/// What a patch has to set. An item of a list of plain texts is patched with the whole list; what is to go is set to null.
fn patched(scene: &Scene<'_>) -> Option<(Path, Value)> {
    match &scene.goal {
        Goal::Set(value) => Some((scene.field.clone(), value.clone())),
        Goal::Remove => match scene.field.steps().split_last() {
            Some((Step::Index(index), list)) => {
                let list = Path::from(list.to_vec());
                // The patch would hold the whole list, and what is secret in it belongs where it is written.
                let is_in_list = |secret: &Path| secret.steps().starts_with(list.steps());
                if scene.resource.secret_paths().iter().any(is_in_list) {
                    return None;
                }
                let mut items = scene.resource.value.at(&list)?.as_sequence()?.to_vec();
                if *index >= items.len() || items.iter().any(|item| item.as_str().is_none()) {
                    return None;
                }
                items.remove(*index);
                Some((list, Value::new(Data::Sequence(items))))
            }
            _ => match scene.replacements().into_iter().next()? {
                Goal::Set(value) => Some((scene.field.clone(), value)),
                Goal::Remove => Some((scene.field.clone(), Value::default())),
            },
        },
    }
}

/// One place in each patch that had a part in the object.
fn patches(scene: &Scene<'_>) -> Vec<Place> {
    let mut origins = Vec::new();
    collect(&scene.resource.value, &mut origins);
    origins.sort_unstable();
    origins.dedup();
    let mut found: Vec<Place> = Vec::new();
    for origin in origins {
        for place in scene.trace(origin).data {
            let is_known = |known: &Place| known.file == place.file && known.span == place.span;
            if place.role == Role::Patch && !found.iter().any(is_known) {
                found.push(place);
            }
        }
    }
    // The first place of each document is enough: the way to the field is found from the top.
    found.sort();
    let mut documents = Vec::new();
    found.retain(|place| {
        let text = &scene.rendered.origins.file(place.file).text;
        let stream = yaml::parse(text);
        let Some((document, path)) = place::find(&stream, place.span) else {
            return false;
        };
        let is_inner = document
            .at(&path)
            .is_some_and(|(node, _)| document.node(node).span != place.span);
        let key = (place.file, document.span, is_inner.then_some(path));
        let is_new = !documents.contains(&key);
        documents.push(key);
        is_new
    });
    found
}

fn collect(value: &Value, out: &mut Vec<Origin>) {
    out.push(value.origin);
    match &value.data {
        Data::Mapping(map) => {
            for entry in map {
                out.push(entry.key_origin);
                collect(&entry.value, out);
            }
        }
        Data::Sequence(items) => items.iter().for_each(|item| collect(item, out)),
        _ => {}
    }
}

/// Sets a field of the object in a patch that holds a part of it.
fn graft(
    text: &str,
    document: &Document,
    object: &Value,
    field: &Path,
    wanted: &Value,
) -> Option<TextEdit> {
    let patch = document
        .value(Dialect::Kustomize, &mut |_| Origin::NONE)
        .ok()?;
    patch.as_mapping()?;
    let mut path = Path::root();
    let (mut part, mut whole) = (Some(&patch), Some(object));
    let mut list = "";
    for (depth, step) in field.steps().iter().enumerate() {
        let rest = field.steps().get(depth..)?;
        match step {
            Step::Key(key) => {
                path = path.key(key.as_str());
                list = key;
                part = part.and_then(|part| part.get(key));
                whole = whole.and_then(|whole| whole.get(key));
                if part.is_none() {
                    let value = minimal(whole, rest.get(1..)?, list, wanted)?;
                    return yaml::edit::set(text, document, &path, &value).ok();
                }
            }
            Step::Index(index) => {
                let item = whole?.as_sequence()?.get(*index)?;
                let key = item_key(list, item).filter(|(key, _)| !key.is_empty())?;
                let items = part?.as_sequence()?;
                let at = items
                    .iter()
                    .position(|other| item_key(list, other).as_ref() == Some(&key));
                let Some(at) = at else {
                    let value = named_item(item, key, rest.get(1..)?, wanted)?;
                    return yaml::edit::append(text, document, &path, &value).ok();
                };
                path = path.index(at);
                part = items.get(at);
                whole = Some(item);
            }
        }
    }
    yaml::edit::set(text, document, &path, wanted).ok()
}

/// `wanted` below `steps`, with what names the items of lists on the way.
fn minimal(whole: Option<&Value>, steps: &[Step], list: &str, wanted: &Value) -> Option<Value> {
    match steps.split_first() {
        None => Some(wanted.clone()),
        Some((Step::Key(key), rest)) => {
            let inner = minimal(whole.and_then(|whole| whole.get(key)), rest, key, wanted)?;
            Some(entry(key, inner))
        }
        Some((Step::Index(index), rest)) => {
            let item = whole?.as_sequence()?.get(*index)?;
            let key = item_key(list, item).filter(|(key, _)| !key.is_empty())?;
            let item = named_item(item, key, rest, wanted)?;
            Some(Value::new(Data::Sequence(vec![item])))
        }
    }
}

fn named_item(
    item: &Value,
    (key, _): (&'static str, String),
    rest: &[Step],
    wanted: &Value,
) -> Option<Value> {
    let inner = minimal(Some(item), rest, "", wanted)?;
    let mut map = Mapping::new();
    map.insert(key, Origin::NONE, item.get(key)?.clone());
    for entry in inner.as_mapping()? {
        map.insert(entry.key.as_str(), Origin::NONE, entry.value.clone());
    }
    Some(Value::new(Data::Mapping(map)))
}

/// A patch of the object alone, behind the patches that the kustomization has.
fn new_patch(
    scene: &Scene<'_>,
    target: &Overlay,
    field: &Path,
    wanted: &Value,
) -> Option<(RepoPath, TextEdit)> {
    let (path, text) = KUSTOMIZATION_FILES.iter().find_map(|name| {
        let path = target.directory.join(name).ok()?;
        let text = (scene.text)(&path)?;
        Some((path, text))
    })?;
    let stream = yaml::parse(&text);
    let document = stream.documents.first()?;
    let resource = scene.resource;
    let name = Value::string(own_name(scene)?, Origin::NONE);
    let mut object = Mapping::new();
    object.insert(
        "apiVersion",
        Origin::NONE,
        Value::string(resource.api_version.as_str(), Origin::NONE),
    );
    let kind = Value::string(resource.identity.kind.as_str(), Origin::NONE);
    object.insert("kind", Origin::NONE, kind.clone());
    object.insert("metadata", Origin::NONE, entry("name", name.clone()));
    let inner = minimal(Some(&resource.value), field.steps(), "", wanted)?;
    for change in inner.as_mapping()? {
        match object.get_mut(&change.key).and_then(Value::as_mapping_mut) {
            Some(there) => {
                for entry in change.value.as_mapping()? {
                    there.insert(entry.key.as_str(), Origin::NONE, entry.value.clone());
                }
            }
            None => {
                object.insert(change.key.as_str(), Origin::NONE, change.value.clone());
            }
        }
    }
    let mut aim = Mapping::new();
    aim.insert("kind", Origin::NONE, kind);
    aim.insert("name", Origin::NONE, name);
    let mut patch = Mapping::new();
    let printed = emit::emit(&Value::new(Data::Mapping(object))).ok()?;
    patch.insert("target", Origin::NONE, Value::new(Data::Mapping(aim)));
    patch.insert(
        "patch",
        Origin::NONE,
        Value::string(printed.trim_end(), Origin::NONE),
    );
    let patch = Value::new(Data::Mapping(patch));
    let edit = yaml::edit::append(&text, document, &Path::root().key("patches"), &patch).ok()?;
    Some((path, edit))
}

/// The name that the object was given where it is written, before the kustomization renamed it.
fn own_name(scene: &Scene<'_>) -> Option<String> {
    let name = scene
        .resource
        .value
        .at(&Path::root().key("metadata").key("name"))?;
    let written = scene
        .trace(name.origin)
        .data
        .into_iter()
        .filter(|place| place.role != Role::Transformer)
        .find_map(|place| {
            let text = &scene.rendered.origins.file(place.file).text;
            let stream = yaml::parse(place.span.of(text));
            let value = stream
                .documents
                .first()?
                .value(Dialect::Kustomize, &mut |_| Origin::NONE)
                .ok()?;
            value.as_str().map(str::to_owned)
        });
    written.or_else(|| name.as_str().map(str::to_owned))
}
