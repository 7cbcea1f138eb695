//! Typed fields out of YAML values, as Go's `encoding/json` fills a struct: names without regard to case, null for "not said",
//! and everything else that is not what it should be noted with its place instead of stopping at the first.

use std::collections::BTreeMap;

use crate::origin::Origin;
use crate::yaml::{Data, Value};

/// A text and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text {
    /// The text.
    pub(super) text: String,
    /// Where it was written.
    pub(super) origin: Origin,
}

impl Text {
    /// A text with its place.
    pub(super) fn new(text: impl Into<String>, origin: Origin) -> Self {
        Self {
            text: text.into(),
            origin,
        }
    }

    /// True if and only if the text is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// A boolean and where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flag {
    /// True if it is set.
    pub(super) set: bool,
    /// Where it was written.
    pub(super) origin: Origin,
}

impl Flag {
    /// The flag that is set of two.
    pub(super) fn or(self, other: Self) -> Self {
        if self.set { self } else { other }
    }
}

/// Texts by key, in order of keys.
pub(super) type TextMap = BTreeMap<String, Text>;

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field.
    pub(super) origin: Origin,
    /// What, as a clause.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}

/// How strictly values are read, and what was wrong with them.
#[derive(Debug)]
pub(super) struct Decoder {
    /// True where an unknown field is an error.
    strict: bool,
    /// True where a number or a boolean is taken for a text.
    lenient_texts: bool,
    /// What was wrong, in order.
    pub(super) wrong: Vec<Wrong>,
}

impl Decoder {
    /// For a `kustomization.yaml`: nothing unknown, no number for a text.
    pub(super) fn strict() -> Self {
        Self {
            strict: true,
            lenient_texts: false,
            wrong: Vec::new(),
        }
    }

    /// For transformer configurations: nothing unknown.
    pub(super) fn configuration() -> Self {
        Self {
            strict: true,
            lenient_texts: true,
            wrong: Vec::new(),
        }
    }

    /// For generators and transformers in files of their own: what is unknown is ignored.
    pub(super) fn plugin() -> Self {
        Self {
            strict: false,
            lenient_texts: true,
            wrong: Vec::new(),
        }
    }

