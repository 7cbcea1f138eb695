//! Users' rules asked: those for Conftest about each object, Kubescape's and combined ones about all objects of a side at once.
//!
//! A rule that names no field is anchored by trying: what is taken out of the object without the rule's noticing was not what
//! it is about.

mod kubescape;

use std::collections::{BTreeMap, BTreeSet};

use super::rego::{Document, Failure, Rules, Said, Violation};
use crate::control::{Control, ControlId, Controls, Form, Match};
use crate::origin::Origin;
use crate::problem::{Kind, Problem};
use crate::resource::Resource;
use crate::yaml::{Data, Mapping, Path, Step, Value};

/// Users' rules that are loaded. A clone is cheap, and is what one thread works with.
#[derive(Clone, Default)]
pub(super) struct Users {
    /// All rules for Conftest are in one engine, because they import each other.
    conftest: Option<Rules>,
    /// Kubescape's rules share the name of their package, so that each has an engine of its own.
    kubescape: BTreeMap<ControlId, Rules>,
}

/// How often one finding may be tried again to find the field that it is about.
const MOST_TRIALS: usize = 400;

/// The helpers of Kubescape's own rules that users' copies import, in words of our own.
const CAUTILS: &str = "package cautils\n\nimport rego.v1\n\nlist_contains(list, element) if {\n\tsome item in list\n\titem == element\n}\n\nis_subobject(sub, whole) if {\n\tevery key, value in sub {\n\t\twhole[key] == value\n\t}\n}\n";

impl Users {
    /// Loads the rules among some controls; gives the controls that are loaded, and a problem for what is not.
    pub(super) fn load(controls: &Controls, problems: &mut Vec<Problem>) -> (Self, Vec<Control>) {
        let mut users = Self::default();
        let mut ready = Vec::new();
        let wanted = |control: &Control| matches!(control.form, Form::Conftest { .. });
        if controls.iter().any(wanted) {
            match load_conftest(controls) {
                Ok(rules) => {
                    users.conftest = Some(rules);
                    ready.extend(controls.iter().filter(|control| wanted(control)).cloned());
                }
                Err(more) => problems.extend(more),
            }
        }
        for control in controls {
            if !matches!(control.form, Form::Kubescape { .. }) {
                continue;
            }
            let mut modules = vec![(&control.path, &*control.rego)];
            let helpers = crate::text::RepoPath::new("cautils.rego");
            if let Ok(path) = helpers.as_ref()
                && control.rego.contains("data.cautils")
            {
                modules.push((path, CAUTILS));
            }
            let loaded = Rules::load(modules, controls.data()).and_then(|rules| {
                rules.prepare().map_err(|error| {
                    Problem::new(
                        Kind::Policy,
                        format!("this policy cannot be evaluated: {error}"),
                    )
                    .in_file(&control.path)
                    .help("What it looks for was not checked.")
                })
            });
            match loaded {
                Ok(rules) => {
                    users.kubescape.insert(control.id.clone(), rules);
                    ready.push(control.clone());
                }
                Err(problem) => problems.push(problem),
            }
        }
        (users, ready)
    }

    /// What a rule for Conftest says about one object.
    pub(super) fn about(
        &mut self,
        control: &Control,
        resource: &Resource,
        seen: &Document,
    ) -> Result<Vec<Violation>, Failure> {
        let Form::Conftest { rule, .. } = &control.form else {
            return Ok(Vec::new());
        };
        let Some(rules) = &mut self.conftest else {
            return Ok(Vec::new());
        };
        let said = rules.conftest(&control.package, rule, seen)?;
        let mut violations = Vec::new();
        for said in said {
            let path = match &said.path {
                Some(path) => path.clone(),
                None => field(rules, control, rule, &said, resource),
            };
            violations.push(violation(said, path));
        }
        violations.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
        Ok(violations)
    }

