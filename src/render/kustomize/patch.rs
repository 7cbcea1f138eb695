//! Patches: telling strategic merges from JSON patches, finding what they aim at, applying them.

use super::configuration;
use super::file::{Patch, Selector};
use super::jsonpatch::{self, Operation};
use super::load::{Build, Directory, Failure, Fallible};
use super::merge::{Growth, merge};
use super::node::Node;
use super::object::{Gvk, Id, Object};
use super::selector::Matcher;
use super::set;
use super::source::SourceText;
use crate::origin::{Origin, Role};
use crate::problem::Kind;
use crate::yaml::Value;

/// A patch that has been read.
pub(super) enum Loaded {
    /// Partial objects.
    Strategic(Vec<Object>),
    /// Operations.
    Json(Vec<Operation>),
}

/// Reads an entry of `patches`.
fn load(build: &mut Build<'_>, from: &Directory, patch: &Patch) -> Fallible<Loaded> {
    let trimmed = patch.inline.trim();
    let source = match (trimmed.is_empty(), patch.path.is_empty()) {
        (true, true) => {
            return Err(build.fail(patch.origin, "a patch needs `path` or `patch`"));
        }
        (false, false) => {
            return Err(build.fail(patch.origin, "`path` and `patch` exclude each other"));
        }
        (true, false) => build.text(from, &patch.path, patch.path.origin, Role::Patch)?,
        (false, true) => inline(build, &patch.inline.text, patch.inline.origin)?,
    };
    let strategic = build.objects(&source);
    let json = operations(build, &source);
    match (strategic, json) {
        (Ok(objects), Ok(operations)) if !objects.is_empty() && !operations.is_empty() => {
            Err(build.fail(
                patch.origin,
                "it can be read as a strategic merge and as a JSON patch",
            ))
        }
        (Ok(mut objects), _) => {
            for object in &mut objects {
                object.book.allow_name_change = patch.allow_name_change;
                object.book.allow_kind_change = patch.allow_kind_change;
            }
            Ok(Loaded::Strategic(objects))
        }
        (Err(_), Ok(operations)) => Ok(Loaded::Json(operations)),
        (Err(failure), Err(json)) => Err(if source.text.trim_start().starts_with(['-', '[']) {
            json
        } else {
            failure
        }),
    }
}

/// The source of a patch that is written where it is used, without the white space around it.
fn inline(build: &mut Build<'_>, text: &str, origin: Origin) -> Fallible<SourceText> {
    let Some(source) = build.inline(text, origin, Role::Patch) else {
        return Err(build.fail(origin, "the patch has no place"));
    };
    let start = text.len() - text.trim_start().len();
    Ok(source.part(start, start + text.trim().len()))
}

/// Reads a JSON patch, written as JSON or YAML.
fn operations(build: &mut Build<'_>, source: &SourceText) -> Fallible<Vec<Operation>> {
    let place = |build: &mut Build<'_>| source.whole(build.origins);
    if source.text.is_empty() {
        let origin = place(build);
        return Err(build.fail(origin, "the patch is empty"));
    }
    let value = if source.text.starts_with('[') {
        // What begins like JSON must be JSON; as YAML it also has places.
        let json: serde_json::Value = serde_json::from_str(&source.text).map_err(|error| {
            let origin = place(build);
            Failure::from(build.problem(Kind::Syntax, origin, error.to_string()))
        })?;
        if let Ok(value) = build.value(source) {
            value
        } else {
            let origin = place(build);
            from_serde(&json, origin)
        }
    } else {
        build.value(source)?
    };
    jsonpatch::operations(&value)
        .map_err(|wrong| build.problem(Kind::Syntax, wrong.origin, wrong.why).into())
}

fn from_serde(json: &serde_json::Value, origin: Origin) -> Value {
    use crate::yaml::{Data, Mapping};
    let data = match json {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(flag) => Data::Bool(*flag),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Data::Int)
            .or_else(|| number.as_u64().map(Data::Uint))
            .unwrap_or_else(|| Data::Float(number.as_f64().unwrap_or_default())),
        serde_json::Value::String(text) => Data::String(text.clone()),
        serde_json::Value::Array(items) => {
            Data::Sequence(items.iter().map(|item| from_serde(item, origin)).collect())
        }
        serde_json::Value::Object(fields) => {
            let mut mapping = Mapping::new();
            for (key, value) in fields {
                mapping.insert(key.clone(), origin, from_serde(value, origin));
            }
            Data::Mapping(mapping)
        }
    };
    Value::with(data, origin)
}

