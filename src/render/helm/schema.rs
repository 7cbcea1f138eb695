//! `values.schema.json`: whether the values are what the chart allows.
//!
//! JSON Schema of drafts 4 to 2020-12, as far as charts use it, with the words of the library behind Helm. A schema that
//! refers to another document is refused: rendering fetches nothing.

mod reference;
mod single;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::chart::Chart;
use super::functions::json;
use super::string::Text;
use super::value::{Data, List, Map, Value};
use crate::origin::{Origin, Origins};
use crate::problem::{Kind, Problem};
use reference::{draft, find_remote};
use single::{equal, is_integer, number, number_errors, shown, type_of};

/// Schemas that refer to each other beyond this depth are given up on.
const MAX_DEPTH: usize = 200;

/// The work that one schema may cause.
const MAX_STEPS: usize = 2_000_000;

/// Checks the values of the chart and of its dependencies.
pub(super) fn check(chart: &Chart, values: &Map, origins: &mut Origins) -> Result<(), Problem> {
    let mut failures = String::new();
    collect(chart, values, origins, &mut failures)?;
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
    origins: &mut Origins,
    failures: &mut String,
) -> Result<(), Problem> {
    if let Some(file) = &chart.schema {
        let text = Text::new(file.content.bytes().to_vec(), Origin::NONE);
        let refuse = |message: String| Problem::new(Kind::Render, message).in_file(&file.path);
        let root = json::read(&text, origins).map_err(refuse)?;
        let mut remote = None;
        find_remote(&root, &mut remote, MAX_DEPTH);
        if let Some(url) = remote {
            let message = format!("the schema refers to {url}, which would have to be fetched");
            return Err(Problem::new(Kind::Unsupported, message)
                .in_file(&file.path)
                .help("Set `--skip-schema-validation`, or make the schema one document."));
        }
        let mut checking = Checking {
            draft: draft(&root),
            root: &root,
            steps: MAX_STEPS,
            failure: None,
        };
        let errors = checking.validate(
            &root,
            &Value::map(values.clone(), Origin::NONE),
            "",
            MAX_DEPTH,
            &mut Evaluated::default(),
        );
        if let Some(failure) = checking.failure {
            return Err(refuse(failure));
        }
        if !errors.is_empty() {
            let _ = writeln!(failures, "{}:", chart.name());
            for error in errors {
                error.write(failures, 0);
            }
        }
    }
    for below in chart.dependencies().iter() {
        let name = below.name();
        match values.get(name) {
            None => {}
            Some(value) if value.is_nil() => {}
            Some(value) => match value.as_map() {
                Some(inner) => collect(below, inner, origins, failures)?,
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

/// One thing that does not fit, with what is behind it.
struct Failure {
    at: String,
    words: String,
    causes: Vec<Failure>,
}

impl Failure {
    fn write(&self, out: &mut String, depth: usize) {
        let _ = writeln!(
            out,
            "{}- at '{}': {}",
            "  ".repeat(depth),
            self.at,
            self.words
        );
        for cause in &self.causes {
            cause.write(out, depth + 1);
        }
    }
}

/// The members of a value that some schema has looked at.
#[derive(Default, Clone)]
struct Evaluated {
    properties: BTreeSet<String>,
    items: BTreeSet<usize>,
}

impl Evaluated {
    fn add(&mut self, other: Self) {
        self.properties.extend(other.properties);
        self.items.extend(other.items);
    }
}

struct Checking<'r> {
    draft: u32,
    root: &'r Value,
    steps: usize,
    /// The schema itself is wrong.
    failure: Option<String>,
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    names.join(", ")
}

fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

impl Checking<'_> {
    fn validate(
        &mut self,
        schema: &Value,
        value: &Value,
        at: &str,
        depth: usize,
        evaluated: &mut Evaluated,
    ) -> Vec<Failure> {
        let mut errors = Vec::new();
        let fail = |words: String| Failure {
            at: at.to_owned(),
            words,
            causes: Vec::new(),
        };
        let Some(depth) = depth.checked_sub(1) else {
            self.failure
                .get_or_insert_with(|| "the schema refers to itself without end".to_owned());
            return errors;
        };
        if let Some(left) = self.steps.checked_sub(1) {
            self.steps = left;
        } else {
            self.failure
                .get_or_insert_with(|| "the schema is too much work to check".to_owned());
            return errors;
        }
        let keywords = match &schema.data {
            Data::Bool(true) => return errors,
            Data::Bool(false) => {
                errors.push(fail("false schema".to_owned()));
                return errors;
            }
            Data::Map(map) => map.clone(),
            _ => return errors,
        };
        let keyword = |name: &str| keywords.get(name);
        if let Some(reference) = keyword("$ref").as_ref().and_then(Value::as_text) {
            let reference = reference.lossy().into_owned();
            match self.resolve(&reference) {
                Some(target) => {
                    errors.extend(self.validate(&target, value, at, depth, evaluated));
                }
                None if reference.contains("json-schema.org/") => {}
                None => {
                    self.failure
                        .get_or_insert_with(|| format!("the schema has no {reference}"));
                }
            }
            if self.draft < 2019 {
                return errors;
            }
        }
        if let Some(types) = keyword("type") {
            let types: Vec<String> = match &types.data {
                Data::String(text) => vec![text.lossy().into_owned()],
                Data::List(list) => list
                    .iter()
                    .filter_map(Value::as_text)
                    .map(|text| text.lossy().into_owned())
                    .collect(),
                _ => Vec::new(),
            };
            let is = type_of(value);
            let fits = types
                .iter()
                .any(|wanted| wanted == is || wanted == "integer" && is_integer(value));
            if !fits {
                errors.push(fail(format!("got {is}, want {}", types.join(" or "))));
            }
        }
        if let Some(wanted) = keyword("const")
            && !equal(&wanted, value, MAX_DEPTH)
        {
            errors.push(fail(format!("value must be {}", shown(&wanted))));
        }
        if let Some(list) = keyword("enum").as_ref().and_then(Value::as_list)
            && !list.iter().any(|wanted| equal(wanted, value, MAX_DEPTH))
        {
            let all: Vec<String> = list.iter().map(shown).collect();
            errors.push(fail(format!("value must be one of {}", all.join(", "))));
        }
        match &value.data {
            Data::Map(map) => {
                let found = self.object(&keywords, map, at, depth, evaluated);
                errors.extend(found);
            }
            Data::List(list) => {
                let found = self.array(&keywords, list, at, depth, evaluated);
                errors.extend(found);
            }
            Data::String(text) => {
                let found = self.string(&keywords, &text.lossy());
                errors.extend(found.into_iter().map(fail));
            }
            _ => {
                if let Some(found) = number(value) {
                    errors.extend(number_errors(&keywords, found).into_iter().map(fail));
                }
            }
        }
        errors.extend(self.combinations(&keywords, value, at, depth, evaluated));
        if errors.is_empty() && self.draft >= 2019 {
            errors.extend(self.unevaluated(&keywords, value, at, depth, evaluated));
        }
        errors
    }

    fn object(
        &mut self,
        keywords: &Map,
        map: &Map,
        at: &str,
        depth: usize,
        evaluated: &mut Evaluated,
    ) -> Vec<Failure> {
        let mut errors = Vec::new();
        let fail = |words: String| Failure {
            at: at.to_owned(),
            words,
            causes: Vec::new(),
        };
        let entries = map.entries();
        let count = entries.len() as f64;
        for (name, wrong) in [
            (
                "minProperties",
                Self::limit(keywords, "minProperties").filter(|limit| count < *limit),
            ),
            (
                "maxProperties",
                Self::limit(keywords, "maxProperties").filter(|limit| count > *limit),
            ),
        ] {
            if let Some(limit) = wrong {
                errors.push(fail(format!("{name}: got {count}, want {limit}")));
            }
        }
        let names_in = |list: &List| -> Vec<String> {
            list.iter()
                .filter_map(Value::as_text)
                .map(|text| text.lossy().into_owned())
                .collect()
        };
        let missing = |names: Vec<String>| -> Vec<String> {
            names
                .into_iter()
                .filter(|name| map.get(name).is_none())
                .collect()
        };
        if let Some(list) = keywords.get("required").as_ref().and_then(Value::as_list) {
            let absent = missing(names_in(list));
            match absent.as_slice() {
                [] => {}
                [one] => errors.push(fail(format!("missing property '{one}'"))),
                many => errors.push(fail(format!("missing properties {}", quoted(many)))),
            }
        }
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            if (keyword == "dependencies") != (self.draft < 2019) {
                continue;
            }
            let Some(dependencies) = keywords.get(keyword) else {
                continue;
            };
            let Some(dependencies) = dependencies.as_map() else {
                continue;
            };
            for (name, entry) in dependencies.entries() {
                if map.get(&name).is_none() {
                    continue;
                }
                if let Some(list) = entry.value.as_list() {
                    let absent = missing(names_in(list));
                    if !absent.is_empty() {
                        errors.push(fail(format!(
                            "properties {} required, if '{name}' exists",
                            quoted(&absent)
                        )));
                    }
                } else {
                    let whole = Value::map(map.clone(), Origin::NONE);
                    errors.extend(self.validate(&entry.value, &whole, at, depth, evaluated));
                }
            }
        }
        let properties = keywords.get("properties");
        let properties = properties.as_ref().and_then(Value::as_map);
        let patterns: Vec<(regex::Regex, Value)> = match keywords.get("patternProperties") {
            Some(patterns) => patterns
                .as_map()
                .map(Map::entries)
                .unwrap_or_default()
                .into_iter()
                .filter_map(|(pattern, entry)| Some((self.regex(&pattern)?, entry.value)))
                .collect(),
            None => Vec::new(),
        };
        let additional = keywords.get("additionalProperties");
        let mut extra = Vec::new();
        for (name, entry) in &entries {
            let inner = format!("{at}/{}", escape(name));
            let mut known = false;
            if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
                known = true;
                let below = &mut Evaluated::default();
                errors.extend(self.validate(&schema, &entry.value, &inner, depth, below));
            }
            for (pattern, schema) in &patterns {
                if pattern.is_match(name) {
                    known = true;
                    let below = &mut Evaluated::default();
                    errors.extend(self.validate(schema, &entry.value, &inner, depth, below));
                }
            }
            if !known && let Some(schema) = &additional {
                known = true;
                if matches!(schema.data, Data::Bool(false)) {
                    extra.push(name.to_string());
                } else {
                    let below = &mut Evaluated::default();
                    errors.extend(self.validate(schema, &entry.value, &inner, depth, below));
                }
            }
            if known {
                evaluated.properties.insert(name.to_string());
            }
            if let Some(schema) = keywords.get("propertyNames") {
                let value = Value::string(name.as_bytes(), Origin::NONE);
                let causes =
                    self.validate(&schema, &value, &inner, depth, &mut Evaluated::default());
                if !causes.is_empty() {
                    errors.push(Failure {
                        at: at.to_owned(),
                        words: format!("invalid propertyName '{name}'"),
                        causes,
                    });
                }
            }
        }
        if !extra.is_empty() {
            errors.push(fail(format!(
                "additional properties {} not allowed",
                quoted(&extra)
            )));
        }
        errors
    }

    fn array(
        &mut self,
        keywords: &Map,
        list: &List,
        at: &str,
        depth: usize,
        evaluated: &mut Evaluated,
    ) -> Vec<Failure> {
        let mut errors = Vec::new();
        let fail = |words: String| Failure {
            at: at.to_owned(),
            words,
            causes: Vec::new(),
        };
        let count = list.len() as f64;
        for (name, wrong) in [
            (
                "minItems",
                Self::limit(keywords, "minItems").filter(|limit| count < *limit),
            ),
            (
                "maxItems",
                Self::limit(keywords, "maxItems").filter(|limit| count > *limit),
            ),
        ] {
            if let Some(limit) = wrong {
                errors.push(fail(format!("{name}: got {count}, want {limit}")));
            }
        }
        let unique = matches!(
            keywords.get("uniqueItems"),
            Some(Value {
                data: Data::Bool(true),
                ..
            })
        );
        if unique && list.len() < 5_000 {
            'outer: for (second, item) in list.iter().enumerate() {
                for (first, other) in list.iter().take(second).enumerate() {
                    if equal(item, other, MAX_DEPTH) {
                        errors.push(fail(format!("items at {first} and {second} are equal")));
                        break 'outer;
                    }
                }
            }
        }
        let (tuple, rest) = if self.draft < 2020 {
            match keywords.get("items") {
                Some(items) if items.as_list().is_some() => {
                    (Some(items), keywords.get("additionalItems"))
                }
                items => (None, items),
            }
        } else {
            (keywords.get("prefixItems"), keywords.get("items"))
        };
        let tuple: Vec<Value> = tuple
            .and_then(|tuple| tuple.as_list().map(|list| list.to_vec()))
            .unwrap_or_default();
        for (index, item) in list.iter().enumerate() {
            let Some(schema) = tuple.get(index).or(rest.as_ref()) else {
                continue;
            };
            evaluated.items.insert(index);
            let inner = format!("{at}/{index}");
            errors.extend(self.validate(schema, item, &inner, depth, &mut Evaluated::default()));
        }
        if let Some(schema) = keywords.get("contains") {
            let mut matching = 0;
            for (index, item) in list.iter().enumerate() {
                let inner = format!("{at}/{index}");
                let failures =
                    self.validate(&schema, item, &inner, depth, &mut Evaluated::default());
                if failures.is_empty() {
                    matching += 1;
                    if self.draft >= 2020 {
                        evaluated.items.insert(index);
                    }
                }
            }
            let least = Self::limit(keywords, "minContains").unwrap_or(1.0);
            let most = Self::limit(keywords, "maxContains").unwrap_or(f64::INFINITY);
            let found = f64::from(matching);
            if found < least {
                errors.push(fail(if matching == 0 && least <= 1.0 {
                    "no items match contains schema".to_owned()
                } else {
                    format!("min {least} items required to match contains schema, but none matched")
                }));
            } else if found > most {
                errors.push(fail(format!(
                    "max {most} items required to match contains schema"
                )));
            }
        }
        errors
    }

    /// `allOf`, `anyOf`, `oneOf`, `not`, `if`.
    fn combinations(
        &mut self,
        keywords: &Map,
        value: &Value,
        at: &str,
        depth: usize,
        evaluated: &mut Evaluated,
    ) -> Vec<Failure> {
        let mut errors = Vec::new();
        let fail = |words: &str, causes: Vec<Failure>| Failure {
            at: at.to_owned(),
            words: words.to_owned(),
            causes,
        };
        let schemas = |name: &str| -> Vec<Value> {
            keywords
                .get(name)
                .and_then(|list| list.as_list().map(|list| list.to_vec()))
                .unwrap_or_default()
        };
        if let Some(schema) = keywords.get("not")
            && self
                .validate(&schema, value, at, depth, &mut Evaluated::default())
                .is_empty()
        {
            errors.push(fail("'not' failed", Vec::new()));
        }
        let mut causes = Vec::new();
        for schema in schemas("allOf") {
            causes.extend(self.validate(&schema, value, at, depth, evaluated));
        }
        if !causes.is_empty() {
            errors.push(fail("'allOf' failed", causes));
        }
        for name in ["anyOf", "oneOf"] {
            let schemas = schemas(name);
            if schemas.is_empty() {
                continue;
            }
            let mut causes = Vec::new();
            let mut matched = Vec::new();
            for (index, schema) in schemas.iter().enumerate() {
                let mut seen = Evaluated::default();
                let failures = self.validate(schema, value, at, depth, &mut seen);
                if failures.is_empty() {
                    matched.push(index);
                    evaluated.add(seen);
                } else {
                    causes.extend(failures);
                }
            }
            match (name, matched.as_slice()) {
                ("anyOf", []) => errors.push(fail("'anyOf' failed", causes)),
                ("oneOf", []) => errors.push(fail("'oneOf' failed, none matched", causes)),
                ("oneOf", [first, second, ..]) => {
                    let words = format!("'oneOf' failed, subschemas {first}, {second} matched");
                    errors.push(fail(&words, Vec::new()));
                }
                _ => {}
            }
        }
        if self.draft >= 7
            && let Some(condition) = keywords.get("if")
        {
            let mut seen = Evaluated::default();
            let holds = self
                .validate(&condition, value, at, depth, &mut seen)
                .is_empty();
            if holds {
                evaluated.add(seen);
            }
            if let Some(schema) = keywords.get(if holds { "then" } else { "else" }) {
                errors.extend(self.validate(&schema, value, at, depth, evaluated));
            }
        }
        errors
    }

    fn unevaluated(
        &mut self,
        keywords: &Map,
        value: &Value,
        at: &str,
        depth: usize,
        evaluated: &mut Evaluated,
    ) -> Vec<Failure> {
        let mut errors = Vec::new();
        if let (Some(schema), Data::Map(map)) = (keywords.get("unevaluatedProperties"), &value.data)
        {
            for (name, entry) in map.entries() {
                if evaluated.properties.insert(name.to_string()) {
                    let inner = format!("{at}/{}", escape(&name));
                    let below = &mut Evaluated::default();
                    errors.extend(self.validate(&schema, &entry.value, &inner, depth, below));
                }
            }
        }
        if let (Some(schema), Data::List(list)) = (keywords.get("unevaluatedItems"), &value.data) {
            for (index, item) in list.iter().enumerate() {
                if evaluated.items.insert(index) {
                    let inner = format!("{at}/{index}");
                    let below = &mut Evaluated::default();
                    errors.extend(self.validate(&schema, item, &inner, depth, below));
                }
            }
        }
        errors
    }
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
