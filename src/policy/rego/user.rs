//! Users' rules in regorus: modules of either version of Rego, and what their rules answer.

use std::collections::BTreeSet;

use regorus::Value;

use super::document::{convert, read_value};
use super::parse::Refused;
use super::{Document, Failure, add, failure, new_engine, outline, recursion, rewrite};
use crate::control::{self, Severity};
use crate::finding::Suggestion;
use crate::problem::{Kind, Problem};
use crate::text::{LineIndex, RepoPath};
use crate::yaml::{self, Data, Path};

/// Modules that are loaded together. A clone is cheap, and is what one thread works with.
#[derive(Clone)]
pub(in crate::policy) struct Rules {
    engine: regorus::Engine,
    /// The packages that say what is excepted, with the name of the rule that does.
    exceptions: BTreeSet<(String, &'static str)>,
}

/// What a rule for Conftest says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) struct Said {
    pub(in crate::policy) message: String,
    /// The field, where the rule names one.
    pub(in crate::policy) path: Option<Path>,
    pub(in crate::policy) severity: Option<Severity>,
}

/// What a Kubescape rule says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::policy) struct Response {
    pub(in crate::policy) message: String,
    /// The objects that it speaks of: API version, kind, namespace, name.
    pub(in crate::policy) objects: Vec<[String; 4]>,
    /// Those among which a place `relatedObjects[0].rules[1]` is looked for.
    pub(in crate::policy) related: Vec<[String; 4]>,
    /// The fields, with what would remedy each.
    pub(in crate::policy) places: Vec<(Path, Option<Suggestion>)>,
}

