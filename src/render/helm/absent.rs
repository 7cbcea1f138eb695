//! Dependencies that `Chart.yaml` names and `charts/` does not hold.

use std::rc::Rc;

use super::chart::Chart;
use super::lock::Locked;
use super::metadata::Dependency;
use crate::discover::HelmVersion;
use crate::origin::Origins;
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{Fetched, Tree, Want, without_password};

/// Adds the dependencies that are not in `charts/` from where they were fetched, and names those that were not.
pub(super) fn complete(
    tree: &Tree<'_>,
    cache: &Cache,
    chart: &Chart,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Vec<Problem> {
    let mut absent = chart.metadata.asked();
    let is_there = |name: &str| {
        chart
            .dependencies()
            .iter()
            .any(|below| below.name() == name)
    };
    absent.retain(|dependency| !is_there(&dependency.name.lossy()));
    if absent.is_empty() {
        return Vec::new();
    }
    let locked = Locked::read(chart, origins);
    let mut problems = Vec::new();
    let mut charts = chart.dependencies().clone();
    for dependency in &absent {
        match from_elsewhere(tree, cache, chart, dependency, &locked, helm, origins) {
            Ok(found) => charts.push(Rc::new(found)),
            Err(problem) => problems.push(problem),
        }
    }
    chart.adopt(charts);
    problems
}

/// A dependency as it was fetched.
fn from_elsewhere(
    tree: &Tree<'_>,
    cache: &Cache,
    chart: &Chart,
    dependency: &Dependency,
    locked: &Locked,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<Chart, Problem> {
    let name = dependency.name.lossy();
    let version = dependency.version.lossy();
    let written = dependency.repository.lossy();
    let repository = without_password(&written);
    let pin = match (version.is_empty(), repository.is_empty()) {
        (false, false) => format!(" ({version} from {repository})"),
        (false, true) => format!(" ({version})"),
        (true, false) => format!(" (from {repository})"),
        (true, true) => String::new(),
    };
    let source = origins.trace(dependency.origin).data.first().copied();
    let place = source.map(|source| (origins.file(source.file).path.clone(), source.span));
    let at_dependency = |problem: Problem| match &place {
        Some((path, span)) => problem.at(path, *span),
        None => problem.in_file(&chart.path),
    };
    let missing = |help: String| {
        let message = format!(
            "the dependency {name}{pin} is found in Chart.yaml, but missing in charts/ directory"
        );
        at_dependency(Problem::new(Kind::NotVendored, message).help(help))
    };
    let command = |verb: &str| format!("`helm dependency {verb} {}`", chart.path);
    if written.starts_with('@') || written.starts_with("alias:") {
        return Err(missing(format!(
            "`{written}` is a name in somebody's Helm configuration, which Plimsoll does not read. Run {} and commit the `charts` directory, or write the repository's address.",
            command("build")
        )));
    }
    let is_remote = ["https://", "http://", "oci://"]
        .iter()
        .any(|scheme| written.starts_with(scheme));
    if !is_remote {
        return Err(missing(format!(
            "Run {} and commit the `charts` directory.",
            command("build")
        )));
    }
    let version = match locked {
        Locked::Nothing => version.into_owned(),
        Locked::Stale => {
            return Err(missing(format!(
                "Chart.lock is out of sync with Chart.yaml, so no version is pinned: run {} and commit the result.",
                command("update")
            )));
        }
        Locked::Versions(_) => locked.version_of(dependency).ok_or_else(|| {
            missing(format!(
                "Chart.lock does not name it: run {} and commit the result.",
                command("update")
            ))
        })?,
    };
    let want = Want::Chart {
        repository: written.clone().into_owned(),
        name: name.clone().into_owned(),
        version,
        unpacked: false,
    };
    let path = match tree.fetched(&want) {
        Fetched::At(path) => path,
        Fetched::NotTried => {
            return Err(missing(format!(
                "Run {} and commit the `charts` directory, or let Plimsoll fetch it with `--allow-network`.",
                command("build")
            )));
        }
        Fetched::Failed(why) => {
            let message = format!("the dependency {name}{pin} could not be fetched: {why}");
            let help = format!(
                "Run {} and commit the `charts` directory.",
                command("build")
            );
            return Err(at_dependency(
                Problem::new(Kind::NotVendored, message).help(help),
            ));
        }
    };
    origins.ask(&path, dependency.origin);
    let found =
        super::chart::load(tree, cache, &path, helm, origins).map_err(|problem| match &place {
            Some((path, span)) => problem.through(path, Some(*span), "this dependency"),
            None => problem,
        })?;
    if found.name() == name {
        return Ok(found);
    }
    let message = format!(
        "the chart that was fetched for the dependency {name}{pin} is called {}",
        found.name()
    );
    Err(at_dependency(Problem::new(Kind::Render, message)))
}
