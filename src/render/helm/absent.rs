//! Dependencies that `Chart.yaml` names and `charts/` does not hold: charts elsewhere in the repository, and what was fetched.
//!
//! They are taken as if `helm dependency build` had been run, which puts each as `NAME-VERSION.tgz` in `charts/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use super::chart::{Chart, is_compatible, load, rules};
use super::lock::Locked;
use super::metadata::Dependency;
use crate::discover::HelmVersion;
use crate::origin::Origins;
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{Fetched, Found, Tree, Want, without_password};
use crate::text::{RepoPath, Span};

/// Before the path of a chart that lies on the same disk.
const FILE: &str = "file://";

/// Adds the dependencies that are not in `charts/` from where they are, and names those that are nowhere.
pub(super) fn complete(
    tree: &Tree<'_>,
    cache: &Cache,
    chart: &Chart,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Vec<Problem> {
    let mut asked = chart.metadata.asked();
    let is_there = |name: &str| {
        chart
            .dependencies()
            .iter()
            .any(|below| below.name() == name)
    };
    asked.retain(|dependency| !is_there(&dependency.name.lossy()));
    if asked.is_empty() {
        return Vec::new();
    }
    let ignored = match rules(tree, &chart.path) {
        Ok(rules) => rules,
        Err(problem) => return vec![problem],
    };
    let locked = Locked::read(chart, origins);
    let vendored = chart.dependencies().clone().into_iter();
    // In the order of their files, so that it makes no difference whether a chart is vendored.
    let mut charts: BTreeMap<String, Rc<Chart>> = vendored
        .map(|below| (below.path.file_name().to_owned(), below))
        .collect();
    let mut problems = Vec::new();
    for dependency in &asked {
        let absent = Absent::new(chart, dependency, origins);
        let found = match absent.found(tree, cache, &locked, helm, origins) {
            Ok(found) => found,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let file = format!("{}-{}.tgz", found.name(), found.metadata.version.lossy());
        if ignored.ignores("charts", true) || ignored.ignores(&format!("charts/{file}"), false) {
            problems.push(absent.missing(format!(
                "The chart's `.helmignore` hides `charts/{file}` from Helm: take that rule out."
            )));
        }
        charts.entry(file).or_insert_with(|| Rc::new(found));
    }
    chart.adopt(charts.into_values().collect());
    problems
}

/// A dependency that is not in `charts/`.
struct Absent<'a> {
    chart: &'a Chart,
    dependency: &'a Dependency,
    /// Its name and what is asked for: `redis (1.x from https://example.com)`.
    title: String,
    /// Where it is asked for.
    place: Option<(RepoPath, Span)>,
}

impl<'a> Absent<'a> {
    fn new(chart: &'a Chart, dependency: &'a Dependency, origins: &Origins) -> Self {
        let name = dependency.name.lossy();
        let version = dependency.version.lossy();
        let repository = dependency.repository.lossy();
        let repository = without_password(&repository);
        let title = match (version.is_empty(), repository.is_empty()) {
            (false, false) => format!("{name} ({version} from {repository})"),
            (false, true) => format!("{name} ({version})"),
            (true, false) => format!("{name} (from {repository})"),
            (true, true) => name.into_owned(),
        };
        let source = origins.trace(dependency.origin).data.first().copied();
        let place = source.map(|source| (origins.file(source.file).path.clone(), source.span));
        Self {
            chart,
            dependency,
            title,
            place,
        }
    }

    /// A problem where the dependency is asked for.
    fn problem(&self, kind: Kind, message: String, help: String) -> Problem {
        let problem = Problem::new(kind, message).help(help);
        match &self.place {
            Some((path, span)) => problem.at(path, *span),
            None => problem.in_file(&self.chart.path),
        }
    }

    fn missing(&self, help: String) -> Problem {
        let title = &self.title;
        let message = format!(
            "the dependency {title} is found in Chart.yaml, but missing in charts/ directory"
        );
        self.problem(Kind::NotVendored, message, help)
    }

    /// A command of Helm's for the chart.
    fn command(&self, verb: &str) -> String {
        format!("`helm dependency {verb} {}`", self.chart.path)
    }

    fn found(
        &self,
        tree: &Tree<'_>,
        cache: &Cache,
        locked: &Locked,
        helm: HelmVersion,
        origins: &mut Origins,
    ) -> Result<Chart, Problem> {
        let repository = self.dependency.repository.lossy();
        let schemes = ["https://", "http://", "oci://"];
        let (path, found) = if let Some(path) = repository.strip_prefix(FILE) {
            let version = self.version(locked)?;
            let path = self.directory(tree, path)?;
            let found = self.load(tree, cache, &path, helm, origins)?;
            self.check_version(&found, &version)?;
            found.repack();
            (path, found)
        } else if repository.starts_with('@') || repository.starts_with("alias:") {
            return Err(self.missing(format!(
                "`{repository}` is a name in somebody's Helm configuration, which Plimsoll does not read. Run {} and commit the `charts` directory, or write the repository's address.",
                self.command("build")
            )));
        } else if schemes.iter().any(|scheme| repository.starts_with(scheme)) {
            let path = self.fetched(tree, &repository, locked)?;
            origins.ask(&path, self.dependency.origin);
            let found = self.load(tree, cache, &path, helm, origins)?;
            (path, found)
        } else {
            return Err(self.missing(format!(
                "Run {} and commit the `charts` directory.",
                self.command("build")
            )));
        };
        if found.name() == self.dependency.name.lossy() {
            return Ok(found);
        }
        let (title, name) = (&self.title, found.name());
        let message = if repository.starts_with(FILE) {
            format!("the chart in {path}, for the dependency {title}, is called {name}")
        } else {
            format!("the chart that was fetched for the dependency {title} is called {name}")
        };
        let help =
            "Write the name that the chart has, and an `alias` if it is to be called otherwise.";
        Err(self.problem(Kind::Render, message, help.to_owned()))
    }

    /// What is asked for: the version in the lock file, or where there is none the constraint.
    fn version(&self, locked: &Locked) -> Result<String, Problem> {
        match locked {
            Locked::Nothing => Ok(self.dependency.version.lossy().into_owned()),
            Locked::Stale => Err(self.missing(format!(
                "Chart.lock is out of sync with Chart.yaml, so no version is pinned: run {} and commit the result.",
                self.command("update")
            ))),
            Locked::Versions(_) => locked.version_of(self.dependency).ok_or_else(|| {
                self.missing(format!(
                    "Chart.lock does not name it: run {} and commit the result.",
                    self.command("update")
                ))
            }),
        }
    }

    /// The directory at a path beside the chart. Helm packs it as it is: what its own dependencies miss stays missing, so charts
    /// that name each other end there.
    fn directory(&self, tree: &Tree<'_>, path: &str) -> Result<RepoPath, Problem> {
        let vendor = || {
            format!(
                "Run {} and commit the `charts` directory.",
                self.command("build")
            )
        };
        let Ok(directory) = self.chart.path.join(path) else {
            return Err(self.missing(format!(
                "`{FILE}{path}` is outside the repository. {}",
                vendor()
            )));
        };
        match tree.find(&directory) {
            Ok(Some(Found::Directory)) => Ok(directory),
            Ok(Some(Found::File)) => Err(self.missing(format!(
                "{directory} is a file, and Helm takes a directory here: move it to {}/charts, or name the chart's directory.",
                self.chart.path
            ))),
            Ok(None) => Err(self.missing(format!(
                "There is no directory {directory} in the repository: correct the path, or take the dependency out."
            ))),
            Err(error) => Err(self.missing(format!("{directory}: {error}. {}", vendor()))),
        }
    }

    /// Where the dependency was put when it was fetched.
    fn fetched(
        &self,
        tree: &Tree<'_>,
        repository: &str,
        locked: &Locked,
    ) -> Result<RepoPath, Problem> {
        let want = Want::Chart {
            repository: repository.to_owned(),
            name: self.dependency.name.lossy().into_owned(),
            version: self.version(locked)?,
            unpacked: false,
        };
        let build = self.command("build");
        match tree.fetched(&want) {
            Fetched::At(path) => Ok(path),
            Fetched::NotTried => Err(self.missing(format!(
                "Run {build} and commit the `charts` directory, or let Plimsoll fetch it with `--allow-network`."
            ))),
            Fetched::Failed(why) => Err(self.problem(
                Kind::NotVendored,
                format!("the dependency {} could not be fetched: {why}", self.title),
                format!("Run {build} and commit the `charts` directory."),
            )),
        }
    }

    fn load(
        &self,
        tree: &Tree<'_>,
        cache: &Cache,
        path: &RepoPath,
        helm: HelmVersion,
        origins: &mut Origins,
    ) -> Result<Chart, Problem> {
        load(tree, cache, path, helm, origins).map_err(|problem| match &self.place {
            Some((path, span)) => problem.through(path, Some(*span), "this dependency"),
            None => problem,
        })
    }

    fn check_version(&self, found: &Chart, wanted: &str) -> Result<(), Problem> {
        let version = found.metadata.version.lossy();
        if is_compatible(wanted, &version) {
            return Ok(());
        }
        let (path, title) = (&found.path, &self.title);
        let mut message =
            format!("the chart in {path}, for the dependency {title}, has version {version}");
        let help = if wanted.is_empty() {
            "Write which `version` is wanted: Helm takes no dependency without it.".to_owned()
        } else if wanted == self.dependency.version.lossy() {
            format!("Change the constraint, or the version in {path}/Chart.yaml.")
        } else {
            let _ = write!(message, ", and Chart.lock says {wanted}");
            format!("Run {} and commit Chart.lock.", self.command("update"))
        };
        Err(self.problem(Kind::Render, message, help))
    }
}
