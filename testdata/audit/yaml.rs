//! Compares the YAML module with what Helm answered: `cargo run --example yaml-conformance -- [FOLDER] [--failures]`.
//!
//! FOLDER holds `yaml_parse_helm4.json.gz` (a document, and the JSON that `fromYaml` reads from it) and
//! `yaml_emit_helm4.json.gz` (a JSON value, and what `toYaml` prints for it); either may be unpacked.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll::origin::Origin;
use plimsoll::yaml::{self, Data, Dialect, Entry, Mapping, Value};
use serde_json::Value as Json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut folder = PathBuf::from("target/conformance/yaml");
    let mut failures = false;
    for argument in std::env::args().skip(1) {
        if argument == "--failures" {
            failures = true;
        } else {
            folder = PathBuf::from(argument);
        }
    }
    let parse = cases(&folder.join("yaml_parse_helm4.json"))?;
    let emit = cases(&folder.join("yaml_emit_helm4.json"))?;
    let parsed = count(&parse, failures, parse_case);
    let emitted = count(&emit, failures, emit_case);
    println!(
        "parse: {parsed} of {}, emit: {emitted} of {}",
        parse.len(),
        emit.len()
    );
    Ok(())
}

fn cases(path: &Path) -> Result<Vec<Json>, Box<dyn std::error::Error>> {
    let mut text = String::new();
    if path.exists() {
        std::fs::File::open(path)?.read_to_string(&mut text)?;
    } else {
        let packed = std::fs::File::open(path.with_extension("json.gz"))?;
        flate2::read::GzDecoder::new(packed).read_to_string(&mut text)?;
    }
    Ok(serde_json::from_str(&text)?)
}

/// Counts the cases that agree; a case that does not gives what differs.
fn count(cases: &[Json], failures: bool, check: fn(&Json) -> Result<(), String>) -> usize {
    let mut agreed = 0;
    for (number, case) in cases.iter().enumerate() {
        match check(case) {
            Ok(()) => agreed += 1,
            Err(difference) if failures => eprintln!("case {number}: {difference}"),
            Err(_) => {}
        }
    }
    agreed
}

fn parse_case(case: &Json) -> Result<(), String> {
    let text = case["yaml"].as_str().unwrap_or_default();
    let expected = &case["fromYaml"];
    let refused = expected["Error"].as_str().filter(|error| {
        error.starts_with("error converting YAML") || error.starts_with("error unmarshaling JSON")
    });
    let stream = yaml::parse(text);
    let value = match (stream.documents.first(), stream.error) {
        (Some(document), _) => document.value(Dialect::Helm, &mut |_| Origin::NONE),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(Value::default()),
    };
    let found = match value {
        Ok(Value {
            data: Data::Null, ..
        }) => Ok(Json::Object(serde_json::Map::new())),
        Ok(value) if value.as_mapping().is_some() => Ok(json(&value)),
        // `fromYaml` reads into a map.
        Ok(_) => Err("not a map".to_owned()),
        Err(error) => Err(error.message),
    };
    match (refused, found) {
        (Some(_), Err(_)) => Ok(()),
        (None, Ok(found)) if same(expected, &found) => Ok(()),
        (_, found) => Err(format!("{text:?}\n  helm {expected}\n  here {found:?}")),
    }
}

fn emit_case(case: &Json) -> Result<(), String> {
    let expected = case["toYaml"].as_str().unwrap_or_default();
    let found = match yaml::emit::emit(&value(&case["json"])) {
        // `toYaml` drops the last line break, and answers nothing where it fails.
        Ok(text) => text.strip_suffix('\n').unwrap_or(&text).to_owned(),
        Err(_) => String::new(),
    };
    if found == expected {
        Ok(())
    } else {
        Err(format!(
            "{}\n  helm {expected:?}\n  here {found:?}",
            case["json"]
        ))
    }
}

/// Equal as JSON; numbers as the 64-bit floats that Helm makes of them.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn json(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => Json::from(*value),
        Data::Int(value) => Json::from(*value),
        Data::Uint(value) => Json::from(*value),
        Data::Float(value) => Json::from(*value),
        Data::String(text) => Json::from(text.as_str()),
        Data::Sequence(items) => items.iter().map(json).collect(),
        Data::Mapping(mapping) => mapping
            .iter()
            .map(|Entry { key, value, .. }| (key.clone(), json(value)))
            .collect(),
    }
}

fn value(json: &Json) -> Value {
    Value::new(match json {
        Json::Null => Data::Null,
        Json::Bool(value) => Data::Bool(*value),
        Json::Number(number) => number
            .as_i64()
            .map(Data::Int)
            .or_else(|| number.as_u64().map(Data::Uint))
            .unwrap_or(Data::Float(number.as_f64().unwrap_or_default())),
        Json::String(text) => Data::String(text.clone()),
        Json::Array(items) => Data::Sequence(items.iter().map(value).collect()),
        Json::Object(entries) => {
            let mut mapping = Mapping::new();
            for (key, entry) in entries {
                mapping.insert(key.as_str(), Origin::NONE, value(entry));
            }
            Data::Mapping(mapping)
        }
    })
}
