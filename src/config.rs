//! Plimsoll's own configuration: `.plimsoll.yaml` or `.github/plimsoll.yaml`.
//!
//! A text is checked against the table in `entries` and then resolved into the types here, which cannot be wrong in
//! themselves. Every value keeps its place, so that a report can point at the line that decided something. Whether an
//! app's path exists, and whether there is a control or framework of a name, is known by the layers that have them.

pub mod baseline;
mod check;
mod entries;
mod glob;
mod load;

pub use entries::schema;
pub use glob::{Glob, GlobError};

use check::Checker;
use entries::{Shape, TOP};
use load::{Data, Node};

use crate::problem::{Kind, Problem};
use crate::snapshot::{ReadError, Tree};
use crate::text::{RepoPath, Span};
use crate::yaml::Path;

/// Where a configuration is looked for. The first one found is read.
pub const PATHS: [&str; 2] = [".plimsoll.yaml", ".github/plimsoll.yaml"];

/// The JSON Schema of a configuration, for editors. A test keeps it equal to [`schema`].
pub const SCHEMA: &str = include_str!("../testdata/schema/config.json");

/// A configuration is not longer than this.
const MAX_BYTES: usize = 1 << 20;

/// A value, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the configuration.
    pub span: Span,
}

/// What a repository says about itself. The default is what an absent file means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The file; `None` where there is none.
    pub source: Option<RepoPath>,
    /// Apps that are named.
    pub apps: Vec<App>,
    /// Where no app is looked for.
    pub exclude: Vec<Spanned<Glob>>,
    /// What may change without being read by an app.
    pub ignore: Vec<Spanned<Glob>>,
    /// The frameworks whose controls are evaluated; `None` for the default set.
    pub frameworks: Option<Vec<Spanned<String>>>,
    /// Changes to controls.
    pub controls: Vec<Control>,
    /// Changes to controls in parts of the repository.
    pub overrides: Vec<Override>,
    /// Where health information is handled.
    pub ephi: Option<Ephi>,
    /// Kinds of the user's own that describe pods.
    pub pod_templates: Vec<PodTemplate>,
    /// Rego files, and directories of them.
    pub policies: Vec<Spanned<RepoPath>>,
    /// What that Rego reads as `data`.
    pub data: Vec<Spanned<RepoPath>>,
    /// The severity of what that Rego finds where it says none.
    pub policy_severity: Option<Spanned<Level>>,
    /// What blocks.
    pub fail_on: Option<Spanned<FailOn>>,
    /// What Helm is told.
    pub helm: Helm,
    /// What Kustomize is told for every kustomization.
    pub kustomize: Kustomize,
    /// The only hosts that may be asked; empty for every public one.
    pub hosts: Vec<Spanned<String>>,
    /// Findings that are accepted.
    pub waivers: Vec<Waiver>,
    /// What is asked of waivers.
    pub waiver_rules: WaiverRules,
    /// The file of the baseline, where it is not the [default](baseline::PATH).
    pub baseline: Option<Spanned<RepoPath>>,
}

/// Findings that the configuration accepts: those that fit every entry that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The item.
    pub span: Span,
    /// The control: an id or a name.
    pub control: String,
    /// Only apps whose id fits.
    pub app: Option<Glob>,
    /// Only this object.
    pub resource: Option<String>,
    /// Only this field and what is below it.
    pub path: Option<String>,
    /// Only findings that a line of these files made; none for all.
    pub files: Vec<Glob>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, as it is written.
    pub until: Option<String>,
}

/// A kind whose objects describe pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTemplate {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The way to the map that holds the pods' `metadata` and `spec`.
    pub pod: Path,
}

/// What is asked of waivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaiverRules {
    /// A waiver without a last day does not count.
    pub require_expiry: bool,
    /// A waiver without an owner does not count.
    pub require_owner: bool,
    /// A waiver counts in the review of the change that brings it.
    pub allow_in_change: bool,
}

