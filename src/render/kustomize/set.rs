//! The resources of a build so far: adding some, finding one, and what a generated one does to its namesake.

use std::collections::HashSet;
use std::hash::BuildHasher as _;

use super::load::{Build, Fallible, MAX_OBJECTS};
use super::node::{Body, Key, Kind, Node, Pair};
use super::object::{Behavior, Id, Object};
use crate::origin::{Origin, Origins};

/// The annotation that says which file or generator a resource came from.
pub(super) const ORIGIN: &str = "config.kubernetes.io/origin";
/// The annotation that says which transformers touched a resource.
pub(super) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// Adds an object; one with the same identity must not be there.
pub(super) fn append(
    build: &Build<'_>,
    objects: &mut Vec<Object>,
    object: Object,
    origin: Origin,
) -> Fallible<()> {
    if objects.len() >= MAX_OBJECTS {
        return Err(build.fail(origin, "there are too many resources"));
    }
    let id = object.id();
    let known = objects
        .iter()
        .find(|other| other.name() == id.name && other.kind() == id.gvk.kind && other.id().is(&id));
    if let Some(known) = known {
        let mut problem = build.problem(
            crate::problem::Kind::Render,
            origin,
            format!("{} is here already", id.describe()),
        );
        if let Some((path, span)) = build.place(known.node().origin) {
            problem = problem.through(&path, Some(span), "the other one");
        }
        return Err(problem
            .help("Give one of them another name or namespace, or leave one out.")
            .into());
    }
    objects.push(object);
    Ok(())
}

/// Adds objects.
pub(super) fn append_all(
    build: &Build<'_>,
    objects: &mut Vec<Object>,
    incoming: impl IntoIterator<Item = Object>,
    origin: Origin,
) -> Fallible<()> {
    // Most names are new to their kind: only one that was there already, or shares its hash with one, is looked for.
    let mut names: HashSet<u64> = objects.iter().map(name_hash).collect();
    for object in incoming {
        if names.insert(name_hash(&object)) && objects.len() < MAX_OBJECTS {
            objects.push(object);
        } else {
            append(build, objects, object, origin)?;
        }
    }
    Ok(())
}

/// A number that is the same for objects of the same kind and name.
pub(super) fn name_hash(object: &Object) -> u64 {
    foldhash::fast::FixedState::default().hash_one((object.kind(), object.name()))
}

/// The places of the objects that are, or were, called so.
pub(super) fn named(objects: &[Object], id: &Id) -> Vec<usize> {
    objects
        .iter()
        .enumerate()
        .filter(|(_, object)| !object.is_gone() && object.is_or_was(id))
        .map(|(index, _)| index)
        .collect()
}

/// Adds what a generator made: as something new, or over its namesake.
pub(super) fn absorb(
    build: &mut Build<'_>,
    objects: &mut Vec<Object>,
    mut made: Object,
    origin: Origin,
) -> Fallible<()> {
    let id = made.id();
    let behavior = made.book.behavior.unwrap_or_default();
    match named(objects, &id).as_slice() {
        [] => match behavior {
            Behavior::Merge | Behavior::Replace => Err(build
                .problem(
                    crate::problem::Kind::Render,
                    origin,
                    format!("there is no {} to merge with or to replace", id.describe()),
                )
                .help("Leave `behavior` out to create it.")
                .into()),
            Behavior::Create | Behavior::Unspecified => append(build, objects, made, origin),
        },
        &[index] => {
            let Some(old) = objects.get(index) else {
                return Ok(());
            };
            match behavior {
                Behavior::Replace => take_metadata(&mut made, old, build.origins),
                Behavior::Merge => {
                    let noted = old.annotation(ORIGIN).map(str::to_owned);
                    take_metadata(&mut made, old, build.origins);
                    merge_map(&mut made, old, "data", build.origins);
                    merge_map(&mut made, old, "binaryData", build.origins);
                    if let Some(noted) = noted {
                        made.set_annotation(ORIGIN, &noted, Origin::NONE);
                    }
                }
                Behavior::Create | Behavior::Unspecified => {
                    return Err(build
                        .problem(
                            crate::problem::Kind::Render,
                            origin,
                            format!("{} is here already", id.describe()),
                        )
                        .help("Say `behavior: merge` or `behavior: replace`.")
                        .into());
                }
            }
            let now = made.id();
            let same: Vec<usize> = objects
                .iter()
                .enumerate()
                .filter(|(_, other)| other.id().is(&now))
                .map(|(index, _)| index)
                .collect();
            if same != [index] {
                return Err(build.fail(origin, format!("{} cannot be replaced", now.describe())));
            }
            if let Some(place) = objects.get_mut(index) {
                *place = made;
            }
            Ok(())
        }
        _ => Err(build.fail(
            origin,
            format!("more than one resource is {}", id.describe()),
        )),
    }
}

