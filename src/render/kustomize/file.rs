//! `kustomization.yaml`: all its fields, as Kustomize v5.8.1 reads them, old spellings folded into new ones.

use super::decode::{Decoder, Flag, Object, Text, TextMap};
use super::fieldspec::FieldSpec;
use super::object::Gvk;
use crate::origin::Origin;
use crate::yaml::{Data, Value};

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

const FIELDS: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

/// What `kind` says where it says nothing.
pub(super) const KUSTOMIZATION: &str = "Kustomization";
/// The kind of a component.
pub(super) const COMPONENT: &str = "Component";

/// Reads a `kustomization.yaml`. What is wrong with it is noted in `d`.
pub(super) fn kustomization(d: &mut Decoder, value: &Value) -> Kustomization {
    let o = d.object(value, "a kustomization", FIELDS);
    if let Some(metadata) = o.get("metadata") {
        let m = d.object(
            metadata,
            "`metadata`",
            &["name", "namespace", "labels", "annotations"],
        );
        d.text(m.get("name"));
        d.text(m.get("namespace"));
        d.text_map(m.get("labels"));
        d.text_map(m.get("annotations"));
    }
    let mut file = Kustomization {
        kind: d.text(o.get("kind")),
        api_version: d.text(o.get("apiVersion")),
        openapi: d.text_map(o.get("openapi")),
        name_prefix: d.text(o.get("namePrefix")),
        name_suffix: d.text(o.get("nameSuffix")),
        namespace: d.text(o.get("namespace")),
        common_labels: d.text_map(o.get("commonLabels")),
        labels: d.list(o.get("labels"), label),
        common_annotations: d.text_map(o.get("commonAnnotations")),
        patches_strategic_merge: d.texts(o.get("patchesStrategicMerge")),
        patches_json6902: d.list(o.get("patchesJson6902"), patch),
        patches: d.list(o.get("patches"), patch),
        images: d.list(o.get("images"), image),
        replacements: d.list(o.get("replacements"), |d, value| {
            let mut entry = replacement(d, value);
            // The list is handed on without what is empty; in a file of its own an empty list is one.
            entry.targets = entry.targets.filter(|targets| !targets.is_empty());
            entry
        }),
        replicas: d.list(o.get("replicas"), replica),
        vars: d.list(o.get("vars"), var),
        sort_options: d.option(o.get("sortOptions"), sort_options),
        resources: d.texts(o.get("resources")),
        components: d.texts(o.get("components")),
        crds: d.texts(o.get("crds")),
        config_maps: d.list(o.get("configMapGenerator"), |d, v| generator(d, v, false)),
        secrets: d.list(o.get("secretGenerator"), |d, v| generator(d, v, true)),
        helm_globals: d
            .option(o.get("helmGlobals"), helm_globals)
            .unwrap_or_default(),
        helm_charts: d.list(o.get("helmCharts"), helm_chart),
        generator_options: d.option(o.get("generatorOptions"), generator_options),
        configurations: d.texts(o.get("configurations")),
        generators: d.texts(o.get("generators")),
        transformers: d.texts(o.get("transformers")),
        validators: d.texts(o.get("validators")),
        build_metadata: d.texts(o.get("buildMetadata")),
        is_empty: says_nothing(&o),
    };
    file.resources.extend(d.texts(o.get("bases")));
    file.images.extend(d.list(o.get("imageTags"), image));
    let old_charts = d.list(o.get("helmChartInflationGenerator"), old_helm_chart);
    for (chart, home) in old_charts {
        file.helm_charts.push(chart);
        if o.get("helmGlobals").is_none() && !home.is_empty() {
            file.helm_globals.chart_home = home;
        }
    }
    if file.kind.is_empty() {
        KUSTOMIZATION.clone_into(&mut file.kind.text);
    }
    file
}

/// True if and only if Go's zero value is all that the fields say. An empty list says something, an empty text does not.
fn says_nothing(o: &Object<'_>) -> bool {
    FIELDS
        .iter()
        .filter(|name| !matches!(**name, "kind" | "apiVersion"))
        .filter_map(|name| Some((*name, o.get(name)?)))
        .all(|(name, value)| match &value.data {
            Data::String(text) => text.is_empty(),
            Data::Sequence(items) => {
                items.is_empty()
                    && matches!(name, "bases" | "imageTags" | "helmChartInflationGenerator")
            }
            _ => false,
        })
}