    /// What a rule that sees all objects says, by the place of the object among them.
    pub(super) fn among(
        &mut self,
        control: &Control,
        objects: &[(&Resource, Document)],
    ) -> Result<Vec<(usize, Violation)>, Failure> {
        match &control.form {
            Form::Kubescape { wanted, joined } => {
                let Some(rules) = self.kubescape.get_mut(&control.id) else {
                    return Ok(Vec::new());
                };
                let given = objects.iter().filter(|(object, _)| wants(wanted, object));
                let input = match joined {
                    None => Document::list(given.map(|(_, document)| document.clone())),
                    Some(joined) => kubescape::joined(*joined, &given.collect::<Vec<_>>()),
                };
                let responses = rules.kubescape(input)?;
                let mut found = Vec::new();
                for response in &responses {
                    found.extend(kubescape::placed(response, objects)?);
                }
                Ok(found)
            }
            Form::Conftest { rule, .. } => {
                let Some(rules) = &mut self.conftest else {
                    return Ok(Vec::new());
                };
                combined(rules, control, rule, objects)
            }
            Form::Own => Ok(Vec::new()),
        }
    }
}

/// Loads all modules for Conftest together; where that fails, tells which one is to blame.
fn load_conftest(controls: &Controls) -> Result<Rules, Vec<Problem>> {
    let modules = controls
        .modules()
        .iter()
        .map(|module| (&module.path, &*module.text));
    let mut problems: Vec<Problem> = modules
        .clone()
        .filter_map(|module| Rules::load([module], &[]).err())
        .collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    match Rules::load(modules, controls.data()) {
        Ok(rules) => rules.prepare().map_err(|error| {
            let problem = Problem::new(
                Kind::Policy,
                format!("the policies cannot be evaluated together: {error}"),
            );
            let place = controls.modules().first().map(|module| &module.path);
            vec![match place {
                Some(path) => problem.in_file(path),
                None => problem,
            }]
        }),
        Err(problem) => {
            problems.push(problem);
            Err(problems)
        }
    }
}

fn wants(wanted: &[Match], object: &Resource) -> bool {
    wanted.is_empty()
        || wanted
            .iter()
            .any(|wanted| wanted.wants(&object.api_version, &object.identity.kind))
}

fn violation(said: Said, path: Path) -> Violation {
    Violation {
        path,
        message: said.message,
        suggestion: None,
        severity: said.severity,
    }
}

fn name_of_object() -> Path {
    Path::root().key("metadata").key("name")
}

/// A combined rule names no object: it is about the first one without which it would not speak.
fn combined(
    rules: &mut Rules,
    control: &Control,
    rule: &str,
    objects: &[(&Resource, Document)],
) -> Result<Vec<(usize, Violation)>, Failure> {
    let all: Vec<Document> = objects
        .iter()
        .map(|(object, document)| {
            Document::object([
                ("path", Document::text(&object.identity.to_string())),
                ("contents", document.clone()),
            ])
        })
        .collect();
    let said = rules.conftest(&control.package, rule, &Document::list(all.iter().cloned()))?;
    let mut blamed: BTreeMap<&str, usize> = BTreeMap::new();
    for place in 0..all.len().min(MOST_TRIALS) {
        if blamed.len() == said.len() {
            break;
        }
        let others = all.iter().enumerate().filter(|(other, _)| *other != place);
        let input = Document::list(others.map(|(_, document)| document.clone()));
        let left = rules.conftest(&control.package, rule, &input)?;
        let left: BTreeSet<&str> = left.iter().map(|said| said.message.as_str()).collect();
        for said in &said {
            if !left.contains(said.message.as_str()) {
                blamed.entry(&said.message).or_insert(place);
            }
        }
    }
    Ok(said
        .iter()
        .map(|said| {
            let place = blamed
                .get(said.message.as_str())
                .copied()
                .unwrap_or_default();
            let path = said.path.clone().unwrap_or_else(name_of_object);
            (place, violation(said.clone(), path))
        })
        .collect())
}

