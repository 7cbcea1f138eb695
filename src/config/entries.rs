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
        "The frameworks whose controls are evaluated. Without this entry, the default set is.",
    ),
    entry(
        "controls",
        Shape::Named(CONTROL),
        "Changes to single controls, by id or name.",
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
        "set",
        Shape::Values,
        "Single values over the values files, as `helm --set` takes them. A quoted value is a text.",
    ),
    entry("exclude", Shape::Flag, "True where this is no app."),
];

const CONTROL: &[Entry] = &[
    entry("enabled", Shape::Flag, "False turns the control off."),
    entry(
        "severity",
        Shape::Choice(SEVERITIES),
        "The severity of its findings.",
    ),
    entry(
        "reason",
        Shape::Text,
        "Why. It is required where a control is turned off or made less severe, and stands in the reports.",
    ),
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
        "How much the templates of a chart may do before they are stopped: the default limits, 4 times or 16 times as much. The default is default: 20 million steps and 128 MiB of text.",
    ),
];

/// The JSON Schema of a configuration, for editors.
pub fn schema() -> Value {
    let mut schema = object(TOP);
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        map.insert("title".to_owned(), json!("Plimsoll configuration"));
        map.insert(
            "description".to_owned(),
            json!(
                "`.plimsoll.yaml` or `.github/plimsoll.yaml` of a repository that Plimsoll reviews."
            ),
        );
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
        Shape::Values => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/schema/config.json");
        let mut text = serde_json::to_string_pretty(&schema()).unwrap();
        text.push('\n');
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let published = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(
            published, text,
            "run `UPDATE=1 cargo test` and read the difference"
        );
    }
}
