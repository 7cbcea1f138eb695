//! Which apps a snapshot holds: charts with their values, kustomizations that nobody else includes, plain manifests.
//!
//! An [`App`] says what to render and with which inputs; rendering it is the next layer's work. What a configuration names
//! comes first; what it does not name is found by the files that Helm and Kustomize themselves look for, and by
//! `apiVersion` and `kind` in what is left. After rendering, [`covered`] says which changed files nobody read.
//!
//! The cost is one pass over the paths, and reading each YAML and JSON file outside charts once. None is parsed where a
//! look at its lines tells what it is.

mod apps;
mod charts;
mod coverage;
mod kustomizations;
mod manifests;

pub use coverage::covered;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::config::Config;
use crate::problem::Problem;
use crate::snapshot::{ContentId, EntryKind, Found, Tree};
use crate::text::RepoPath;

use apps::Apps;
use charts::Chart;
use kustomizations::Kustomization;
use manifests::Look;

/// Something that is deployed as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Names the app in reports and pairs base with head: its path, and the environment where there are several.
    pub id: String,
    /// The environment, where a values file or the configuration names one.
    pub environment: Option<String>,
    /// What to render.
    pub source: Source,
}

/// What an app is rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A chart with values.
    Helm(Release),
    /// A kustomization.
    Kustomize(Overlay),
    /// Files that hold Kubernetes objects as they are.
    Manifests(Vec<RepoPath>),
}

/// A release of a chart: what `helm template NAME CHART` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of Helm's command line"
)]
pub struct Release {
    /// The chart: a directory with a `Chart.yaml`, or a packed chart.
    pub chart: RepoPath,
    /// `.Release.Name`.
    pub name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// Values files, each laid over the ones before it.
    pub values: Vec<RepoPath>,
    /// `--set` and its relatives, in the order given.
    pub sets: Vec<Set>,
    /// Where the files are that `--set-file` names, by the name that it uses.
    pub set_files: BTreeMap<String, RepoPath>,
    /// `--kube-version`; `None` for Helm's own default.
    pub kube_version: Option<String>,
    /// `--api-versions`, added to the defaults.
    pub api_versions: Vec<String>,
    /// `--include-crds`.
    pub include_crds: bool,
    /// False for `--no-hooks`.
    pub hooks: bool,
    /// `--skip-tests`.
    pub skip_tests: bool,
    /// `--is-upgrade`.
    pub is_upgrade: bool,
    /// `--show-only`: paths of templates inside the chart; none shows everything.
    pub show_only: Vec<String>,
    /// False for `--skip-schema-validation`.
    pub validate_schema: bool,
    /// Whose behaviour, where Helm 3 and Helm 4 differ.
    pub helm: HelmVersion,
    /// How much the templates may do.
    pub limits: Limits,
}

/// How much the rendering of one app may do: a chart or a kustomization that loops or explodes is a problem, not a hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes evaluated, items made, blocks of text copied.
    pub steps: u64,
    /// Bytes of all text made, the outputs of included templates counted each time.
    pub bytes: u64,
    /// Bytes of the lists, maps, parsed texts and origins that are made. What is dropped again counts, too, so this and
    /// `bytes` together are more than is ever held at once.
    pub memory: u64,
}

impl Limits {
    /// The default limits so many times.
    #[must_use]
    pub fn times(factor: u32) -> Self {
        Self {
            steps: 20_000_000 * u64::from(factor),
            bytes: (128 << 20) * u64::from(factor),
            memory: (512 << 20) * u64::from(factor),
        }
    }

    /// How much has been done where this is `left`: the bytes that were made, a step counted as 64 of them.
    #[must_use]
    pub fn spent(&self, left: &Self) -> u64 {
        let of = |whole: u64, left: u64| whole.saturating_sub(left);
        of(self.bytes, left.bytes)
            + of(self.memory, left.memory)
            + of(self.steps, left.steps).saturating_mul(64)
    }

