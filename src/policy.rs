//! Controls evaluated on the objects of base and head, and what of it is new.
//!
//! [`compile`] loads controls once; [`evaluate`] runs them on one app. Each control sees only the kinds it can judge, and an
//! object that is the same on both sides is evaluated once. A policy that fails is a problem and never a pass. Where a
//! finding is shown, whether it blocks and what remedies it is decided by the layers below.

mod cause;
mod choose;
mod ephi;
mod facts;
mod input;
mod judge;
mod mention;
pub mod pages;
mod ready;
mod rego;
mod tally;
pub mod testing;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::access;
use crate::change;
use crate::control::{Control, ControlId, Controls, Declared, Form, Library, Module};
use crate::finding::Finding;
use crate::problem::{Kind, Problem};
use crate::resource::{Placed, Resource};
use judge::{Answer, Around, Sides, Touched, Worker};
use ready::{Family, ObjectKind};
use rego::Failure;
use tally::Tally;
use user::Users;

pub use choose::{choose, framework_page, severity};
pub use ephi::Ephi;

#[cfg(test)]
mod tests;

/// The rules of a user's module, or why it cannot be read.
pub fn declared(module: &Module) -> Result<Vec<Declared>, Problem> {
    rego::declared(module)
}

/// One app at one revision.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The app's id.
    pub app: &'a str,
    /// Its environment, where it has one.
    pub environment: Option<&'a str>,
    /// The namespace that it is deployed to, for objects that name none; empty where nobody says.
    pub namespace: &'a str,
    /// Its objects.
    pub resources: &'a [Resource],
    /// The objects of other apps that reach the same cluster, where the caller knows them.
    pub others: &'a [&'a Resource],
}

impl<'a> Side<'a> {
    /// An app on its own.
    pub fn new(app: &'a str, resources: &'a [Resource]) -> Self {
        Self {
            app,
            environment: None,
            namespace: "",
            resources,
            others: &[],
        }
    }

    /// All objects around an object of this side, itself among them, where they land.
    fn objects(&self) -> Vec<Placed<'a>> {
        self.resources
            .iter()
            .chain(self.others.iter().copied())
            .map(|resource| Placed::new(resource, self.namespace))
            .collect()
    }
}

/// Controls that are ready to be evaluated. Those that apply to a kind are loaded when an object of it is met.
pub struct Policy {
    controls: Vec<Control>,
    libraries: Vec<Library>,
    /// The rules that users have written for other tools.
    users: Users,
    user_controls: Vec<Control>,
    /// The kinds of objects that have been met, with those that were met with them.
    families: Mutex<BTreeMap<Vec<ObjectKind>, Arc<Family>>>,
}

/// Takes controls. One that does not load is a problem; the others are evaluated all the same.
pub fn compile(controls: &Controls) -> (Policy, Vec<Problem>) {
    let libraries = controls.libraries().to_vec();
    let own = controls.iter().filter(|control| control.form == Form::Own);
    let (mut ready, others): (Vec<Control>, Vec<Control>) =
        own.cloned().partition(|control| control.built_in);
    let (good, mut problems) = rego::loadable(&libraries, others);
    ready.extend(good);
    ready.sort_by(|a, b| a.id.cmp(&b.id));
    let (users, user_controls) = Users::load(controls, &mut problems);
    let policy = Policy {
        controls: ready,
        libraries,
        users,
        user_controls,
        families: Mutex::default(),
    };
    (policy, problems)
}

impl Policy {
    /// The same libraries with other controls.
    fn with(&self, controls: Vec<Control>) -> Self {
        Self {
            controls,
            libraries: self.libraries.clone(),
            users: self.users.clone(),
            user_controls: self.user_controls.clone(),
            families: Mutex::default(),
        }
    }
}

/// Evaluates all controls on one app at base and head.
///
/// Findings come in the order of head's objects, then of those that the change removes; of one object by control and field.
pub fn evaluate(policy: &Policy, base: &Side<'_>, head: &Side<'_>) -> (Vec<Finding>, Vec<Problem>) {
    evaluate_telling(policy, base, head, &|_, _, _| {})
}

