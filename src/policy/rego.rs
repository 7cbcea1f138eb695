//! Rego (the only door to regorus): documents, modules, and the evaluation of one control.
//!
//! The interpreter runs each rule; regorus' compiled mode gives other answers for some rules (policy.md, 6.3). A policy that does
//! not load, fails, takes too long or answers in another shape than [`Violation`] is an error, and never a pass.

mod bounds;
mod builtins;
mod cover;
mod document;
mod index;
mod layout;
mod link;
mod names;
mod native;
mod notes;
mod outline;
mod parse;
mod parts;
mod places;
mod recursion;
mod rewrite;
mod suite;
mod unknowable;
mod user;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use regorus::utils::limits::{ExecutionTimerConfig, PolicyLengthConfig};

pub(super) use document::Document;
pub(super) use outline::declared;
pub(super) use suite::Suite;
pub(super) use user::{Response, Rules, Said};

use document::read_value;

use crate::control::{Control, ControlId, FixClass, Library, Severity};
use crate::finding::Suggestion;
use crate::problem::{Kind, Problem};
use crate::text::RepoPath;
use crate::yaml::{Path, Step};

/// How long one control may think about one object. Ours take microseconds; this only stops what would hang.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How long the text of a policy may be. OPA has no limit, and a list that a program wrote is often one line.
const LENGTHS: PolicyLengthConfig = PolicyLengthConfig {
    max_col: NonZeroU32::new(4 << 20).expect("because it is not zero"),
    max_file_bytes: NonZeroUsize::new(16 << 20).expect("because it is not zero"),
    max_lines: NonZeroUsize::new(500_000).expect("because it is not zero"),
};

/// How long one of the users' rules may think about all objects of one app together.
pub(super) const LIMIT_OF_ALL: Duration = Duration::from_secs(20);

/// How many steps of the interpreter pass between two looks at the clock.
const STEPS_PER_LOOK: NonZeroU32 = NonZeroU32::new(256).expect("because 256 is not zero");

/// The clock that deadlines are held against; nothing that a policy or a report could see.
pub(super) fn clock() -> Duration {
    regorus::utils::limits::monotonic_now().unwrap_or_default()
}

/// What a control said, in the form in which it says it.
pub(super) fn answer(said: &Result<Vec<Violation>, Failure>) -> serde_json::Value {
    let violations = match said {
        Ok(violations) => violations,
        Err(failure) => return failure.to_string().into(),
    };
    let one = |violation: &Violation| {
        let mut object = serde_json::json!({
            "path": Document::path(&violation.path).to_json(),
            "message": violation.message,
        });
        let fix = violation
            .suggestion
            .as_ref()
            .map(|suggestion| match suggestion {
                Suggestion::Remove => serde_json::json!({"op": "remove"}),
                Suggestion::Set(value) => {
                    let value = Document::from_value(value).map(|value| value.to_json());
                    serde_json::json!({"op": "set", "value": value})
                }
            });
        if let (Some(fix), Some(fields)) = (fix, object.as_object_mut()) {
            fields.insert("fix".to_owned(), fix);
        }
        object
    };
    violations.iter().map(one).collect()
}

/// What a control says about one object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Violation {
    pub(super) path: Path,
    pub(super) message: String,
    pub(super) suggestion: Option<Suggestion>,
    /// How bad it is, where a user's rule says so of each violation.
    pub(super) severity: Option<Severity>,
}

/// Why a control gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Failure {
    /// It thought too long.
    #[error("it did not finish within {} seconds", TIME_LIMIT.as_secs())]
    Time,
    /// It thought too long about all objects together.
    #[error("it did not finish with all objects within {} seconds", LIMIT_OF_ALL.as_secs())]
    AllTime,
    /// It failed.
    #[error("{0}")]
    Evaluation(String),
    /// It answered in another shape.
    #[error("it answered {0}; a violation is `{{path, message, fix?}}`")]
    Shape(String),
}

impl Failure {
    /// True where it was stopped, so that what it says depends on how fast the machine is.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(self, Self::Time | Self::AllTime)
    }
}

/// Some controls that are loaded together. A clone is cheap, and is what one thread works with.
#[derive(Clone)]
pub(super) struct Engine {
    /// What evaluates them; why they do not load, where they do not.
    interpreter: Result<regorus::Engine, String>,
    /// The rules that ask several controls at once, so that what these import is computed once for all.
    batches: BTreeMap<Vec<ControlId>, String>,
}