fn label(d: &mut Decoder, value: &Value) -> Label {
    let o = d.object(
        value,
        "an entry of `labels`",
        &["pairs", "includeSelectors", "includeTemplates", "fields"],
    );
    Label {
        pairs: d.text_map(o.get("pairs")),
        include_selectors: d.placed_flag(o.get("includeSelectors")),
        include_templates: d.placed_flag(o.get("includeTemplates")),
        fields: d.list(o.get("fields"), field_spec),
    }
}

/// A field spec.
pub(super) fn field_spec(d: &mut Decoder, value: &Value) -> FieldSpec {
    let o = d.object(
        value,
        "a field spec",
        &["group", "version", "kind", "path", "create"],
    );
    FieldSpec {
        gvk: gvk(d, &o),
        path: d.text(o.get("path")).text,
        create: d.flag(o.get("create")),
        parts: o.origins(),
    }
}

/// The parts of a kind that are fields of an object.
pub(super) fn gvk(d: &mut Decoder, o: &Object<'_>) -> Gvk {
    d.embedded(|d| Gvk {
        group: d.text(o.get("group")).text,
        version: d.text(o.get("version")).text,
        kind: d.text(o.get("kind")).text,
    })
}

fn res_id(d: &mut Decoder, o: &Object<'_>) -> ResId {
    d.embedded(|d| ResId {
        gvk: gvk(d, o),
        name: d.text(o.get("name")).text,
        namespace: d.text(o.get("namespace")).text,
    })
}

/// A selector.
pub(super) fn selector(d: &mut Decoder, value: &Value) -> Selector {
    let o = d.object(
        value,
        "a selector",
        &[
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "annotationSelector",
            "labelSelector",
        ],
    );
    Selector {
        id: res_id(d, &o),
        annotations: d.text(o.get("annotationSelector")).text,
        labels: d.text(o.get("labelSelector")).text,
        origin: value.origin,
        parts: o.origins(),
    }
}

/// A patch.
pub(super) fn patch(d: &mut Decoder, value: &Value) -> Patch {
    let o = d.object(value, "a patch", &["path", "patch", "target", "options"]);
    let options = o.get("options").map(|options| {
        let options = d.object(
            options,
            "`options`",
            &["allowNameChange", "allowKindChange"],
        );
        (
            d.flag(options.get("allowNameChange")),
            d.flag(options.get("allowKindChange")),
        )
    });
    let (allow_name_change, allow_kind_change) = options.unwrap_or_default();
    Patch {
        path: d.text(o.get("path")),
        inline: d.text(o.get("patch")),
        target: d.option(o.get("target"), selector),
        allow_name_change,
        allow_kind_change,
        origin: value.origin,
    }
}

/// An image.
pub(super) fn image(d: &mut Decoder, value: &Value) -> Image {
    let o = d.object(
        value,
        "an entry of `images`",
        &["name", "newName", "tagSuffix", "newTag", "digest"],
    );
    Image {
        name: d.text(o.get("name")),
        new_name: d.text(o.get("newName")),
        tag_suffix: d.text(o.get("tagSuffix")),
        new_tag: d.text(o.get("newTag")),
        digest: d.text(o.get("digest")),
    }
}

/// A replica count.
pub(super) fn replica(d: &mut Decoder, value: &Value) -> Replica {
    let o = d.object(value, "an entry of `replicas`", &["name", "count"]);
    Replica {
        name: d.text(o.get("name")),
        count: d.number(o.get("count")),
        origin: o.get("count").map_or(value.origin, |count| count.origin),
    }
}

/// A replacement.
pub(super) fn replacement(d: &mut Decoder, value: &Value) -> Replacement {
    let o = d.object(
        value,
        "a replacement",
        &["path", "source", "sourceValue", "targets"],
    );
    Replacement {
        path: d.text(o.get("path")),
        source: d.option(o.get("source"), replacement_source),
        source_value: o.get("sourceValue").map(|value| d.text(Some(value))),
        targets: o
            .get("targets")
            .map(|targets| d.list(Some(targets), replacement_target)),
        origin: value.origin,
    }
}