/// What a control of ours was asked and said: its package, its input, and its violations or why there are none, all as JSON.
pub type Tell<'t> =
    dyn Fn(&str, &dyn Fn() -> serde_json::Value, &dyn Fn() -> serde_json::Value) + Sync + 't;

/// [`evaluate`], telling what it asks; for comparisons with OPA.
pub fn evaluate_telling(
    policy: &Policy,
    base: &Side<'_>,
    head: &Side<'_>,
    tell: &Tell<'_>,
) -> (Vec<Finding>, Vec<Problem>) {
    let pairs = change::pair(base.resources, head.resources);
    policy.expect(pairs.iter().map(ObjectKind::of_pair));
    let mut problems = Vec::new();
    let everything = access::everything();
    let [at_base, at_head] = [base, head].map(Side::objects);
    let controls: Vec<&Control> = policy.controls.iter().collect();
    let base_around = Around::of(&controls, &at_base, &everything, &mut problems);
    let head_around = Around::of(&controls, &at_head, &everything, &mut problems);
    let sides = Sides {
        base,
        head,
        base_around,
        head_around,
        touched: Touched::by(&pairs, base, head),
        tell,
        hung: Mutex::default(),
        spent: Mutex::default(),
    };

    let answers: Vec<Result<Vec<Answer<'_>>, Problem>> = pairs
        .par_iter()
        .map_init(
            || Worker::of(policy),
            |worker, pair| sides.judge(policy, worker, pair),
        )
        .collect();

    let mut tally = Tally::default();
    let mut failures: BTreeMap<&ControlId, Vec<(&Control, Failure, String)>> = BTreeMap::new();
    let hung = sides.hung();
    for (index, (pair, answers)) in pairs.iter().zip(answers).enumerate() {
        let answers = match answers {
            Ok(answers) => answers,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        for answer in answers {
            match answer.said {
                // Which objects a control saw before it hung depends on the machine, so none of its answers is used.
                Ok(_) if hung.contains(&answer.control.id) => {}
                Ok(violations) => {
                    for violation in violations {
                        tally.add(
                            index,
                            pair,
                            answer.control,
                            answer.side,
                            head.app,
                            violation,
                        );
                    }
                }
                Err(failure) => {
                    let object = pair.after.or(pair.before).map(|r| r.identity.to_string());
                    failures.entry(&answer.control.id).or_default().push((
                        answer.control,
                        failure,
                        object.unwrap_or_default(),
                    ));
                }
            }
        }
    }
    sides.judge_all(policy, &pairs, |control, side, said| match said {
        Ok(violations) => {
            for (index, violation) in violations {
                if let Some(pair) = pairs.get(index) {
                    tally.add(index, pair, control, side, head.app, violation);
                }
            }
        }
        Err(failure) => {
            let all = failures.entry(&control.id).or_default();
            all.push((control, failure, "the objects".to_owned()));
        }
    });
    let unanswered: BTreeSet<ControlId> = failures.keys().map(|id| (*id).clone()).collect();
    problems.extend(
        failures
            .into_values()
            .filter_map(|all| failed(&all, head.app)),
    );
    let mut known = BTreeSet::new();
    problems.retain(|problem| known.insert(problem.clone()));
    let mut findings = tally.into_findings(&unanswered);
    cause::find(policy, head, &pairs, &mut findings);
    let findings = findings.into_iter().map(|(_, finding)| finding).collect();
    (findings, problems)
}

/// One problem for all failures of one control: a policy that fails mostly fails on many objects.
fn failed(all: &[(&Control, Failure, String)], app: &str) -> Option<Problem> {
    let (control, failure, object) = all.first()?;
    let name = format!("the control `{}` ({})", control.name, control.id);
    let stopped = |(_, failure, _): &&(_, Failure, _)| failure.is_of_time();
    let message = if let Some((_, failure, _)) = all.iter().find(stopped) {
        format!("{name} was stopped on `{app}`: {failure}")
    } else {
        let others = match all.len() - 1 {
            0 => String::new(),
            more => format!(", nor on {more} more"),
        };
        format!("{name} could not be evaluated on {object} of `{app}`{others}: {failure}")
    };
    Some(
        Problem::new(Kind::Policy, message)
            .in_file(&control.path)
            .help("What this control looks for was not checked there."),
    )
}