/// The controls that load, and a problem for each that does not. One that does not load spoils no other.
pub(super) fn loadable(
    libraries: &[Library],
    controls: Vec<Control>,
) -> (Vec<Control>, Vec<Problem>) {
    let all: Vec<&Control> = controls.iter().collect();
    if build(libraries, &all, None).is_ok() {
        return (controls, Vec::new());
    }
    // One bad module fails the engine as a whole, so each control is tried alone to find it.
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for control in controls {
        match build(libraries, &[&control], None) {
            Ok(_) => good.push(control),
            Err(error) => problems.push(not_loaded(&control, &error)),
        }
    }
    (good, problems)
}

impl Engine {
    /// Loads controls with the libraries that they import, and prepares to ask some sets of them at once.
    pub(super) fn load<'c>(
        libraries: &[Library],
        controls: &[&'c Control],
        batches: impl IntoIterator<Item = Vec<&'c Control>>,
    ) -> Self {
        let mut module = format!("package {}\n", link::PACKAGE);
        let mut rules = BTreeMap::new();
        for batch in batches {
            let name = format!("{BATCHES}_{}", rules.len());
            // One a line: no line of a module may be long.
            let _ = writeln!(module, "{name} := {{");
            for control in &batch {
                let (id, deny) = (&control.id, reference(control));
                let _ = writeln!(module, "\t\"{id}\": {deny},");
            }
            module.push_str("}\n");
            let ids = batch.into_iter().map(|control| control.id.clone());
            rules.insert(ids.collect(), format!("data.{}.{name}", link::PACKAGE));
        }
        Self {
            interpreter: build(libraries, controls, Some(module)),
            batches: rules,
        }
    }

    /// What each of some controls says about the input.
    pub(super) fn evaluate(
        &mut self,
        input: Document,
        controls: &[&Control],
    ) -> Vec<Result<Vec<Violation>, Failure>> {
        let interpreter = match &mut self.interpreter {
            Ok(interpreter) => interpreter,
            Err(error) => {
                let failure = Failure::Evaluation(first_line(error));
                return controls.iter().map(|_| Err(failure.clone())).collect();
            }
        };
        let ids = || controls.iter().map(|control| control.id.clone()).collect();
        let rule = (controls.len() > 1)
            .then(|| self.batches.get::<Vec<ControlId>>(&ids()).cloned())
            .flatten();
        interpreter.set_input(input.0);
        let answers = rule.and_then(|rule| interpreter.eval_rule(rule).ok());
        let answers = answers.as_ref();
        drop(interpreter.take_prints());
        controls
            .iter()
            .map(|control| {
                // One control that fails fails its batch. Then each is asked alone, to know which.
                match answers.map(|answers| &answers[control.id.as_str()]) {
                    None | Some(regorus::Value::Undefined) => alone(interpreter, control),
                    Some(answer) => violations(answer, control),
                }
            })
            .collect()
    }
}

/// What one control says about the input.
fn alone(interpreter: &mut regorus::Engine, control: &Control) -> Result<Vec<Violation>, Failure> {
    let package = if control.built_in {
        format!("data.{}.", link::PACKAGE)
    } else {
        String::new()
    };
    let answer = interpreter
        .eval_rule(package + &reference(control))
        .map_err(|error| failure(&error))?;
    drop(interpreter.take_prints());
    violations(&answer, control)
}

fn failure(error: &dyn std::fmt::Display) -> Failure {
    let message = format!("{error:#}");
    let text = first_line(&message);
    // What a built-in function was given is data of the object, and may be what nobody should read.
    let text = text.split(" Got `").next().unwrap_or_default();
    if text.contains("exceeded time limit") {
        return Failure::Time;
    }
    let place = message
        .lines()
        .find_map(|line| line.trim().strip_prefix("--> "))
        .and_then(|place| place.rsplit_once(':'))
        .filter(|(place, _)| !place.starts_with('<'));
    Failure::Evaluation(match place {
        Some((place, _)) => format!("{text} ({place})"),
        None => text.to_owned(),
    })
}

/// What the rules that ask several controls at once are called.
const BATCHES: &str = "asked";