/// An app that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The item.
    pub span: Span,
    /// The chart, kustomization or directory.
    pub path: Spanned<RepoPath>,
    /// What it is called.
    pub name: Option<Spanned<String>>,
    /// How it is rendered.
    pub kind: Option<Spanned<AppKind>>,
    /// Values files; `None` where they are to be found.
    pub values: Option<Vec<Spanned<RepoPath>>>,
    /// The environment.
    pub environment: Option<Spanned<String>>,
    /// The name of the Helm release.
    pub release: Option<Spanned<String>>,
    /// The namespace of the Helm release.
    pub namespace: Option<Spanned<String>>,
    /// How many times the default limits its templates may use, where it is not what `helm` says.
    pub limits: Option<Spanned<u32>>,
    /// Single values over the files.
    pub set: Vec<Set>,
    /// True where this is no app.
    pub exclude: bool,
}

/// How an app is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppKind {
    /// A Helm chart.
    Helm,
    /// A kustomization.
    Kustomize,
    /// Plain manifests.
    Manifests,
}

/// One value that `set` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The path in the values, as `helm --set` reads it.
    pub key: Spanned<String>,
    /// The value as it is written, without quotes.
    pub value: Spanned<String>,
    /// True if and only if it was quoted: then it is a text, whatever it looks like.
    pub is_text: bool,
}

/// Where electronic protected health information is handled, and what is more severe there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ephi {
    /// Ids of apps; a `*` at the end stands for any text.
    pub apps: Vec<Spanned<String>>,
    /// Namespaces; the same.
    pub namespaces: Vec<Spanned<String>>,
    /// Labels and annotations of objects, their pods and their namespaces: `key` or `key=value`.
    pub labels: Vec<Spanned<String>>,
    /// The least severity, there, of what controls of the framework `hipaa` find.
    pub severity: Option<Spanned<Level>>,
}

/// What the configuration says about one control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The control: an id or a name.
    pub control: Spanned<String>,
    /// False where it is turned off.
    pub enabled: Option<Spanned<bool>>,
    /// The severity that it has instead of its own.
    pub severity: Option<Spanned<Level>>,
    /// What is set for it, by name.
    pub with: Vec<(Spanned<String>, Setting)>,
    /// Why.
    pub reason: Option<Spanned<String>>,
}

/// What is set for a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// One value as it is written, and whether it was quoted.
    Single(String, bool),
    /// A list of texts.
    List(Vec<String>),
}

/// What the configuration says about one control in a part of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The control: an id or a name.
    pub control: Spanned<String>,
    /// The files in which findings are shown that it speaks of.
    pub paths: Vec<Spanned<Glob>>,
    /// False where the control is turned off.
    pub enabled: Option<Spanned<bool>>,
    /// The severity that it has instead of its own.
    pub severity: Option<Spanned<Level>>,
    /// Why.
    pub reason: Spanned<String>,
}

/// A severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `critical`
    Critical,
}

impl Level {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
    }
}

/// The lowest severity at which a new finding blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailOn {
    /// This one and above.
    Level(Level),
    /// None blocks.
    Never,
}

/// What Helm is told for every chart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Helm {
    /// The major version, 3 or 4.
    pub version: Option<Spanned<u8>>,
    /// `--kube-version`
    pub kube_version: Option<Spanned<String>>,
    /// `--api-versions`
    pub api_versions: Vec<Spanned<String>>,
    /// How many times the default limits the templates of a chart may use.
    pub limits: Option<Spanned<u32>>,
}

/// What Kustomize is told for every kustomization.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kustomize {
    /// `--load-restrictor LoadRestrictionsNone`
    pub load_from_anywhere: bool,
    /// `--enable-helm`
    pub enable_helm: bool,
    /// How many times the default limits a build may use.
    pub limits: Option<Spanned<u32>>,
}

