//! `generators`, `transformers` and `validators`: the built-in ones, configured by objects of their own.
//!
//! Programs and containers are never run.

use super::budget::check_depth;
use super::build::{Accumulated, Target, check, finish, labels, resources};
use super::decode::{Decoder, Text, TextMap};
use super::fieldspec::FieldSpec;
use super::file::{self, Patch, Selector};
use super::load::{Build, Fallible};
use super::node::{Body, Kind, Node};
use super::object::Object;
use super::transform::{self, End, Namespace, Subjects};
use super::{chart, generator, patch, replacement, set};
use crate::origin::{Origin, Role};
use crate::problem;
use crate::yaml::Value;

/// The objects that configure plugins: inline ones first, then those of files and directories.
fn configurations(
    build: &mut Build<'_>,
    target: &Target,
    entries: &[Text],
) -> Fallible<Vec<Object>> {
    let mut so_far = Accumulated::default();
    let mut paths = Vec::new();
    for entry in entries {
        let inline = build
            .inline(entry, entry.origin, Role::Transformer)
            .map(|source| build.objects(&source));
        match inline {
            Some(Ok(mut objects)) => {
                if let Some(note) = target.annotation(target.file_name) {
                    for object in &mut objects {
                        object.set_annotation(set::ORIGIN, &note, Origin::NONE);
                    }
                }
                set::append_all(build, &mut so_far.objects, objects, entry.origin)?;
            }
            _ => paths.push(entry.clone()),
        }
    }
    resources(build, target, &mut so_far, &paths)?;
    Ok(so_far.objects)
}

/// The annotation text for what a plugin made or touched.
fn note(object: &Object) -> Option<String> {
    let origin = object.annotation(set::ORIGIN)?.strip_prefix("path: ")?;
    let (path, elsewhere) = origin.split_once('\n')?;
    let mut note = format!(
        "{elsewhere}configuredIn: {path}\nconfiguredBy:\n  apiVersion: {}\n  kind: {}\n  name: {}\n",
        object.api_version(),
        object.kind(),
        object.name()
    );
    if !object.namespace().is_empty() {
        note.push_str("  namespace: ");
        note.push_str(object.namespace());
        note.push('\n');
    }
    Some(note)
}

/// The configuration as a value; an error where it is not that of a built-in plugin.
fn configuration(build: &Build<'_>, object: &Object) -> Fallible<Value> {
    let origin = object.node().origin;
    if object.api_version() != "builtin" {
        return Err(build
            .problem(
                problem::Kind::Unsupported,
                origin,
                format!("`{}` is a plugin of its own", object.kind()),
            )
            .help("Plimsoll runs no programs or containers of a repository; only built-in plugins (`apiVersion: builtin`) are carried out.")
            .into());
    }
    object
        .node()
        .value()
        .map_err(|wrong| build.fail(wrong.origin, wrong.why))
}

/// Runs `generators`.
pub(super) fn generate(
    build: &mut Build<'_>,
    target: &Target,
    so_far: &mut Accumulated,
) -> Fallible<()> {
    for object in configurations(build, target, &target.says.generators)? {
        let value = configuration(build, &object)?;
        let made = run_generator(build, target, &object, &value)?;
        for mut made in made {
            if let Some(note) = note(&object)
                && made.annotation(set::ORIGIN).is_none()
            {
                made.set_annotation(set::ORIGIN, &note, Origin::NONE);
            }
            set::absorb(build, &mut so_far.objects, made, object.node().origin)?;
        }
    }
    Ok(())
}