/// Applies an entry of `patches`.
pub(super) fn patch(
    build: &mut Build<'_>,
    from: &Directory,
    objects: &mut Vec<Object>,
    patch: &Patch,
) -> Fallible<()> {
    match (load(build, from, patch)?, &patch.target) {
        (Loaded::Strategic(patches), None) => {
            for patch in patches {
                let index = target_of(build, objects, &patch)?;
                if let Some(object) = objects.get_mut(index) {
                    merge_into(build, object, patch)?;
                }
            }
            Ok(())
        }
        (Loaded::Strategic(patches), Some(target)) => {
            let strategic = match patches.as_slice() {
                // An empty patch changes nothing.
                [] => return Ok(()),
                [only] => only,
                _ => {
                    return Err(build.fail(
                        target.origin,
                        "a patch with a `target` holds one document only",
                    ));
                }
            };
            let chosen = select(build, objects, target)?;
            merge_into_each(build, objects, &chosen, strategic)
        }
        (Loaded::Json(operations), Some(target)) => {
            for (index, condition) in select(build, objects, target)? {
                if let Some(object) = objects.get_mut(index) {
                    object.remember_name();
                    apply_json(build, object, &operations, condition)?;
                }
            }
            Ok(())
        }
        (Loaded::Json(_), None) => Err(build
            .problem(Kind::Render, patch.origin, "a JSON patch needs a `target`")
            .into()),
    }
}

/// Applies an entry of `patchesJson6902`.
pub(super) fn json6902(
    build: &mut Build<'_>,
    from: &Directory,
    objects: &mut [Object],
    patch: &Patch,
) -> Fallible<()> {
    let Some(target) = patch
        .target
        .as_ref()
        .filter(|target| !target.id.name.is_empty())
    else {
        return Err(build.fail(patch.origin, "a JSON patch needs the name of its target"));
    };
    let source = match (patch.path.is_empty(), patch.inline.is_empty()) {
        (true, true) => {
            return Err(build.fail(patch.origin, "a patch needs `path` or `patch`"));
        }
        (false, false) => {
            return Err(build.fail(patch.origin, "`path` and `patch` exclude each other"));
        }
        (false, true) => build.text(from, &patch.path, patch.path.origin, Role::Patch)?,
        (true, false) => match build.inline(&patch.inline, patch.inline.origin, Role::Patch) {
            Some(source) => source,
            None => return Err(build.fail(patch.origin, "the patch has no place")),
        },
    };
    let operations = operations(build, &source)?;
    if operations.is_empty() {
        return Err(build.fail(patch.origin, "the patch is empty"));
    }
    for (index, condition) in select(build, objects, target)? {
        if let Some(object) = objects.get_mut(index) {
            apply_json(build, object, &operations, condition)?;
        }
    }
    Ok(())
}

/// Applies `patchesStrategicMerge`: each entry is a patch, or the path of one.
pub(super) fn strategic_merge(
    build: &mut Build<'_>,
    from: &Directory,
    objects: &mut Vec<Object>,
    entries: &[super::decode::Text],
    inline_patches: &super::decode::Text,
    origin: Origin,
) -> Fallible<()> {
    let mut patches = Vec::new();
    for entry in entries {
        let as_patch = build
            .inline(entry, entry.origin, Role::Patch)
            .map(|source| build.objects(&source));
        if let Some(Ok(found)) = as_patch {
            patches.extend(found);
        } else {
            let source = build.text(from, entry, entry.origin, Role::Patch)?;
            patches.extend(build.objects(&source)?);
        }
    }
    if !inline_patches.is_empty()
        && let Some(source) = build.inline(inline_patches, inline_patches.origin, Role::Patch)
    {
        patches.extend(build.objects(&source)?);
    }
    if patches.is_empty() {
        return Err(build.fail(origin, "the patch is empty"));
    }
    for patch in patches {
        let index = target_of(build, objects, &patch)?;
        merge_into_each(build, objects, &[(index, Origin::NONE)], &patch)?;
    }
    Ok(())
}

/// The one object that a partial object names.
fn target_of(build: &Build<'_>, objects: &[Object], patch: &Object) -> Fallible<usize> {
    let id: Id = patch.original_id();
    match set::named(objects, &id).as_slice() {
        &[index] => Ok(index),
        [] => Err(build
            .problem(
                Kind::Render,
                patch.node().origin,
                format!("the patch names {}, and there is none", id.describe()),
            )
            .help("A patch finds its object by apiVersion, kind, name and namespace; or give it a `target`.")
            .into()),
        _ => Err(build.fail(
            patch.node().origin,
            format!("the patch names {}, and there are several", id.describe()),
        )),
    }
}