impl Helm {
    /// The words for limits, and how many times the default ones each stands for.
    pub const LIMITS: [(&'static str, u32); 3] = [("default", 1), ("large", 4), ("huge", 16)];

    /// How many times the default limits a word stands for.
    pub fn limits_named(name: &str) -> Option<u32> {
        let found = Self::LIMITS.iter().find(|(word, _)| *word == name);
        found.map(|(_, factor)| *factor)
    }
}

impl Config {
    /// The lowest severity at which a new finding blocks; `None` where none does.
    pub fn fail_on(&self) -> Option<Level> {
        match self.fail_on.as_ref().map(|fail_on| fail_on.value) {
            Some(FailOn::Never) => None,
            Some(FailOn::Level(level)) => Some(level),
            None => Some(Level::Medium),
        }
    }

    /// True if and only if no app is to be looked for at `path`.
    pub fn excludes(&self, path: &RepoPath) -> bool {
        self.exclude.iter().any(|glob| glob.value.covers(path))
            || self
                .apps
                .iter()
                .any(|app| app.exclude && path.is_within(&app.path.value))
    }

    /// True if and only if the file at `path` may change without being read by an app.
    pub fn ignores(&self, path: &RepoPath) -> bool {
        self.ignore.iter().any(|glob| glob.value.covers(path))
    }
}

/// The configuration in `tree`, and what is wrong with it.
pub fn load(tree: &Tree<'_>) -> (Config, Vec<Problem>) {
    let mut found: Option<(RepoPath, String)> = None;
    let mut problems = Vec::new();
    for name in PATHS {
        let Ok(path) = RepoPath::new(name) else {
            continue;
        };
        match (tree.read_text(&path), &found) {
            (Ok(text), None) => found = Some((path, text.to_string())),
            (Ok(_), Some((first, _))) => problems.push(
                Problem::new(
                    Kind::Config,
                    format!("there are two configurations, and only `{first}` is read"),
                )
                .in_file(&path)
                .help(format!("Move what is in `{path}` into `{first}`.")),
            ),
            (Err(ReadError::Missing(_)), _) => {}
            (Err(error), _) => {
                problems.push(Problem::new(Kind::Config, error.to_string()).in_file(&path));
            }
        }
        let misspelt = name.replace(".yaml", ".yml");
        if let Ok(misspelt) = RepoPath::new(&misspelt)
            && tree.find(&misspelt).is_ok_and(|found| found.is_some())
        {
            problems.push(
                Problem::new(Kind::Config, format!("`{misspelt}` is not read"))
                    .in_file(&misspelt)
                    .help(format!("Rename it to `{name}`.")),
            );
        }
    }
    let Some((path, text)) = found else {
        return (Config::default(), problems);
    };
    let (config, wrong) = load_text(&path, &text);
    problems.extend(wrong);
    (config, problems)
}

/// The configuration in `text`, and what is wrong with it. What is wrong has no effect.
pub fn load_text(path: &RepoPath, text: &str) -> (Config, Vec<Problem>) {
    let mut config = Config {
        source: Some(path.clone()),
        ..Config::default()
    };
    let mut checker = Checker {
        path,
        problems: Vec::new(),
    };
    if text.len() > MAX_BYTES {
        checker.wrong(
            Span::at(0),
            "a configuration is not larger than 1 MiB".to_owned(),
            None,
        );
        return (config, checker.problems);
    }
    match load::parse(text) {
        Err(malformed) => checker.wrong(malformed.span, malformed.message, None),
        Ok(None) => {}
        Ok(Some(node)) if node.is_null() => {}
        Ok(Some(node)) => {
            if let Some(node) = checker.fit(&node, &Shape::Map(TOP), "") {
                resolve(&node, &mut config, &mut checker);
            }
        }
    }
    (config, checker.problems)
}

fn resolve(node: &Node, config: &mut Config, checker: &mut Checker<'_>) {
    let globs = |name: &str| -> Vec<Spanned<Glob>> {
        items(node, name)
            .filter_map(|node| spanned(node, |text| Glob::new(text).ok()))
            .collect()
    };
    config.exclude = globs("exclude");
    config.ignore = globs("ignore");
    config.frameworks =
        get(node, "frameworks").map(|_| items(node, "frameworks").filter_map(text).collect());
    for (name, into) in [
        ("policies", &mut config.policies),
        ("data", &mut config.data),
    ] {
        for item in items(node, name) {
            let path = spanned(item, |text| {
                RepoPath::new(text.trim_start_matches('/')).ok()
            });
            match path {
                Some(path) => into.push(path),
                None => checker.wrong(
                    item.span,
                    "this path leads outside the repository".to_owned(),
                    None,
                ),
            }
        }
    }
    for (key, value) in get(node, "pod-templates").into_iter().flat_map(pairs) {
        let (Some(kind), Some(way)) = (text(key), text(value)) else {
            continue;
        };
        let (kind, group) = kind.value.split_once('.').unwrap_or((&kind.value, ""));
        let pod = match way.value.as_str() {
            "." => Ok(Path::root()),
            way => way.parse(),
        };
        match pod {
            Ok(pod) => config.pod_templates.push(PodTemplate {
                group: group.to_owned(),
                kind: kind.to_owned(),
                pod,
            }),
            Err(error) => checker.wrong(
                way.span,
                error.to_string(),
                Some("A way is written as reports name fields: `spec.template`.".to_owned()),
            ),
        }
    }
    config.policy_severity =
        get(node, "policy-severity").and_then(|node| spanned(node, Level::named));
    config.overrides = items(node, "overrides").filter_map(override_of).collect();
    config.ephi = get(node, "ephi").map(|node| {
        let texts = |name| items(node, name).filter_map(text).collect();
        Ephi {
            apps: texts("apps"),
            namespaces: texts("namespaces"),
            labels: texts("labels"),
            severity: get(node, "severity").and_then(|node| spanned(node, Level::named)),
        }
    });
    config.fail_on = get(node, "fail-on").and_then(|node| {
        spanned(node, |text| match text {
            "never" => Some(FailOn::Never),
            level => Level::named(level).map(FailOn::Level),
        })
    });
    if let Some(helm) = get(node, "helm") {
        config.helm = Helm {
            version: get(helm, "version").and_then(|node| spanned(node, |text| text.parse().ok())),
            kube_version: get(helm, "kube-version").and_then(text),
            api_versions: items(helm, "api-versions").filter_map(text).collect(),
            limits: get(helm, "limits").and_then(|node| spanned(node, Helm::limits_named)),
        };
    }
    if let Some(kustomize) = get(node, "kustomize") {
        let restrictor = get(kustomize, "load-restrictor").and_then(text);
        config.kustomize = Kustomize {
            load_from_anywhere: restrictor.is_some_and(|rule| rule.value == "LoadRestrictionsNone"),
            enable_helm: get(kustomize, "enable-helm").is_some_and(is_true),
            limits: get(kustomize, "limits").and_then(|node| spanned(node, Helm::limits_named)),
        };
    }
    config.waivers = items(node, "waivers").filter_map(waiver).collect();
    if let Some(rules) = get(node, "waiver-rules") {
        let flag = |name: &str| get(rules, name).is_some_and(is_true);
        config.waiver_rules = WaiverRules {
            require_expiry: flag("require-expiry"),
            require_owner: flag("require-owner"),
            allow_in_change: flag("allow-in-change"),
        };
    }
    config.baseline = get(node, "baseline").and_then(|node| {
        spanned(node, |text| {
            RepoPath::new(text.trim_start_matches('/')).ok()
        })
    });
    config.hosts = get(node, "network")
        .map(|network| items(network, "allow").filter_map(text).collect())
        .unwrap_or_default();
    for (name, control) in get(node, "controls").into_iter().flat_map(pairs) {
        let Some(name) = text(name) else { continue };
        let control = Control {
            enabled: get(control, "enabled").and_then(flag),
            with: get(control, "with")
                .into_iter()
                .flat_map(pairs)
                .filter_map(|(name, value)| Some((text(name)?, setting(value)?)))
                .collect(),
            severity: get(control, "severity").and_then(|node| spanned(node, Level::named)),
            reason: get(control, "reason").and_then(text),
            control: name,
        };
        if control
            .enabled
            .as_ref()
            .is_some_and(|enabled| !enabled.value)
            && control.reason.is_none()
        {
            checker.wrong(
                control.control.span,
                format!("`{}` is turned off without a reason", control.control.value),
                Some("Say why in `reason`: it stands in the reports.".to_owned()),
            );
            continue;
        }
        config.controls.push(control);
    }
    for node in items(node, "apps") {
        if let Some(app) = app(node, checker) {
            config.apps.push(app);
        }
    }
}

fn waiver(node: &Node) -> Option<Waiver> {
    let words = |name: &str| get(node, name).and_then(text).map(|found| found.value);
    Some(Waiver {
        span: node.span,
        control: words("control")?,
        app: words("app").and_then(|pattern| Glob::new(&pattern).ok()),
        resource: words("resource"),
        path: words("path"),
        files: items(node, "files")
            .filter_map(|node| Glob::new(&text(node)?.value).ok())
            .collect(),
        owner: words("owner"),
        reason: words("reason")?,
        until: words("until"),
    })
}

fn override_of(node: &Node) -> Option<Override> {
    Some(Override {
        control: text(get(node, "control")?)?,
        paths: items(node, "paths")
            .filter_map(|node| spanned(node, |text| Glob::new(text).ok()))
            .collect(),
        enabled: get(node, "enabled").and_then(flag),
        severity: get(node, "severity").and_then(|node| spanned(node, Level::named)),
        reason: text(get(node, "reason")?)?,
    })
}

fn flag(node: &Node) -> Option<Spanned<bool>> {
    spanned(node, |text| Some(text.eq_ignore_ascii_case("true")))
}

fn setting(node: &Node) -> Option<Setting> {
    match &node.data {
        Data::Scalar { text, plain, .. } => Some(Setting::Single(text.clone(), !plain)),
        Data::List(items) => Some(Setting::List(
            items
                .iter()
                .filter_map(|item| Some(text(item)?.value))
                .collect(),
        )),
        Data::Map(_) => None,
    }
}

fn app(node: &Node, checker: &mut Checker<'_>) -> Option<App> {
    let path = get(node, "path").and_then(|node| {
        spanned(node, |text| {
            RepoPath::new(text.trim_start_matches('/')).ok()
        })
    });
    let Some(path) = path else {
        if let Some(written) = get(node, "path") {
            checker.wrong(
                written.span,
                "this path leads outside the repository".to_owned(),
                None,
            );
        }
        return None;
    };
    let values = get(node, "values").map(|_| {
        let mut files = Vec::new();
        for item in items(node, "values") {
            let file = spanned(item, |text| match text.strip_prefix('/') {
                Some(from_root) => RepoPath::new(from_root).ok(),
                None => path.value.join(text).ok(),
            });
            match file {
                Some(file) => files.push(file),
                None => checker.wrong(
                    item.span,
                    "this path leads outside the repository".to_owned(),
                    None,
                ),
            }
        }
        files
    });
    let set = get(node, "set")
        .into_iter()
        .flat_map(pairs)
        .filter_map(|(key, value)| {
            Some(Set {
                key: text(key)?,
                value: text(value)?,
                is_text: matches!(value.data, Data::Scalar { plain: false, .. }),
            })
        })
        .collect();
    Some(App {
        span: node.span,
        name: get(node, "name").and_then(text),
        kind: get(node, "kind").and_then(|node| {
            spanned(node, |text| {
                Some(match text {
                    "helm" => AppKind::Helm,
                    "kustomize" => AppKind::Kustomize,
                    "manifests" => AppKind::Manifests,
                    _ => return None,
                })
            })
        }),
        values,
        environment: get(node, "environment").and_then(text),
        release: get(node, "release").and_then(text),
        namespace: get(node, "namespace").and_then(text),
        limits: get(node, "limits").and_then(|node| spanned(node, Helm::limits_named)),
        set,
        exclude: get(node, "exclude").is_some_and(is_true),
        path,
    })
}

fn pairs(node: &Node) -> &[(Node, Node)] {
    match &node.data {
        Data::Map(pairs) => pairs,
        _ => &[],
    }
}

fn get<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    pairs(node)
        .iter()
        .find(|(key, _)| matches!(&key.data, Data::Scalar { text, .. } if text == name))
        .map(|(_, value)| value)
}

fn items<'a>(node: &'a Node, name: &str) -> impl Iterator<Item = &'a Node> {
    let items: &[Node] = match get(node, name).map(|node| &node.data) {
        Some(Data::List(items)) => items,
        _ => &[],
    };
    items.iter()
}

