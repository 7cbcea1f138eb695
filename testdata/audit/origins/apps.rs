//! The apps of the conformance cases: one per chart, one per overlay.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll::discover::{App, Overlay, Release, Source};
use plimsoll::text::RepoPath;
use serde_json::Value as Json;

/// What renders an app.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// Charts.
    Helm,
    /// Overlays.
    Kustomize,
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Kustomize => "kustomize",
        }
    }
}

/// The apps, each with the directory that its paths are relative to.
pub(crate) fn load(folder: &Path, engine: Engine) -> Result<Vec<(App, PathBuf)>, String> {
    match engine {
        Engine::Helm => charts(&folder.join("helm")),
        Engine::Kustomize => {
            let mut found = overlays(&folder.join("krusty"), |root, case| {
                let id = text(case, "id")?;
                Some((root.join(id).join("in"), text(case, "target")?.to_owned()))
            })?;
            found.extend(overlays(&folder.join("real"), |root, case| {
                let repository = root.join("tree").join(text(case, "repo")?);
                Some((repository, text(case, "dir")?.to_owned()))
            })?);
            Ok(found)
        }
    }
}

fn cases(file: &Path) -> Result<Vec<Json>, String> {
    let read =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    read.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).map_err(|error| error.to_string()))
        .collect()
}

fn text<'a>(case: &'a Json, key: &str) -> Option<&'a str> {
    case.get(key)?.as_str()
}

/// The first case of each chart that Helm renders the same each time, without the flags of its case.
fn charts(root: &Path) -> Result<Vec<(App, PathBuf)>, String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for case in cases(&root.join("cases.jsonl"))? {
        let renders = case.get("helm4_exit").and_then(Json::as_i64) == Some(0);
        let plain = case
            .get("flags")
            .and_then(Json::as_array)
            .is_some_and(Vec::is_empty);
        let (Some(id), Some(chart)) = (text(&case, "id"), text(&case, "chart_dir")) else {
            continue;
        };
        if !renders || !plain || !seen.insert(chart.to_owned()) {
            continue;
        }
        let path = |text: &str| RepoPath::new(text).map_err(|error| error.to_string());
        let values = case
            .get("values")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        let release = Release {
            values: values
                .filter_map(Json::as_str)
                .map(path)
                .collect::<Result<_, _>>()?,
            ..Release::new(path(chart)?, "rel", "ns")
        };
        found.push((app(id, Source::Helm(release)), root.to_owned()));
    }
    Ok(found)
}

fn overlays(
    root: &Path,
    place: impl Fn(&Path, &Json) -> Option<(PathBuf, String)>,
) -> Result<Vec<(App, PathBuf)>, String> {
    let mut found = Vec::new();
    for case in cases(&root.join("cases.jsonl"))? {
        let flags: Vec<&str> = case
            .get("flags")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        if text(&case, "expect") != Some("ok") {
            continue;
        }
        let (Some(id), Some((base, target))) = (text(&case, "id"), place(root, &case)) else {
            continue;
        };
        let Ok(directory) = RepoPath::root().join(&target) else {
            continue;
        };
        let overlay = Overlay {
            restrict_loads: !flags.contains(&"LoadRestrictionsNone"),
            inflate_charts: flags.contains(&"--enable-helm"),
            ..Overlay::new(directory)
        };
        found.push((app(id, Source::Kustomize(overlay)), base));
    }
    Ok(found)
}

fn app(id: &str, source: Source) -> App {
    App {
        id: id.to_owned(),
        environment: None,
        source,
    }
}
