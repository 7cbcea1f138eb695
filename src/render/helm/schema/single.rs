//! Single values under a JSON Schema: their types, when two are equal, and what is asked of numbers and texts.

use super::Checking;
use crate::render::helm::format;
use crate::render::helm::functions::{compile_regex, plain_float};
use crate::render::helm::value::{Data, Map, Value};

pub(super) fn type_of(value: &Value) -> &'static str {
    match &value.data {
        Data::Nil | Data::Absent => "null",
        Data::Bool(_) => "boolean",
        Data::Int(..) | Data::Uint(..) | Data::Float(_) => "number",
        Data::String(_) | Data::Bytes(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) | Data::Object(_) => "object",
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match &value.data {
        Data::Int(number, _) => Some(*number as f64),
        Data::Uint(number, _) => Some(*number as f64),
        Data::Float(number) => Some(*number),
        _ => None,
    }
}

pub(super) fn is_integer(value: &Value) -> bool {
    number(value).is_some_and(|number| number.fract() == 0.0)
}

/// Equal as JSON: numbers by their value.
#[expect(clippy::float_cmp, reason = "JSON Schema compares exactly")]
pub(super) fn equal(a: &Value, b: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a == b;
    }
    match (&a.data, &b.data) {
        (Data::List(a), Data::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b, depth))
        }
        (Data::Map(a), Data::Map(b)) => {
            let (a, b) = (a.entries(), b.entries());
            a.len() == b.len()
                && a.iter().zip(&b).all(|((key, value), (other_key, other))| {
                    key == other_key && equal(&value.value, &other.value, depth)
                })
        }
        _ => a.deep_equal(b),
    }
}

pub(super) fn shown(value: &Value) -> String {
    match &value.data {
        Data::String(text) => format!("'{}'", text.lossy()),
        Data::Nil | Data::Absent => "null".to_owned(),
        Data::Float(number) => plain_float(*number),
        _ => format::plain(value).lossy().into_owned(),
    }
}

impl Checking<'_> {
    pub(super) fn limit(keywords: &Map, name: &str) -> Option<f64> {
        keywords.get(name).as_ref().and_then(number)
    }

    pub(super) fn string(&mut self, keywords: &Map, text: &str) -> Vec<String> {
        let mut errors = Vec::new();
        let count = text.chars().count() as f64;
        if let Some(limit) = Self::limit(keywords, "minLength").filter(|limit| count < *limit) {
            errors.push(format!("minLength: got {count}, want {limit}"));
        }
        if let Some(limit) = Self::limit(keywords, "maxLength").filter(|limit| count > *limit) {
            errors.push(format!("maxLength: got {count}, want {limit}"));
        }
        if let Some(pattern) = keywords.get("pattern").as_ref().and_then(Value::as_text) {
            let pattern = pattern.lossy();
            if let Some(regex) = self.regex(&pattern)
                && !regex.is_match(text)
            {
                errors.push(format!("'{text}' does not match pattern '{pattern}'"));
            }
        }
        if self.draft < 2019
            && let Some(format) = keywords.get("format").as_ref().and_then(Value::as_text)
            && !has_format(text, &format.lossy())
        {
            errors.push(format!("'{text}' is not valid {}", format.lossy()));
        }
        errors
    }

    pub(super) fn regex(&mut self, pattern: &str) -> Option<regex::Regex> {
        if let Ok(regex) = compile_regex(pattern) {
            Some(regex)
        } else {
            self.failure
                .get_or_insert_with(|| format!("'{pattern}' is not valid regex"));
            None
        }
    }
}

/// The formats that charts ask for; of others nothing is known, and everything has them.
fn has_format(text: &str, format: &str) -> bool {
    let hostname = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text.trim_end_matches('.').split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
    };
    match format {
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "hostname" => hostname(text),
        "email" => text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && hostname(domain)),
        "uri" => text.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
                && !text.contains(' ')
        }),
        "regex" => compile_regex(text).is_ok(),
        _ => true,
    }
}

pub(super) fn number_errors(keywords: &Map, found: f64) -> Vec<String> {
    let mut errors = Vec::new();
    let limit = |name| Checking::limit(keywords, name);
    let got = plain_float(found);
    let flag = |name| {
        matches!(
            keywords.get(name),
            Some(Value {
                data: Data::Bool(true),
                ..
            })
        )
    };
    let mut refuse = |name: &str, limit: f64| {
        errors.push(format!("{name}: got {got}, want {}", plain_float(limit)));
    };
    if let Some(least) = limit("minimum") {
        if flag("exclusiveMinimum") && found <= least {
            refuse("exclusiveMinimum", least);
        } else if found < least {
            refuse("minimum", least);
        }
    }
    if let Some(most) = limit("maximum") {
        if flag("exclusiveMaximum") && found >= most {
            refuse("exclusiveMaximum", most);
        } else if found > most {
            refuse("maximum", most);
        }
    }
    if let Some(least) = limit("exclusiveMinimum").filter(|least| found <= *least) {
        refuse("exclusiveMinimum", least);
    }
    if let Some(most) = limit("exclusiveMaximum").filter(|most| found >= *most) {
        refuse("exclusiveMaximum", most);
    }
    if let Some(step) = limit("multipleOf").filter(|step| *step != 0.0) {
        let times = found / step;
        if (times - times.round()).abs() > 1e-9 * times.abs().max(1.0) {
            refuse("multipleOf", step);
        }
    }
    errors
}