fn replacement_source(d: &mut Decoder, value: &Value) -> ReplacementSource {
    let o = d.object(
        value,
        "a source",
        &[
            "group",
            "version",
            "kind",
            "name",
            "namespace",
            "fieldPath",
            "options",
        ],
    );
    ReplacementSource {
        id: res_id(d, &o),
        field_path: d.text(o.get("fieldPath")),
        options: field_options(d, &o),
        origin: value.origin,
        parts: o.origins(),
    }
}

fn replacement_target(d: &mut Decoder, value: &Value) -> ReplacementTarget {
    let o = d.object(
        value,
        "a target",
        &["select", "reject", "fieldPaths", "options"],
    );
    ReplacementTarget {
        select: d.option(o.get("select"), selector),
        reject: d.list(o.get("reject"), selector),
        field_paths: d.texts(o.get("fieldPaths")),
        options: field_options(d, &o),
        origin: value.origin,
    }
}

fn field_options(d: &mut Decoder, o: &Object<'_>) -> FieldOptions {
    let Some(value) = o.get("options") else {
        return FieldOptions::default();
    };
    let o = d.object(
        value,
        "`options`",
        &["delimiter", "index", "encoding", "create"],
    );
    d.text(o.get("encoding"));
    FieldOptions {
        delimiter: d.text(o.get("delimiter")).text,
        index: d.number(o.get("index")),
        create: d.flag(o.get("create")),
    }
}

fn var(d: &mut Decoder, value: &Value) -> Var {
    let o = d.object(value, "an entry of `vars`", &["name", "objref", "fieldref"]);
    let mut parts = o.origins();
    let object = o.get("objref").map(|object| {
        let o = d.object(
            object,
            "`objref`",
            &[
                "apiVersion",
                "group",
                "version",
                "kind",
                "name",
                "namespace",
            ],
        );
        parts.extend(o.origins());
        let mut id = res_id(d, &o);
        let api_version = d.text(o.get("apiVersion")).text;
        match api_version.split('/').collect::<Vec<_>>()[..] {
            [""] => {}
            [version] => version.clone_into(&mut id.gvk.version),
            [group, version] => {
                group.clone_into(&mut id.gvk.group);
                version.clone_into(&mut id.gvk.version);
            }
            _ => {}
        }
        id
    });
    let field_path = o.get("fieldref").map(|field| {
        let o = d.object(field, "`fieldref`", &["fieldPath"]);
        parts.extend(o.origins());
        d.text(o.get("fieldPath")).text
    });
    Var {
        name: d.text(o.get("name")),
        object: object.unwrap_or_default(),
        field_path: field_path
            .filter(|path| !path.is_empty())
            .unwrap_or_else(|| "metadata.name".to_owned()),
        origin: value.origin,
        parts,
    }
}

fn sort_options(d: &mut Decoder, value: &Value) -> SortOptions {
    let o = d.object(value, "`sortOptions`", &["order", "legacySortOptions"]);
    let kinds = |d: &mut Decoder, value: Option<&Value>| {
        d.texts(value)
            .into_iter()
            .map(|text| text.text)
            .collect::<Vec<_>>()
    };
    SortOptions {
        order: d.text(o.get("order")),
        legacy: o.get("legacySortOptions").map(|legacy| {
            let o = d.object(legacy, "`legacySortOptions`", &["orderFirst", "orderLast"]);
            (kinds(d, o.get("orderFirst")), kinds(d, o.get("orderLast")))
        }),
    }
}

/// The arguments of a generator.
pub(super) fn generator(d: &mut Decoder, value: &Value, is_secret: bool) -> GeneratorArgs {
    let known: &[&'static str] = if is_secret {
        &[
            "namespace",
            "name",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
            "type",
        ]
    } else {
        &[
            "namespace",
            "name",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
        ]
    };
    let o = d.object(value, "a generator", known);
    let mut args = GeneratorArgs {
        name: d.text(o.get("name")),
        namespace: d.text(o.get("namespace")),
        behavior: d.text(o.get("behavior")),
        literals: d.texts(o.get("literals")),
        files: d.texts(o.get("files")),
        envs: d.texts(o.get("envs")),
        options: d.option(o.get("options"), generator_options),
        secret_type: d.text(o.get("type")),
        origin: value.origin,
    };
    let env = d.text(o.get("env"));
    if !env.is_empty() {
        args.envs.push(env);
    }
    args
}