    /// What is left of these after so much was done, by the measure of [`spent`](Self::spent): the same part of each.
    #[must_use]
    pub fn after(&self, work: u64) -> Self {
        let whole = self.spent(&Self {
            steps: 0,
            bytes: 0,
            memory: 0,
        });
        let left = whole.saturating_sub(work);
        let part = |of: u64| (u128::from(of) * u128::from(left) / u128::from(whole.max(1))) as u64;
        Self {
            steps: part(self.steps),
            bytes: part(self.bytes),
            memory: part(self.memory),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::times(1)
    }
}

impl Release {
    /// `helm template NAME CHART` without further arguments.
    pub fn new(chart: RepoPath, name: &str, namespace: &str) -> Self {
        Self {
            chart,
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            values: Vec::new(),
            sets: Vec::new(),
            set_files: BTreeMap::new(),
            kube_version: None,
            api_versions: Vec::new(),
            include_crds: false,
            hooks: true,
            skip_tests: false,
            is_upgrade: false,
            show_only: Vec::new(),
            validate_schema: true,
            helm: HelmVersion::V4,
            limits: Limits::default(),
        }
    }
}

/// One `--set`-like argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Which flag.
    pub kind: SetKind,
    /// Its argument (`image.tag=1.2.3`).
    pub argument: String,
}

/// The flags that set values on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetKind {
    /// `--set-json`
    Json,
    /// `--set`
    Typed,
    /// `--set-string`
    Text,
    /// `--set-file`
    File,
    /// `--set-literal`
    Literal,
}

/// A major version of Helm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HelmVersion {
    /// Helm 3 (3.19.0 is what was measured).
    V3,
    /// Helm 4 (4.3.1 is what was measured).
    V4,
}

/// A kustomization: what `kustomize build DIRECTORY` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of Kustomize's own, and any of them can be given"
)]
pub struct Overlay {
    /// The directory that holds the kustomization file.
    pub directory: RepoPath,
    /// False for `--load-restrictor LoadRestrictionsNone`.
    pub restrict_loads: bool,
    /// `--enable-helm`: inflate `helmCharts`.
    pub inflate_charts: bool,
    /// False for `--reorder none`: a kustomization without `sortOptions` leaves resources as they came.
    pub reorder: bool,
    /// `--enable-managedby-label`
    pub managed_by_label: bool,
    /// How much the build may make.
    pub limits: Limits,
}

impl Overlay {
    /// `kustomize build DIRECTORY` without further arguments.
    pub fn new(directory: RepoPath) -> Self {
        Self {
            directory,
            restrict_loads: true,
            inflate_charts: false,
            reorder: true,
            managed_by_label: false,
            limits: Limits::default(),
        }
    }
}

/// What was found in one snapshot.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// The apps, sorted by id; ids are unique.
    pub apps: Vec<App>,
    /// What is wrong with the configuration in view of the files.
    pub problems: Vec<Problem>,
    /// Every chart by its directory, whether it is an app or not.
    charts: BTreeMap<RepoPath, Chart>,
    /// Every kustomization by its directory, whether it is an app or not.
    kustomizations: BTreeMap<RepoPath, Kustomization>,
}

/// The names of a kustomization file.
pub(crate) const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Finds the apps in `tree`.
pub fn discover(tree: &Tree<'_>, config: &Config) -> Discovery {
    find(tree, config, &mut Looks::new())
}

/// Finds the apps on both sides of a change. What is the same on both is looked at once.
pub fn discover_both(base: &Tree<'_>, head: &Tree<'_>, config: &Config) -> (Discovery, Discovery) {
    let mut looks = Looks::new();
    let before = find(base, config, &mut looks);
    let after = find(head, config, &mut looks);
    (before, after)
}

/// Which contents hold Kubernetes objects, as far as they were looked at.
type Looks = BTreeMap<ContentId, bool>;

fn find(tree: &Tree<'_>, config: &Config, looks: &mut Looks) -> Discovery {
    let mut found = Discovery::default();
    let mut texts = Vec::new();
    for (path, entry) in tree.snapshot().entries() {
        let name = path.file_name();
        let is_file = || match entry.kind {
            EntryKind::File => true,
            EntryKind::Link => matches!(tree.find(path), Ok(Some(Found::File))),
            EntryKind::Submodule => false,
        };
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        if name == "Chart.yaml" && is_file() {
            if let Some(chart) = charts::read(tree, path) {
                found.charts.insert(directory, chart);
            }
        } else if KUSTOMIZATION_FILES.contains(&name) && is_file() {
            let kustomization = kustomizations::read(tree, path);
            found
                .kustomizations
                .entry(directory)
                .or_insert(kustomization);
        } else if manifests::may_be_one(name) && entry.kind == EntryKind::File {
            texts.push(path.clone());
        }
    }
    let mut apps = Apps::new(config);
    let explicit = apps.configured(tree, &found);
    for (directory, chart) in &found.charts {
        let is_app = !chart.is_library && !charts::is_inside_another(directory, &found.charts);
        if is_app && !config.excludes(directory) && !explicit.charts.contains(directory) {
            for app in charts::apps(tree, directory, chart, config) {
                apps.add(app, None);
            }
        }
    }
    for directory in kustomizations::roots(&found.kustomizations, &explicit.kustomizations) {
        let inside = charts::is_in_a_part(&directory, &found.charts);
        if !inside && !config.excludes(&directory) && !explicit.kustomizations.contains(&directory)
        {
            apps.add(
                kustomizations::app(directory.clone(), directory.to_string(), config),
                None,
            );
        }
    }
    let loose = loose_manifests(tree, texts, &found, config, looks);
    apps.manifests(loose, &explicit);
    found.problems = apps.problems;
    found.apps = apps.found.into_values().collect();
    found
}

