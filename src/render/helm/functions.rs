//! The function library: all of Sprig as Helm exposes it, and Helm's own conversions.
//!
//! Each theme has a file with a table of its functions at the top. A function that keeps characters keeps their origins;
//! one that mixes them (hashes, encodings, arithmetic) gives the union of the origins of its arguments. Random, time and
//! key functions are repeatable: what they give depends on the place of the call and its repetition, never on a clock.
//! The language's own functions (`printf`, `index`, `include`, …) are not here.

mod casing;
mod casts;
mod clock;
mod conversions;
mod crypto;
mod dates;
mod dicts;
pub(super) mod json;
mod lists;
mod math;
mod misc;
mod password;
mod paths;
mod patterns;
mod random;
mod re2;
pub(super) mod semver;
mod strings;
mod toml;
mod types;
mod urls;
mod versions;

use super::function::{Context, FunctionError, Functions, Signature};
use super::string::Text;
use super::value::Value;
use super::{builtins, format};
use crate::discover::HelmVersion;

pub(super) use conversions::{origins_of, syntax_words, to_yaml};

/// What a function gives.
type Result = std::result::Result<Value, FunctionError>;

/// Every table of the library.
const TABLES: &[&[Signature]] = &[
    strings::TABLE,
    lists::TABLE,
    dicts::TABLE,
    math::TABLE,
    dates::TABLE,
    patterns::TABLE,
    versions::TABLE,
    crypto::TABLE,
    random::TABLE,
    conversions::TABLE,
    paths::TABLE,
    types::TABLE,
    urls::TABLE,
    misc::TABLE,
];

/// The functions that templates of a Helm may call: the language's own, then the library's.
pub(super) fn of(helm: HelmVersion) -> Functions {
    let mut tables = vec![builtins::TABLE];
    tables.extend(TABLES);
    if helm == HelmVersion::V4 {
        tables.extend([dates::ONLY_HELM_4, conversions::ONLY_HELM_4]);
    }
    Functions::new(&tables)
}

/// An error in Go's words.
fn fail<T>(message: impl Into<String>) -> std::result::Result<T, FunctionError> {
    Err(FunctionError::new(message))
}

/// A truth that follows from all arguments.
fn truth(context: &mut Context<'_>, arguments: &[Value], truth: bool) -> Result {
    let origin = context.union(arguments);
    Ok(Value::bool(truth, origin))
}

/// A text mixed from all arguments.
fn mixed(context: &mut Context<'_>, arguments: &[Value], text: impl Into<Vec<u8>>) -> Result {
    let text = text.into();
    context.spend_bytes(text.len())?;
    let origin = context.union(arguments);
    Ok(Value::string(text, origin))
}

/// A value as Go's `%v` prints it.
fn display(_: &mut Context<'_>, value: &Value) -> std::result::Result<Text, FunctionError> {
    Ok(format::plain(value))
}

/// The text in double quotes, as Go's `%q` writes it.
fn quote(text: &Text) -> Text {
    format::quote(text)
}

/// Go's `path.Clean`.
pub(super) fn clean_path(path: &str) -> String {
    paths::clean(path)
}

/// Compiles a pattern written for Go.
pub(super) fn compile_regex(pattern: &str) -> std::result::Result<regex::Regex, String> {
    re2::compile(pattern)
}

/// A number as JSON shows it.
pub(super) fn plain_float(number: f64) -> String {
    json::float(number).unwrap_or_else(|| number.to_string())
}
