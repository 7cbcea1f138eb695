//! How the values that a person gives meet the values of charts: defaults, globals, nulls, sub-charts.
//!
//! Helm's maps are references, and some of its results depend on which maps are shared; the same are shared here.
//! Where a value wins over a default, its origin remembers the default.

use std::rc::Rc;

use super::chart::Chart;
use super::format;
use super::string::Text;
use super::value::{Data, MAX_DEPTH, Map, Value};
use super::values::over;
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};

/// The key of the values that all charts see.
const GLOBAL: &str = "global";

/// How two layers are combined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// For rendering: a null removes a default.
    Coalesce,
    /// For collecting what charts say: nulls stay.
    Merge,
}

/// Combines values with charts.
pub(super) struct Coalescing<'o> {
    pub(super) helm: HelmVersion,
    pub(super) origins: &'o mut Origins,
}

impl Coalescing<'_> {
    /// The values of the chart and its dependencies with `values` laid over them.
    pub(super) fn values(
        &mut self,
        chart: &Chart,
        values: &Map,
        mode: Mode,
    ) -> Result<Map, String> {
        let copy = copy(values);
        self.chart(chart, &copy, mode)?;
        Ok(copy)
    }

    fn chart(&mut self, chart: &Chart, into: &Map, mode: Mode) -> Result<(), String> {
        self.defaults(chart, into, mode);
        for below in chart.dependencies().iter() {
            let name = below.name();
            let value = if let Some(value) = into.get(name) {
                value
            } else {
                let value = Value::map(Map::new(), Origin::NONE);
                into.set(name, Origin::NONE, value.clone());
                value
            };
            let Data::Map(map) = &value.data else {
                let shown = format::sprintf(&Text::new("%t", Origin::NONE), &[value]);
                return Err(format!("type mismatch on {name}: {}", shown.lossy()));
            };
            self.globals(map, into, MAX_DEPTH);
            self.chart(below, map, mode)?;
        }
        Ok(())
    }

    /// The parent's globals, over those of the sub-chart.
    fn globals(&mut self, below: &Map, above: &Map, depth: usize) {
        let of = |map: &Map| match map.get(GLOBAL) {
            None => Some((Map::new(), Origin::NONE)),
            Some(value) => Some((value.as_map()?.clone(), value.origin)),
        };
        let (Some((into, origin)), Some((from, from_origin))) = (of(below), of(above)) else {
            return;
        };
        for (key, entry) in from.entries() {
            let there = into.get(&key);
            match (&entry.value.data, there) {
                (Data::Map(map), there) => {
                    let copied = Map::new();
                    for (key, entry) in map.entries() {
                        copied.set(key, entry.key_origin, entry.value);
                    }
                    match there.as_ref().map(|value| &value.data) {
                        None => {}
                        Some(Data::Map(there)) => self.tables(&copied, there, Mode::Merge, depth),
                        Some(_) => continue,
                    }
                    into.set(
                        key,
                        entry.key_origin,
                        Value::map(copied, entry.value.origin),
                    );
                }
                (_, Some(there)) if there.as_map().is_some() => {}
                (_, there) => {
                    let value = match there {
                        Some(there) => over(entry.value, &there, self.origins),
                        None => entry.value,
                    };
                    into.set(key, entry.key_origin, value);
                }
            }
        }
        let origin = if origin.is_none() {
            from_origin
        } else {
            origin
        };
        below.set(GLOBAL, origin, Value::map(into, origin));
    }

    /// The chart's own `values.yaml` under what is given.
    fn defaults(&mut self, chart: &Chart, into: &Map, mode: Mode) {
        let defaults = copy(&chart.values());
        let v4 = self.helm == HelmVersion::V4;
        for (key, entry) in defaults.entries() {
            let default = entry.value;
            let Some(given) = into.get(&key) else {
                if mode == Mode::Coalesce && v4 {
                    if default.is_nil() {
                        continue;
                    }
                    if let Data::Map(map) = &default.data {
                        drop_nulls(map, MAX_DEPTH);
                    }
                }
                into.set(key, entry.key_origin, default);
                continue;
            };
            if given.is_nil() && mode == Mode::Coalesce {
                into.borrow_mut().remove(&key);
                continue;
            }
            match (&given.data, &default.data) {
                (Data::Map(given_map), Data::Map(default_map)) => {
                    let is_child = chart
                        .dependencies()
                        .iter()
                        .any(|below| below.name() == &*key);
                    let mode = if is_child { Mode::Merge } else { mode };
                    if mode == Mode::Coalesce && v4 {
                        drop_nulls(default_map, MAX_DEPTH);
                    }
                    self.tables(given_map, default_map, mode, MAX_DEPTH);
                    self.replace(into, &key, given, &default);
                }
                (Data::Map(_), _) => {}
                _ => self.replace(into, &key, given, &default),
            }
        }
    }

    /// Notes in the origin of a value that it stands where a default would.
    fn replace(&mut self, map: &Map, key: &str, value: Value, default: &Value) {
        let value = over(value, default, self.origins);
        if let Some(entry) = map.borrow_mut().get_mut(key) {
            entry.value = value;
        }
    }

    /// Lays `into` over `from`, in place.
    pub(super) fn tables(&mut self, into: &Map, from: &Map, mode: Mode, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if into.is_same(from) {
            return;
        }
        // Helm 4 tells a null that removes a default from one for a key without a default, which stays.
        let stays = if self.helm == HelmVersion::V4 {
            nulls_without_default(into, from)
        } else {
            Vec::new()
        };
        for (key, entry) in from.entries() {
            let default = entry.value;
            let Some(given) = into.get(&key) else {
                into.set(key, entry.key_origin, default);
                continue;
            };
            if mode == Mode::Coalesce && given.is_nil() && !stays.contains(&key) {
                into.borrow_mut().remove(&key);
                continue;
            }
            match (&given.data, &default.data) {
                (Data::Map(given_map), Data::Map(default_map)) => {
                    self.tables(given_map, default_map, mode, depth);
                    self.replace(into, &key, given, &default);
                }
                (Data::Map(_) | Data::Nil, _) | (_, Data::Map(_)) => {}
                _ => self.replace(into, &key, given, &default),
            }
        }
    }
}

/// A copy that shares no map.
pub(super) fn copy(map: &Map) -> Map {
    match Value::map(map.clone(), Origin::NONE).deep_copy().data {
        Data::Map(copy) => copy,
        _ => Map::new(),
    }
}

/// The keys that are null in `into` and that have no default in `from`. All nulls are copied to `from`, as Helm 4 does.
fn nulls_without_default(into: &Map, from: &Map) -> Vec<Rc<str>> {
    let mut without = Vec::new();
    for (key, entry) in into.entries() {
        if entry.value.is_nil() {
            if from.get(&key).is_none_or(|default| default.is_nil()) {
                without.push(Rc::clone(&key));
            }
            from.set(key, entry.key_origin, entry.value);
        }
    }
    without
}

/// Removes nulls, in nested maps too.
fn drop_nulls(map: &Map, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for (key, entry) in map.entries() {
        match &entry.value.data {
            Data::Nil => {
                map.borrow_mut().remove(&key);
            }
            Data::Map(below) => drop_nulls(below, depth),
            _ => {}
        }
    }
}
