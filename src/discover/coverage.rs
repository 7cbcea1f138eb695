//! Which changed files look as if they were deployed and were read by no app.
//!
//! This keeps a clean result honest: a values file that nobody uses, a manifest that a kustomization forgot, a template in
//! a library that nobody includes. What never reaches a cluster (documentation, locks, tests of charts) is passed over.

use std::collections::BTreeSet;

use super::manifests::{self, Look};
use super::{Discovery, KUSTOMIZATION_FILES, Source, charts, kustomizations};
use crate::config::{Config, Glob};
use crate::problem::{Kind, Problem};
use crate::snapshot::{Change, EntryKind, Inputs, Snapshot};
use crate::text::RepoPath;

/// The problems with files that changed and were read by none of the apps behind `inputs`,
/// each with true where the file is in `head`, and false where it is only in `base`.
///
/// Paths that the configuration names and neither side has are among them.
pub fn covered(
    changes: &[Change],
    inputs: &[&Inputs],
    before: &Discovery,
    after: &Discovery,
    config: &Config,
    base: &dyn Snapshot,
    head: &dyn Snapshot,
) -> Vec<(bool, Problem)> {
    let mut problems = lost_paths(config, base, head);
    let sides = [Side::new(base, before), Side::new(head, after)];
    for change in changes {
        let path = &change.path;
        if config.ignores(path) || config.excludes(path) {
            continue;
        }
        let is_read = inputs
            .iter()
            .any(|inputs| matches!(inputs.files.get(path), Some(Some(_))));
        let in_head = change.after.is_some();
        let [base, head] = &sides;
        let side = if in_head { head } else { base };
        if let Some(problem) = side.uncovered(path, is_read, config) {
            problems.push((in_head, problem));
        }
    }
    problems
}

/// One side of the change.
struct Side<'a> {
    snapshot: &'a dyn Snapshot,
    discovery: &'a Discovery,
    /// The values files that some release is given.
    values: BTreeSet<&'a RepoPath>,
    /// The kustomizations that are part of an app.
    built: BTreeSet<RepoPath>,
    /// What is named in one of those.
    mentioned: BTreeSet<RepoPath>,
}

impl<'a> Side<'a> {
    fn new(snapshot: &'a dyn Snapshot, discovery: &'a Discovery) -> Self {
        let mut values = BTreeSet::new();
        let mut roots = Vec::new();
        for app in &discovery.apps {
            match &app.source {
                Source::Helm(release) => values.extend(&release.values),
                Source::Kustomize(overlay) => roots.push(&overlay.directory),
                Source::Manifests(_) => {}
            }
        }
        let all = &discovery.kustomizations;
        let built = kustomizations::reached_from(roots, all);
        let mentioned = built
            .iter()
            .filter_map(|directory| all.get(directory))
            .flat_map(|kustomization| kustomization.mentions.iter().cloned())
            .collect();
        Self {
            snapshot,
            discovery,
            values,
            built,
            mentioned,
        }
    }