/// The files with Kubernetes objects that belong to no chart and no kustomization.
fn loose_manifests(
    tree: &Tree<'_>,
    mut texts: Vec<RepoPath>,
    found: &Discovery,
    config: &Config,
    looks: &mut Looks,
) -> Vec<RepoPath> {
    let mentioned: BTreeSet<&RepoPath> = found
        .kustomizations
        .values()
        .flat_map(|kustomization| &kustomization.mentions)
        .collect();
    texts.retain(|path| {
        let directory = path.parent().unwrap_or_else(RepoPath::root);
        // A manifest beside a kustomization that does not name it is most likely not deployed;
        // where it changes, it is told as not covered.
        !found.kustomizations.contains_key(&directory)
            && !mentioned.contains(path)
            && !charts::holds(path, &found.charts)
            && !config.excludes(path)
    });
    let id = |path: &RepoPath| tree.snapshot().entries().get(path).map(|entry| entry.id);
    let new: Vec<(ContentId, bool)> = texts
        .par_iter()
        .filter_map(|path| id(path).map(|id| (path, id)))
        .filter(|(_, id)| !looks.contains_key(id))
        .filter_map(|(path, id)| {
            // What cannot be read is told where it changed; unchanged, it has no part in the change.
            let bytes = tree.snapshot().bytes(path).ok()?;
            let look = manifests::look(&bytes, Some(manifests::FLOW_LIMIT));
            Some((id, look == Look::Kubernetes))
        })
        .collect();
    looks.extend(new);
    texts.retain(|path| id(path).is_some_and(|id| looks.get(&id) == Some(&true)));
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_text;
    use crate::problem::Kind;
    use crate::snapshot::{Inputs, Memory, Snapshot, changed};

    const POD: &str = "apiVersion: v1\nkind: Pod\n";
    const CHART: &str = "apiVersion: v2\nname: it\nversion: 1.0.0\n";

    fn config(text: &str) -> Config {
        let (config, problems) = load_text(&RepoPath::new(".plimsoll.yaml").unwrap(), text);
        assert_eq!(problems, []);
        config
    }

    fn told(app: &App) -> String {
        let names = |paths: &[RepoPath]| {
            paths
                .iter()
                .map(RepoPath::as_str)
                .collect::<Vec<_>>()
                .join(" ")
        };
        match &app.source {
            Source::Helm(release) => {
                let sets: Vec<_> = release
                    .sets
                    .iter()
                    .map(|set| format!(" {:?} {}", set.kind, set.argument))
                    .collect();
                format!(
                    "{}: {} in {} [{}]{}",
                    app.id,
                    release.name,
                    release.namespace,
                    names(&release.values),
                    sets.concat()
                )
            }
            Source::Kustomize(overlay) => format!("{}: build {}", app.id, overlay.directory),
            Source::Manifests(files) => format!("{}: {}", app.id, names(files)),
        }
    }

    fn check(files: &[(&str, &str)], settings: &str, expected: &[&str]) {
        let memory = Memory::new("test", files.iter().copied()).unwrap();
        let found = discover(&Tree::new(&memory), &config(settings));
        let apps: Vec<_> = found.apps.iter().map(told).collect();
        let problems: Vec<_> = found
            .problems
            .iter()
            .map(|p| format!("! {}", p.message))
            .collect();
        assert_eq!([apps, problems].concat(), expected);
    }

    #[test]
    fn charts_are_found_with_their_environments() {
        let files = [
            ("charts/clinic/Chart.yaml", CHART),
            ("charts/clinic/values.yaml", ""),
            ("charts/clinic/values-dev.yaml", ""),
            ("charts/clinic/values/prod.yaml", ""),
            ("charts/clinic/ci/test-values.yaml", ""),
            ("charts/clinic/templates/pod.yaml", POD),
            ("charts/clinic/charts/sub/Chart.yaml", CHART),
            ("charts/clinic/examples/pod.yaml", POD),
            ("charts/My_API/Chart.yaml", CHART),
            (
                "charts/lib/Chart.yaml",
                "apiVersion: v2\nname: lib\ntype: library\n",
            ),
            ("other/Chart.yaml", "title: a drawing\n"),
        ];
        check(
            &files,
            "",
            &[
                "charts/My_API: my-api in default []",
                "charts/clinic@dev: clinic in default [charts/clinic/values-dev.yaml]",
                "charts/clinic@prod: clinic in default [charts/clinic/values/prod.yaml]",
            ],
        );
        check(
            &files,
            "apps: [{path: charts/clinic, release: portal, namespace: web}, {path: charts/My_API, exclude: true}]",
            &[
                "charts/clinic@dev: portal in web [charts/clinic/values-dev.yaml]",
                "charts/clinic@prod: portal in web [charts/clinic/values/prod.yaml]",
            ],
        );
        check(
            &files,
            "exclude: [My_*]\napps:\n- {path: charts/clinic, environment: prod, name: c, set: {a.b: 'x,y', n: 1}}\n",
            &[
                "c@prod: clinic in default [charts/clinic/values/prod.yaml] Text a.b=x\\,y Typed n=1",
                "charts/clinic@dev: clinic in default [charts/clinic/values-dev.yaml]",
            ],
        );
        check(
            &files,
            "exclude: [My_*]\napps:\n- {path: charts/clinic, namespace: web}\n\
             - {path: charts/clinic, environment: eu, values: [values-dev.yaml, /other/eu.yaml]}\n\
             - {path: charts/clinic, environment: eu, values: []}\n- {path: other, kind: helm}\n",
            &[
                "charts/clinic@eu: clinic in web [charts/clinic/values-dev.yaml other/eu.yaml]",
                "! `other` is no chart",
                "! another app is called `charts/clinic@eu` as well",
            ],
        );
    }

    #[test]
    fn a_chart_at_the_root_leaves_its_neighbours_alone() {
        check(
            &[
                ("Chart.yaml", CHART),
                ("values.yaml", ""),
                ("values-prod.yaml", ""),
                ("templates/pod.yaml", POD),
                ("deploy/pod.yaml", POD),
                ("charts/sub/Chart.yaml", CHART),
            ],
            "",
            &[
                ".@prod: it in default [values-prod.yaml]",
                "deploy: deploy/pod.yaml",
            ],
        );
    }

    #[test]
    fn kustomizations_that_nobody_includes_are_apps() {
        let files = [
            ("k/base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("k/base/a.yaml", POD),
            ("k/base/forgotten.yaml", POD),
            (
                "k/prod/kustomization.yml",
                "bases:\n- ../base/\ncomponents: [../part]\n",
            ),
            (
                "k/dev/Kustomization",
                "resources:\n- ../base\n- https://example.org/x\n- ../shared/x.yaml\n",
            ),
            (
                "k/part/kustomization.yaml",
                "kind: Component\npatches: [{path: p.yaml}]\n",
            ),
            ("k/part/p.yaml", POD),
            ("k/unused/kustomization.yaml", "kind: Component\n"),
            ("k/shared/x.yaml", POD),
            ("k/shared/y.yaml", POD),
            ("circle/a/kustomization.yaml", "resources: [../b]\n"),
            ("circle/b/kustomization.yaml", "resources: [../a]\n"),
            ("broken/kustomization.yaml", "resources: [\n"),
        ];
        check(
            &files,
            "",
            &[
                "broken: build broken",
                "circle/a: build circle/a",
                "k/dev: build k/dev",
                "k/prod: build k/prod",
                "k/shared: k/shared/y.yaml",
            ],
        );
        check(
            &files,
            "exclude: [circle, broken, k/dev]\napps: [{path: k/base, environment: x}, {path: gone}]\n",
            &[
                "k/base@x: build k/base",
                "k/prod: build k/prod",
                "k/shared: k/shared/y.yaml",
            ],
        );
    }

    #[test]
    fn manifests_are_grouped_by_directory() {
        let files = [
            (".github/workflows/ci.yml", "on: push\n"),
            ("docker-compose.yml", "services: {}\n"),
            ("a/pod.yaml", POD),
            (
                "a/b/list.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"List\"}",
            ),
            ("a/b/x.yml", POD),
            ("top.yaml", POD),
            ("broken.yaml", "apiVersion: v1\nkind: Pod\nx: [\n"),
        ];
        check(
            &files,
            "",
            &[
                ".: broken.yaml top.yaml",
                "a: a/pod.yaml",
                "a/b: a/b/list.json a/b/x.yml",
            ],
        );
        check(
            &files,
            "exclude: [/*.yaml]\napps: [{path: a, name: all}]\n",
            &["all: a/b/list.json a/b/x.yml a/pod.yaml"],
        );
    }

    #[test]
    fn a_change_that_nobody_reads_is_told() {
        let files = [
            ("c/Chart.yaml", CHART),
            ("c/.helmignore", "# x\n*.bak\n/templates/old/\n"),
            ("c/values-prod.yaml", ""),
            ("c/templates/read.yaml", ""),
            ("c/templates/unread.yaml", ""),
            ("c/templates/NOTES.txt", ""),
            ("c/templates/tests/t.yaml", ""),
            ("c/templates/old/x.yaml", ""),
            ("c/ci/x-values.yaml", ""),
            ("c/README.md", ""),
            ("c/charts/sub/Chart.yaml", CHART),
            ("c/charts/sub/values-x.yaml", ""),
            ("lib/Chart.yaml", "name: lib\ntype: library\n"),
            ("lib/templates/_x.tpl", ""),
            ("k/kustomization.yaml", "resources: [a.yaml]"),
            ("k/a.yaml", POD),
            ("k/forgotten.yaml", POD),
            ("part/kustomization.yaml", "kind: Component"),
            ("env/values.yaml", ""),
            ("env/other.yaml", "a: 1"),
            ("m/t.yaml", "apiVersion: v1\nkind: Pod\n{% x %}\n"),
            ("docs/pod.yaml", POD),
            ("old/pod.yaml", POD),
        ];
        let settings = config(
            "apps: [{path: c, values: []}, {path: nowhere}]\nignore: [docs]\nexclude: [old]\n",
        );
        let empty = Memory::empty("nothing");
        let full = Memory::new("full", files).unwrap();
        let read = |names: &[&str]| {
            let mut inputs = Inputs::default();
            for name in names {
                let path = RepoPath::new(name).unwrap();
                let id = full.entries().get(&path).map(|entry| entry.id);
                inputs.files.insert(path, id);
            }
            inputs
        };
        // Helm reads all of a chart; that a file of values is among it does not mean that it is used.
        let inputs = read(&[
            "c/Chart.yaml",
            "c/values-prod.yaml",
            "c/templates/read.yaml",
            "c/charts/sub/Chart.yaml",
            "k/kustomization.yaml",
            "k/a.yaml",
        ]);
        let before = discover(&Tree::new(&empty), &settings);
        let after = discover(&Tree::new(&full), &settings);
        let expected = [
            "c/templates/unread.yaml",
            "c/values-prod.yaml",
            "env/values.yaml",
            "k/forgotten.yaml",
            "lib/Chart.yaml",
            "lib/templates/_x.tpl",
            "m/t.yaml",
            "part/kustomization.yaml",
        ];
        let told = |problems: Vec<(bool, Problem)>, side: bool| -> Vec<String> {
            problems
                .into_iter()
                .filter(|(_, problem)| problem.kind == Kind::NotCovered)
                .map(|(in_head, problem)| {
                    assert_eq!(in_head, side);
                    problem.place.unwrap().path.to_string()
                })
                .collect()
        };
        let added = covered(
            &changed(&empty, &full),
            &[&inputs],
            &before,
            &after,
            &settings,
            &empty,
            &full,
        );
        assert!(
            added
                .iter()
                .any(|(_, problem)| problem.message == "there is nothing at `nowhere`")
        );
        assert_eq!(told(added, true), expected);
        // What is gone was read where it was.
        let removed = covered(
            &changed(&full, &empty),
            &[&inputs],
            &after,
            &before,
            &settings,
            &full,
            &empty,
        );
        assert_eq!(told(removed, false), expected);
    }
}