fn run_generator(
    build: &mut Build<'_>,
    target: &Target,
    object: &Object,
    value: &Value,
) -> Fallible<Vec<Object>> {
    let mut d = Decoder::plugin();
    match object.kind() {
        kind @ ("ConfigMapGenerator" | "SecretGenerator") => {
            let is_secret = kind == "SecretGenerator";
            let mut args = d.embedded(|d| file::generator(d, value, is_secret));
            check(build, d)?;
            let origin = |field: &str| {
                object
                    .node()
                    .field("metadata")
                    .and_then(|metadata| metadata.field(field))
                    .map_or(Origin::NONE, |node| node.origin)
            };
            if args.name.is_empty() {
                args.name = Text::new(object.name(), origin("name"));
            }
            if args.namespace.is_empty() {
                args.namespace = Text::new(object.namespace(), origin("namespace"));
            }
            let sort = if is_secret {
                generator::Sort::Secret
            } else {
                generator::Sort::ConfigMap
            };
            let options = args.options.clone();
            let made =
                generator::generate(build, &target.directory, sort, &args, options.as_ref())?;
            Ok(vec![made])
        }
        "HelmChartInflationGenerator" => {
            let o = d.object(value, "a chart", &["chartHome"]);
            let (args, chart_home) = d.embedded(|d| {
                let args = file::helm_chart(d, value);
                (args, d.text(o.get("chartHome")))
            });
            let globals = file::HelmGlobals { chart_home };
            check(build, d)?;
            chart::inflate(build, target, &args, &globals)
        }
        "IAMPolicyGenerator" => iam_policy(build, d, value),
        kind => Err(build.fail(
            object.node().origin,
            format!("`{kind}` is not a built-in generator"),
        )),
    }
}

/// A service account that stands for one of a cloud.
fn iam_policy(build: &mut Build<'_>, mut d: Decoder, value: &Value) -> Fallible<Vec<Object>> {
    let o = d.object(
        value,
        "an IAM policy",
        &["cloud", "kubernetesService", "serviceAccount"],
    );
    let mut part = |name: &str, known: &[&'static str]| {
        let o = d.object(o.get(name)?, name, known);
        Some(
            known
                .iter()
                .map(|field| d.text(o.get(field)))
                .collect::<Vec<_>>(),
        )
    };
    let service = part("kubernetesService", &["name", "namespace"]).unwrap_or_default();
    let account = part("serviceAccount", &["name", "projectId"]).unwrap_or_default();
    let cloud = d.text(o.get("cloud"));
    check(build, d)?;
    if &*cloud != "gke" {
        return Err(build.fail(
            value.origin,
            format!("the cloud `{}` is not known", &*cloud),
        ));
    }
    let text = |list: &[Text], index: usize| list.get(index).cloned().unwrap_or_default();
    let origin = value.origin;
    let mut root = Node::map(origin);
    root.set("apiVersion", Node::untagged("v1", origin));
    root.set("kind", Node::untagged("ServiceAccount", origin));
    let mut metadata = Node::map(origin);
    let (name, project) = (text(&account, 0), text(&account, 1));
    let address = format!("{}@{}.iam.gserviceaccount.com", &*name, &*project);
    let mut annotations = Node::map(origin);
    annotations.set(
        "iam.gke.io/gcp-service-account",
        Node::text_node(address, build.origins.both(name.origin, project.origin)),
    );
    metadata.set("annotations", annotations);
    let (name, namespace) = (text(&service, 0), text(&service, 1));
    metadata.set("name", Node::untagged(name.text, name.origin));
    if !namespace.is_empty() {
        metadata.set(
            "namespace",
            Node::untagged(namespace.text, namespace.origin),
        );
    }
    root.set("metadata", metadata);
    Ok(vec![Object::new(root)])
}

/// Runs `transformers`.
pub(super) fn transform(
    build: &mut Build<'_>,
    target: &Target,
    objects: &mut Vec<Object>,
) -> Fallible<()> {
    for plugin in configurations(build, target, &target.says.transformers)? {
        run_transformer(build, target, &plugin, objects)?;
        finish(objects, note(&plugin).as_deref());
    }
    Ok(())
}

/// The label that a validator may leave.
const VALIDATED_BY: &str = "validated-by";

/// Runs `validators`, which may change nothing.
pub(super) fn validate(
    build: &mut Build<'_>,
    target: &Target,
    so_far: &mut Accumulated,
) -> Fallible<()> {
    for plugin in configurations(build, target, &target.says.validators)? {
        let before = so_far.objects.clone();
        run_transformer(build, target, &plugin, &mut so_far.objects)?;
        // A value that was written again is a change, also where it is the same. A label may be a validator's signature:
        // with it, all labels are written again.
        let unsigned = |object: &Object| {
            let mut root = object.root.clone();
            let metadata = root.as_mut().and_then(|root| root.field_mut("metadata"));
            if let Some(metadata) = metadata
                && let Some([only]) = metadata.field("labels").map(Node::pairs)
                && only.key.text == VALIDATED_BY
            {
                metadata.remove("labels");
            }
            root
        };
        let unchanged = before.len() == so_far.objects.len()
            && before
                .iter()
                .zip(&so_far.objects)
                .all(|(old, new)| unsigned(old) == unsigned(new) && old.book == new.book);
        if !unchanged {
            return Err(build.fail(plugin.node().origin, "a validator may not change resources"));
        }
    }
    Ok(())
}

