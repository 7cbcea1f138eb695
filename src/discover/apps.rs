//! The apps of one snapshot as they come together: those that the configuration names first, then those that were found.

use std::collections::{BTreeMap, BTreeSet};

use super::{App, Discovery, Source, charts, kustomizations};
use crate::config::{self, AppKind, Config};
use crate::problem::{Kind, Problem};
use crate::snapshot::{Found, Tree};
use crate::text::RepoPath;

/// What the configuration names, so that it is not found a second time.
#[derive(Default)]
pub(super) struct Explicit {
    pub(super) charts: BTreeSet<RepoPath>,
    pub(super) kustomizations: BTreeSet<RepoPath>,
    /// Directories and files of manifests, with what the configuration says about them.
    manifests: Vec<(RepoPath, String, Option<String>)>,
}

/// Apps by id.
pub(super) struct Apps<'a> {
    config: &'a Config,
    pub(super) found: BTreeMap<String, App>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Apps<'a> {
    /// No apps yet.
    pub(super) fn new(config: &'a Config) -> Self {
        Self {
            config,
            found: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Adds an app. Where its id is taken, an app that the configuration names is refused, and another gets a longer id.
    pub(super) fn add(&mut self, mut app: App, entry: Option<&config::App>) {
        if self.found.contains_key(&app.id) {
            if let Some(entry) = entry {
                let help = "Give each its own `environment` or `name`.";
                self.wrong(
                    entry,
                    format!("another app is called `{}` as well", app.id),
                    help,
                );
                return;
            }
            app.id.push_str(match app.source {
                Source::Helm(_) => ":helm",
                Source::Kustomize(_) => ":kustomize",
                Source::Manifests(_) => ":manifests",
            });
        }
        self.found.entry(app.id.clone()).or_insert(app);
    }

    fn wrong(&mut self, entry: &config::App, message: String, help: &str) {
        let Some(source) = &self.config.source else {
            return;
        };
        let problem = Problem::new(Kind::Config, message).at(source, entry.path.span);
        self.problems.push(problem.help(help));
    }

    /// Adds the apps that the configuration names. Paths that are not in this snapshot are passed over:
    /// an app may have come or gone by the change.
    pub(super) fn configured(&mut self, tree: &Tree<'_>, found: &Discovery) -> Explicit {
        let mut explicit = Explicit::default();
        let config = self.config;
        let mut of_charts: BTreeMap<RepoPath, Vec<&config::App>> = BTreeMap::new();
        for entry in config.apps.iter().filter(|entry| !entry.exclude) {
            let path = tree
                .real(&entry.path.value)
                .unwrap_or_else(|_| entry.path.value.clone());
            let is = tree.find(&path).ok().flatten();
            let kind = entry.kind.as_ref().map(|kind| kind.value);
            let is_packed = is == Some(Found::File)
                && [".tgz", ".tar.gz"]
                    .iter()
                    .any(|end| path.as_str().ends_with(end));
            let is_chart = is_packed || found.charts.contains_key(&path);
            let is_kustomization = found.kustomizations.contains_key(&path);
            let kind = match kind {
                _ if is.is_none() => continue,
                Some(kind) => kind,
                None if is_chart => AppKind::Helm,
                None if is_kustomization => AppKind::Kustomize,
                None => AppKind::Manifests,
            };
            let id = named(entry, &path);
            match kind {
                AppKind::Helm if is_chart => of_charts.entry(path).or_default().push(entry),
                AppKind::Kustomize if is_kustomization => {
                    let mut app = kustomizations::app(path.clone(), id, self.config);
                    app.environment = entry.environment.as_ref().map(|e| e.value.clone());
                    explicit.kustomizations.insert(path);
                    self.add(app, Some(entry));
                }
                AppKind::Manifests => {
                    let environment = entry.environment.as_ref().map(|e| e.value.clone());
                    explicit.manifests.push((path, id, environment));
                }
                AppKind::Helm => {
                    let help =
                        "A chart is a directory with a `Chart.yaml`, or a packed one (`.tgz`).";
                    self.wrong(entry, format!("`{path}` is no chart"), help);
                }
                AppKind::Kustomize => {
                    let help = "A kustomization is a directory with a `kustomization.yaml`.";
                    self.wrong(entry, format!("`{path}` is no kustomization"), help);
                }
            }
        }
        for (path, entries) in of_charts {
            for (app, entry) in
                charts::configured(tree, &path, found.charts.get(&path), &entries, config)
            {
                self.add(app, entry);
            }
            explicit.charts.insert(path);
        }
        explicit
    }

    /// Adds the apps of plain manifests: one for each directory, and one for each that the configuration names,
    /// which takes what lies below it.
    pub(super) fn manifests(&mut self, files: Vec<RepoPath>, explicit: &Explicit) {
        let mut groups: BTreeMap<(RepoPath, String), Vec<RepoPath>> = BTreeMap::new();
        for path in files {
            let claim = explicit
                .manifests
                .iter()
                .filter(|(directory, ..)| path.is_within(directory))
                .max_by_key(|(directory, ..)| directory.as_str().len());
            let key = claim.map_or_else(
                || {
                    let directory = path.parent().unwrap_or_else(RepoPath::root);
                    let id = directory.to_string();
                    (directory, id)
                },
                |(directory, id, _)| (directory.clone(), id.clone()),
            );
            groups.entry(key).or_default().push(path);
        }
        for ((directory, id), files) in groups {
            let environment = explicit
                .manifests
                .iter()
                .find(|(path, name, _)| *path == directory && *name == id)
                .and_then(|(.., environment)| environment.clone());
            let source = Source::Manifests(files);
            self.add(
                App {
                    id,
                    environment,
                    source,
                },
                None,
            );
        }
    }
}

/// The id of an app that the configuration names.
pub(super) fn named(entry: &config::App, path: &RepoPath) -> String {
    let name = match &entry.name {
        Some(name) => name.value.clone(),
        None => path.to_string(),
    };
    match &entry.environment {
        Some(environment) => format!("{name}@{}", environment.value),
        None => name,
    }
}