/// The answer of a control, as a rule of [`link::PACKAGE`] refers to it.
fn reference(control: &Control) -> String {
    if control.built_in {
        link::name(&control.package, "deny")
    } else {
        format!("data.{}.deny", control.package)
    }
}

/// Reads a control's answer: a set of violations, which are sorted by path and message.
fn violations(answer: &regorus::Value, control: &Control) -> Result<Vec<Violation>, Failure> {
    let regorus::Value::Set(items) = answer else {
        return Err(Failure::Shape(format!(
            "with {} where `deny` must be a set",
            described(answer)
        )));
    };
    let mut violations = items
        .iter()
        .map(|item| violation(item, control).map_err(Failure::Shape))
        .collect::<Result<Vec<_>, _>>()?;
    violations.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    Ok(violations)
}

/// An engine with controls, with the libraries that they import, and with the module of the batches where there is one.
fn build(
    libraries: &[Library],
    controls: &[&Control],
    batches: Option<String>,
) -> Result<regorus::Engine, String> {
    let mut engine = new_engine(true);
    let (ours, users): (Vec<&Control>, Vec<&Control>) =
        controls.iter().partition(|control| control.built_in);
    builtins::add_native(&mut engine);
    let linked = ours
        .iter()
        .map(|control| (&control.path, &control.rego))
        .chain(
            imported(libraries, &ours)
                .into_iter()
                .map(|library| (&library.path, &library.rego)),
        );
    for (path, rego) in linked {
        add(&mut engine, path, &link::linked(rego))?;
    }
    let libraries = imported(libraries, &users).into_iter();
    let libraries = libraries.map(|library| (&library.path, &library.rego, library.built_in));
    let of_users = users
        .iter()
        .map(|control| (&control.path, &control.rego, false));
    let mut texts = Vec::new();
    for (path, rego, built_in) in libraries.chain(of_users) {
        // Of ours, a test shows that there is nothing to rewrite.
        let rego = if built_in {
            Cow::Borrowed(&**rego)
        } else {
            let rewritten = rewrite::rewrite(path.as_str(), rego, true);
            Cow::Owned(rewritten.map_err(|refused| refused.why)?)
        };
        add(&mut engine, path, &rego)?;
        texts.push((path.as_str(), rego));
    }
    if !users.is_empty() {
        let texts = texts.iter().map(|(path, rego)| (*path, &**rego, true));
        let all: Vec<recursion::Text<'_>> = texts.collect();
        recursion::check(&all).map_err(|(_, refused)| refused.why)?;
    }
    if let Some(module) = batches {
        engine
            .add_policy("batches.rego".to_owned(), module)
            .map_err(|error| format!("{error:#}"))?;
    }
    // A query that needs nothing prepares the engine, and tells whether every module can be evaluated at all.
    engine.set_input(regorus::Value::new_object());
    engine
        .eval_query("true".to_owned(), false)
        .map_err(|error| format!("{error:#}"))?;
    for control in users {
        let declared = engine
            .has_declared_rule_rooted_at(control.path.as_str(), "deny")
            .map_err(|error| format!("{error:#}"))?;
        if !declared {
            return Err(format!(
                "it has no rule `deny` in `package {}`",
                control.package
            ));
        }
    }
    Ok(engine)
}

/// The libraries that some controls import, and those that these import, in their order.
fn imported<'l>(libraries: &'l [Library], controls: &[&Control]) -> Vec<&'l Library> {
    let named: Vec<(String, &Library)> = libraries
        .iter()
        .map(|library| (format!("data.{}", library.package()), library))
        .collect();
    let mut is_wanted = vec![false; named.len()];
    let mut texts: Vec<&str> = controls.iter().map(|control| &*control.rego).collect();
    while let Some(text) = texts.pop() {
        for ((name, library), is_wanted) in named.iter().zip(&mut is_wanted) {
            if !*is_wanted && text.contains(name) {
                *is_wanted = true;
                texts.push(&library.rego);
            }
        }
    }
    let wanted = named.into_iter().zip(is_wanted);
    wanted
        .filter(|(_, is_wanted)| *is_wanted)
        .map(|((_, library), _)| library)
        .collect()
}

fn add(engine: &mut regorus::Engine, path: &RepoPath, rego: &str) -> Result<(), String> {
    engine
        .add_policy(path.to_string(), rego.to_owned())
        .map(drop)
        .map_err(|error| format!("{error:#}"))
}

