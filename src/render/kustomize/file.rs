//! `kustomization.yaml`: all its fields, as Kustomize v5.8.1 reads them, old spellings folded into new ones.

mod read;

pub(super) use read::{
    field_spec, generator, gvk, helm_chart, image, kustomization, patch, replacement, replica,
    selector,
};

use super::decode::{Flag, Text, TextMap};
use super::fieldspec::FieldSpec;
use super::object::Gvk;
use crate::origin::Origin;
use crate::yaml::Value;

/// A `kustomization.yaml`.
#[derive(Debug, Clone, Default)]
pub(super) struct Kustomization {
    /// `kind`; `Kustomization` where it is not said.
    pub(super) kind: Text,
    /// `apiVersion`; that of the kind where it is not said.
    pub(super) api_version: Text,
    /// `openapi`
    pub(super) openapi: TextMap,
    /// `namePrefix`
    pub(super) name_prefix: Text,
    /// `nameSuffix`
    pub(super) name_suffix: Text,
    /// `namespace`
    pub(super) namespace: Text,
    /// `commonLabels`
    pub(super) common_labels: TextMap,
    /// `labels`
    pub(super) labels: Vec<Label>,
    /// `commonAnnotations`
    pub(super) common_annotations: TextMap,
    /// `patchesStrategicMerge`
    pub(super) patches_strategic_merge: Vec<Text>,
    /// `patchesJson6902`
    pub(super) patches_json6902: Vec<Patch>,
    /// `patches`
    pub(super) patches: Vec<Patch>,
    /// `images`
    pub(super) images: Vec<Image>,
    /// `replacements`
    pub(super) replacements: Vec<Replacement>,
    /// `replicas`
    pub(super) replicas: Vec<Replica>,
    /// `vars`
    pub(super) vars: Vec<Var>,
    /// `sortOptions`
    pub(super) sort_options: Option<SortOptions>,
    /// `resources` and `bases`
    pub(super) resources: Vec<Text>,
    /// `components`
    pub(super) components: Vec<Text>,
    /// `crds`
    pub(super) crds: Vec<Text>,
    /// `configMapGenerator`
    pub(super) config_maps: Vec<GeneratorArgs>,
    /// `secretGenerator`
    pub(super) secrets: Vec<GeneratorArgs>,
    /// `helmGlobals`
    pub(super) helm_globals: HelmGlobals,
    /// `helmCharts`
    pub(super) helm_charts: Vec<HelmChart>,
    /// `generatorOptions`
    pub(super) generator_options: Option<GeneratorOptions>,
    /// `configurations`
    pub(super) configurations: Vec<Text>,
    /// `generators`
    pub(super) generators: Vec<Text>,
    /// `transformers`
    pub(super) transformers: Vec<Text>,
    /// `validators`
    pub(super) validators: Vec<Text>,
    /// `buildMetadata`
    pub(super) build_metadata: Vec<Text>,
    /// True where the file says nothing at all.
    pub(super) is_empty: bool,
}

/// An entry of `labels`.
#[derive(Debug, Clone, Default)]
pub(super) struct Label {
    /// The labels.
    pub(super) pairs: TextMap,
    /// Also in selectors and templates.
    pub(super) include_selectors: Flag,
    /// Also in templates.
    pub(super) include_templates: Flag,
    /// Also in these fields.
    pub(super) fields: Vec<FieldSpec>,
}

/// Group, version, kind, name and namespace, each of which may be open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ResId {
    /// Group, version, kind.
    pub(super) gvk: Gvk,
    /// Name.
    pub(super) name: String,
    /// Namespace.
    pub(super) namespace: String,
}

/// What a patch or a replacement aims at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Selector {
    /// Regular expressions, each anchored at both ends.
    pub(super) id: ResId,
    /// A selector of annotations.
    pub(super) annotations: String,
    /// A selector of labels.
    pub(super) labels: String,
    /// Where it was written.
    pub(super) origin: Origin,
    /// Where each of its parts was written.
    pub(super) parts: Vec<Origin>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone, Default)]
pub(super) struct Patch {
    /// A file.
    pub(super) path: Text,
    /// The patch itself.
    pub(super) inline: Text,
    /// What it aims at.
    pub(super) target: Option<Selector>,
    /// `options.allowNameChange`
    pub(super) allow_name_change: bool,
    /// `options.allowKindChange`
    pub(super) allow_kind_change: bool,
    /// The entry.
    pub(super) origin: Origin,
}

/// An entry of `images`.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    /// The image that is meant.
    pub(super) name: Text,
    /// Its new name.
    pub(super) new_name: Text,
    /// Appended to its tag.
    pub(super) tag_suffix: Text,
    /// Its new tag.
    pub(super) new_tag: Text,
    /// Its new digest.
    pub(super) digest: Text,
}

/// An entry of `replicas`.
#[derive(Debug, Clone, Default)]
pub(super) struct Replica {
    /// The workload.
    pub(super) name: Text,
    /// How many.
    pub(super) count: i64,
    /// Where the count was written.
    pub(super) origin: Origin,
}

