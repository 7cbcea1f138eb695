//! Charts: which directories are one, which environments they have, and how their releases are called.

use std::collections::BTreeMap;

use super::apps::named;
use super::{App, HelmVersion, Limits, Release, Set, SetKind, Source};
use crate::config::{self, Config};
use crate::snapshot::{Found, Tree};
use crate::text::RepoPath;
use crate::yaml::{self, NodeKind, Path};

/// A directory with a `Chart.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// Its `name`.
    name: Option<String>,
    /// `type: library`: it can only be a part of others.
    pub(super) is_library: bool,
}

/// Reads a `Chart.yaml`; `None` for a file of that name that has nothing to do with Helm.
/// One that is broken is a chart, so that rendering it tells what is wrong.
pub(super) fn read(tree: &Tree<'_>, path: &RepoPath) -> Option<Chart> {
    let broken = Chart {
        name: None,
        is_library: false,
    };
    let Ok(text) = tree.read_text(path) else {
        return Some(broken);
    };
    let stream = yaml::parse(&text);
    let Some(document) = stream.documents.first() else {
        return Some(broken);
    };
    let field = |name: &str| match document.at(&Path::root().key(name)) {
        Some((node, 1)) => match &document.node(node).kind {
            NodeKind::Scalar { text, .. } => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    let name = field("name");
    if name.is_none() && field("apiVersion").is_none() && stream.error.is_none() {
        return None;
    }
    Some(Chart {
        name,
        is_library: field("type").is_some_and(|kind| kind == "library"),
    })
}

/// True if and only if `directory` is a dependency that lies in the `charts` directory of a chart around it.
pub(super) fn is_inside_another(directory: &RepoPath, charts: &BTreeMap<RepoPath, Chart>) -> bool {
    around(directory, charts)
        .any(|(chart, rest)| chart != *directory && rest.starts_with("charts/"))
}

/// Directories in a chart whose files mean something to Helm or to those who test charts.
const PARTS: [&str; 6] = ["templates", "charts", "crds", "ci", "files", "tests"];

/// True if and only if `path` lies in one of the directories of a chart that belong to it alone.
pub(super) fn is_in_a_part(path: &RepoPath, charts: &BTreeMap<RepoPath, Chart>) -> bool {
    around(path, charts)
        .any(|(_, rest)| PARTS.contains(&rest.split('/').next().unwrap_or_default()))
}

/// True if and only if `path` is a part of a chart.
///
/// A chart in a directory of its own takes all that is in it. At the root of a repository, where everything would be in it,
/// only what has a meaning to Helm is.
pub(super) fn holds(path: &RepoPath, charts: &BTreeMap<RepoPath, Chart>) -> bool {
    around(path, charts).any(|(chart, rest)| {
        let first = rest.split('/').next().unwrap_or_default();
        !chart.is_root()
            || PARTS.contains(&first)
            || environment_of(rest).is_some()
            || rest == "values.yaml"
    })
}

/// The charts that `path` lies in, the innermost first, each with the path inside it.
pub(super) fn around<'a>(
    path: &'a RepoPath,
    charts: &'a BTreeMap<RepoPath, Chart>,
) -> impl Iterator<Item = (RepoPath, &'a str)> {
    std::iter::successors(Some(path.clone()), RepoPath::parent)
        .filter(|directory| charts.contains_key(directory))
        .filter_map(|directory| {
            path.strip_prefix(&directory)
                .map(|rest| (directory.clone(), rest))
        })
}

/// The environment that a file of a chart is the values of: `values-prod.yaml`, `values.prod.yaml`, `values_prod.yaml`
/// and `values/prod.yaml` are those of `prod`.
pub(super) fn environment_of(inside: &str) -> Option<&str> {
    let stem = inside
        .strip_suffix(".yaml")
        .or_else(|| inside.strip_suffix(".yml"))?;
    let environment = stem.strip_prefix("values")?;
    let environment = environment.strip_prefix(['-', '.', '_', '/'])?;
    (!environment.is_empty() && !environment.contains('/')).then_some(environment)
}

/// The values files beside a chart, by environment.
fn environments(tree: &Tree<'_>, directory: &RepoPath) -> BTreeMap<String, RepoPath> {
    let mut found = BTreeMap::new();
    let below = directory.join("values").ok();
    for listed in std::iter::once(directory.clone()).chain(below) {
        for (name, kind) in tree.list(&listed).unwrap_or_default() {
            let Some(path) = listed.child(&name) else {
                continue;
            };
            let environment = path.strip_prefix(directory).and_then(environment_of);
            if let (Some(environment), Found::File) = (environment, kind) {
                found.entry(environment.to_owned()).or_insert(path);
            }
        }
    }
    found
}

/// The apps of a chart that the configuration does not name: one for each environment, or one where there is none.
pub(super) fn apps(
    tree: &Tree<'_>,
    directory: &RepoPath,
    chart: &Chart,
    config: &Config,
) -> Vec<App> {
    with_environments(tree, directory, Some(chart), &[], config)
        .into_iter()
        .map(|(app, _)| app)
        .collect()
}

/// The apps of a chart that the configuration names, each with its entry.
///
/// Entries with `values` are the apps, if there is one; otherwise the files beside the chart are, and an entry says more
/// about the environment that it names. An entry that names neither values nor an environment speaks of all.
pub(super) fn configured<'a>(
    tree: &Tree<'_>,
    directory: &RepoPath,
    chart: Option<&Chart>,
    entries: &[&'a config::App],
    config: &Config,
) -> Vec<(App, Option<&'a config::App>)> {
    if entries.iter().all(|entry| entry.values.is_none()) {
        return with_environments(tree, directory, chart, entries, config);
    }
    let general = entries.iter().find(|entry| is_general(entry));
    entries
        .iter()
        .filter(|entry| !is_general(entry))
        .map(|entry| {
            let mut release = release(directory, chart, config);
            for entry in general.into_iter().chain([entry]) {
                apply(entry, &mut release);
            }
            let values = match (&entry.values, &entry.environment) {
                (Some(values), _) => values.iter().map(|file| file.value.clone()).collect(),
                (None, Some(environment)) => environments(tree, directory)
                    .remove(&environment.value)
                    .into_iter()
                    .collect(),
                (None, None) => Vec::new(),
            };
            release.values = values;
            let app = App {
                id: named(entry, directory),
                environment: entry.environment.as_ref().map(|e| e.value.clone()),
                source: Source::Helm(release),
            };
            (app, Some(*entry))
        })
        .collect()
}

fn is_general(entry: &config::App) -> bool {
    entry.values.is_none() && entry.environment.is_none()
}

fn with_environments<'a>(
    tree: &Tree<'_>,
    directory: &RepoPath,
    chart: Option<&Chart>,
    entries: &[&'a config::App],
    config: &Config,
) -> Vec<(App, Option<&'a config::App>)> {
    let general = entries.iter().find(|entry| is_general(entry)).copied();
    let mut found: BTreeMap<Option<String>, Option<RepoPath>> = environments(tree, directory)
        .into_iter()
        .map(|(environment, file)| (Some(environment), Some(file)))
        .collect();
    let environment_of = |entry: &config::App| entry.environment.as_ref().map(|e| e.value.clone());
    for entry in entries.iter().filter(|entry| !is_general(entry)) {
        found.entry(environment_of(entry)).or_insert(None);
    }
    if found.is_empty() {
        found.insert(None, None);
    }
    found
        .into_iter()
        .map(|(environment, file)| {
            let special = entries
                .iter()
                .find(|entry| !is_general(entry) && environment_of(entry) == environment)
                .copied();
            let mut release = release(directory, chart, config);
            release.values.extend(file);
            for entry in general.into_iter().chain(special) {
                apply(entry, &mut release);
            }
            let name = special
                .and_then(|entry| entry.name.as_ref())
                .or_else(|| general.and_then(|entry| entry.name.as_ref()))
                .map_or_else(|| directory.to_string(), |name| name.value.clone());
            let app = App {
                id: match &environment {
                    Some(environment) => format!("{name}@{environment}"),
                    None => name,
                },
                environment,
                source: Source::Helm(release),
            };
            (app, special.or(general))
        })
        .collect()
}

/// The release of a chart that nobody says anything about.
fn release(directory: &RepoPath, chart: Option<&Chart>, config: &Config) -> Release {
    let base = directory.file_name();
    let base = base
        .strip_suffix(".tgz")
        .or_else(|| base.strip_suffix(".tar.gz"))
        .unwrap_or(base);
    // The root of a repository has no name in a snapshot.
    let base = match chart.and_then(|chart| chart.name.as_deref()) {
        Some(name) if base.is_empty() => name,
        _ => base,
    };
    let mut release = Release::new(directory.clone(), &release_name(base), "default");
    if config
        .helm
        .version
        .as_ref()
        .is_some_and(|version| version.value == 3)
    {
        release.helm = HelmVersion::V3;
    }
    if let Some(limits) = &config.helm.limits {
        release.limits = Limits::times(limits.value);
    }
    release.kube_version = config
        .helm
        .kube_version
        .as_ref()
        .map(|version| version.value.clone());
    release.api_versions = config
        .helm
        .api_versions
        .iter()
        .map(|version| version.value.clone())
        .collect();
    release
}

fn apply(entry: &config::App, release: &mut Release) {
    if let Some(name) = &entry.release {
        release.name.clone_from(&name.value);
    }
    if let Some(limits) = &entry.limits {
        release.limits = Limits::times(limits.value);
    }
    if let Some(namespace) = &entry.namespace {
        release.namespace.clone_from(&namespace.value);
    }
    release.sets.extend(entry.set.iter().map(|set| {
        let value = set.value.value.as_str();
        let value = if !set.is_text && matches!(value, "" | "~") {
            "null"
        } else {
            value
        };
        // Helm reads a comma as the beginning of the next value, and braces as a list.
        let mut argument = format!("{}=", set.key.value);
        for character in value.chars() {
            if matches!(character, ',' | '\\') || (character == '{' && argument.ends_with('=')) {
                argument.push('\\');
            }
            argument.push(character);
        }
        Set {
            kind: if set.is_text {
                SetKind::Text
            } else {
                SetKind::Typed
            },
            argument,
        }
    }));
}

/// A name that Helm accepts for a release, made from the name of a directory.
fn release_name(directory: &str) -> String {
    let mut name = String::new();
    for character in directory.to_lowercase().chars() {
        let valid = character.is_ascii_lowercase() || character.is_ascii_digit();
        if valid || (character == '.' && name.ends_with(|c: char| c.is_ascii_alphanumeric())) {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with(['-', '.']) {
            name.push('-');
        }
        if name.len() >= 53 {
            break;
        }
    }
    let name = name.replace("-.", ".");
    let name = name.trim_end_matches(['-', '.']);
    if name.is_empty() {
        "release".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_releases_are_valid() {
        let check = |directory: &str, expected: &str| assert_eq!(release_name(directory), expected);
        check("clinic", "clinic");
        check("My_Chart v2", "my-chart-v2");
        check("-x-", "x");
        check("a.b", "a.b");
        check("a..b.-", "a.b");
        check("日本", "release");
        assert_eq!(release_name(&"x".repeat(80)).len(), 53);
    }

    #[test]
    fn environments_are_read_from_names() {
        let check = |file: &str, expected: Option<&str>| {
            assert_eq!(environment_of(file), expected, "{file}");
        };
        check("values-prod.yaml", Some("prod"));
        check("values.eu-west.yml", Some("eu-west"));
        check("values_dev.yaml", Some("dev"));
        check("values/dev.yaml", Some("dev"));
        check("values.yaml", None);
        check("values/a/b.yaml", None);
        check("valuesx.yaml", None);
        check("ci/x-values.yaml", None);
        check("values.schema.json", None);
    }
}
