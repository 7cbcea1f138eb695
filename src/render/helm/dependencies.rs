//! Which dependencies of a chart are on, under which names, and what values their parents take from them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::chart::{Chart, is_compatible};
use super::coalesce::{Coalescing, Mode, copy};
use super::format;
use super::metadata::Dependency;
use super::value::{Data, MAX_DEPTH, Map, MapType, Value};
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};

/// Switches dependencies on and off, gives them their aliases, and imports their values.
pub(super) fn process(
    chart: &Chart,
    values: &Map,
    coalescing: &mut Coalescing<'_>,
) -> Result<(), String> {
    enable(chart, values, "", coalescing)?;
    import_all(chart, coalescing)
}

fn enable(
    chart: &Chart,
    values: &Map,
    path: &str,
    coalescing: &mut Coalescing<'_>,
) -> Result<(), String> {
    let Some(mut entries) = chart.metadata.dependencies.borrow().clone() else {
        return Ok(());
    };
    chart.adopt(asked_for(chart, &entries, coalescing.helm));
    let all = coalescing.values(chart, values, Mode::Coalesce)?;
    let tags = all.get("tags");
    let mut controls = BTreeMap::new();
    let mut off = BTreeSet::new();
    for entry in &entries {
        let dependency = &mut *entry.borrow_mut();
        let control = switch(dependency, tags.as_ref(), &all, path, coalescing.origins);
        let name = dependency.name.lossy().into_owned();
        if !dependency.enabled {
            off.insert(name.clone());
        }
        controls.insert(name, control);
    }
    let mut charts = chart.dependencies().clone();
    charts.retain(|below| !off.contains(below.name()));
    entries.retain(|entry| !off.contains(&*entry.borrow().name.lossy()));
    for below in &charts {
        let control = controls.get(below.name()).copied().unwrap_or_default();
        below.control.set(control);
        enable(below, &all, &format!("{path}{}.", below.name()), coalescing)?;
    }
    *chart.metadata.dependencies.borrow_mut() = Some(entries).filter(|left| !left.is_empty());
    chart.adopt(charts);
    Ok(())
}

/// The charts below `chart`: those that no entry asks for, which are always on, and for each entry a copy of the first that it
/// fits. From here on an entry with an alias is called by it, wherever the entry is shared.
fn asked_for(
    chart: &Chart,
    entries: &[Rc<RefCell<Dependency>>],
    helm: HelmVersion,
) -> Vec<Rc<Chart>> {
    let fits = |below: &Chart, dependency: &Dependency| {
        let version = below.metadata.version.lossy();
        below.name() == dependency.name.lossy()
            && is_compatible(&dependency.version.lossy(), &version)
    };
    let vendored = chart.dependencies().clone();
    let is_listed = |below: &Chart| entries.iter().any(|entry| fits(below, &entry.borrow()));
    let unlisted = vendored.iter().filter(|below| !is_listed(below));
    let mut charts: Vec<Rc<Chart>> = unlisted.cloned().collect();
    for entry in entries {
        let dependency = &mut *entry.borrow_mut();
        let found = vendored.iter().find(|below| fits(below, dependency));
        charts.extend(found.map(|below| below.copy(&dependency.alias, helm)));
        if !dependency.alias.is_empty() {
            dependency.name = dependency.alias.clone();
        }
    }
    charts
}

/// Decides by tags and conditions whether a dependency is on, and says what decided it.
fn switch(
    dependency: &mut Dependency,
    tags: Option<&Value>,
    values: &Map,
    path: &str,
    origins: &mut Origins,
) -> Origin {
    dependency.enabled = true;
    let mut control = Origin::NONE;
    if let Some(Data::Map(tags)) = tags.map(|tags| &tags.data) {
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
        }) = lookup(values, &format!("{path}{condition}"))
        {
            dependency.enabled = told;
            return origins.both(origin, control);
        }
    }
    control
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

fn import_all(chart: &Chart, coalescing: &mut Coalescing<'_>) -> Result<(), String> {
    for below in chart.dependencies().iter() {
        import_all(below, coalescing)?;
    }
    import(chart, coalescing)
}

/// Lays what dependencies export under the values of the chart.
fn import(chart: &Chart, coalescing: &mut Coalescing<'_>) -> Result<(), String> {
    let Some(entries) = chart.metadata.dependencies.borrow().clone() else {
        return Ok(());
    };
    let all = coalescing.values(chart, &Map::new(), Mode::Merge)?;
    let imported = Map::new();
    for entry in &entries {
        let dependency = &mut *entry.borrow_mut();
        let name = dependency.name.lossy().into_owned();
        let mut read = Vec::new();
        for import in &dependency.import_values {
            let (child, parent) = match &import.data {
                // What is read once is kept as a map of strings, which Helm does not read again: a chart that shares the
                // entry imports nothing.
                Data::Map(pair) if pair.borrow().map_type == MapType::Strings => continue,
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
    chart.set_values(own);
    Ok(())
}
