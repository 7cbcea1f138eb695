//! JSON documents as the validator sees them: schemas, and the values that they judge.
//!
//! Numbers stay the texts that they were written as, because Helm compares them exactly and shows them as they stand.

use std::collections::BTreeMap;

use super::decimal::Decimal;
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::render::helm::functions::json;
use crate::render::helm::string::Text;
use crate::render::helm::value::{Data, MAX_DEPTH, MAX_NODES, Value};

/// The members of an object.
pub(super) type Object = BTreeMap<String, Json>;

/// A JSON value.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// The number as it is written.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Object),
    /// What JSON has no form for, by its Go type.
    Other(String),
}

impl Json {
    /// The document that a text holds, or Go's words for why it holds none.
    pub(super) fn read(
        text: &[u8],
        helm: HelmVersion,
        origins: &mut Origins,
    ) -> Result<Self, String> {
        let refuse = |why: String| {
            if why == "unexpected end of JSON input" {
                let blank = text.iter().all(u8::is_ascii_whitespace);
                return if blank { "EOF" } else { "unexpected EOF" }.to_owned();
            }
            if why.ends_with("after top-level value") {
                return "invalid character after top-level value".to_owned();
            }
            match helm {
                HelmVersion::V3 if why.ends_with(" in string") => format!("{why} literal"),
                HelmVersion::V3 => why,
                HelmVersion::V4 => {
                    let wrong = why
                        .strip_prefix("invalid character '")
                        .and_then(|rest| rest.strip_suffix("' in string escape code"));
                    match wrong {
                        Some(c) => format!("invalid escape sequence `\\{c}` in string"),
                        None => why,
                    }
                }
            }
        };
        // The reader of template functions knows Go's words; of the numbers it knows only the floats, and complains about
        // those that are none.
        match json::read(&Text::new(text.to_vec(), Origin::NONE), origins) {
            Err(why) if !why.starts_with("json: cannot unmarshal number") => Err(refuse(why)),
            _ => Ok(Reader {
                text,
                at: 0,
                origins,
            }
            .value()),
        }
    }

    /// The document that is the value; `None` where it is nested too deeply, or no end of it.
    pub(super) fn of(value: &Value) -> Option<Self> {
        convert(value, MAX_DEPTH, &mut { MAX_NODES })
    }

    pub(super) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    pub(super) fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Number(text) => Decimal::parse(text),
            _ => None,
        }
    }

    /// Equal as JSON: numbers by their value. Every value that is looked at takes of `steps`; when none are left, nothing is equal.
    pub(super) fn equals(&self, other: &Self, steps: &mut usize) -> bool {
        let text = match self {
            Self::Number(text) | Self::String(text) => text.len(),
            _ => 0,
        };
        *steps = steps.saturating_sub(1 + text / 64);
        if *steps == 0 {
            return false;
        }
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => match (Decimal::parse(a), Decimal::parse(b)) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            },
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b, steps))
            }
            (Self::Object(a), Self::Object(b)) => {
                let mut pairs = a.iter().zip(b);
                a.len() == b.len()
                    && pairs.all(|((key, a), (other, b))| key == other && a.equals(b, steps))
            }
            _ => false,
        }
    }

    /// How much there is to read.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::weight).sum::<usize>(),
            Self::Object(members) => 1 + members.values().map(Self::weight).sum::<usize>(),
            Self::Number(text) | Self::String(text) => 1 + text.len() / 16,
            _ => 1,
        }
    }

    /// A text that only equal values have.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Number(text) => match Decimal::parse(text) {
                Some(number) => format!("{number:?}"),
                None => text.clone(),
            },
            Self::String(text) | Self::Other(text) => format!("{text:?}"),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(Self::canonical).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(members) => {
                let members = members.iter();
                let members: Vec<String> = members
                    .map(|(key, value)| format!("{key:?}:{}", value.canonical()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

fn convert(value: &Value, depth: usize, left: &mut usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    let text = |text: &Text| text.lossy().into_owned();
    Some(match &value.data {
        Data::Nil | Data::Absent | Data::Bytes(None) => Json::Null,
        Data::Bool(truth) => Json::Bool(*truth),
        Data::Int(number, _) => Json::Number(number.to_string()),
        Data::Uint(number, _) => Json::Number(number.to_string()),
        Data::Float(number) => Json::Number(format!("{number:e}")),
        Data::String(string) | Data::Bytes(Some(string)) => Json::String(text(string)),
        Data::List(list) => Json::Array(
            list.iter()
                .map(|item| convert(item, depth, left))
                .collect::<Option<_>>()?,
        ),
        Data::Map(map) => Json::Object(
            map.borrow()
                .iter()
                .map(|(key, entry)| Some((key.to_string(), convert(&entry.value, depth, left)?)))
                .collect::<Option<_>>()?,
        ),
        Data::Object(_) => Json::Other(value.type_name().to_owned()),
    })
}

/// Reads a text that is known to be JSON.
struct Reader<'t, 'o> {
    text: &'t [u8],
    at: usize,
    origins: &'o mut Origins,
}

impl Reader<'_, '_> {
    fn peek(&mut self) -> u8 {
        while let Some(b) = self.text.get(self.at) {
            if !b.is_ascii_whitespace() && !matches!(b, b',' | b':') {
                return *b;
            }
            self.at += 1;
        }
        0
    }

    fn take_while(&mut self, is: impl Fn(u8) -> bool) -> String {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|b| is(*b)) {
            self.at += 1;
        }
        String::from_utf8_lossy(self.text.get(start..self.at).unwrap_or_default()).into_owned()
    }

    fn value(&mut self) -> Json {
        match self.peek() {
            b'{' => {
                self.at += 1;
                let mut members = Object::new();
                while self.peek() == b'"' {
                    let key = self.string();
                    let value = self.value();
                    members.insert(key, value);
                }
                self.at += 1;
                Json::Object(members)
            }
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while !matches!(self.peek(), b']' | 0) {
                    items.push(self.value());
                }
                self.at += 1;
                Json::Array(items)
            }
            b'"' => Json::String(self.string()),
            b'-' | b'0'..=b'9' => {
                Json::Number(self.take_while(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)))
            }
            _ => match self.take_while(|b| b.is_ascii_alphabetic()).as_str() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ => Json::Null,
            },
        }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while let Some(b) = self.text.get(self.at).filter(|b| **b != b'"') {
            self.at += if *b == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        let plain = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        if !plain.contains(&b'\\') {
            return String::from_utf8_lossy(plain).into_owned();
        }
        let read = json::read(&Text::new(quoted.to_vec(), Origin::NONE), self.origins);
        let read = read.unwrap_or_default();
        read.as_text()
            .map(|text| text.lossy().into_owned())
            .unwrap_or_default()
    }
}