fn run_transformer(
    build: &mut Build<'_>,
    target: &Target,
    plugin: &Object,
    objects: &mut Vec<Object>,
) -> Fallible<()> {
    const FIELDS: &[&str] = &[
        "annotations",
        "fieldSpecs",
        "imageTag",
        "labels",
        "metadata",
        "unsetOnly",
        "setRoleBindingSubjects",
        "target",
        "path",
        "jsonOp",
        "paths",
        "patches",
        "prefix",
        "suffix",
        "replica",
        "replacements",
        "value",
        "targets",
        "targetFilePath",
    ];
    let value = configuration(build, plugin)?;
    let origin = plugin.node().origin;
    let mut d = Decoder::plugin();
    let o = d.object(&value, "a transformer", FIELDS);
    let has_specs = o.get("fieldSpecs").is_some();
    let specs: Vec<FieldSpec> = d.list(o.get("fieldSpecs"), file::field_spec);
    match plugin.kind() {
        "AnnotationsTransformer" => {
            let map: TextMap = d.text_map(o.get("annotations"));
            check(build, d)?;
            transform::entries(build, objects, &map, &specs)
        }
        "LabelTransformer" => {
            let map: TextMap = d.text_map(o.get("labels"));
            check(build, d)?;
            labels(build, objects, &map, &specs)
        }
        "ImageTagTransformer" => {
            let image = d.option(o.get("imageTag"), file::image).unwrap_or_default();
            check(build, d)?;
            transform::image(build, objects, &image, &specs)
        }
        "ReplicaCountTransformer" => {
            let replica = d
                .option(o.get("replica"), file::replica)
                .unwrap_or_default();
            check(build, d)?;
            transform::replicas(build, objects, &replica, &specs)
        }
        "NamespaceTransformer" => {
            let metadata = o.get("metadata");
            let namespace = metadata.map(|metadata| {
                let m = d.object(metadata, "`metadata`", &["namespace"]);
                d.text(m.get("namespace"))
            });
            let subjects = d.text(o.get("setRoleBindingSubjects"));
            let args = Namespace {
                name: namespace.unwrap_or_default(),
                specs,
                unset_only: d.flag(o.get("unsetOnly")),
                subjects: match &*subjects {
                    "allServiceAccounts" => Subjects::AllServiceAccounts,
                    "none" => Subjects::None,
                    _ => Subjects::Default,
                },
            };
            check(build, d)?;
            if !matches!(
                &*subjects,
                "" | "defaultOnly" | "allServiceAccounts" | "none"
            ) {
                return Err(build.fail(
                    subjects.origin,
                    "there are `defaultOnly`, `allServiceAccounts` and `none`",
                ));
            }
            transform::namespace(build, objects, &args)
        }
        kind @ ("PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer") => {
            let (prefix, suffix) = (d.text(o.get("prefix")), d.text(o.get("suffix")));
            check(build, d)?;
            if !has_specs {
                return Err(build.fail(origin, "the transformer needs `fieldSpecs`"));
            }
            if kind != "SuffixTransformer" {
                transform::affix(build, objects, End::Prefix, &prefix, &specs)?;
            }
            if kind != "PrefixTransformer" {
                transform::affix(build, objects, End::Suffix, &suffix, &specs)?;
            }
            Ok(())
        }
        "PatchTransformer" => {
            let entry = file::patch(&mut d, &value);
            check(build, d)?;
            patch::patch(build, &target.directory, objects, &entry)
        }
        "PatchStrategicMergeTransformer" => {
            let paths = d.texts(o.get("paths"));
            let inline = d.text(o.get("patches"));
            check(build, d)?;
            patch::strategic_merge(build, &target.directory, objects, &paths, &inline, origin)
        }
        "PatchJson6902Transformer" => {
            let entry = Patch {
                path: d.text(o.get("path")),
                inline: d.text(o.get("jsonOp")),
                target: d.option(o.get("target"), file::selector),
                origin,
                ..Patch::default()
            };
            check(build, d)?;
            patch::json6902(build, &target.directory, objects, &entry)
        }
        "ReplacementTransformer" => {
            let entries = d.embedded(|d| d.list(o.get("replacements"), file::replacement));
            check(build, d)?;
            let entries = replacement::resolved(build, &target.directory, &entries)?;
            replacement::replace(build, objects, &entries)
        }
        "ValueAddTransformer" => {
            let value = d.text(o.get("value"));
            let mut targets = d.list(o.get("targets"), value_target);
            let path = d.text(o.get("targetFilePath"));
            check(build, d)?;
            if !path.is_empty() {
                let source =
                    build.text(&target.directory, &path, path.origin, Role::Transformer)?;
                let more = build.value(&source)?;
                let mut d = Decoder::plugin();
                let o = d.object(&more, "a list of targets", &["targets"]);
                targets.extend(d.list(o.get("targets"), value_target));
                check(build, d)?;
            }
            add_value(build, target, objects, &value, &targets, origin)
        }
        "HashTransformer" => super::add_hashes(build, objects),
        kind => Err(build.fail(origin, format!("`{kind}` is not a built-in transformer"))),
    }
}

