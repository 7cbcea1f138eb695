//! Functions on maps. Maps are references: `set`, `unset` and the merges change the map that they are given.

use super::{Result, fail, strings, truth};
use crate::render::helm::function::Type::{Any, Map as MapOf, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, map, text};
use crate::render::helm::value::{Data, MAX_DEPTH, Map, MapType, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::variadic("dict", &[], Any, dict),
    Signature::new("get", &[MapOf, Str], |c, a| {
        let found = map(a, 0).and_then(|map| map.get(&text(a, 1).lossy()));
        let origin = c.union(a);
        Ok(found.unwrap_or_else(|| Value::string("", origin)))
    }),
    Signature::new("set", &[MapOf, Str, Any], |c, a| {
        let Some(map) = map(a, 0).filter(|map| !map.borrow().is_nil) else {
            return fail("assignment to entry in nil map");
        };
        let value = a.get(2).cloned().unwrap_or_default();
        let value = value.under(c.control, c.origins);
        let key = text(a, 1);
        let key_origin = key.origin(c.origins);
        c.spend_memory(Map::entry_bytes(&key.lossy()))?;
        map.set(key.lossy(), key_origin, value);
        Ok(a.first().cloned().unwrap_or_default())
    }),
    Signature::new("unset", &[MapOf, Str], |c, a| {
        let Some(map) = map(a, 0) else {
            return Ok(Value::map(Map::nil(), c.call));
        };
        map.borrow_mut().remove(&text(a, 1).lossy());
        Ok(a.first().cloned().unwrap_or_default())
    }),
    Signature::new("hasKey", &[MapOf, Str], |c, a| {
        let found = map(a, 0).is_some_and(|map| map.borrow().get(&text(a, 1).lossy()).is_some());
        truth(c, a, found)
    }),
    Signature::variadic("pluck", &[Str], MapOf, |c, a| {
        let key = text(a, 0);
        let values = (1..a.len())
            .filter_map(|index| map(a, index)?.get(&key.lossy()))
            .collect();
        Ok(Value::list(values, c.call))
    }),
    // Go gives keys and values in any order; sorted is one of them.
    Signature::variadic("keys", &[], MapOf, |c, a| {
        let mut keys = Vec::new();
        for index in 0..a.len() {
            for (key, entry) in map(a, index).map(|map| map.entries()).unwrap_or_default() {
                c.spend(1)?;
                keys.push(crate::render::helm::string::Text::new(
                    key.as_bytes(),
                    entry.key_origin,
                ));
            }
        }
        let origin = c.union(a);
        Ok(Value::strings(keys, origin))
    }),
    Signature::new("values", &[MapOf], |c, a| {
        let entries = map(a, 0).map(|map| map.entries()).unwrap_or_default();
        c.spend(entries.len())?;
        let values = entries.into_iter().map(|(_, entry)| entry.value).collect();
        let origin = c.union(a);
        Ok(Value::list(values, origin))
    }),
    Signature::variadic("pick", &[MapOf], Str, |c, a| {
        let wanted = a.get(1..).unwrap_or_default();
        select(c, a, |key| wanted.iter().any(|w| is_text(w, key)))
    }),
    Signature::variadic("omit", &[MapOf], Str, |c, a| {
        let unwanted = a.get(1..).unwrap_or_default();
        select(c, a, |key| !unwanted.iter().any(|w| is_text(w, key)))
    }),
    Signature::variadic("merge", &[MapOf], MapOf, |c, a| merge_all(c, a, false)),
    Signature::variadic("mustMerge", &[MapOf], MapOf, |c, a| merge_all(c, a, false)),
    Signature::variadic("mergeOverwrite", &[MapOf], MapOf, |c, a| {
        merge_all(c, a, true)
    }),
    Signature::variadic("mustMergeOverwrite", &[MapOf], MapOf, |c, a| {
        merge_all(c, a, true)
    }),
    Signature::new("deepCopy", &[Any], deep_copy),
    Signature::new("mustDeepCopy", &[Any], deep_copy),
    Signature::variadic("dig", &[], Any, dig),
];

fn is_text(value: &Value, key: &str) -> bool {
    value
        .as_text()
        .is_some_and(|text| text.as_bytes() == key.as_bytes())
}

