//! Documents that policies read, from values and back.

use std::collections::{BTreeMap, BTreeSet};

use crate::yaml::{self, Data, MAX_DEPTH, Path, Step};

/// A document that policies read. Clones share their content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Document(pub(super) regorus::Value);

impl Document {
    /// The same data as a value, without origins; `None` for a value deeper than any rendering.
    pub(in crate::policy) fn from_value(value: &yaml::Value) -> Option<Self> {
        convert(value, 0).map(Self)
    }

    pub(in crate::policy) fn text(text: &str) -> Self {
        Self(text.into())
    }

    /// The same as JSON.
    pub(in crate::policy) fn to_json(&self) -> serde_json::Value {
        let text = self.0.to_json_str().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(in crate::policy) fn null() -> Self {
        Self(regorus::Value::Null)
    }

    pub(in crate::policy) fn flag(flag: bool) -> Self {
        Self(flag.into())
    }

    pub(in crate::policy) fn number(number: i64) -> Self {
        Self(number.into())
    }

    pub(in crate::policy) fn count(count: u64) -> Self {
        Self(count.into())
    }

    pub(in crate::policy) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        let items: Vec<regorus::Value> = items.into_iter().map(|item| item.0).collect();
        Self(items.into())
    }

    pub(in crate::policy) fn object<K: AsRef<str>>(
        entries: impl IntoIterator<Item = (K, Self)>,
    ) -> Self {
        let entries: BTreeMap<regorus::Value, regorus::Value> = entries
            .into_iter()
            .map(|(key, value)| (key.as_ref().into(), value.0))
            .collect();
        Self(entries.into())
    }

    /// An object with one more field.
    pub(in crate::policy) fn with(mut self, key: &str, value: Self) -> Self {
        if let Ok(fields) = self.0.as_object_mut() {
            fields.insert(key.into(), value.0);
        }
        self
    }

    /// A field of an object; null where it has none.
    pub(in crate::policy) fn field(&self, key: &str) -> Self {
        let field = self
            .0
            .as_object()
            .ok()
            .and_then(|fields| fields.get(&key.into()));
        field.map_or_else(Self::null, |field| Self(field.clone()))
    }

    /// An object with only some of its fields.
    pub(in crate::policy) fn only(&self, keys: &BTreeSet<String>) -> Self {
        let regorus::Value::Object(fields) = &self.0 else {
            return Self::null();
        };
        let kept = keys.iter().filter_map(|key| {
            let value = fields.get(&key.as_str().into())?;
            Some((key, Self(value.clone())))
        });
        Self::object(kept)
    }

    /// A path as policies write one: keys as texts, indices as numbers.
    pub(in crate::policy) fn path(path: &Path) -> Self {
        Self::list(path.steps().iter().map(|step| match step {
            Step::Key(key) => Self::text(key),
            Step::Index(index) => Self((*index).into()),
        }))
    }
}

pub(super) fn convert(value: &yaml::Value, depth: usize) -> Option<regorus::Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match &value.data {
        Data::Null => regorus::Value::Null,
        Data::Bool(flag) => (*flag).into(),
        Data::Int(number) => (*number).into(),
        Data::Uint(number) => (*number).into(),
        // JSON has no such numbers; the API server would not take them.
        Data::Float(number) if !number.is_finite() => number.to_string().into(),
        Data::Float(number) => (*number).into(),
        Data::String(text) => text.as_str().into(),
        Data::Sequence(items) => items
            .iter()
            .map(|item| convert(item, depth + 1))
            .collect::<Option<Vec<_>>>()?
            .into(),
        Data::Mapping(map) => map
            .iter()
            .map(|entry| Some((entry.key.as_str().into(), convert(&entry.value, depth + 1)?)))
            .collect::<Option<BTreeMap<regorus::Value, regorus::Value>>>()?
            .into(),
    })
}

pub(super) fn read_value(value: &regorus::Value, depth: usize) -> Option<yaml::Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(yaml::Value::new(match value {
        regorus::Value::Null => Data::Null,
        regorus::Value::Bool(flag) => Data::Bool(*flag),
        regorus::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Data::Int(number),
            (None, Some(number)) => Data::Uint(number),
            (None, None) => Data::Float(number.as_f64()?),
        },
        regorus::Value::String(text) => Data::String(text.to_string()),
        regorus::Value::Array(items) => Data::Sequence(
            items
                .iter()
                .map(|item| read_value(item, depth + 1))
                .collect::<Option<_>>()?,
        ),
        regorus::Value::Object(fields) => {
            let mut map = yaml::Mapping::new();
            for (key, value) in fields.iter() {
                let key = key.as_string().ok()?.to_string();
                map.insert(
                    key,
                    crate::origin::Origin::NONE,
                    read_value(value, depth + 1)?,
                );
            }
            Data::Mapping(map)
        }
        regorus::Value::Set(_) | regorus::Value::Undefined => return None,
    }))
}