/// A target of the transformer that adds one value to many fields.
struct ValueTarget {
    selector: Option<Selector>,
    path: Text,
    position: i64,
}

fn value_target(d: &mut Decoder, value: &Value) -> ValueTarget {
    let o = d.object(
        value,
        "a target",
        &["selector", "fieldPath", "filePathPosition"],
    );
    ValueTarget {
        selector: d.option(o.get("selector"), file::selector),
        path: d.text(o.get("fieldPath")),
        position: d.number(o.get("filePathPosition")),
    }
}

fn add_value(
    build: &mut Build<'_>,
    target: &Target,
    objects: &mut [Object],
    value: &Text,
    targets: &[ValueTarget],
    origin: Origin,
) -> Fallible<()> {
    let mut value = Text::new(value.trim(), value.origin);
    if value.is_empty() {
        value = Text::new(target.directory.path.file_name(), origin);
    }
    if targets.is_empty() {
        return Err(build.fail(origin, "the transformer needs `targets`"));
    }
    for entry in targets {
        if entry.path.is_empty() {
            return Err(build.fail(origin, "a target needs a `fieldPath`"));
        }
        let Ok(position) = usize::try_from(entry.position) else {
            return Err(build.fail(entry.path.origin, "`filePathPosition` is negative"));
        };
        let chosen = match &entry.selector {
            Some(selector) => patch::select(build, objects, selector)?,
            None => (0..objects.len())
                .map(|index| (index, Origin::NONE))
                .collect(),
        };
        for (index, condition) in chosen {
            let Some(object) = objects.get_mut(index) else {
                continue;
            };
            let value = Text::new(&*value, build.origins.under(value.origin, condition));
            if *entry.path == *"metadata/namespace" {
                let args = Namespace {
                    name: value.clone(),
                    ..Namespace::default()
                };
                transform::namespace_of(build, object, &args)?;
                continue;
            }
            let path = super::fieldspec::split_path(&entry.path, '/');
            let paid = check_depth(path.len()).and_then(|()| build.budget.take(value.len()));
            paid.map_err(|why| build.fail(entry.path.origin, why))?;
            let Some(root) = &mut object.root else {
                continue;
            };
            let place = path
                .iter()
                .enumerate()
                .try_fold(root, |node, (depth, name)| {
                    let kind = if depth + 1 == path.len() {
                        Kind::Scalar
                    } else {
                        Kind::Map
                    };
                    node.field_or_insert(name, kind, value.origin)
                });
            match place {
                Some(node) if node.kind() == Kind::Scalar => {
                    let text = insert_part(node.text(), position, &value);
                    let style_origin = build.origins.over(value.origin, node.origin);
                    if let Body::Scalar { .. } = node.body {
                        node.replace_scalar(Node::untagged(text, style_origin));
                    }
                }
                _ => return Err(build.fail(entry.path.origin, "the field is not a scalar")),
            }
        }
    }
    Ok(())
}

/// Puts a part into a path at a position from 1; 0 replaces the path.
fn insert_part(path: &str, position: usize, part: &str) -> String {
    let Some(index) = position.checked_sub(1) else {
        return part.to_owned();
    };
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if parts == [""] {
        parts.clear();
    }
    let index = index.min(parts.len());
    parts.insert(index, part);
    format!("{}{}", if is_absolute { "/" } else { "" }, parts.join("/"))
}
