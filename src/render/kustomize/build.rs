//! Accumulation: the resources of a kustomization, its bases, components and generators, transformed in Kustomize's order.
//!
//! What happens once at the end of a build (hashes, references, vars, order) is in the module above.

use std::sync::Arc;

use super::decode::{Decoder, Text, TextMap};
use super::fieldspec::{Config, FieldSpec, merge_all, merge_one};
use super::file::{COMPONENT, KUSTOMIZATION, Kustomization, Label};
use super::load::{Build, Directory, Failure, Fallible, is_remote_file};
use super::object::Object;
use super::transform::{self, End, Namespace};
use super::vars::{self, Vars};
use super::{chart, configuration, generator, patch, plugin, remote, replacement, set};
use crate::origin::{Origin, Role};
use crate::problem::{Kind, Problem};
use crate::snapshot::Found;
use crate::text::RepoPath;
use crate::yaml::Value;

/// What has come together so far.
#[derive(Debug, Default)]
pub(super) struct Accumulated {
    /// The resources.
    pub(super) objects: Vec<Object>,
    /// Where transformers look; `None` before the first kustomization has been read.
    pub(super) config: Option<Arc<Config>>,
    /// The vars.
    pub(super) vars: Vars,
}

/// A kustomization that has been read, and what it inherits.
pub(super) struct Target {
    /// Where it is.
    pub(super) directory: Directory,
    /// The name of its file.
    pub(super) file_name: &'static str,
    /// What it says.
    pub(super) says: Kustomization,
    /// The way from the top, as origin annotations name it; `None` where no annotations are wanted.
    pub(super) lineage: Option<Lineage>,
    /// The namespace that charts get if nothing closer says one.
    pub(super) chart_namespace: Text,
    /// What its resource files contribute.
    pub(super) role: Role,
}

/// The names that a kustomization may have.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Turns what a decoder noted into a failure.
pub(super) fn check(build: &Build<'_>, decoder: Decoder) -> Fallible<()> {
    if decoder.wrong.is_empty() {
        return Ok(());
    }
    Err(Failure(
        decoder
            .wrong
            .into_iter()
            .map(|wrong| {
                let problem = build.problem(Kind::Syntax, wrong.origin, wrong.message);
                match wrong.help {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            })
            .collect(),
    ))
}

/// Reads the kustomization of a directory.
pub(super) fn read(build: &mut Build<'_>, directory: Directory, role: Role) -> Fallible<Target> {
    let mut found = Vec::new();
    for name in FILE_NAMES {
        let path = directory
            .path
            .join(name)
            .map_err(|error| Problem::new(Kind::Read, error.to_string()))?;
        if matches!(build.tree.find(&path), Ok(Some(Found::File))) {
            found.push((name, path));
        }
    }
    let (file_name, path) = match found.as_slice() {
        [(name, path)] => (*name, path.clone()),
        [] => {
            return Err(Problem::new(
                Kind::Read,
                format!("`{}` holds no kustomization", directory.path),
            )
            .in_file(&directory.path)
            .help("A kustomization is called `kustomization.yaml`, `kustomization.yml` or `Kustomization`.")
            .into());
        }
        [_, (_, second), ..] => {
            return Err(Problem::new(
                Kind::Render,
                format!("`{}` holds more than one kustomization", directory.path),
            )
            .in_file(second)
            .into());
        }
    };
    let real = build
        .tree
        .real(&path)
        .map_err(|error| Problem::new(Kind::Read, error.to_string()).in_file(&path))?;
    if build.overlay.restrict_loads && !real.is_within(&directory.path) {
        return Err(
            Problem::new(Kind::Read, format!("`{path}` leads out of its directory"))
                .in_file(&path)
                .into(),
        );
    }
    let source = build.text_at(&real, Origin::NONE, Role::Transformer)?;
    let value: Value = build.value(&source)?;
    let mut decoder = Decoder::strict();
    let says = super::file::kustomization(&mut decoder, &value);
    check(build, decoder)?;
    if says.is_empty {
        return Err(Problem::new(Kind::Render, "the kustomization is empty")
            .in_file(&real)
            .into());
    }
    let wrong = |text: &Text, expected: &str| {
        let message = format!("`{}` is not `{expected}`", &**text);
        let problem = Problem::new(Kind::Render, message);
        Failure::from(match build.place(text.origin) {
            Some((path, span)) => problem.at(&path, span),
            None => problem.in_file(&real),
        })
    };
    let expected = match &*says.kind {
        KUSTOMIZATION => "kustomize.config.k8s.io/v1beta1",
        COMPONENT => "kustomize.config.k8s.io/v1alpha1",
        _ => return Err(wrong(&says.kind, KUSTOMIZATION)),
    };
    if !says.api_version.is_empty() && *says.api_version != *expected {
        return Err(wrong(&says.api_version, expected));
    }
    Ok(Target {
        directory,
        file_name,
        says,
        lineage: None,
        chart_namespace: Text::default(),
        role,
    })
}

/// Lays a relative path behind another, `..` folded away where that can be done.
fn join_paths(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        String::new()
    } else {
        parts.join("/")
    }
}

