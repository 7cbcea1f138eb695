//! `values.schema.json`: whether the values are what the chart allows.
//!
//! JSON Schema of drafts 4 to 2020-12 as the library behind Helm carries it out, with its words. A schema is read
//! ([`document`]), its parts are found ([`resources`]), checked against the metaschema of their draft ([`draft`]) and
//! compiled ([`compile`]); then it judges the values ([`validate`]). A schema that refers to a document elsewhere is refused:
//! rendering fetches nothing.

mod address;
mod compile;
mod decimal;
mod document;
mod draft;
mod failure;
mod format;
mod refusal;
mod resources;
mod types;
mod validate;

use std::fmt::Write as _;

use super::chart::Chart;
use super::value::{Map, Value};
use crate::discover::HelmVersion;
use crate::origin::{Origin, Origins};
use crate::problem::{Kind, Problem};
use compile::Compiler;
use document::Json;
use refusal::Refusal;
use resources::VALUES_SCHEMA;
use validate::{MAX_STEPS, Validation};

/// Checks the values of the chart and of its dependencies.
pub(super) fn check(
    chart: &Chart,
    values: &Map,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<(), Problem> {
    let mut failures = String::new();
    collect(chart, values, helm, origins, &mut failures)?;
    if failures.is_empty() {
        return Ok(());
    }
    let message = format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{failures}"
    );
    Err(Problem::new(Kind::Render, message).in_file(&chart.path))
}

fn collect(
    chart: &Chart,
    values: &Map,
    helm: HelmVersion,
    origins: &mut Origins,
    failures: &mut String,
) -> Result<(), Problem> {
    if let Some(file) = &chart.schema {
        let values = Value::map(values.clone(), Origin::NONE);
        match judge(&file.content.bytes(), &values, helm, origins) {
            Ok(told) if told.is_empty() => {}
            Ok(told) => {
                let _ = writeln!(failures, "{}:\n{told}", chart.name());
            }
            Err(refusal) if refusal.is_unsupported => {
                return Err(Problem::new(Kind::Unsupported, refusal.words)
                    .in_file(&file.path)
                    .help("Set `--skip-schema-validation`, or make the schema one document."));
            }
            Err(refusal) => {
                let _ = write!(failures, "{}:\n{}", chart.name(), refusal.words);
            }
        }
    }
    for below in &chart.dependencies {
        let name = below.name();
        match values.get(&name) {
            None => {}
            Some(value) if value.is_nil() => {}
            Some(value) => match value.as_map() {
                Some(inner) => collect(below, inner, helm, origins, failures)?,
                None => {
                    let _ = writeln!(
                        failures,
                        "{name}:\ninvalid type for values: expected object (map), got {}",
                        value.type_name()
                    );
                }
            },
        }
    }
    Ok(())
}

/// What does not fit, a line for each thing and its causes.
fn judge(
    schema: &[u8],
    values: &Value,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<String, Refusal> {
    let document = Json::read(schema, origins).map_err(Refusal::new)?;
    let mut compiler = Compiler::new(VALUES_SCHEMA, &document, helm);
    let schema = compiler.compile(VALUES_SCHEMA)?;
    let compiled = compiler.finish();
    let values =
        Json::of(values).ok_or_else(|| Refusal::unsupported("the values are nested too deeply"))?;
    let failures = Validation::new(&compiled, helm, MAX_STEPS).run(schema, &values)?;
    Ok(failures.iter().map(|failure| failure.shown(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &str, value: &str, expected: &[&str]) {
        let mut origins = Origins::new();
        let mut read =
            |text: &str| json::read(&Text::new(text, Origin::NONE), &mut origins).unwrap();
        let (root, value) = (read(schema), read(value));
        let mut checking = Checking {
            draft: draft(&root),
            root: &root,
            steps: MAX_STEPS,
            failure: None,
        };
        let seen = &mut Evaluated::default();
        let errors = checking.validate(&root, &value, "", MAX_DEPTH, seen);
        let mut out = String::new();
        for error in errors {
            error.write(&mut out, 0);
        }
        assert_eq!(out.lines().collect::<Vec<_>>(), expected, "{schema}");
    }

    #[test]
    fn values_are_checked_in_the_words_of_helm() {
        for (schema, value, expected) in [
            (
                r#"{"type":"integer"}"#,
                r#""x""#,
                &["- at '': got string, want integer"][..],
            ),
            (
                r#"{"required":["a","b"]}"#,
                r#"{"b":1}"#,
                &["- at '': missing property 'a'"],
            ),
            (
                r#"{"properties":{"a":{"minimum":0}}}"#,
                r#"{"a":-5}"#,
                &["- at '/a': minimum: got -5, want 0"],
            ),
            (
                r#"{"properties":{"a":{}},"additionalProperties":false}"#,
                r#"{"a":1,"c":2}"#,
                &["- at '': additional properties 'c' not allowed"],
            ),
            (
                r##"{"$ref":"#/definitions/s","definitions":{"s":{"type":"string"}}}"##,
                "1",
                &["- at '': got number, want string"],
            ),
            (
                r#"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#,
                "1",
                &[],
            ),
            (
                r#"{"items":{"enum":["a",1]}}"#,
                r#"["a",1.0,"b"]"#,
                &["- at '/2': value must be one of 'a', 1"],
            ),
            (
                r#"{"pattern":"^a"}"#,
                r#""b""#,
                &["- at '': 'b' does not match pattern '^a'"],
            ),
            (
                r#"{"properties":{"a":true},"unevaluatedProperties":false}"#,
                r#"{"a":1}"#,
                &[],
            ),
            (
                r#"{"if":{"type":"string"},"then":{"minLength":2},"else":{"minimum":3}}"#,
                "2",
                &["- at '': minimum: got 2, want 3"],
            ),
            (
                r#"{"$schema":"http://json-schema.org/draft-04/schema#","minimum":1,"exclusiveMinimum":true}"#,
                "1",
                &["- at '': exclusiveMinimum: got 1, want 1"],
            ),
        ] {
            check(schema, value, expected);
        }
    }
}
