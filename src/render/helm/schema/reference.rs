//! References within a JSON Schema, and to other documents.

use super::{Checking, MAX_DEPTH};
use crate::render::helm::value::{Data, Map, Value};

/// The draft that `$schema` names; without one, the newest.
pub(super) fn draft(root: &Value) -> u32 {
    let named = root.as_map().and_then(|map| map.get("$schema"));
    let named = named.as_ref().and_then(Value::as_text);
    let Some(named) = named else { return 2020 };
    let named = named.lossy();
    for (mark, draft) in [
        ("draft-04", 4),
        ("draft-06", 6),
        ("draft-07", 7),
        ("2019-09", 2019),
    ] {
        if named.contains(mark) {
            return draft;
        }
    }
    2020
}

/// The first reference to another document. What `enum`, `const` and the like hold is no schema.
pub(super) fn find_remote(schema: &Value, found: &mut Option<String>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match &schema.data {
        Data::Map(map) => {
            for (key, entry) in map.entries() {
                if matches!(&*key, "enum" | "const" | "default" | "examples") {
                    continue;
                }
                if &*key == "$ref"
                    && let Some(text) = entry.value.as_text()
                {
                    let text = text.lossy();
                    let known = text.starts_with('#') || text.contains("json-schema.org/");
                    let own = map_id(map).is_some_and(|id| text.starts_with(&id));
                    if !known && !own && found.is_none() {
                        *found = Some(text.into_owned());
                    }
                }
                find_remote(&entry.value, found, depth);
            }
        }
        Data::List(list) => list.iter().for_each(|item| find_remote(item, found, depth)),
        _ => {}
    }
}

fn map_id(map: &Map) -> Option<String> {
    Some(map.get("$id")?.as_text()?.lossy().into_owned())
}

impl Checking<'_> {
    /// The schema at a reference within the document.
    pub(super) fn resolve(&mut self, reference: &str) -> Option<Value> {
        let fragment = match reference.split_once('#') {
            Some((_, fragment)) => fragment,
            None => "",
        };
        if fragment.is_empty() {
            return (!reference.contains("json-schema.org/")).then(|| self.root.clone());
        }
        if !fragment.starts_with('/') {
            return anchored(self.root, fragment, MAX_DEPTH);
        }
        let mut here = self.root.clone();
        for part in fragment.split('/').skip(1) {
            let part = part
                .replace("%25", "%")
                .replace("%24", "$")
                .replace("~1", "/")
                .replace("~0", "~");
            here = match &here.data {
                Data::Map(map) => map.get(&part)?,
                Data::List(list) => list.get(part.parse::<usize>().ok()?)?.clone(),
                _ => return None,
            };
        }
        Some(here)
    }
}

/// The schema that carries an anchor.
fn anchored(schema: &Value, name: &str, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    match &schema.data {
        Data::Map(map) => {
            let is = |key: &str, wanted: &str| {
                map.get(key)
                    .as_ref()
                    .and_then(Value::as_text)
                    .is_some_and(|text| text.as_bytes() == wanted.as_bytes())
            };
            let marked = format!("#{name}");
            if is("$anchor", name) || is("$id", &marked) || is("id", &marked) {
                return Some(schema.clone());
            }
            map.entries()
                .into_iter()
                .find_map(|(_, entry)| anchored(&entry.value, name, depth))
        }
        Data::List(list) => list.iter().find_map(|item| anchored(item, name, depth)),
        _ => None,
    }
}