/// The field that a finding is about: the deepest one without which the rule would not say the same.
///
/// Kinds and names are left alone, because rules ask for them and put them into their messages. Where nothing that is there
/// matters, something that is missing does: then it is a field that the rule asks for, and that silences it when it is set.
fn field(
    rules: &mut Rules,
    control: &Control,
    rule: &str,
    said: &Said,
    resource: &Resource,
) -> Path {
    let mut trials = 0;
    let mut speaks = |value: &Value| {
        trials += 1;
        let Some(input) = Document::from_value(value).filter(|_| trials <= MOST_TRIALS) else {
            return true;
        };
        let answer = rules.conftest(&control.package, rule, &input);
        answer.map_or(true, |all| {
            all.iter().any(|other| other.message == said.message)
        })
    };
    let mut path = Path::root();
    while let Some(here) = resource.value.at(&path) {
        let steps: Vec<Path> = match &here.data {
            Data::Mapping(map) => {
                let keys = map.iter().map(|entry| entry.key.as_str());
                let keys = keys.filter(|key| !matches!(*key, "kind" | "apiVersion" | "name"));
                keys.map(|key| path.clone().key(key)).collect()
            }
            Data::Sequence(items) => (0..items.len())
                .map(|index| path.clone().index(index))
                .collect(),
            _ => break,
        };
        let mut needed = steps
            .into_iter()
            .filter(|step| without(&resource.value, step).is_some_and(|value| !speaks(&value)));
        match (needed.next(), needed.next()) {
            (Some(only), None) => path = only,
            // Of several that matter the one above them all is what is shown.
            _ => break,
        }
    }
    if !path.steps().is_empty() {
        return path;
    }
    missing(&control.rego, &resource.value, &mut speaks).unwrap_or_else(name_of_object)
}

/// The object without one field; a list item becomes null, so that the others keep their places, and the metadata of the
/// object keep its name.
fn without(object: &Value, path: &Path) -> Option<Value> {
    let mut changed = object.clone();
    let (last, way) = path.steps().split_last()?;
    let mut here = &mut changed;
    for step in way {
        here = match (step, &mut here.data) {
            (Step::Key(key), Data::Mapping(map)) => map.get_mut(key)?,
            (Step::Index(index), Data::Sequence(items)) => items.get_mut(*index)?,
            _ => return None,
        };
    }
    match (last, &mut here.data) {
        (Step::Key(key), Data::Mapping(map)) if way.is_empty() && key == "metadata" => {
            let name = map.get(key)?.get("name").cloned()?;
            let mut kept = Mapping::new();
            kept.insert("name", Origin::NONE, name);
            map.get_mut(key)?.data = Data::Mapping(kept);
        }
        (Step::Key(key), Data::Mapping(map)) => {
            map.remove(key)?;
        }
        (Step::Index(index), Data::Sequence(items)) => *items.get_mut(*index)? = Value::default(),
        _ => return None,
    }
    Some(changed)
}

/// The object with one more field; `None` where that is in a list, or in what is no map.
fn with(object: &Value, path: &Path, value: &Data) -> Option<Value> {
    let mut changed = object.clone();
    let mut here = &mut changed;
    for step in path.steps() {
        let Step::Key(key) = step else { return None };
        if here.is_null() {
            here.data = Data::Mapping(Mapping::new());
        }
        let map = here.as_mapping_mut()?;
        if map.get(key).is_none() {
            map.insert(key.clone(), Origin::NONE, Value::default());
        }
        here = map.get_mut(key)?;
    }
    here.data = value.clone();
    Some(changed)
}

/// The longest `input.a.b.c` in a text that the object does not have, and that silences the rule where it has it.
fn missing(rego: &str, object: &Value, speaks: &mut dyn FnMut(&Value) -> bool) -> Option<Path> {
    let reference = regex::Regex::new(r"\binput((?:\.[A-Za-z_][A-Za-z0-9_]*)+)").ok()?;
    let mut asked: Vec<Path> = reference
        .captures_iter(rego)
        .filter_map(|found| found.get(1)?.as_str().trim_start_matches('.').parse().ok())
        .filter(|path: &Path| object.at(path).is_none())
        .collect();
    asked.sort_by_key(|path| std::cmp::Reverse(path.steps().len()));
    asked.dedup();
    let values = [Data::Bool(true), Data::String("x".to_owned()), Data::Int(1)];
    asked.into_iter().find(|path| {
        values
            .iter()
            .any(|value| with(object, path, value).is_some_and(|object| !speaks(&object)))
    })
}