    /// Reads the fields of a struct that is embedded in another one: `sigs.k8s.io/yaml` does not find their types,
    /// so it takes nothing else for a text there.
    pub(super) fn embedded<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let lenient = std::mem::replace(&mut self.lenient_texts, false);
        let found = read(self);
        self.lenient_texts = lenient;
        found
    }

    fn refuse(&mut self, value: &Value, expected: &str) {
        let found = match &value.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Int(_) | Data::Uint(_) | Data::Float(_) => "a number",
            Data::String(_) => "a text",
            Data::Sequence(_) => "a list",
            Data::Mapping(_) => "a map",
        };
        let help = match (&value.data, expected) {
            (Data::Bool(_) | Data::Int(_) | Data::Float(_), "a text") => {
                Some("Put it in quotes.".to_owned())
            }
            _ => None,
        };
        self.wrong.push(Wrong {
            origin: value.origin,
            message: format!("{expected} is expected here, not {found}"),
            help,
        });
    }

    /// The fields of an object. `what` names the object in messages.
    pub(super) fn object<'v>(
        &mut self,
        value: &'v Value,
        what: &str,
        known: &[&'static str],
    ) -> Object<'v> {
        let mut object = Object { fields: Vec::new() };
        let Data::Mapping(mapping) = &value.data else {
            if !value.is_null() {
                self.refuse(value, "a map");
            }
            return object;
        };
        for entry in mapping {
            let exact = known.iter().find(|name| **name == entry.key);
            let found = exact.or_else(|| {
                known
                    .iter()
                    .find(|name| name.eq_ignore_ascii_case(&entry.key))
            });
            match found {
                Some(name) => object.fields.push((name, &entry.value)),
                None if self.strict => self.wrong.push(Wrong {
                    origin: entry.key_origin,
                    message: format!("`{}` is not a field of {what}", entry.key),
                    help: closest(&entry.key, known)
                        .map(|name| format!("There is a field `{name}`.")),
                }),
                None => {}
            }
        }
        object
    }

    /// A text.
    pub(super) fn text(&mut self, value: Option<&Value>) -> Text {
        let Some(value) = value else {
            return Text::default();
        };
        let text = match &value.data {
            Data::String(text) => text.clone(),
            Data::Bool(flag) if self.lenient_texts => flag.to_string(),
            Data::Int(number) if self.lenient_texts => number.to_string(),
            Data::Uint(number) if self.lenient_texts => number.to_string(),
            Data::Float(number) if self.lenient_texts => number.to_string(),
            Data::Null => String::new(),
            _ => {
                self.refuse(value, "a text");
                String::new()
            }
        };
        Text::new(text, value.origin)
    }

    /// A boolean; false where it is not said.
    pub(super) fn flag(&mut self, value: Option<&Value>) -> bool {
        match value.map(|value| (&value.data, value)) {
            None | Some((Data::Null, _)) => false,
            Some((Data::Bool(flag), _)) => *flag,
            Some((_, value)) => {
                self.refuse(value, "true or false");
                false
            }
        }
    }

    /// A boolean with its place.
    pub(super) fn placed_flag(&mut self, value: Option<&Value>) -> Flag {
        Flag {
            set: self.flag(value),
            origin: value.map_or(Origin::NONE, |value| value.origin),
        }
    }

    /// An integer; 0 where it is not said.
    pub(super) fn number(&mut self, value: Option<&Value>) -> i64 {
        match value.map(|value| (&value.data, value)) {
            None | Some((Data::Null, _)) => 0,
            Some((Data::Int(number), _)) => *number,
            Some((_, value)) => {
                self.refuse(value, "an integer");
                0
            }
        }
    }

    /// A list; empty where it is not said.
    pub(super) fn list<T>(
        &mut self,
        value: Option<&Value>,
        mut item: impl FnMut(&mut Self, &Value) -> T,
    ) -> Vec<T> {
        match value.map(|value| (&value.data, value)) {
            None | Some((Data::Null, _)) => Vec::new(),
            Some((Data::Sequence(items), _)) => {
                items.iter().map(|value| item(self, value)).collect()
            }
            Some((_, value)) => {
                self.refuse(value, "a list");
                Vec::new()
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, value: Option<&Value>) -> Vec<Text> {
        self.list(value, |decoder, value| decoder.text(Some(value)))
    }

    /// A map of texts.
    pub(super) fn text_map(&mut self, value: Option<&Value>) -> TextMap {
        match value.map(|value| (&value.data, value)) {
            None | Some((Data::Null, _)) => TextMap::new(),
            Some((Data::Mapping(mapping), _)) => mapping
                .iter()
                .map(|entry| (entry.key.clone(), self.text(Some(&entry.value))))
                .collect(),
            Some((_, value)) => {
                self.refuse(value, "a map of texts");
                TextMap::new()
            }
        }
    }

    /// Demands a map, whatever its keys are.
    pub(super) fn demand_map(&mut self, value: &Value) {
        if value.as_mapping().is_none() {
            self.refuse(value, "a map");
        }
    }

    /// Something that may be absent.
    pub(super) fn option<T>(
        &mut self,
        value: Option<&Value>,
        read: impl FnOnce(&mut Self, &Value) -> T,
    ) -> Option<T> {
        value.map(|value| read(self, value))
    }
}

/// The known fields of an object.
pub(super) struct Object<'v> {
    fields: Vec<(&'static str, &'v Value)>,
}

impl<'v> Object<'v> {
    /// Where the scalars among its fields were written.
    pub(super) fn origins(&self) -> Vec<Origin> {
        let scalars = self.fields.iter().map(|(_, value)| value);
        scalars
            .filter(|value| !matches!(value.data, Data::Mapping(_) | Data::Sequence(_)))
            .map(|value| value.origin)
            .collect()
    }

    /// The value of a field; of several spellings the last wins, and null counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.fields
            .iter()
            .rev()
            .find(|(field, _)| *field == name)
            .map(|(_, value)| *value)
            .filter(|value| !value.is_null())
    }
}

/// A known name that a person may have meant.
fn closest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    known
        .iter()
        .map(|candidate| (distance(&name, &candidate.to_ascii_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 5)
        .min()
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(64).enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (cb, pair) in b.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let cost = usize::from(ca != *cb);
            left = (diagonal + cost).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = &["resources", "patches", "namePrefix"];
        assert_eq!(closest("resorces", known), Some("resources"));
        assert_eq!(closest("patchs", known), Some("patches"));
        assert_eq!(closest("spec", known), None);
    }
}
