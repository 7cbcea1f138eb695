//! Dependencies that `Chart.yaml` names and `charts/` does not hold: charts elsewhere in the repository, and what was fetched.
//!
//! They are taken as if `helm dependency build` had been run, which puts each as `NAME-VERSION.tgz` in `charts/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use super::chart::{Chart, is_compatible, load, rules};
use super::content::Content;
use super::lock::Locked;
use super::metadata::{self, Dependency, Metadata};
use crate::discover::HelmVersion;
use crate::origin::Origins;
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{Fetched, Found, Tree, Want, mount_of, without_password};
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

/// The directory that a chart names as `file://` and a path; `None` where it is not in the same repository.
fn beside(chart: &RepoPath, repository: &str) -> Option<RepoPath> {
    let directory = chart.join(repository.strip_prefix(FILE)?).ok()?;
    (mount_of(chart) == mount_of(&directory)).then_some(directory)
}

/// The directories beside a chart that it may take dependencies from.
pub(super) fn all_beside(tree: &Tree<'_>, cache: &Cache, chart: &RepoPath) -> Vec<RepoPath> {
    let mut origins = Origins::untraced();
    let mut asked = |name: &str| {
        let path = chart.join(name).ok()?;
        let content = cache.content(tree, &path).ok()?;
        let content = Content::unmarked(&content, cache);
        metadata::read(&path, &content, Metadata::default(), &mut origins).ok()
    };
    let manifests = [asked("Chart.yaml"), asked("requirements.yaml")];
    let entries = manifests.iter().flatten().flat_map(Metadata::asked);
    entries
        .filter_map(|entry| beside(chart, &entry.repository.lossy()))
        .collect()
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
        let (path, found) = if repository.starts_with(FILE) {
            let version = self.version(locked)?;
            let path = self.directory(tree, &repository)?;
            let found = self.load(tree, cache, &path, helm, origins)?;
            self.check_version(&found, &version)?;
            found.repack();
            (path, found)
        } else if repository.starts_with('@') || repository.starts_with("alias:") {
            return Err(self.missing(format!(
                "`{repository}` is a name in somebody's Helm configuration, which Plimsoll does not look up. Run {} and commit the `charts` directory, or write the repository's address.",
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

    /// The directory at `file://`. Helm packs it as it is: what its own dependencies miss stays missing, so charts that name each
    /// other end there.
    fn directory(&self, tree: &Tree<'_>, repository: &str) -> Result<RepoPath, Problem> {
        let vendor = format!(
            "Run {} and commit the `charts` directory.",
            self.command("build")
        );
        let Some(directory) = beside(&self.chart.path, repository) else {
            return Err(self.missing(format!(
                "`{repository}` is outside the repository. {vendor}"
            )));
        };
        if !matches!(tree.find(&self.chart.path), Ok(Some(Found::Directory))) {
            return Err(self.missing(format!(
                "{} is packed, and Helm looks for nothing beside a packed chart: pack it again with its dependencies.",
                self.chart.path
            )));
        }
        match tree.find(&directory) {
            Ok(Some(Found::Directory)) => Ok(directory),
            Ok(Some(Found::File)) => Err(self.missing(format!(
                "{directory} is a file, and Helm takes a directory here: move it to {}/charts, or name the chart's directory.",
                self.chart.path
            ))),
            Ok(None) => Err(self.missing(format!(
                "There is no directory {directory} in the repository: correct the path, or take the dependency out."
            ))),
            Err(error) => Err(self.missing(format!("{directory}: {error}. {vendor}"))),
        }
    }

    /// Where the dependency was put when it was fetched.
    fn fetched(
        &self,
        tree: &Tree<'_>,
        repository: &str,
        locked: &Locked,
    ) -> Result<RepoPath, Problem> {
        let version = self.version(locked)?;
        let pin = match locked {
            Locked::Versions(_) => format!("Chart.lock pins {version}. "),
            Locked::Nothing | Locked::Stale => String::new(),
        };
        let want = Want::Chart {
            repository: repository.to_owned(),
            name: self.dependency.name.lossy().into_owned(),
            version,
            unpacked: false,
        };
        let build = self.command("build");
        let vendor = format!("{pin}Run {build} and commit the `charts` directory");
        match tree.fetched(&want) {
            Fetched::At(path) => Ok(path),
            Fetched::NotTried => Err(self.missing(format!(
                "{vendor}, or let Plimsoll fetch it with `--allow-network`."
            ))),
            Fetched::Failed(why) => Err(self.problem(
                Kind::NotVendored,
                format!("the dependency {} could not be fetched: {why}", self.title),
                format!("{vendor}."),
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::discover::{App, Release, Source};
    use crate::render::{self, Rendered};
    use crate::snapshot::Memory;

    const CHART: &str = "apiVersion: v2\nname: NAME\nversion: 1.2.0\n";

    /// The chart `web` with the entries, beside the files.
    fn rendered(entries: &[&str], files: &[(&str, &str)]) -> Rendered {
        let mut manifest = CHART.replace("NAME", "web") + "dependencies:\n";
        for entry in entries {
            let _ = writeln!(manifest, "- {{{entry}}}");
        }
        let mut all = vec![("apps/web/Chart.yaml", manifest.as_str())];
        all.extend_from_slice(files);
        let snapshot = Memory::new("test", all).unwrap();
        let chart = RepoPath::new("apps/web").unwrap();
        render::render(
            &snapshot,
            &App {
                id: "web".to_owned(),
                environment: None,
                source: Source::Helm(Release::new(chart, "rel", "ns")),
            },
        )
    }

    fn db() -> String {
        CHART.replace("NAME", "db")
    }

    #[test]
    fn a_chart_beside_is_an_input_and_its_values_are_traced_to_it() {
        let template = "apiVersion: v1\nkind: D\nspec: {size: {{ .Values.size }}}\n";
        let rendered = rendered(
            &["name: db, version: 1.x, repository: \"file://../parts/db\""],
            &[
                ("apps/parts/db/Chart.yaml", &db()),
                ("apps/parts/db/values.yaml", "size: 3\n"),
                ("apps/parts/db/templates/d.yaml", template),
            ],
        );
        assert_eq!(rendered.rendering.problems, []);
        let resource = rendered.rendering.resources.first().unwrap();
        let size = resource.value.at(&"spec.size".parse().unwrap()).unwrap();
        let source = *rendered.origins.trace(size.origin).data.first().unwrap();
        let file = rendered.origins.file(source.file);
        assert_eq!(file.path.as_str(), "apps/parts/db/values.yaml");
        assert_eq!(rendered.origins.in_repository(source), source);
    }

    #[test]
    fn what_is_not_there_is_refused_at_its_line() {
        let other = CHART.replace("NAME", "other");
        let files = [
            ("apps/db/Chart.yaml", &*db()),
            ("apps/other/Chart.yaml", &other),
            ("apps/db-1.2.0.tgz", "packed"),
            ("apps/broken/Chart.yaml", "name: [\n"),
        ];
        for (entry, message, help) in [
            (
                "version: 2.x, repository: \"file://../db\"",
                "the chart in apps/db, for the dependency db (2.x from file://../db), has version 1.2.0",
                "Change the constraint, or the version in apps/db/Chart.yaml.",
            ),
            (
                "repository: \"file://../db\"",
                "has version 1.2.0",
                "which `version` is wanted",
            ),
            (
                "version: 1.x, repository: \"file://../gone\"",
                "found in Chart.yaml, but missing",
                "There is no directory apps/gone in the repository",
            ),
            (
                "version: 1.x, repository: \"file://../../../db\"",
                "found in Chart.yaml, but missing",
                "`file://../../../db` is outside the repository",
            ),
            (
                "version: 1.x, repository: \"file:///srv/db\"",
                "found in Chart.yaml, but missing",
                "`file:///srv/db` is outside the repository",
            ),
            (
                "version: 1.x, repository: \"file://../db-1.2.0.tgz\"",
                "found in Chart.yaml, but missing",
                "apps/db-1.2.0.tgz is a file",
            ),
            (
                "version: 1.x, repository: \"file://../other\"",
                "the chart in apps/other, for the dependency db (1.x from file://../other), is called other",
                "`alias`",
            ),
        ] {
            let rendered = rendered(&[&format!("name: db, {entry}")], &files);
            let [problem] = rendered.rendering.problems.as_slice() else {
                panic!("{entry}: {:?}", rendered.rendering.problems);
            };
            assert!(problem.message.contains(message), "{}", problem.message);
            let said = problem.help.as_deref().unwrap();
            assert!(said.contains(help), "{said}");
            let place = problem.place.as_ref().unwrap();
            assert_eq!(place.path.as_str(), "apps/web/Chart.yaml");
            assert!(place.span.is_some());
        }
        let entry = "name: db, version: 1.x, repository: \"file://../broken\"";
        let rendered = rendered(&[entry], &files);
        let problem = rendered.rendering.problems.first().unwrap();
        let (through, what) = problem.chain.first().unwrap();
        assert_eq!(
            (through.path.as_str(), what.as_str()),
            ("apps/web/Chart.yaml", "this dependency")
        );
    }

    #[test]
    fn charts_that_name_each_other_end() {
        let back =
            db() + "dependencies: [{name: web, version: 1.x, repository: \"file://../web\"}]\n";
        let template = "apiVersion: v1\nkind: D\n";
        let rendered = rendered(
            &[
                "name: db, version: 1.x, repository: \"file://../db\"",
                "name: web, version: 1.x, repository: \"file://.\"",
            ],
            &[
                ("apps/db/Chart.yaml", &back),
                ("apps/db/templates/d.yaml", template),
                ("apps/web/templates/d.yaml", template),
            ],
        );
        assert_eq!(rendered.rendering.problems, []);
        let output = rendered.rendering.output.as_str();
        let sources: Vec<&str> = output
            .lines()
            .filter_map(|line| line.strip_prefix("# Source: "))
            .collect();
        assert_eq!(
            sources,
            [
                "web/charts/db/templates/d.yaml",
                "web/charts/web/templates/d.yaml",
                "web/templates/d.yaml"
            ]
        );
    }

    #[test]
    fn what_fits_several_is_the_first_in_the_order_of_files() {
        let version = |version: &str| db().replace("1.2.0", version);
        let template = "version: {{ .Chart.Version }}\n";
        let rendered = rendered(
            &[
                "name: db, version: ~1.2.0, alias: old, repository: \"file://../old\"",
                "name: db, version: 1.x, alias: new, repository: \"file://../new\"",
            ],
            &[
                ("apps/old/Chart.yaml", &version("1.2.0")),
                ("apps/new/Chart.yaml", &version("1.10.0")),
                ("apps/old/templates/d.yaml", template),
                ("apps/new/templates/d.yaml", template),
            ],
        );
        let output = rendered.rendering.output.as_str();
        let versions: Vec<&str> = output
            .lines()
            .filter_map(|line| line.strip_prefix("version: "))
            .collect();
        // `db-1.10.0.tgz` stands before `db-1.2.0.tgz`.
        assert_eq!(versions, ["1.10.0", "1.2.0"]);
    }

    #[test]
    fn an_ignored_file_is_as_good_as_none() {
        let rendered = rendered(
            &["name: db, version: 1.x, repository: \"file://../db\""],
            &[
                ("apps/db/Chart.yaml", &db()),
                ("apps/web/.helmignore", "*.tgz\n"),
            ],
        );
        let problem = rendered.rendering.problems.first().unwrap();
        let help = problem.help.as_deref().unwrap();
        assert!(help.contains("`charts/db-1.2.0.tgz`"), "{help}");
    }
}
