//! The entries of a configuration: one table, from which texts are checked and the schema for editors is made.

use serde_json::{Map, Value, json};

/// What an entry holds.
pub(super) enum Shape {
    /// Any text.
    Text,
    /// A path in the repository.
    Path,
    /// A pattern of paths.
    Pattern,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list.
    List(&'static Shape),
    /// A map of these entries.
    Map(&'static [Entry]),
    /// A map from names that are not known here to maps of these entries.
    Named(&'static [Entry]),
    /// A map from names that are not known here to single values.
    Values,
    /// A map from names that are not known here to single values or lists of texts.
    Settings,
}

/// One entry of a map.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// What it means, as sentences.
    pub(super) about: &'static str,
}

const fn entry(name: &'static str, shape: Shape, about: &'static str) -> Entry {
    Entry {
        name,
        shape,
        required: false,
        about,
    }
}

/// Severities, the lowest first.
pub(super) const SEVERITIES: &[&str] = &["low", "medium", "high", "critical"];

/// The whole configuration.
pub(super) const TOP: &[Entry] = &[
    entry(
        "apps",
        Shape::List(&Shape::Map(APP)),
        "What is deployed, where Plimsoll does not see it by itself: values files of an environment, release names, namespaces. Apps that are not named here are still found.",
    ),
    entry(
        "exclude",
        Shape::List(&Shape::Pattern),
        "Paths in which no app is looked for. A pattern that matches a directory covers what is in it; one without a slash matches a name at any depth.",
    ),
    entry(
        "ignore",
        Shape::List(&Shape::Pattern),
        "Files that may change although no app reads them. Patterns as in `exclude`.",
    ),
    entry(
        "frameworks",
        Shape::List(&Shape::Text),
        "The frameworks whose controls are evaluated. Without this entry, the default set is. `pss-restricted@v1.30` asks for what that version of the Pod Security Standards asked.",
    ),
    entry(
        "controls",
        Shape::Named(CONTROL),
        "Changes to single controls, by id or name.",
    ),
    entry(
        "overrides",
        Shape::List(&Shape::Map(OVERRIDE)),
        "Changes to single controls in parts of the repository.",
    ),
    entry(
        "ephi",
        Shape::Map(EPHI),
        "Where electronic protected health information is handled. What controls of the framework `hipaa` find there is more severe.",
    ),
    entry(
        "pod-templates",
        Shape::Values,
        "Kinds of your own that describe pods, each with the way to the map that holds the pods' `metadata` and `spec`: `Cluster.db.example.com: spec.podTemplate`. The kind is written with its group; `.` stands for the object itself. Controls of pods judge them as they do a Deployment.",
    ),
    entry(
        "policies",
        Shape::List(&Shape::Path),
        "Rego of your own: files, and directories whose `.rego` files are read, from the root of the repository. `deny`, `violation` and `warn` rules as for Conftest, rules as for Kubescape, and controls in Plimsoll's own form.",
    ),
    entry(
        "data",
        Shape::List(&Shape::Path),
        "YAML and JSON files that those policies read as `data`.",
    ),
    entry(
        "policy-severity",
        Shape::Choice(SEVERITIES),
        "The severity of what your own policies find where they say none. The default is medium; what a `warn` rule finds is low.",
    ),
    entry(
        "fail-on",
        Shape::Choice(&["low", "medium", "high", "critical", "never"]),
        "The lowest severity at which a new finding blocks. The default is medium.",
    ),
    entry(
        "helm",
        Shape::Map(HELM),
        "What Helm is told for every chart.",
    ),
    entry(
        "kustomize",
        Shape::Map(KUSTOMIZE),
        "What Kustomize is told for every kustomization.",
    ),
    entry(
        "network",
        Shape::Map(NETWORK),
        "What `--allow-network` may reach. Nothing is fetched without that flag.",
    ),
    entry(
        "waivers",
        Shape::List(&Shape::Map(WAIVER)),
        "Findings that are accepted, where a comment at the line or an annotation of the object would not do.",
    ),
    entry(
        "waiver-rules",
        Shape::Map(WAIVER_RULES),
        "What is asked of waivers, wherever they are written.",
    ),
    entry(
        "baseline",
        Shape::Path,
        "The file that lists the findings of before Plimsoll was used. The default is `.plimsoll-baseline.yaml`.",
    ),
];

pub(super) const fn required(name: &'static str, shape: Shape, about: &'static str) -> Entry {
    Entry {
        required: true,
        ..entry(name, shape, about)
    }
}

const WAIVER: &[Entry] = &[
    required("control", Shape::Text, "The control: an id or a name."),
    required(
        "reason",
        Shape::Text,
        "Why it is accepted. It stands in the reports.",
    ),
    entry(
        "app",
        Shape::Pattern,
        "Only apps whose id this pattern matches.",
    ),
    entry(
        "resource",
        Shape::Text,
        "Only this object, as reports name it: `Deployment.apps/web in clinic`. The group and the namespace may be left out, and `*` in the name stands for anything.",
    ),
    entry(
        "path",
        Shape::Text,
        "Only this field and what is below it, as reports name it: `spec.template.spec.containers[name=web]`.",
    ),
    entry(
        "files",
        Shape::List(&Shape::Pattern),
        "Only findings that a line in one of these files made.",
    ),
    entry("owner", Shape::Text, "Who answers for it."),
    entry(
        "until",
        Shape::Text,
        "The last day on which it counts, as `2027-03-01`.",
    ),
];

const WAIVER_RULES: &[Entry] = &[
    entry(
        "require-expiry",
        Shape::Flag,
        "True where a waiver without `until` does not count.",
    ),
    entry(
        "require-owner",
        Shape::Flag,
        "True where a waiver without `owner` does not count.",
    ),
    entry(
        "allow-in-change",
        Shape::Flag,
        "True where a waiver counts in the review of the change that brings it. The default is that it is shown as proposed.",
    ),
];

const APP: &[Entry] = &[
    Entry {
        name: "path",
        shape: Shape::Path,
        required: true,
        about: "The directory of the chart, the kustomization or the manifests, from the root of the repository. A packed chart is named by its file.",
    },
    entry(
        "name",
        Shape::Text,
        "What the app is called in reports. The default is its path.",
    ),
    entry(
        "kind",
        Shape::Choice(&["helm", "kustomize", "manifests"]),
        "How the app is rendered, where the files leave it open.",
    ),
    entry(
        "values",
        Shape::List(&Shape::Path),
        "Values files for a chart, each laid over the ones before it: relative to `path`, or from the root of the repository with a `/` in front. Without this entry, each environment's values file beside the chart makes an app.",
    ),
    entry(
        "environment",
        Shape::Text,
        "The environment that the app is deployed to. With `values`, it tells several apps of one chart apart; without, it chooses the values file of that environment.",
    ),
    entry(
        "release",
        Shape::Text,
        "The name of the Helm release. The default is the name of the chart's directory.",
    ),
    entry(
        "namespace",
        Shape::Text,
        "The namespace that a chart is installed into. The default is `default`.",
    ),
    entry(
        "limits",
        Shape::Choice(&["default", "large", "huge"]),
        "How much the templates of this chart may do, instead of what `helm` says for all.",
    ),
    entry(
        "set",
        Shape::Values,
        "Single values over the values files, as `helm --set` takes them. A quoted value is a text.",
    ),
    entry("exclude", Shape::Flag, "True where this is no app."),
];

const EPHI: &[Entry] = &[
    entry(
        "apps",
        Shape::List(&Shape::Text),
        "The ids of apps, as reports name them. A `*` at the end stands for any text.",
    ),
    entry(
        "namespaces",
        Shape::List(&Shape::Text),
        "Namespaces. A `*` at the end stands for any text.",
    ),
    entry(
        "labels",
        Shape::List(&Shape::Text),
        "Labels and annotations, as `key` or `key=value`: objects that carry one, whose pods do, or whose Namespace does.",
    ),
    entry(
        "severity",
        Shape::Choice(SEVERITIES),
        "The least severity of such a finding there. The default is high.",
    ),
];

const CONTROL: &[Entry] = &[
    entry("enabled", Shape::Flag, "False turns the control off."),
    entry(
        "severity",
        Shape::Choice(SEVERITIES),
        "The severity of its findings.",
    ),
    entry(
        "with",
        Shape::Settings,
        "What the control lets you set; `plimsoll explain` shows it.",
    ),
    entry(
        "reason",
        Shape::Text,
        "Why. It is required where a control is turned off or made less severe, and stands in the reports.",
    ),
];

const OVERRIDE: &[Entry] = &[
    Entry {
        name: "control",
        shape: Shape::Text,
        required: true,
        about: "The control, by id or name.",
    },
    Entry {
        name: "paths",
        shape: Shape::List(&Shape::Pattern),
        required: true,
        about: "Where this holds: patterns as in `exclude`, held against the file that a finding is shown in.",
    },
    entry("enabled", Shape::Flag, "False turns the control off there."),
    entry(
        "severity",
        Shape::Choice(SEVERITIES),
        "The severity of its findings there.",
    ),
    Entry {
        name: "reason",
        shape: Shape::Text,
        required: true,
        about: "Why.",
    },
];

const HELM: &[Entry] = &[
    entry(
        "version",
        Shape::Choice(&["3", "4"]),
        "Whose behaviour, where Helm 3 and Helm 4 differ. The default is 4.",
    ),
    entry(
        "kube-version",
        Shape::Text,
        "The version of Kubernetes that charts see in `.Capabilities`.",
    ),
    entry(
        "api-versions",
        Shape::List(&Shape::Text),
        "API versions that charts see in `.Capabilities` beside the built-in ones.",
    ),
    entry(
        "limits",
        Shape::Choice(&["default", "large", "huge"]),
        "How much the templates of a chart may do before they are stopped: the default limits, 4 times or 16 times as much. The default is default: 20 million steps, 128 MiB of text and 512 MiB of values.",
    ),
];

const KUSTOMIZE: &[Entry] = &[
    entry(
        "load-restrictor",
        Shape::Choice(&["LoadRestrictionsRootOnly", "LoadRestrictionsNone"]),
        "Where files may lie: at or below the kustomization, or anywhere in the repository. The default is LoadRestrictionsRootOnly, as Kustomize's is.",
    ),
    entry(
        "enable-helm",
        Shape::Flag,
        "True where `helmCharts` are inflated, as `kustomize build --enable-helm` does.",
    ),
    entry(
        "limits",
        Shape::Choice(&["default", "large", "huge"]),
        "How much a build may make before it is stopped: the default limits, 4 times or 16 times as much. The default is default: 128 MiB of text.",
    ),
];

const NETWORK: &[Entry] = &[entry(
    "allow",
    Shape::List(&Shape::Text),
    "The only hosts that may be asked: `charts.example.com`, `charts.example.com:8443`, `*.example.com`, or `*` for every public one. A host that is named may have a private address; `http://` before it means that it is asked without encryption. Without this entry, every public host is asked, by HTTPS.",
)];

/// The JSON Schema of a configuration, for editors.
pub fn schema() -> Value {
    document(
        TOP,
        "Plimsoll configuration",
        "`.plimsoll.yaml` or `.github/plimsoll.yaml` of a repository that Plimsoll reviews.",
    )
}

/// The JSON Schema of a file of these entries.
pub(super) fn document(entries: &[Entry], title: &str, about: &str) -> Value {
    let mut schema = object(entries);
    if let Some(map) = schema.as_object_mut() {
        let words = [
            ("$schema", "http://json-schema.org/draft-07/schema#"),
            ("title", title),
            ("description", about),
        ];
        for (key, text) in words {
            map.insert(key.to_owned(), json!(text));
        }
    }
    schema
}

fn object(entries: &[Entry]) -> Value {
    let properties: Map<String, Value> = entries
        .iter()
        .map(|entry| {
            let mut value = of(&entry.shape);
            if let Some(map) = value.as_object_mut() {
                map.insert("description".to_owned(), json!(entry.about));
            }
            (entry.name.to_owned(), value)
        })
        .collect();
    let required: Vec<_> = entries
        .iter()
        .filter(|entry| entry.required)
        .map(|entry| entry.name)
        .collect();
    let mut value =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty()
        && let Some(map) = value.as_object_mut()
    {
        map.insert("required".to_owned(), json!(required));
    }
    value
}

fn of(shape: &Shape) -> Value {
    match shape {
        // An editor's YAML makes a number of `1.30`; Plimsoll takes it as it is written.
        Shape::Text => json!({"type": ["string", "number"]}),
        Shape::Path | Shape::Pattern => json!({"type": "string"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Choice(words) => {
            let numbers: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
            match numbers {
                Some(numbers) => {
                    let both: Vec<Value> = numbers
                        .iter()
                        .map(|n| json!(n))
                        .chain(words.iter().map(|w| json!(w)))
                        .collect();
                    json!({ "enum": both })
                }
                None => json!({ "enum": words }),
            }
        }
        Shape::List(item) => json!({"type": "array", "items": of(item)}),
        Shape::Map(entries) => object(entries),
        Shape::Named(entries) => json!({"type": "object", "additionalProperties": object(entries)}),
        Shape::Settings => {
            let single = ["string", "number", "boolean"];
            let list = json!({"type": "array", "items": {"type": ["string", "number"]}});
            json!({"type": "object", "additionalProperties": {"anyOf": [{ "type": single }, list]}})
        }
        Shape::Values => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}})
        }
    }
}

/// Compares a schema with the file of its name in `testdata/schema`, or rewrites that.
#[cfg(test)]
pub(super) fn published(name: &str, schema: &Value) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/schema");
    let path = format!("{directory}/{name}.json");
    let mut text = serde_json::to_string_pretty(schema).unwrap();
    text.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        text,
        "run `UPDATE=1 cargo test` and read the difference"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        published("config", &schema());
    }
}