fn dict(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    context.spend(arguments.len())?;
    let map = Map::new();
    for pair in arguments.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let key = strings::string_of(context, key)?;
        let value = match rest.first() {
            Some(value) => value.clone(),
            None => Value::string("", context.call),
        };
        let key_origin = key.origin(context.origins);
        map.set(key.lossy(), key_origin, value);
    }
    Ok(Value::map(map, context.call))
}

fn select(context: &mut Context<'_>, arguments: &[Value], keep: impl Fn(&str) -> bool) -> Result {
    let selected = Map::new();
    for (key, entry) in map(arguments, 0)
        .map(|map| map.entries())
        .unwrap_or_default()
    {
        context.spend(arguments.len())?;
        if keep(&key) {
            selected.set(key, entry.key_origin, entry.value);
        }
    }
    let origin = arguments.first().map_or(context.call, |value| value.origin);
    Ok(Value::map(selected, origin))
}

fn merge_all(context: &mut Context<'_>, arguments: &[Value], overwrite: bool) -> Result {
    let target = map(arguments, 0).unwrap_or_else(Map::nil);
    for index in 1..arguments.len() {
        if let Some(source) = map(arguments, index) {
            merge(context, &target, &source, overwrite, MAX_DEPTH)?;
        }
    }
    let origin = arguments.first().map_or(context.call, |value| value.origin);
    Ok(Value::map(target, origin))
}

/// Lays `source` under `target`, or over it. A zero value counts as not set; maps merge, lists replace.
fn merge(
    context: &mut Context<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    depth: usize,
) -> std::result::Result<(), FunctionError> {
    let Some(depth) = depth.checked_sub(1) else {
        return fail("maps are nested too deeply to be merged");
    };
    if target.is_same(source) {
        return Ok(());
    }
    for (key, entry) in source.entries() {
        context.spend(1)?;
        context.spend_memory(Map::entry_bytes(&key))?;
        let there = target.get(&key);
        if entry.value.is_nil() {
            if overwrite {
                target.set(key, entry.key_origin, entry.value);
            }
            continue;
        }
        if let (Data::Map(inner), Some(Data::Map(into))) =
            (&entry.value.data, there.as_ref().map(|value| &value.data))
        {
            merge(context, into, inner, overwrite, depth)?;
            if !into.is_empty() {
                continue;
            }
        }
        if overwrite || there.is_none_or(|value| !value.truth()) {
            target.set(key, entry.key_origin, entry.value);
        }
    }
    Ok(())
}

fn deep_copy(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    match arguments.first() {
        Some(value) if !value.is_nil() => {
            context.spend(weight(value, MAX_DEPTH))?;
            Ok(value.deep_copy())
        }
        _ => fail("reflect: call of reflect.Value.Type on zero Value"),
    }
}

/// How many values there are in a value.
fn weight(value: &Value, depth: usize) -> usize {
    let Some(depth) = depth.checked_sub(1) else {
        return 1;
    };
    match &value.data {
        Data::List(list) => list.iter().map(|item| weight(item, depth)).sum::<usize>() + 1,
        Data::Map(map) => {
            let entries = map.borrow();
            entries
                .iter()
                .map(|(_, entry)| weight(&entry.value, depth))
                .sum::<usize>()
                + 1
        }
        _ => 1,
    }
}

fn dig(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let [keys @ .., default, value] = arguments else {
        return fail("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let plain_map = |value: &Value| {
        value
            .as_map()
            .filter(|map| map.borrow().map_type == MapType::Any)
            .cloned()
    };
    let wrong = |value: &Value, wanted: &str| {
        let found = if value.is_nil() {
            "nil"
        } else {
            value.type_name()
        };
        fail(format!(
            "interface conversion: interface {{}} is {found}, not {wanted}"
        ))
    };
    let mut here = value.clone();
    if plain_map(&here).is_none() {
        return wrong(&here, "map[string]interface {}");
    }
    for key in keys {
        if key.as_text().is_none() {
            return wrong(key, "string");
        }
    }
    for key in keys {
        let Some(map) = plain_map(&here) else {
            return wrong(&here, "map[string]interface {}");
        };
        let name = key
            .as_text()
            .map(|text| text.lossy().into_owned())
            .unwrap_or_default();
        match map.get(&name) {
            Some(next) => here = next,
            None => {
                let from = here.origin(context.origins);
                return Ok(default.clone().under(from, context.origins));
            }
        }
    }
    Ok(here)
}
