//! Compares origins with Kustomize's own origin annotations: `cargo run --example kustomize-origins -- [FOLDER] [--failures]`.
//!
//! FOLDER (`target/conformance`) holds the unpacked conformance cases; its `origin/` says for each resource of a case which file or
//! generator it came from, and which transformers were there when it passed (an upper bound of those that touched it).
//!
//! * **source**: some scalar of the resource names the file that Kustomize names, or the kustomization of the generator;
//! * **transformers**: each kustomization that a label or an annotation names as a transformer is one that Kustomize names.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll::discover::{App, Overlay, Source};
use plimsoll::origin::{Origins, Role};
use plimsoll::render;
use plimsoll::snapshot::Disk;
use plimsoll::text::RepoPath;
use plimsoll::yaml::{Data, Value};
use serde_json::Value as Json;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[derive(Default)]
struct Tally {
    resources: usize,
    sources: usize,
    labelled: usize,
    transformers: usize,
    failures: Vec<String>,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let folder = PathBuf::from(folder.map_or("target/conformance", String::as_str));
    let mut tally = Tally::default();
    for corpus in ["krusty", "real"] {
        for line in std::fs::read_to_string(folder.join(corpus).join("cases.jsonl"))?.lines() {
            let case: Json = serde_json::from_str(line)?;
            let text = |key: &str| case.get(key).and_then(Json::as_str).unwrap_or_default();
            let truth = folder
                .join("origin")
                .join(corpus)
                .join(format!("{}.json", text("id")));
            if !truth.exists() {
                continue;
            }
            let (root, directory) = if corpus == "krusty" {
                (
                    folder.join(corpus).join(text("id")).join("in"),
                    text("target"),
                )
            } else {
                (
                    folder.join(corpus).join("tree").join(text("repo")),
                    text("dir"),
                )
            };
            compare(&root, directory, line, &truth, &mut tally)?;
        }
    }
    if arguments.iter().any(|argument| argument == "--failures") {
        tally
            .failures
            .iter()
            .for_each(|failure| eprintln!("{failure}"));
    }
    println!(
        "source: {} of {}, transformers: {} of {}",
        tally.sources, tally.resources, tally.transformers, tally.labelled
    );
    Ok(())
}

fn compare(
    root: &Path,
    directory: &str,
    line: &str,
    truth: &Path,
    tally: &mut Tally,
) -> Outcome<()> {
    let directory = RepoPath::new(directory)?;
    let overlay = Overlay {
        restrict_loads: !line.contains("LoadRestrictionsNone"),
        inflate_charts: line.contains("--enable-helm"),
        ..Overlay::new(directory.clone())
    };
    let app = App {
        id: truth.display().to_string(),
        environment: None,
        source: Source::Kustomize(overlay),
    };
    let rendered = render::render(&Disk::new(root), &app);
    let resources: Json = serde_json::from_str(&std::fs::read_to_string(truth)?)?;
    for expected in resources.as_array().into_iter().flatten() {
        let text = |of: &Json, key: &str| of.get(key).and_then(Json::as_str).map(str::to_owned);
        let id = text(expected, "id").unwrap_or_default();
        let Some(resource) = rendered
            .rendering
            .resources
            .iter()
            .find(|resource| identity(&resource.value) == id)
        else {
            continue;
        };
        tally.resources += 1;
        let origin = expected.get("origin").unwrap_or(&Json::Null);
        let named = text(origin, "path").or_else(|| text(origin, "configuredIn"));
        let named = named.and_then(|path| directory.join(&path).ok());
        let mut files = BTreeSet::new();
        sources(&resource.value, &rendered.origins, &mut files);
        if named
            .as_ref()
            .is_some_and(|path| files.iter().any(|(file, _)| file == path))
        {
            tally.sources += 1;
        } else {
            tally
                .failures
                .push(format!("source of {id} in {}: {named:?}", app.id));
        }
        let metadata = resource.value.get("metadata");
        let mut touched = BTreeSet::new();
        for field in ["labels", "annotations"] {
            if let Some(map) = metadata.and_then(|metadata| metadata.get(field)) {
                sources(map, &rendered.origins, &mut touched);
            }
        }
        let transformations = expected.get("transformations").and_then(Json::as_array);
        let known: BTreeSet<RepoPath> = transformations
            .into_iter()
            .flatten()
            .filter_map(|one| directory.join(&text(one, "configuredIn")?).ok())
            .chain(named)
            .collect();
        for (path, _) in touched
            .iter()
            .filter(|(_, role)| *role == Role::Transformer)
        {
            tally.labelled += 1;
            if known.contains(path) {
                tally.transformers += 1;
            } else {
                tally
                    .failures
                    .push(format!("transformer of {id} in {}: {path}", app.id));
            }
        }
    }
    Ok(())
}

/// `apiVersion|kind|namespace|name`
fn identity(value: &Value) -> String {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = value.get("metadata");
    let part = |name: &str| text(metadata.and_then(|metadata| metadata.get(name)));
    format!(
        "{}|{}|{}|{}",
        text(value.get("apiVersion")),
        text(value.get("kind")),
        part("namespace"),
        part("name")
    )
}

/// The files that the scalars of a value name, each with what it contributed.
fn sources(value: &Value, origins: &Origins, found: &mut BTreeSet<(RepoPath, Role)>) {
    match &value.data {
        Data::Mapping(mapping) => mapping
            .iter()
            .for_each(|entry| sources(&entry.value, origins, found)),
        Data::Sequence(items) => items.iter().for_each(|item| sources(item, origins, found)),
        _ => found.extend(
            origins
                .trace(value.origin)
                .data
                .iter()
                .map(|source| (origins.file(source.file).path.clone(), source.role)),
        ),
    }
}