/// The way from the top to a directory or file, as origin annotations name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lineage {
    /// The path, in this repository or the one below.
    path: String,
    /// The lines that name another repository; empty in this one.
    elsewhere: String,
}

impl Lineage {
    /// The way on to a name in a kustomization.
    fn append(&self, name: &str) -> Self {
        let Some(remote) = remote::parse(name) else {
            return Self {
                path: join_paths(&self.path, name),
                elsewhere: self.elsewhere.clone(),
            };
        };
        let mut elsewhere = format!("repo: {}\n", remote.url);
        if !remote.reference.is_empty() {
            elsewhere.push_str(&format!("ref: {}\n", remote.reference));
        }
        // The top of a repository has the name that Kustomize gives a directory before it is cloned.
        let path = match join_paths("", &remote.directory) {
            top if top.is_empty() => "notCloned".to_owned(),
            path => path,
        };
        Self { path, elsewhere }
    }
}

impl Target {
    /// The annotation text of a file of this kustomization.
    pub(super) fn annotation(&self, name: &str) -> Option<String> {
        let file = self.lineage.as_ref()?.append(name);
        Some(format!("path: {}\n{}", file.path, file.elsewhere))
    }

    /// The annotation text of a built-in plugin that this kustomization configures.
    fn plugin_annotation(&self, kind: &str) -> Option<String> {
        let file = self.lineage.as_ref()?.append(self.file_name);
        Some(format!(
            "{}configuredIn: {}\nconfiguredBy:\n  apiVersion: builtin\n  kind: {kind}\n",
            file.elsewhere, file.path
        ))
    }
}

/// Accumulates a kustomization. A component works on what its parent has accumulated.
pub(super) fn accumulate(
    build: &mut Build<'_>,
    target: &Target,
    mut so_far: Accumulated,
) -> Fallible<Accumulated> {
    resources(build, target, &mut so_far, &target.says.resources)?;
    configuration::merge(build, target, &mut so_far)?;
    generators(build, target, &mut so_far)?;
    for name in &target.says.components {
        let directory = build.enter(&target.directory, name, name.origin)?;
        so_far = descend(build, target, &directory, name, Some(so_far))?;
    }
    transformers(build, target, &mut so_far)?;
    plugin::validate(build, target, &mut so_far)?;
    vars::declare(
        build,
        &mut so_far.vars,
        &mut so_far.objects,
        &target.says.vars,
    )?;
    Ok(so_far)
}