/// An engine with OPA's built-in functions and our limits, and no policy.
fn new_engine(strict: bool) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: TIME_LIMIT,
        check_interval: STEPS_PER_LOOK,
    });
    engine.set_policy_length_config(LENGTHS);
    // Where a built-in function is given what it cannot take, Rego goes on as if there were no answer. In a control of
    // ours that would pass what was not understood, so it is an error there.
    engine.set_strict_builtin_errors(strict);
    // What a policy prints is dropped: standard error is not the policy's.
    engine.set_gather_prints(true);
    builtins::add(&mut engine, strict);
    engine
}

fn not_loaded(control: &Control, error: &str) -> Problem {
    let message = format!(
        "the control `{}` ({}) cannot be loaded: {}",
        control.name,
        control.id,
        first_line(error)
    );
    Problem::new(Kind::Policy, message)
        .in_file(&control.path)
        .help("What this control looks for was not checked.")
}

/// regorus shows an excerpt of the module over several lines, with the error itself at the end of the last one.
fn first_line(error: &str) -> String {
    let telling = error
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("error: "))
        .or_else(|| error.lines().find(|line| !line.trim().is_empty()))
        .unwrap_or_default();
    telling.trim().to_owned()
}

fn described(value: &regorus::Value) -> &'static str {
    match value {
        regorus::Value::Null => "null",
        regorus::Value::Bool(_) => "a boolean",
        regorus::Value::Number(_) => "a number",
        regorus::Value::String(_) => "a text",
        regorus::Value::Array(_) => "an array",
        regorus::Value::Set(_) => "a set",
        regorus::Value::Object(_) => "an object",
        regorus::Value::Undefined => "nothing",
    }
}

/// A value for a message, unless it is too large for one.
fn shown(value: &regorus::Value) -> String {
    let text = bounds::too_large(value).map(|()| value.to_json_str());
    match text {
        Ok(Ok(text)) if text.len() < 1000 => text,
        _ => described(value).to_owned(),
    }
}

/// Reads `{path, message, fix?}`.
fn violation(item: &regorus::Value, control: &Control) -> Result<Violation, String> {
    let regorus::Value::Object(fields) = item else {
        return Err(format!("with {} for a violation", described(item)));
    };
    let (mut path, mut message, mut suggestion) = (None, None, None);
    for (key, value) in fields.iter() {
        match key.as_string().map(|key| &**key) {
            Ok("path") => path = Some(read_path(value)?),
            Ok("message") => {
                let text = value
                    .as_string()
                    .map_err(|_| "with a message that is no text")?;
                message = Some(text.to_string());
            }
            Ok("fix") => suggestion = Some(read_fix(value)?),
            _ => return Err(format!("with the unknown field {}", shown(key))),
        }
    }
    if suggestion.is_some() && control.fix == FixClass::Never {
        return Err("with a fix, though its metadata say `fix: never`".to_owned());
    }
    Ok(Violation {
        path: path.ok_or("without a path")?,
        message: message
            .filter(|message| !message.trim().is_empty())
            .ok_or("without a message")?,
        suggestion,
        severity: None,
    })
}

fn read_path(value: &regorus::Value) -> Result<Path, String> {
    let wrong = || {
        format!(
            "with the path {}, which is not a list of keys and indices",
            shown(value)
        )
    };
    let steps = value.as_array().map_err(|_| wrong())?;
    steps
        .iter()
        .map(|step| match step {
            regorus::Value::String(key) => Ok(Step::Key(key.to_string())),
            regorus::Value::Number(index) => index
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .map(Step::Index)
                .ok_or_else(wrong),
            _ => Err(wrong()),
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Path::from)
}

fn read_fix(value: &regorus::Value) -> Result<Suggestion, String> {
    let wrong = || {
        format!(
            "with the fix {}, which is neither `{{op: \"remove\"}}` nor `{{op: \"set\", value}}`",
            shown(value)
        )
    };
    let fields = value.as_object().map_err(|_| wrong())?;
    let field = |name: &str| fields.get(&regorus::Value::from(name));
    match (
        field("op")
            .and_then(|op| op.as_string().ok())
            .map(|op| &**op),
        field("value"),
    ) {
        (Some("remove"), None) if fields.len() == 1 => Ok(Suggestion::Remove),
        (Some("set"), Some(value)) if fields.len() == 2 => {
            read_value(value, 0).map(Suggestion::Set).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
