//! The values of `format`: what a text must look like, and why it does not.

mod hosts;
mod names;
mod times;

use crate::discover::HelmVersion;
use crate::render::helm::functions::compile_regex;

/// A format that is known. Of others nothing is asked.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) name: &'static str,
    looks: fn(&str) -> Result<(), String>,
}

impl Format {
    pub(super) fn check(self, text: &str, helm: HelmVersion) -> Result<(), String> {
        // Go 1.27, which Helm 4 is built with, is stricter about hosts.
        if helm == HelmVersion::V4 && (self.name.starts_with("ur") || self.name.starts_with("ir")) {
            names::strict_host(text)?;
        }
        (self.looks)(text)
    }
}

const FORMATS: &[(&str, fn(&str) -> Result<(), String>)] = &[
    ("regex", |text| compile_regex(text).map(drop)),
    ("json-pointer", names::json_pointer),
    ("relative-json-pointer", names::relative_json_pointer),
    ("uuid", names::uuid),
    ("duration", times::duration),
    ("period", times::period),
    ("ipv4", hosts::ipv4),
    ("ipv6", hosts::ipv6),
    ("hostname", hosts::hostname),
    ("email", hosts::email),
    ("date", times::date),
    ("time", times::time),
    ("date-time", times::date_time),
    ("uri", names::uri),
    ("iri", names::uri),
    ("uri-reference", names::uri_reference),
    ("iri-reference", names::uri_reference),
    ("uri-template", names::uri_template),
    ("semver", names::semver),
];

pub(super) fn named(name: &str) -> Option<Format> {
    let (name, looks) = FORMATS.iter().find(|(known, _)| *known == name).copied()?;
    Some(Format { name, looks })
}

fn refuse<T>(why: impl Into<String>) -> Result<T, String> {
    Err(why.into())
}

/// A character as Go quotes it.
fn quoted_char(c: char) -> String {
    let quoted = crate::render::helm::format::quote_lossless(c.to_string().as_bytes());
    let inner = quoted
        .get(1..quoted.len().saturating_sub(1))
        .unwrap_or_default();
    match inner {
        "\\\"" => "'\"'".to_owned(),
        "'" => "'\\''".to_owned(),
        inner => format!("'{inner}'"),
    }
}

/// Go's `strconv.Atoi`.
fn atoi(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let quoted = || crate::render::helm::format::quote_lossless(text.as_bytes());
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            quoted()
        ));
    }
    text.parse()
        .map_err(|_| format!("strconv.Atoi: parsing {}: value out of range", quoted()))
}