/// Gives a generated object the name, namespace and history of the one it replaces; labels and annotations are joined.
fn take_metadata(made: &mut Object, old: &Object, origins: &mut Origins) {
    for field in ["labels", "annotations"] {
        merge_metadata_map(made, old, field, origins);
    }
    let needs_hash = made.book.needs_hash && old.book.needs_hash;
    made.book = old.book.clone();
    made.book.needs_hash = needs_hash;
    let name_origin = |object: &Object, field: &str| {
        object
            .node()
            .field("metadata")
            .and_then(|metadata| metadata.field(field))
            .map_or(Origin::NONE, |node| node.origin)
    };
    let (name, namespace) = (name_origin(old, "name"), name_origin(old, "namespace"));
    made.set_name(old.name(), name);
    made.set_namespace(old.namespace(), namespace);
    made.vars.clone_from(&old.vars);
}

fn merge_metadata_map(made: &mut Object, old: &Object, field: &str, origins: &mut Origins) {
    let base = old
        .node()
        .field("metadata")
        .and_then(|metadata| metadata.field(field))
        .cloned();
    let Some(metadata) = made
        .root
        .as_mut()
        .and_then(|root| root.field_mut("metadata"))
    else {
        return;
    };
    let own = metadata.remove(field);
    if let Some(joined) = join(base.as_ref(), own.as_ref(), origins)
        && let Some(pairs) = metadata.pairs_mut()
    {
        pairs.push(Pair {
            key: Key::new(field, joined.origin),
            value: joined,
        });
    }
}

/// Lays the texts of `own` over those of `base`. `None` where there are none.
fn join(base: Option<&Node>, own: Option<&Node>, origins: &mut Origins) -> Option<Node> {
    let mut joined = Node::map(own.or(base).map_or(Origin::NONE, |node| node.origin));
    let mut texts: std::collections::BTreeMap<String, (Key, Node)> =
        std::collections::BTreeMap::new();
    for pair in [base, own].into_iter().flatten().flat_map(Node::pairs) {
        let was = texts
            .get(&pair.key.text)
            .map_or(Origin::NONE, |(_, old)| old.origin);
        let origin = origins.over(pair.value.origin, was);
        let text = pair.value.text();
        let mut value = Node::text_node(text, origin);
        if let Body::Scalar { style, .. } = &mut value.body
            && text.contains('\n')
        {
            *style = crate::yaml::ScalarStyle::Literal;
        }
        // That a key is there, each says who has it.
        let known = texts
            .get(&pair.key.text)
            .map_or(Origin::NONE, |(key, _)| key.origin);
        let key = Key::new(&pair.key.text, origins.both(pair.key.origin, known));
        texts.insert(pair.key.text.clone(), (key, value));
    }
    if texts.is_empty() {
        return None;
    }
    if let Some(pairs) = joined.pairs_mut() {
        pairs.extend(texts.into_values().map(|(key, value)| Pair { key, value }));
    }
    Some(joined)
}

fn merge_map(made: &mut Object, old: &Object, field: &str, origins: &mut Origins) {
    let own = made.root.as_mut().and_then(|root| root.remove(field));
    let joined = join(old.node().field(field), own.as_ref(), origins);
    if let (Some(joined), Some(root)) = (joined, &mut made.root)
        && root.kind() == Kind::Map
        && let Some(pairs) = root.pairs_mut()
    {
        pairs.push(Pair {
            key: Key::new(field, joined.origin),
            value: joined,
        });
    }
}
