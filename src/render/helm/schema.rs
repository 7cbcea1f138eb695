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
use crate::render::Cache;
use compile::{Compiled, Compiler};
use document::Json;
pub(super) use refusal::Refusal;
use resources::VALUES_SCHEMA;
use validate::{MAX_STEPS, Validation};

/// Checks the values of the chart and of its dependencies.
pub(super) fn check(
    chart: &Chart,
    values: &Map,
    cache: &Cache,
    helm: HelmVersion,
    origins: &mut Origins,
) -> Result<(), Problem> {
    let mut failures = String::new();
    collect(chart, values, cache, helm, origins, &mut failures)?;
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
    cache: &Cache,
    helm: HelmVersion,
    origins: &mut Origins,
    failures: &mut String,
) -> Result<(), Problem> {
    if let Some(file) = &chart.schema {
        let values = Value::map(values.clone(), Origin::NONE);
        let schema = file.content.schema(cache, helm, origins);
        match schema.and_then(|schema| schema.judge(&values, helm)) {
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
    for below in chart.dependencies().iter() {
        let name = below.name();
        match values.get(name) {
            None => {}
            Some(value) if value.is_nil() => {}
            Some(value) => match value.as_map() {
                Some(inner) => collect(below, inner, cache, helm, origins, failures)?,
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

/// A schema that may judge values.
pub(super) struct Schema {
    compiled: Compiled,
    root: usize,
}

impl Schema {
    /// Reads and compiles a schema, as Helm 3 or Helm 4 does.
    pub(super) fn new(
        text: &[u8],
        helm: HelmVersion,
        origins: &mut Origins,
    ) -> Result<Self, Refusal> {
        let document = Json::read(text, helm, origins).map_err(Refusal::new)?;
        let mut compiler = Compiler::new(VALUES_SCHEMA, &document, helm);
        let root = compiler.compile(VALUES_SCHEMA)?;
        Ok(Self {
            compiled: compiler.finish(),
            root,
        })
    }

    /// What does not fit, a line for each thing and its causes.
    fn judge(&self, values: &Value, helm: HelmVersion) -> Result<String, Refusal> {
        let values = Json::of(values)
            .ok_or_else(|| Refusal::unsupported("the values are nested too deeply"))?;
        let mut validation = Validation::new(&self.compiled, helm, MAX_STEPS);
        let failures = validation.run(self.root, &values)?;
        Ok(failures.iter().map(|failure| failure.shown(0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::helm::functions::json;
    use crate::render::helm::string::Text;

    /// Every schema of `testdata/helm/schemas.jsonl` judges its values as the real Helms recorded it. In which order they tell
    /// of the members of an object is up to chance.
    #[test]
    fn schemas_judge_as_helm_s_do() {
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let mut origins = Origins::untraced();
        let mut wrong = Vec::new();
        for line in include_str!("../../../testdata/helm/schemas.jsonl")
            .lines()
            .skip(1)
        {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap();
            let values = json::read(&Text::new(text("values"), Origin::NONE), &mut origins);
            let values = values.unwrap();
            for (helm, key) in [(HelmVersion::V3, "helm3"), (HelmVersion::V4, "helm4")] {
                let schema = Schema::new(text("schema").as_bytes(), helm, &mut origins);
                let judged = schema.and_then(|schema| schema.judge(&values, helm));
                let told = judged.unwrap_or_else(|refusal| refusal.words);
                let expected = text(if case[key].is_null() { "helm4" } else { key });
                if sorted(&told) != sorted(expected) {
                    wrong.push(format!("{key}: {line}\n{told}"));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} differ:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }

    #[test]
    fn schemas_without_end_are_given_up() {
        let nested = |depth: usize| {
            let (opening, closing) = (r#"{"properties":{"a":"#.repeat(depth), "}}".repeat(depth));
            format!("{opening}{{}}{closing}")
        };
        let chained: String = (0..2_500)
            .map(|link| format!(r##""d{link}":{{"$ref":"#/$defs/d{}"}},"##, link + 1))
            .collect();
        let chained = format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{chained}"d2500":{{}}}}}}"##);
        for (schema, is_given_up) in [(nested(100), false), (nested(500), true), (chained, true)] {
            let begins = schema.get(..50).unwrap().to_owned();
            let judge = move || {
                let value = Value::map(Map::new(), Origin::NONE);
                let (origins, helm) = (&mut Origins::untraced(), HelmVersion::V4);
                let judged = Schema::new(schema.as_bytes(), helm, origins)
                    .and_then(|schema| schema.judge(&value, helm));
                judged.err().is_some_and(|refusal| refusal.is_unsupported)
            };
            // The stack on which charts are rendered.
            let deep = std::thread::Builder::new().stack_size(crate::render::STACK_BYTES);
            let given_up = deep.spawn(judge).unwrap().join().unwrap();
            assert_eq!(given_up, is_given_up, "{begins}");
        }
    }
}