fn generator_options(d: &mut Decoder, value: &Value) -> GeneratorOptions {
    let o = d.object(
        value,
        "generator options",
        &[
            "labels",
            "annotations",
            "disableNameSuffixHash",
            "immutable",
        ],
    );
    GeneratorOptions {
        labels: d.text_map(o.get("labels")),
        annotations: d.text_map(o.get("annotations")),
        disable_hash: d.placed_flag(o.get("disableNameSuffixHash")),
        immutable: d.placed_flag(o.get("immutable")),
        origin: value.origin,
    }
}

fn helm_globals(d: &mut Decoder, value: &Value) -> HelmGlobals {
    let o = d.object(value, "`helmGlobals`", &["chartHome", "configHome"]);
    d.text(o.get("configHome"));
    HelmGlobals {
        chart_home: d.text(o.get("chartHome")),
    }
}

/// The fields of `helmCharts`, and of the generator of the same kind.
const CHART_FIELDS: &[&str] = &[
    "name",
    "version",
    "repo",
    "releaseName",
    "namespace",
    "additionalValuesFiles",
    "valuesFile",
    "valuesInline",
    "valuesMerge",
    "includeCRDs",
    "skipHooks",
    "apiVersions",
    "kubeVersion",
    "nameTemplate",
    "skipTests",
    "debug",
    "devel",
];

/// A chart.
pub(super) fn helm_chart(d: &mut Decoder, value: &Value) -> HelmChart {
    let o = d.object(value, "an entry of `helmCharts`", CHART_FIELDS);
    d.flag(o.get("debug"));
    d.flag(o.get("devel"));
    HelmChart {
        name: d.text(o.get("name")),
        version: d.text(o.get("version")),
        repo: d.text(o.get("repo")),
        release_name: d.text(o.get("releaseName")),
        namespace: d.text(o.get("namespace")),
        additional_values_files: d.texts(o.get("additionalValuesFiles")),
        values_file: d.text(o.get("valuesFile")),
        values_inline: values(d, o.get("valuesInline")),
        values_merge: d.text(o.get("valuesMerge")),
        include_crds: d.flag(o.get("includeCRDs")),
        skip_hooks: d.flag(o.get("skipHooks")),
        api_versions: d.texts(o.get("apiVersions")),
        kube_version: d.text(o.get("kubeVersion")),
        name_template: d.text(o.get("nameTemplate")),
        skip_tests: d.flag(o.get("skipTests")),
        origin: value.origin,
        parts: o.origins(),
    }
}

fn values(d: &mut Decoder, value: Option<&Value>) -> Option<Value> {
    let value = value?;
    // Only that it is a map is checked here; its fields are the chart's own.
    d.demand_map(value);
    value
        .as_mapping()
        .filter(|mapping| !mapping.is_empty())
        .map(|_| value.clone())
}

fn old_helm_chart(d: &mut Decoder, value: &Value) -> (HelmChart, Text) {
    let o = d.object(
        value,
        "an entry of `helmChartInflationGenerator`",
        &[
            "chartName",
            "chartVersion",
            "chartRepoUrl",
            "chartHome",
            "chartRepoName",
            "helmBin",
            "helmHome",
            "values",
            "valuesLocal",
            "valuesMerge",
            "releaseName",
            "releaseNamespace",
            "extraArgs",
        ],
    );
    let chart = HelmChart {
        name: d.text(o.get("chartName")),
        version: d.text(o.get("chartVersion")),
        repo: d.text(o.get("chartRepoUrl")),
        values_file: d.text(o.get("values")),
        values_inline: values(d, o.get("valuesLocal")),
        values_merge: d.text(o.get("valuesMerge")),
        release_name: d.text(o.get("releaseName")),
        origin: value.origin,
        parts: o.origins(),
        ..HelmChart::default()
    };
    (chart, d.text(o.get("chartHome")))
}
