//! The reading of a kustomization file, entry by entry, old spellings included. What is wrong is noted in the decoder.

use super::{
    FieldOptions, GeneratorArgs, GeneratorOptions, HelmChart, HelmGlobals, Image, KUSTOMIZATION,
    Kustomization, Label, Patch, Replacement, ReplacementSource, ReplacementTarget, Replica, ResId,
    Selector, SortOptions, Var,
};
use crate::render::kustomize::decode::{Decoder, Object, Text};
use crate::render::kustomize::fieldspec::FieldSpec;
use crate::render::kustomize::object::Gvk;
use crate::yaml::{Data, Value};

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

/// Reads a `kustomization.yaml`. What is wrong with it is noted in `d`.
pub(in crate::render::kustomize) fn kustomization(d: &mut Decoder, value: &Value) -> Kustomization {
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
pub(in crate::render::kustomize) fn field_spec(d: &mut Decoder, value: &Value) -> FieldSpec {
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
pub(in crate::render::kustomize) fn gvk(d: &mut Decoder, o: &Object<'_>) -> Gvk {
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
pub(in crate::render::kustomize) fn selector(d: &mut Decoder, value: &Value) -> Selector {
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
pub(in crate::render::kustomize) fn patch(d: &mut Decoder, value: &Value) -> Patch {
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
pub(in crate::render::kustomize) fn image(d: &mut Decoder, value: &Value) -> Image {
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
pub(in crate::render::kustomize) fn replica(d: &mut Decoder, value: &Value) -> Replica {
    let o = d.object(value, "an entry of `replicas`", &["name", "count"]);
    Replica {
        name: d.text(o.get("name")),
        count: d.number(o.get("count")),
        origin: o.get("count").map_or(value.origin, |count| count.origin),
    }
}

/// A replacement.
pub(in crate::render::kustomize) fn replacement(d: &mut Decoder, value: &Value) -> Replacement {
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
        parts: o.origins(),
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
pub(in crate::render::kustomize) fn generator(
    d: &mut Decoder,
    value: &Value,
    is_secret: bool,
) -> GeneratorArgs {
    let mut known = vec![
        "namespace",
        "name",
        "behavior",
        "literals",
        "files",
        "envs",
        "env",
        "options",
    ];
    if is_secret {
        known.push("type");
    }
    let o = d.object(value, "a generator", &known);
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
pub(in crate::render::kustomize) fn helm_chart(d: &mut Decoder, value: &Value) -> HelmChart {
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