    /// The problem with one changed file, if there is one.
    fn uncovered(&self, path: &RepoPath, is_read: bool, config: &Config) -> Option<Problem> {
        if self.snapshot.entries().get(path)?.kind != EntryKind::File {
            return None;
        }
        let not_covered = |message: &str, help: &str| {
            let problem = Problem::new(Kind::NotCovered, message).in_file(path);
            let ignore = "or list it under `ignore` in `.plimsoll.yaml`";
            Some(problem.help(format!("{help}, {ignore}.")))
        };
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        let beside_kustomization = self.discovery.kustomizations.contains_key(&directory);
        if let Some((chart, inside)) = charts::around(path, &self.discovery.charts).next() {
            let is_vendored = charts::is_inside_another(&chart, &self.discovery.charts);
            let is_values = charts::environment_of(inside).is_some() && !is_vendored;
            // Helm reads every file of a chart, so only being given to a release tells that values are used.
            if is_values && !self.values.contains(path) {
                return not_covered(
                    "no app uses this values file",
                    "Name it in `values` of an app",
                );
            }
            let is_part = matches!(inside, "Chart.yaml" | "values.yaml")
                || ["templates/", "crds/", "charts/"]
                    .iter()
                    .any(|part| inside.starts_with(part));
            let is_fine = is_read
                || !is_part
                || config.excludes(&chart)
                || is_beside_the_point(inside)
                || self.is_ignored_by_helm(&chart, inside);
            if !is_fine {
                return not_covered(
                    "no app reads this file of a chart",
                    "Use the chart in an app",
                );
            }
            // At the root of a repository a chart has neighbours that are no part of it,
            // and in any chart there may be a kustomization for what comes out of it.
            if is_part || is_values || !(chart.is_root() || beside_kustomization) {
                return None;
            }
        }
        if is_read || self.mentioned.contains(path) {
            // What an app names and did not read has a problem of its own.
            return None;
        }
        let name = path.file_name();
        if KUSTOMIZATION_FILES.contains(&name) {
            if self.built.contains(&directory) {
                return None;
            }
            return not_covered(
                "no app includes this kustomization",
                "Include it in another kustomization",
            );
        }
        if is_values_name(name) {
            return not_covered(
                "no app uses this values file",
                "Name it in `values` of an app",
            );
        }
        if !manifests::may_be_one(name) {
            return None;
        }
        let bytes = match self.snapshot.bytes(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("{error}, so there is no telling whether it is deployed");
                return Some(Problem::new(Kind::Read, message).in_file(path));
            }
        };
        match manifests::look(&bytes, None) {
            Look::Other => None,
            Look::Template => not_covered(
                "no app reads this file, a template of Kubernetes objects that is no part of a chart",
                "Check what is made of it instead",
            ),
            Look::Kubernetes if beside_kustomization => not_covered(
                "the kustomization beside this file does not name it, and no app reads it",
                "Add it to `resources` there",
            ),
            Look::Kubernetes => not_covered(
                "no app reads this file, which holds Kubernetes objects",
                "Name an app for it under `apps`",
            ),
        }
    }

    /// True if and only if the chart's `.helmignore` hides the file from Helm.
    fn is_ignored_by_helm(&self, chart: &RepoPath, inside: &str) -> bool {
        let Some(bytes) = chart
            .child(".helmignore")
            .and_then(|path| self.snapshot.bytes(&path).ok())
        else {
            return false;
        };
        let Ok(inside) = RepoPath::new(inside) else {
            return false;
        };
        let mut ignored = false;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim();
            let (pattern, ignores) = match line.strip_prefix('!') {
                Some(pattern) => (pattern, false),
                None => (line, true),
            };
            if !line.starts_with('#') && Glob::new(pattern).is_ok_and(|glob| glob.covers(&inside)) {
                ignored = ignores;
            }
        }
        ignored
    }
}

/// Parts of a chart that never reach a cluster.
fn is_beside_the_point(inside: &str) -> bool {
    let name = inside.rsplit('/').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let directories = inside.split('/').rev().skip(1);
    let is_test = directories
        .clone()
        .any(|d| matches!(d, "tests" | "ci" | "__snapshot__" | "examples"));
    is_test
        || name == "NOTES.txt"
        || matches!(
            name,
            "Chart.lock" | "requirements.lock" | ".helmignore" | "OWNERS" | "LICENSE"
        )
        || lower.starts_with("readme")
        || [".md", ".gotmpl", ".png", ".svg"]
            .iter()
            .any(|end| lower.ends_with(end))
}

/// `values.yaml`, `values-prod.yaml`, `prod-values.yaml` and their like.
fn is_values_name(name: &str) -> bool {
    let Some(stem) = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"))
    else {
        return false;
    };
    stem == "values"
        || ["values-", "values.", "values_"]
            .iter()
            .any(|start| stem.starts_with(start))
        || ["-values", ".values", "_values"]
            .iter()
            .any(|end| stem.ends_with(end))
}

/// Paths of apps in the configuration that exist on neither side.
fn lost_paths(config: &Config, base: &dyn Snapshot, head: &dyn Snapshot) -> Vec<(bool, Problem)> {
    let Some(source) = &config.source else {
        return Vec::new();
    };
    let exists = |path: &RepoPath| {
        [base, head].iter().any(|side| {
            let found = crate::snapshot::Tree::new(*side).find(path);
            // A path that cannot be followed has a problem that tells more.
            !matches!(found, Ok(None))
        })
    };
    let in_head = !base.entries().contains_key(source);
    config
        .apps
        .iter()
        .filter(|app| !exists(&app.path.value))
        .map(|app| {
            let problem = Problem::new(
                Kind::Config,
                format!("there is nothing at `{}`", app.path.value),
            )
            .at(source, app.path.span)
            .help("Correct the path, or remove the entry.");
            (in_head, problem)
        })
        .collect()
}