impl Rules {
    /// Loads modules and data. The first one that does not load is a problem at its line.
    pub(in crate::policy) fn load<'m>(
        modules: impl IntoIterator<Item = (&'m RepoPath, &'m str)>,
        data: &[(RepoPath, yaml::Value)],
    ) -> Result<Self, Problem> {
        // Where a built-in function is given what it cannot take, OPA goes on as if there were no answer.
        let mut engine = new_engine(false);
        let mut exceptions = BTreeSet::new();
        let mut loaded = Vec::new();
        for (path, text) in modules {
            let (rewritten, is_v1) = load(&mut engine, path, text)?;
            loaded.push((path, text, rewritten, is_v1));
            for name in ["exceptions", "exception"] {
                let says = |line: &str| {
                    let rest = line.strip_prefix(name);
                    rest.is_some_and(|rest| rest.starts_with([' ', '[', '=', ':', '{']))
                };
                if text.lines().any(says) {
                    exceptions.insert((control::package(text).to_owned(), name));
                }
            }
        }
        let texts: Vec<recursion::Text<'_>> = loaded
            .iter()
            .map(|(path, _, rewritten, is_v1)| (path.as_str(), rewritten.as_str(), *is_v1))
            .collect();
        recursion::check(&texts).map_err(|(module, refused)| match loaded.get(module) {
            Some((path, text, ..)) => not_evaluated(path, text, refused),
            None => Problem::new(Kind::Policy, refused.why),
        })?;
        for (path, value) in data {
            give(&mut engine, path, value)?;
        }
        Ok(Self { engine, exceptions })
    }

    /// Prepares the modules, which finds what only shows when they are together.
    pub(in crate::policy) fn prepare(mut self) -> Result<Self, String> {
        self.engine.set_input(Value::new_object());
        match self.engine.eval_query("true".to_owned(), false) {
            Ok(_) => Ok(self),
            Err(error) => Err(super::first_line(&format!("{error:#}"))),
        }
    }

    /// What a rule for Conftest says about an input.
    pub(in crate::policy) fn conftest(
        &mut self,
        package: &str,
        rule: &str,
        input: &Document,
    ) -> Result<Vec<Said>, Failure> {
        self.engine.set_input(input.0.clone());
        if self.is_excepted(package, rule)? {
            return Ok(Vec::new());
        }
        match self.ask(&format!("data.{package}.{rule}"))? {
            Value::Set(items) => items.iter().map(said).collect(),
            Value::Array(items) => items.iter().map(said).collect(),
            // Messages by their names, one or several under each.
            Value::Object(fields) => fields
                .values()
                .flat_map(|value| match value {
                    Value::Set(items) => items.iter().collect(),
                    Value::Array(items) => items.iter().collect(),
                    other => vec![other],
                })
                .map(said)
                .collect(),
            Value::Bool(true) => Ok(vec![Said {
                message: format!("`{rule}` of `{package}` holds"),
                path: None,
                severity: None,
            }]),
            text @ Value::String(_) => Ok(vec![said(&text)?]),
            Value::Bool(false) | Value::Undefined => Ok(Vec::new()),
            other => Err(Failure::Shape(format!("with {}", super::described(&other)))),
        }
    }

    /// True where a rule `exception` of the package names this one: by what its name has after `deny_`.
    fn is_excepted(&mut self, package: &str, rule: &str) -> Result<bool, Failure> {
        let suffix = rule.split_once('_').map_or("", |(_, suffix)| suffix);
        for name in ["exception", "exceptions"] {
            if !self.exceptions.contains(&(package.to_owned(), name)) {
                continue;
            }
            let named = |list: &Value| match list {
                Value::Array(names) => names.iter().any(|name| *name == Value::from(suffix)),
                Value::Set(names) => names.contains(&Value::from(suffix)),
                _ => false,
            };
            let is_excepted = match self.ask(&format!("data.{package}.{name}"))? {
                Value::Set(lists) => lists.iter().any(named),
                Value::Array(lists) => lists.iter().any(named),
                _ => false,
            };
            if is_excepted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a Kubescape rule says about a list of objects: every rule of its package that gives objects speaks.
    pub(in crate::policy) fn kubescape(
        &mut self,
        input: Document,
    ) -> Result<Vec<Response>, Failure> {
        self.engine.set_input(input.0);
        let Value::Object(rules) = self.ask("data.armo_builtins")? else {
            return Ok(Vec::new());
        };
        let mut responses = Vec::new();
        for answer in rules.values() {
            let items: Vec<&Value> = match answer {
                Value::Set(items) => items.iter().collect(),
                Value::Array(items) => items.iter().collect(),
                _ => continue,
            };
            for item in items {
                if let Some(Value::String(message)) = field(item, "alertMessage") {
                    responses.push(response(message, item));
                }
            }
        }
        Ok(responses)
    }

    /// Gives each question less time.
    #[cfg(test)]
    pub(super) fn limit_time(&mut self, limit: std::time::Duration) {
        self.engine
            .set_execution_timer_config(regorus::utils::limits::ExecutionTimerConfig {
                limit,
                check_interval: super::STEPS_PER_LOOK,
            });
    }

    fn ask(&mut self, path: &str) -> Result<Value, Failure> {
        ask(&mut self.engine, path)
    }
}

/// What a document is, by its path.
pub(super) fn ask(engine: &mut regorus::Engine, path: &str) -> Result<Value, Failure> {
    let answer = engine.eval_query(path.to_owned(), false);
    drop(engine.take_prints());
    let results = answer.map_err(|error| failure(&error))?;
    let value = results
        .result
        .first()
        .and_then(|row| row.expressions.first());
    Ok(value.map_or(Value::Undefined, |expression| expression.value.clone()))
}

/// Gives an engine a document of data.
pub(super) fn give(
    engine: &mut regorus::Engine,
    path: &RepoPath,
    value: &yaml::Value,
) -> Result<(), Problem> {
    let wrong = |what: &str| Problem::new(Kind::Policy, what).in_file(path);
    let value = convert(value, 0).ok_or_else(|| wrong("this is nested too deeply for data"))?;
    let Value::Object(_) = value else {
        return Err(wrong("data must be a map of names"));
    };
    engine
        .add_data(value)
        .map_err(|error| wrong(&super::first_line(&format!("{error:#}"))))
}

/// Loads one module, as the present version of Rego or, where it is none, as the one before.
pub(super) fn load(
    engine: &mut regorus::Engine,
    path: &RepoPath,
    text: &str,
) -> Result<(String, bool), Problem> {
    let rewritten =
        outline::of_either_version(text, |is_v1| rewrite::rewrite(path.as_str(), text, is_v1));
    let problem = |refused| not_evaluated(path, text, refused);
    let (rewritten, is_v1) = rewritten.map_err(problem)?;
    engine.set_rego_v0(!is_v1);
    match add(engine, path, &rewritten) {
        Ok(()) => Ok((rewritten, is_v1)),
        Err(error) => Err(problem(Refused::from_message(&error))),
    }
}

pub(super) fn not_evaluated(path: &RepoPath, text: &str, refused: Refused) -> Problem {
    let span = LineIndex::new(text).line(refused.line as _);
    let message = format!("this policy cannot be evaluated: {}", refused.why);
    Problem::new(Kind::Policy, message)
        .at(path, span)
        .help("What it looks for was not checked.")
}

fn field<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.get(&Value::from(key)),
        _ => None,
    }
}

