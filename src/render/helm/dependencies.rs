//! Which dependencies of a chart are on, under which names, and what values their parents take from them.

use std::collections::BTreeMap;

use super::chart::{Chart, is_compatible};
use super::coalesce::{Coalescing, Mode, copy};
use super::format;
use super::lock::Locked;
use super::metadata::Dependency;
use super::value::{Data, MAX_DEPTH, Map, MapType, Value};
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::problem::{Kind, Problem};
use crate::render::Cache;
use crate::snapshot::{Fetched, Tree, Want, without_password};

/// Adds the dependencies that are not in `charts/` from where they were fetched, and names those that were not.
pub(super) fn complete(
    tree: &Tree<'_>,
    cache: &Cache,
    chart: &mut Chart,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Vec<Problem> {
    let is_absent = |dependency: &&Dependency| {
        let name = dependency.name.lossy();
        !chart.dependencies.iter().any(|below| below.name() == name)
    };
    let absent: Vec<Dependency> = chart
        .metadata
        .dependencies
        .iter()
        .filter(is_absent)
        .cloned()
        .collect();
    if absent.is_empty() {
        return Vec::new();
    }
    let locked = Locked::read(chart, origins);
    let mut problems = Vec::new();
    for dependency in &absent {
        match from_elsewhere(tree, cache, chart, dependency, &locked, helm, origins) {
            Ok(found) => chart.dependencies.push(found),
            Err(problem) => problems.push(problem),
        }
    }
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

/// Switches dependencies on and off, gives them their aliases, and imports their values.
pub(super) fn process(
    chart: &mut Chart,
    values: &Map,
    coalescing: &mut Coalescing<'_>,
) -> Result<(), String> {
    enable(chart, values, "", coalescing)?;
    import_all(chart, coalescing)
}

fn enable(
    chart: &mut Chart,
    values: &Map,
    path: &str,
    coalescing: &mut Coalescing<'_>,
) -> Result<(), String> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    chart.name_inside = None;
    // Charts that no dependency asks for come first and are always on.
    let is_listed = |below: &Chart| {
        chart.metadata.dependencies.iter().any(|dependency| {
            below.name() == dependency.name.lossy()
                && is_compatible(&dependency.version.lossy(), &below.metadata.version.lossy())
        })
    };
    let mut charts: Vec<Chart> = chart
        .dependencies
        .iter()
        .filter(|below| !is_listed(below))
        .cloned()
        .collect();
    for dependency in &mut chart.metadata.dependencies {
        let found = chart.dependencies.iter().find(|below| {
            below.name() == dependency.name.lossy()
                && is_compatible(&dependency.version.lossy(), &below.metadata.version.lossy())
        });
        if let Some(below) = found {
            let mut copy = below.clone();
            if !dependency.alias.is_empty() {
                if coalescing.helm == HelmVersion::V3 {
                    copy.name_inside = Some(below.name());
                }
                copy.metadata.name = dependency.alias.clone();
            }
            charts.push(copy);
        }
        if !dependency.alias.is_empty() {
            dependency.name = dependency.alias.clone();
        }
        dependency.enabled = true;
    }
    chart.dependencies = charts;
    let all = coalescing.values(chart, values, Mode::Coalesce)?;
    let tags = all.get("tags");
    let mut controls = BTreeMap::new();
    for dependency in &mut chart.metadata.dependencies {
        let origins = &mut *coalescing.origins;
        let mut control = Origin::NONE;
        if let Some(Data::Map(tags)) = tags.as_ref().map(|tags| &tags.data) {
            let mut told = Vec::new();
            for tag in &dependency.tags {
                let value = tags.get(&tag.lossy()).unwrap_or_default();
                let tag = tag.origin(origins);
                control = origins.all([control, value.origin, tag]);
                if let Data::Bool(truth) = value.data {
                    told.push(truth);
                }
            }
            dependency.enabled = told.contains(&true) || !told.contains(&false);
        }
        let written = dependency.condition.origin(origins);
        control = origins.both(control, written);
        let condition = dependency.condition.lossy();
        for condition in condition.trim().split(',').filter(|c| !c.is_empty()) {
            if let Some(Value {
                data: Data::Bool(told),
                origin,
            }) = lookup(&all, &format!("{path}{condition}"))
            {
                dependency.enabled = told;
                control = origins.both(origin, control);
                break;
            }
        }
        controls.insert(dependency.name.lossy().into_owned(), control);
    }
    let off: Vec<String> = chart
        .metadata
        .dependencies
        .iter()
        .filter(|dependency| !dependency.enabled)
        .map(|dependency| dependency.name.lossy().into_owned())
        .collect();
    chart
        .dependencies
        .retain(|below| !off.contains(&below.name()));
    chart
        .metadata
        .dependencies
        .retain(|dependency| !off.iter().any(|name| *name == dependency.name.lossy()));
    for below in &mut chart.dependencies {
        below.control = controls.get(&below.name()).copied().unwrap_or_default();
        let path = format!("{path}{}.", below.name());
        enable(below, &all, &path, coalescing)?;
    }
    Ok(())
}

/// The value at a dotted path, if it is there and no map.
fn lookup(values: &Map, path: &str) -> Option<Value> {
    let mut here = values.clone();
    let (before, last) = match path.rsplit_once('.') {
        Some((before, last)) => (Some(before), last),
        None => (None, path),
    };
    for part in before.into_iter().flat_map(|before| before.split('.')) {
        here = here.get(part)?.as_map()?.clone();
    }
    here.get(last).filter(|value| value.as_map().is_none())
}

/// The map at a dotted path.
fn table(values: &Map, path: &str) -> Option<Map> {
    let mut here = values.clone();
    for part in path.split('.') {
        here = here.get(part)?.as_map()?.clone();
    }
    Some(here)
}

fn import_all(chart: &mut Chart, coalescing: &mut Coalescing<'_>) -> Result<(), String> {
    for below in &mut chart.dependencies {
        import_all(below, coalescing)?;
    }
    import(chart, coalescing)
}

/// Lays what dependencies export under the values of the chart.
fn import(chart: &mut Chart, coalescing: &mut Coalescing<'_>) -> Result<(), String> {
    if chart.metadata.dependencies.is_empty() {
        return Ok(());
    }
    let all = coalescing.values(chart, &Map::new(), Mode::Merge)?;
    let imported = Map::new();
    for dependency in &mut chart.metadata.dependencies {
        let name = dependency.name.lossy().into_owned();
        let mut read = Vec::new();
        for import in &dependency.import_values {
            let (child, parent) = match &import.data {
                Data::Map(pair) => {
                    let part = |key| {
                        let value = pair.get(key).unwrap_or_default();
                        format::plain(&value).lossy().into_owned()
                    };
                    (part("child"), part("parent"))
                }
                Data::String(export) => (format!("exports.{}", export.lossy()), ".".to_owned()),
                _ => continue,
            };
            let shown = Map::of(MapType::Strings);
            for (key, text) in [("child", &child), ("parent", &parent)] {
                shown.set(
                    key,
                    import.origin,
                    Value::string(text.as_str(), import.origin),
                );
            }
            read.push(Value::map(shown, import.origin));
            let Some(found) = table(&all, &format!("{name}.{child}")) else {
                continue;
            };
            let placed = if parent == "." {
                found
            } else {
                parent.rsplit('.').fold(found, |below, key| {
                    let map = Map::new();
                    map.set(key, Origin::NONE, Value::map(below, Origin::NONE));
                    map
                })
            };
            coalescing.tables(&imported, &placed, Mode::Merge, MAX_DEPTH);
        }
        dependency.import_values = read;
    }
    let own = copy(&all);
    coalescing.tables(&own, &imported, Mode::Merge, MAX_DEPTH);
    chart.values = own;
    Ok(())
}