/// Adds files and bases.
pub(super) fn resources(
    build: &mut Build<'_>,
    target: &Target,
    so_far: &mut Accumulated,
    names: &[Text],
) -> Fallible<()> {
    for name in names {
        // What has an address is asked for as a file first, and is a repository only if that comes to nothing.
        let asks_first = is_remote_file(name) && !remote::is_marked(name);
        let is_file = asks_first
            || target
                .directory
                .path
                .join(name)
                .ok()
                .is_some_and(|path| matches!(build.tree.find(&path), Ok(Some(Found::File))));
        let mut no_file = None;
        if is_file {
            let objects = build
                .text(&target.directory, name, name.origin, target.role)
                .and_then(|source| build.objects(&source));
            match objects {
                Ok(mut objects) => {
                    if let Some(note) = target.annotation(name) {
                        for object in &mut objects {
                            object.set_annotation(set::ORIGIN, &note, Origin::NONE);
                        }
                    }
                    set::append_all(build, &mut so_far.objects, objects, name.origin)?;
                    continue;
                }
                Err(failure) if asks_first && build.may_be_repository(name) => {
                    no_file = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        let directory = build
            .enter(&target.directory, name, name.origin)
            .map_err(|failure| failure.or(no_file))?;
        let base = descend(build, target, &directory, name, None)?;
        set::append_all(build, &mut so_far.objects, base.objects, name.origin)?;
        if let Some(config) = base.config {
            configuration::add(build, &mut so_far.config, config, name.origin)?;
        }
        vars::merge(build, &mut so_far.vars, base.vars.into_values())?;
    }
    Ok(())
}

/// Builds a base (`component` is `None`) or a component on top of what is there.
fn descend(
    build: &mut Build<'_>,
    target: &Target,
    directory: &Directory,
    name: &Text,
    component: Option<Accumulated>,
) -> Fallible<Accumulated> {
    let place = build
        .place(name.origin)
        .map(|(path, span)| (path, Some(span)));
    let what = if component.is_some() {
        "this component"
    } else {
        "this base"
    };
    let mut inner = || {
        let mut sub = read(build, directory.clone(), Role::Base)?;
        sub.lineage = target.lineage.as_ref().map(|way| way.append(name));
        sub.chart_namespace = if target.says.namespace.is_empty() {
            target.chart_namespace.clone()
        } else {
            target.says.namespace.clone()
        };
        configuration::choose_schema(build, &sub, false)?;
        let is_component = *sub.says.kind == *COMPONENT;
        Ok((sub, is_component))
    };
    let (sub, is_component) =
        inner().map_err(|failure: Failure| failure.through(place.clone(), what))?;
    let path: RepoPath = sub.directory.path.clone();
    match (component.is_some(), is_component) {
        (true, false) => {
            return Err(build
                .problem(
                    Kind::Render,
                    name.origin,
                    format!("`{path}` is not a component"),
                )
                .help("List it under `resources`.")
                .into());
        }
        (false, true) => {
            return Err(build
                .problem(
                    Kind::Render,
                    name.origin,
                    format!("`{path}` is a component"),
                )
                .help("List it under `components`.")
                .into());
        }
        _ => {}
    }
    accumulate(build, &sub, component.unwrap_or_default())
        .map_err(|failure| failure.through(place, what))
}

fn generators(build: &mut Build<'_>, target: &Target, so_far: &mut Accumulated) -> Fallible<()> {
    let says = &target.says;
    let global = says.generator_options.as_ref();
    let kinds = [
        (
            generator::Sort::ConfigMap,
            "ConfigMapGenerator",
            &says.config_maps,
        ),
        (generator::Sort::Secret, "SecretGenerator", &says.secrets),
    ];
    for (sort, kind, entries) in kinds {
        for args in entries {
            let options = generator::options(args.options.as_ref(), global);
            let mut made =
                generator::generate(build, &target.directory, sort, args, options.as_ref())?;
            if let Some(note) = target.plugin_annotation(kind) {
                made.set_annotation(set::ORIGIN, &note, Origin::NONE);
            }
            set::absorb(build, &mut so_far.objects, made, args.origin)?;
        }
    }
    for args in &says.helm_charts {
        let made = chart::inflate(build, target, args, &says.helm_globals)?;
        for mut object in made {
            if let Some(note) = target.plugin_annotation("HelmChartInflationGenerator") {
                object.set_annotation(set::ORIGIN, &note, Origin::NONE);
            }
            set::absorb(build, &mut so_far.objects, object, args.origin)?;
        }
    }
    plugin::generate(build, target, so_far)
}

/// What a transformer leaves behind: resources that are gone go, and the others say who touched them.
pub(super) fn finish(objects: &mut Vec<Object>, note: Option<&str>) {
    if let Some(note) = note {
        for object in &mut *objects {
            if object.is_gone() {
                continue;
            }
            if object.annotation(set::ORIGIN).is_none() {
                object.set_annotation(set::ORIGIN, note, Origin::NONE);
                continue;
            }
            let mut list = object
                .annotation(set::TRANSFORMATIONS)
                .unwrap_or_default()
                .to_owned();
            for (index, line) in note.lines().enumerate() {
                list.push_str(if index == 0 { "- " } else { "  " });
                list.push_str(line);
                list.push('\n');
            }
            object.set_annotation(set::TRANSFORMATIONS, &list, Origin::NONE);
        }
    }
    objects.retain(|object| !object.is_gone());
}

fn transformers(build: &mut Build<'_>, target: &Target, so_far: &mut Accumulated) -> Fallible<()> {
    let says = &target.says;
    let directory = &target.directory;
    let config = so_far.config.clone().unwrap_or_default();
    let objects = &mut so_far.objects;
    let note = |kind: &str| target.plugin_annotation(kind);
    if !says.patches_strategic_merge.is_empty() {
        let origin = says
            .patches_strategic_merge
            .first()
            .map_or(Origin::NONE, |entry| entry.origin);
        patch::strategic_merge(
            build,
            directory,
            objects,
            &says.patches_strategic_merge,
            &Text::default(),
            origin,
        )?;
        finish(objects, note("PatchStrategicMergeTransformer").as_deref());
    }
    for entry in &says.patches {
        patch::patch(build, directory, objects, entry)?;
        finish(objects, note("PatchTransformer").as_deref());
    }
    if !says.namespace.is_empty() {
        let args = Namespace {
            name: says.namespace.clone(),
            specs: config.namespace.clone(),
            ..Namespace::default()
        };
        transform::namespace(build, objects, &args)?;
        finish(objects, note("NamespaceTransformer").as_deref());
    }
    if !says.name_prefix.is_empty() {
        let specs = &config.name_prefix;
        transform::affix(build, objects, End::Prefix, &says.name_prefix, specs)?;
        finish(objects, note("PrefixTransformer").as_deref());
    }
    if !says.name_suffix.is_empty() {
        let specs = &config.name_suffix;
        transform::affix(build, objects, End::Suffix, &says.name_suffix, specs)?;
        finish(objects, note("SuffixTransformer").as_deref());
    }
    if !says.labels.is_empty() || !says.common_labels.is_empty() {
        for label in &says.labels {
            let specs = label_specs(build, label, &config)?;
            let reach = [
                label.include_selectors.origin,
                label.include_templates.origin,
            ];
            let reach = build.origins.all(reach);
            let mut pairs = label.pairs.clone();
            for text in pairs.values_mut() {
                text.origin = build.origins.under(text.origin, reach);
            }
            labels(build, objects, &pairs, &specs)?;
            finish(objects, note("LabelTransformer").as_deref());
        }
        labels(build, objects, &says.common_labels, &config.common_labels)?;
        finish(objects, note("LabelTransformer").as_deref());
    }
    if !says.common_annotations.is_empty() {
        let specs = &config.common_annotations;
        transform::entries(build, objects, &says.common_annotations, specs)?;
        finish(objects, note("AnnotationsTransformer").as_deref());
    }
    for entry in &says.patches_json6902 {
        patch::json6902(build, directory, objects, entry)?;
        finish(objects, note("PatchJson6902Transformer").as_deref());
    }
    for entry in &says.replicas {
        transform::replicas(build, objects, entry, &config.replicas)?;
        finish(objects, note("ReplicaCountTransformer").as_deref());
    }
    for entry in &says.images {
        transform::image(build, objects, entry, &config.images)?;
        finish(objects, note("ImageTagTransformer").as_deref());
    }
    if !says.replacements.is_empty() {
        let all = replacement::resolved(build, directory, &says.replacements)?;
        replacement::replace(build, objects, &all)?;
        finish(objects, note("ReplacementTransformer").as_deref());
    }
    plugin::transform(build, target, objects)
}

/// Writes labels; none is no error.
pub(super) fn labels(
    build: &mut Build<'_>,
    objects: &mut [Object],
    pairs: &TextMap,
    specs: &[FieldSpec],
) -> Fallible<()> {
    transform::entries(build, objects, pairs, specs)
}

fn label_specs(build: &Build<'_>, label: &Label, config: &Config) -> Fallible<Vec<FieldSpec>> {
    let mut specs = label.fields.clone();
    let mut merge = || {
        merge_all(&mut specs, config.labels.iter().cloned())?;
        if label.include_selectors.set {
            return merge_all(&mut specs, config.common_labels.iter().cloned());
        }
        if label.include_templates.set {
            merge_all(&mut specs, config.template_labels.iter().cloned())?;
        }
        let metadata = FieldSpec {
            path: "metadata/labels".to_owned(),
            create: true,
            ..FieldSpec::default()
        };
        merge_one(&mut specs, metadata)
    };
    merge().map_err(|conflict| {
        let origin = label
            .pairs
            .values()
            .next()
            .map_or(Origin::NONE, |text| text.origin);
        build.fail(
            origin,
            format!(
                "two field specs of `{}` disagree about `create`",
                conflict.0
            ),
        )
    })?;
    Ok(specs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_for_people() {
        assert_eq!(join_paths("", "../base"), "../base");
        assert_eq!(join_paths("../base", "../x/./y.yaml"), "../x/y.yaml");
        assert_eq!(join_paths("a", ".."), "");
    }
}