/// The places of the objects that a target selects, each with what decided so: the target, and what it looks at in the object.
pub(super) fn select(
    build: &mut Build<'_>,
    objects: &[Object],
    target: &Selector,
) -> Fallible<Vec<(usize, Origin)>> {
    let matcher = Matcher::new(target).map_err(|why| build.fail(target.origin, why))?;
    Ok(objects
        .iter()
        .enumerate()
        .filter(|(_, object)| matcher.selects(object))
        .map(|(index, object)| {
            let reasons = target.parts.iter().copied().chain(matcher.looks_at(object));
            (index, build.origins.all(reasons))
        })
        .collect())
}

/// Merges a patch into some objects, drops those that it empties, and demands that identities stay unique.
fn merge_into_each(
    build: &mut Build<'_>,
    objects: &mut Vec<Object>,
    chosen: &[(usize, Origin)],
    patch: &Object,
) -> Fallible<()> {
    for &(index, condition) in chosen {
        let Some(object) = objects.get_mut(index) else {
            continue;
        };
        let mut own = patch.clone();
        if let Some(root) = own.root.as_mut().filter(|_| !condition.is_none()) {
            root.put_under(condition, build.origins);
        }
        own.retype_metadata_map("labels");
        own.retype_metadata_map("annotations");
        if let Some(root) = &mut own.root {
            let Gvk { kind, .. } = patch.gvk();
            let origin = root.origin;
            root.set(
                "apiVersion",
                Node::untagged(object.gvk().api_version(), origin),
            );
            let kind_origin = root.field("kind").map_or(origin, |node| node.origin);
            root.set("kind", Node::untagged(kind, kind_origin));
        }
        merge_into(build, object, own)?;
    }
    let all = std::mem::take(objects);
    set::append_all(
        build,
        objects,
        all.into_iter().filter(|object| !object.is_gone()),
        patch.node().origin,
    )
}

/// Merges a patch into an object, which keeps its name, namespace and kind unless the patch may change them.
fn merge_into(build: &mut Build<'_>, object: &mut Object, patch: Object) -> Fallible<()> {
    let kept = |object: &Object, in_metadata: bool, field: &str| {
        let holder = if in_metadata {
            object.node().field("metadata")
        } else {
            Some(object.node())
        };
        holder
            .and_then(|holder| holder.field(field))
            .map_or(Origin::NONE, |node| node.origin)
    };
    let name = (object.name().to_owned(), kept(object, true, "name"));
    let namespace = (
        object.namespace().to_owned(),
        kept(object, true, "namespace"),
    );
    let kind = (object.kind().to_owned(), kept(object, false, "kind"));
    let api_version = kept(object, false, "apiVersion");
    let same_version = object.api_version() == patch.api_version();
    if patch.book.allow_name_change || patch.book.allow_kind_change {
        object.remember_name();
    }
    let Some(patch_root) = patch.root else {
        return Ok(());
    };
    let paid = build.budget.take_node(&patch_root, 0);
    paid.map_err(|why| build.fail(patch_root.origin, why))?;
    let schema = configuration::schema(build)?;
    let done = object.with_bookkeeping(|root| {
        let Some(old) = root.take() else {
            return Ok(());
        };
        *root = merge(old, patch_root, &schema, Growth::Prepend, build.origins)?;
        Ok(())
    });
    done.map_err(|wrong: super::merge::Unmergeable| build.fail(wrong.origin, wrong.why))?;
    if object.is_gone() {
        object.root = None;
        return Ok(());
    }
    if let Some(root) = object.root.as_mut() {
        if !patch.book.allow_kind_change {
            root.set("kind", Node::untagged(kind.0, kind.1));
        }
        if same_version && let Some(version) = root.field_mut("apiVersion") {
            version.origin = api_version;
        }
    }
    if !patch.book.allow_name_change {
        object.set_name(&name.0, name.1);
    }
    object.set_namespace(&namespace.0, namespace.1);
    Ok(())
}

/// Applies a JSON patch to an object: through JSON and back.
fn apply_json(
    build: &mut Build<'_>,
    object: &mut Object,
    operations: &[Operation],
    target: Origin,
) -> Fallible<()> {
    let id = object.id();
    let done = object.with_bookkeeping(|root| {
        let Some(node) = root.take() else {
            return Ok(());
        };
        let mut value = node
            .into_value()
            .map_err(|wrong| (wrong.origin, wrong.why))?;
        let Build {
            origins, budget, ..
        } = build;
        jsonpatch::apply(operations, &mut value, target, origins, budget)
            .map_err(|wrong| (wrong.origin, wrong.why))?;
        *root = Some(Node::from_json(value));
        Ok(())
    });
    if let Err((origin, why)) = done {
        return Err(build.fail(origin, format!("{why} ({})", id.describe())));
    }
    object.retype_metadata_map("annotations");
    Ok(())
}
