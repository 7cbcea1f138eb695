//! The types of JSON values, and sets of them in the order in which they are told.

use super::document::Json;

const NAMES: [&str; 7] = [
    "null", "boolean", "number", "integer", "string", "array", "object",
];

/// A set of types, a bit for each of the names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    /// The types that a schema names.
    pub(super) fn named(value: &Json) -> Self {
        match value {
            Json::String(name) => Self::called(name),
            Json::Array(names) => names
                .iter()
                .filter_map(Json::as_str)
                .fold(Self::default(), |all, name| {
                    Self(all.0 | Self::called(name).0)
                }),
            _ => Self::default(),
        }
    }

    fn called(name: &str) -> Self {
        let at = NAMES.iter().position(|known| *known == name);
        Self(at.map_or(0, |at| 1 << at))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn allow(self, value: &Json) -> bool {
        let has = |name| self.0 & Self::called(name).0 != 0;
        has(type_of(value))
            || has("integer") && value.as_decimal().is_some_and(|number| number.is_integer())
    }

    pub(super) fn shown(self) -> String {
        let names = NAMES
            .iter()
            .enumerate()
            .filter(|(at, _)| self.0 & (1 << at) != 0);
        names
            .map(|(_, name)| *name)
            .collect::<Vec<_>>()
            .join(" or ")
    }
}

pub(super) fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
        Json::Other(_) => "",
    }
}