fn spanned<T>(node: &Node, read: impl FnOnce(&str) -> Option<T>) -> Option<Spanned<T>> {
    match &node.data {
        Data::Scalar { text, .. } => Some(Spanned {
            value: read(text)?,
            span: node.span,
        }),
        _ => None,
    }
}

fn is_true(node: &Node) -> bool {
    spanned(node, |text| Some(text.eq_ignore_ascii_case("true"))).is_some_and(|flag| flag.value)
}

fn text(node: &Node) -> Option<Spanned<String>> {
    spanned(node, |text| Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Memory;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn every_entry_is_read() {
        let text = r#"
apps:
  - path: charts/portal
    name: portal
    kind: helm
    values: [values-prod.yaml, ../../environments/prod.yaml, /global.yaml]
    environment: prod
    release: portal
    namespace: web
    limits: huge
    set: {image.tag: 1.30, "note": "yes", replicas: 3}
  - {path: legacy, exclude: true}
exclude: ["vendor/**"]
ignore: [docs]
frameworks: [pss-baseline]
controls:
  C-0270: {severity: low, reason: limits are set by a LimitRange}
  host-path: {enabled: false, reason: storage nodes}
fail-on: high
pod-templates: {Cluster.db.example.com: spec.podTemplate, Task: .}
helm: {version: 3, kube-version: 1.30, api-versions: [monitoring.coreos.com/v1], limits: large}
kustomize: {load-restrictor: LoadRestrictionsNone, enable-helm: true, limits: huge}
waivers:
  - {control: C-0048, app: "charts/*@prod", resource: Deployment/web, path: spec.template, files: ["charts/**"], owner: web, reason: logs, until: 2027-03-01}
  - {control: host-path, reason: everywhere}
waiver-rules: {require-expiry: true, require-owner: false, allow-in-change: true}
baseline: policy/baseline.yaml
"#;
        let (config, problems) = load_text(&path(".plimsoll.yaml"), text);
        assert_eq!(problems, []);
        let app = &config.apps[0];
        assert_eq!(app.limits.as_ref().unwrap().value, 16);
        let values: Vec<_> = app
            .values
            .iter()
            .flatten()
            .map(|file| file.value.as_str())
            .collect();
        assert_eq!(
            values,
            [
                "charts/portal/values-prod.yaml",
                "environments/prod.yaml",
                "global.yaml"
            ]
        );
        let set: Vec<_> = app
            .set
            .iter()
            .map(|set| (set.value.value.as_str(), set.is_text))
            .collect();
        assert_eq!(set, [("1.30", false), ("yes", true), ("3", false)]);
        assert_eq!(app.release.as_ref().unwrap().span.of(text), "portal");
        assert!(config.excludes(&path("legacy/x")) && config.excludes(&path("vendor/a/b")));
        assert!(!config.excludes(&path("charts/portal")));
        assert!(config.ignores(&path("docs/x.yaml")));
        assert_eq!(config.fail_on(), Some(Level::High));
        let pods: Vec<String> = config
            .pod_templates
            .iter()
            .map(|of| format!("{}/{}: {}", of.group, of.kind, of.pod))
            .collect();
        assert_eq!(
            pods,
            ["db.example.com/Cluster: spec.podTemplate", "/Task: "]
        );
        assert_eq!(config.helm.kube_version.as_ref().unwrap().value, "1.30");
        assert_eq!(config.helm.limits.as_ref().unwrap().value, 4);
        assert_eq!(config.helm.version.as_ref().unwrap().value, 3);
        assert!(config.kustomize.load_from_anywhere && config.kustomize.enable_helm);
        assert_eq!(config.kustomize.limits.as_ref().unwrap().value, 16);
        assert_eq!(
            config.controls[0].severity.as_ref().unwrap().value,
            Level::Low
        );
        assert_eq!(config.controls[1].control.span.of(text), "host-path");
        let [narrow, wide] = config.waivers.as_slice() else {
            panic!("{:?}", config.waivers);
        };
        assert_eq!(narrow.until.as_deref(), Some("2027-03-01"));
        assert!(
            narrow
                .app
                .as_ref()
                .unwrap()
                .covers(&path("charts/web@prod"))
        );
        assert_eq!(wide.reason, "everywhere");
        assert!(config.waiver_rules.require_expiry && config.waiver_rules.allow_in_change);
        assert!(!config.waiver_rules.require_owner);
        assert_eq!(
            config.baseline.unwrap().value.as_str(),
            "policy/baseline.yaml"
        );
    }

    #[test]
    fn what_is_wrong_is_told_where_it_is() {
        let check = |text: &str, at: &str, message: &str, help: &str| {
            let (_, problems) = load_text(&path(".plimsoll.yaml"), text);
            let [problem] = problems.as_slice() else {
                panic!("{text}: {problems:?}");
            };
            assert_eq!(problem.kind, Kind::Config);
            let span = problem.place.as_ref().unwrap().span.unwrap();
            assert_eq!(span.of(text), at, "{problem:?}");
            assert!(problem.message.contains(message), "{problem:?}");
            assert!(
                problem.help.as_deref().unwrap_or_default().contains(help),
                "{problem:?}"
            );
        };
        check("aps: []\n", "aps", "no entry `aps`", "Did you mean `apps`?");
        check("failOn: high\n", "failOn", "no entry", "`fail-on`");
        check("fail-on: hihg\n", "hihg", "no value of `fail-on`", "`high`");
        check("fail-on: 3\n", "3", "no value", "`low`, `medium`");
        check(
            "pod-templates: {A.b: a..b}\n",
            "a..b",
            "a..b",
            "`spec.template`",
        );
        check(
            "apps: charts/a\n",
            "charts/a",
            "must be a list",
            "apps: [charts/a]",
        );
        check(
            "apps: [charts/a]\n",
            "charts/a",
            "an item of `apps`",
            "`path: charts/a`",
        );
        check(
            "apps:\n  - name: x\n",
            "name: x",
            "needs the entry `path`",
            "",
        );
        check(
            "apps:\n  - {path: a, excluded: true}\n",
            "excluded",
            "in `apps`",
            "`exclude`",
        );
        check(
            "apps:\n  - {path: a, exclude: no}\n",
            "no",
            "not clear",
            "`false`",
        );
        check("apps:\n  - {path: ../a}\n", "../a", "outside", "");
        check(
            "apps:\n  - {path: a, values: [../../b]}\n",
            "../../b",
            "outside",
            "",
        );
        check(
            "apps:\n  - {path: a, set: {x: [1]}}\n",
            "[1",
            "single value",
            "values file",
        );
        check(
            "exclude: []\nexclude: [a]\n",
            "exclude",
            "twice",
            "Keep one",
        );
        check("ignore: ['!a']\n", "'!a'", "take back", "");
        check(
            "controls: {C-1: {enabled: false}}\n",
            "C-1",
            "without a reason",
            "`reason`",
        );
        check(
            "helm: {version: 5}\n",
            "5",
            "no value of `version`",
            "`3` and `4`",
        );
        check(
            "helm: {kube-version: }\nfrmeworks: [a]\n",
            "frmeworks",
            "no entry",
            "`frameworks`",
        );
        check("- a\n", "- a", "map of entries, not a list", "");
        check("frameworks: [~]\n", "~", "must be a text, not nothing", "");
    }

    #[test]
    fn one_file_is_read_and_the_others_are_told() {
        let loaded = |files: &[(&str, &str)]| {
            let memory = Memory::new("test", files.iter().copied()).unwrap();
            let (config, problems) = load(&Tree::new(&memory));
            (config.source.map(|path| path.to_string()), problems.len())
        };
        let (first, second) = (".plimsoll.yaml", ".github/plimsoll.yaml");
        assert_eq!(loaded(&[]), (None, 0));
        assert_eq!(
            loaded(&[(second, "fail-on: low\n")]),
            (Some(second.to_owned()), 0)
        );
        assert_eq!(
            loaded(&[(first, ""), (second, "")]),
            (Some(first.to_owned()), 1)
        );
        assert_eq!(loaded(&[(".plimsoll.yml", "")]), (None, 1));
    }
}