/// An entry of `replacements`.
#[derive(Debug, Clone, Default)]
pub(super) struct Replacement {
    /// A file that holds the rest.
    pub(super) path: Text,
    /// Where the value comes from.
    pub(super) source: Option<ReplacementSource>,
    /// A literal value.
    pub(super) source_value: Option<Text>,
    /// Where it goes; `None` where the field is absent.
    pub(super) targets: Option<Vec<ReplacementTarget>>,
    /// The entry.
    pub(super) origin: Origin,
}

/// The source of a replacement.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplacementSource {
    /// The resource.
    pub(super) id: ResId,
    /// The field.
    pub(super) field_path: Text,
    /// Which part of it.
    pub(super) options: FieldOptions,
    /// Where the source was written.
    pub(super) origin: Origin,
    /// Where each of its parts was written.
    pub(super) parts: Vec<Origin>,
}

/// A target of a replacement.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplacementTarget {
    /// The resources.
    pub(super) select: Option<Selector>,
    /// Those that are not meant.
    pub(super) reject: Vec<Selector>,
    /// The fields.
    pub(super) field_paths: Vec<Text>,
    /// Which part of them.
    pub(super) options: FieldOptions,
    /// Where the target was written.
    pub(super) origin: Origin,
}

/// Which part of a field a replacement reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FieldOptions {
    /// Splits the field.
    pub(super) delimiter: String,
    /// Which piece.
    pub(super) index: i64,
    /// Creates the field.
    pub(super) create: bool,
    /// Where they were written.
    pub(super) parts: Vec<Origin>,
}

/// An entry of `vars`.
#[derive(Debug, Clone, Default)]
pub(super) struct Var {
    /// Its name.
    pub(super) name: Text,
    /// The resource.
    pub(super) object: ResId,
    /// The field.
    pub(super) field_path: String,
    /// The entry.
    pub(super) origin: Origin,
    /// Where each of its parts was written.
    pub(super) parts: Vec<Origin>,
}

/// `sortOptions`
#[derive(Debug, Clone, Default)]
pub(super) struct SortOptions {
    /// `legacy` or `fifo`.
    pub(super) order: Text,
    /// `legacySortOptions`: first, last.
    pub(super) legacy: Option<(Vec<String>, Vec<String>)>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone, Default)]
pub(super) struct GeneratorArgs {
    /// Its name.
    pub(super) name: Text,
    /// Its namespace.
    pub(super) namespace: Text,
    /// `create`, `merge` or `replace`.
    pub(super) behavior: Text,
    /// `key=value`
    pub(super) literals: Vec<Text>,
    /// `path` or `key=path`
    pub(super) files: Vec<Text>,
    /// Files of `KEY=value` lines.
    pub(super) envs: Vec<Text>,
    /// Options of its own.
    pub(super) options: Option<GeneratorOptions>,
    /// The type of a Secret.
    pub(super) secret_type: Text,
    /// The entry.
    pub(super) origin: Origin,
}

/// `generatorOptions`, or the options of one generator.
#[derive(Debug, Clone, Default)]
pub(super) struct GeneratorOptions {
    /// Labels of what is generated.
    pub(super) labels: TextMap,
    /// Annotations of what is generated.
    pub(super) annotations: TextMap,
    /// True where the name gets no hash.
    pub(super) disable_hash: Flag,
    /// True where the object may not change.
    pub(super) immutable: Flag,
    /// Where they were written.
    pub(super) origin: Origin,
}

/// `helmGlobals`
#[derive(Debug, Clone, Default)]
pub(super) struct HelmGlobals {
    /// Where charts are.
    pub(super) chart_home: Text,
}

/// An entry of `helmCharts`.
#[derive(Debug, Clone, Default)]
pub(super) struct HelmChart {
    /// The chart.
    pub(super) name: Text,
    /// Its version.
    pub(super) version: Text,
    /// The repository that it is pulled from.
    pub(super) repo: Text,
    /// The name of the release.
    pub(super) release_name: Text,
    /// Its namespace.
    pub(super) namespace: Text,
    /// Values files laid over the first one.
    pub(super) additional_values_files: Vec<Text>,
    /// The values file.
    pub(super) values_file: Text,
    /// Values.
    pub(super) values_inline: Option<Value>,
    /// `override`, `merge` or `replace`.
    pub(super) values_merge: Text,
    /// `--include-crds`
    pub(super) include_crds: bool,
    /// `--no-hooks`
    pub(super) skip_hooks: bool,
    /// `--api-versions`
    pub(super) api_versions: Vec<Text>,
    /// `--kube-version`
    pub(super) kube_version: Text,
    /// `--name-template`
    pub(super) name_template: Text,
    /// `--skip-tests`
    pub(super) skip_tests: bool,
    /// The entry.
    pub(super) origin: Origin,
    /// Where each of its parts was written.
    pub(super) parts: Vec<Origin>,
}

/// What `kind` says where it says nothing.
pub(super) const KUSTOMIZATION: &str = "Kustomization";
/// The kind of a component.
pub(super) const COMPONENT: &str = "Component";