/// Reads a message, or `{msg, …}` with a severity and a path in it or in its `metadata` or `details`.
fn said(item: &Value) -> Result<Said, Failure> {
    if let Value::String(message) = item {
        return Ok(Said {
            message: message.to_string(),
            path: None,
            severity: None,
        });
    }
    let shape = |what: String| Failure::Shape(what);
    let Some(Value::String(message)) = field(item, "msg").or_else(|| field(item, "message")) else {
        let what = format!("with {} without `msg`", super::described(item));
        return Err(shape(what));
    };
    let around = [Some(item), field(item, "metadata"), field(item, "details")];
    let find = |key: &str| around.iter().flatten().find_map(|place| field(place, key));
    let severity = match find("severity") {
        None => None,
        Some(Value::String(name)) => Some(
            control::severity(name)
                .ok_or_else(|| shape(format!("with the severity `{name}`, which is none")))?,
        ),
        Some(_) => return Err(shape("with a severity that is no text".to_owned())),
    };
    let path = find("path").and_then(|path| match path {
        Value::String(path) => read_place(path),
        other => super::read_path(other).ok(),
    });
    Ok(Said {
        message: message.to_string(),
        path,
        severity,
    })
}

/// Reads `spec.containers[0].image`, also with an `=value` behind it.
fn read_place(text: &str) -> Option<Path> {
    let text = text.split('=').next().unwrap_or_default();
    text.trim_start_matches('.')
        .trim_end_matches(".[]")
        .parse()
        .ok()
}

fn response(message: &str, item: &Value) -> Response {
    let list = |value: Option<&Value>| match value {
        Some(Value::Array(items)) => items.to_vec(),
        Some(Value::Set(items)) => items.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.to_string(),
        _ => String::new(),
    };
    let alert = field(item, "alertObject");
    // Go does not mind how a key is written, and neither do the rules.
    let objects = ["k8sApiObjects", "k8SApiObjects"]
        .iter()
        .find_map(|key| field(alert?, key));
    // A vector, as Kubescape calls what it joins, has the name of its object at its top.
    let named = |object: &Value| {
        let metadata = field(object, "metadata").unwrap_or(object);
        [
            text(field(object, "apiVersion")),
            text(field(object, "kind")),
            text(field(metadata, "namespace")),
            text(field(metadata, "name")),
        ]
    };
    let external = alert.and_then(|alert| field(alert, "externalObjects"));
    let related = match external.and_then(|external| field(external, "relatedObjects")) {
        Some(one @ Value::Object(_)) => vec![one.clone()],
        several => list(several),
    };
    let mut objects = list(objects);
    objects.extend(external.filter(|_| objects.is_empty()).cloned());
    let objects = objects.iter().map(named).collect();
    let related = related.iter().map(named).collect();
    let places = |key: &str| -> Vec<Path> {
        let paths = list(field(item, key));
        paths
            .iter()
            .filter_map(|path| match path {
                Value::String(path) => read_place(path),
                _ => None,
            })
            .collect()
    };
    let deleted = places("deletePaths");
    let mut all: Vec<(Path, Option<Suggestion>)> = deleted
        .iter()
        .map(|path| (path.clone(), Some(Suggestion::Remove)))
        .collect();
    for fix in list(field(item, "fixPaths")) {
        let path = match field(&fix, "path") {
            Some(Value::String(path)) => read_place(path),
            _ => None,
        };
        if let Some(path) = path {
            all.push((path, field(&fix, "value").and_then(fixed)));
        }
    }
    for path in places("failedPaths")
        .into_iter()
        .chain(places("reviewPaths"))
    {
        if all.iter().all(|(known, _)| *known != path) {
            all.push((path, None));
        }
    }
    Response {
        message: message.to_owned(),
        objects,
        related,
        places: all,
    }
}

/// What a fix sets: its values are texts, whatever the type of the field; one in capitals is for a person to fill in.
fn fixed(value: &Value) -> Option<Suggestion> {
    let Value::String(text) = value else {
        return read_value(value, 0).map(Suggestion::Set);
    };
    if text.starts_with("YOUR_") {
        return None;
    }
    let data = match &**text {
        "true" => Data::Bool(true),
        "false" => Data::Bool(false),
        text => text
            .parse()
            .map_or_else(|_| Data::String(text.to_owned()), Data::Int),
    };
    Some(Suggestion::Set(yaml::Value::new(data)))
}
