//! Controls evaluated on the objects of base and head, and what of it is new.
//!
//! [`compile`] loads controls once; [`evaluate`] runs them on one app. Each control sees only the kinds it can judge, and an
//! object that is the same on both sides is evaluated once. A policy that fails is a problem and never a pass. Where a
//! finding is shown, whether it blocks and what remedies it is decided by the layers below.

mod choose;
mod input;
mod rego;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::change::{self, Pair, Pairing};
use crate::control::{Control, ControlId, Controls, Reads};
use crate::finding::{Anchor, Finding, Fingerprint, State};
use crate::problem::{Kind, Problem};
use crate::resource::{Identity, Resource, name_path};
use input::Seen;
use rego::{Document, Engine, Failure, Violation};

pub use choose::{choose, severity};

#[cfg(test)]
mod tests;

/// One app at one revision.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The app's id.
    pub app: &'a str,
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
            namespace: "",
            resources,
            others: &[],
        }
    }
}

/// Controls that are loaded and ready to be evaluated.
pub struct Policy {
    controls: Vec<Control>,
    engine: Engine,
}

/// Loads controls. One that does not load is a problem; the others are evaluated all the same.
pub fn compile(controls: &Controls) -> (Policy, Vec<Problem>) {
    let (engine, problems) = Engine::load(controls);
    let controls = controls
        .iter()
        .filter(|control| engine.knows(control))
        .cloned()
        .collect();
    (Policy { controls, engine }, problems)
}

/// Which side a violation was found on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Base,
    Head,
    Both,
}

/// What one control said about one pair of objects.
struct Answer<'a> {
    control: &'a Control,
    side: Where,
    said: Result<Vec<Violation>, Failure>,
}

/// Evaluates all controls on one app at base and head.
///
/// Findings come in the order of head's objects, then of those that the change removes; of one object by control and field.
pub fn evaluate(policy: &Policy, base: &Side<'_>, head: &Side<'_>) -> (Vec<Finding>, Vec<Problem>) {
    let pairs = change::pair(base.resources, head.resources);
    let mut problems = Vec::new();
    let wants_inventory = policy
        .controls
        .iter()
        .any(|control| control.reads(Reads::Inventory));
    let base_inventory = wants_inventory.then(|| inventory(base, &mut problems));
    let head_inventory = wants_inventory.then(|| inventory(head, &mut problems));
    // An object may be judged differently though it did not change, where something else did.
    let same_surroundings = base.namespace == head.namespace
        && pairs
            .iter()
            .all(|pair| pair.pairing() == Pairing::Unchanged)
        && base.others.len() == head.others.len()
        && base
            .others
            .iter()
            .zip(head.others)
            .all(|(a, b)| std::ptr::eq(*a, *b) || a.value == b.value);
    let sides = Sides {
        base,
        head,
        base_inventory: base_inventory.as_ref(),
        head_inventory: head_inventory.as_ref(),
        same_surroundings,
    };

    let answers: Vec<Result<Vec<Answer<'_>>, Problem>> = pairs
        .par_iter()
        .map_init(
            || policy.engine.clone(),
            |engine, pair| sides.judge(engine, &policy.controls, pair),
        )
        .collect();

    let mut tally = Tally::default();
    let mut failures: BTreeMap<&ControlId, Vec<(&Control, Failure, String)>> = BTreeMap::new();
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
    problems.extend(
        failures
            .into_values()
            .filter_map(|all| failed(&all, head.app)),
    );
    problems.dedup();
    (tally.into_findings(), problems)
}

/// One problem for all failures of one control: a policy that fails mostly fails on many objects.
fn failed(all: &[(&Control, Failure, String)], app: &str) -> Option<Problem> {
    let (control, failure, object) = all.first()?;
    let others = match all.len() - 1 {
        0 => String::new(),
        more => format!(", nor on {more} more"),
    };
    let message = format!(
        "the control `{}` ({}) could not be evaluated on {object} of `{app}`{others}: {failure}",
        control.name, control.id
    );
    Some(
        Problem::new(Kind::Policy, message)
            .in_file(&control.path)
            .help("What this control looks for was not checked there."),
    )
}

fn inventory(side: &Side<'_>, problems: &mut Vec<Problem>) -> Document {
    let mut seen = Vec::new();
    for resource in side.resources.iter().chain(side.others.iter().copied()) {
        match Seen::of(resource, side.namespace) {
            Ok(object) => seen.push((resource, object)),
            Err(problem) => problems.push(problem),
        }
    }
    input::inventory(seen.iter().map(|(resource, object)| (*resource, object)))
}

/// What every evaluation of one app shares.
struct Sides<'a> {
    base: &'a Side<'a>,
    head: &'a Side<'a>,
    base_inventory: Option<&'a Document>,
    head_inventory: Option<&'a Document>,
    same_surroundings: bool,
}

impl Sides<'_> {
    /// Asks every control that can judge this object, on the sides where the answers can differ.
    fn judge<'c>(
        &self,
        engine: &mut Engine,
        controls: &'c [Control],
        pair: &Pair<'_>,
    ) -> Result<Vec<Answer<'c>>, Problem> {
        let see = |resource: Option<&Resource>, side: &Side<'_>| {
            resource
                .map(|resource| Seen::of(resource, side.namespace))
                .transpose()
        };
        let before = see(pair.before, self.base)?;
        let after = see(pair.after, self.head)?;
        let pairing = pair.pairing();
        let unchanged = pairing == Pairing::Unchanged && self.base.namespace == self.head.namespace;
        let mut answers = Vec::new();
        // The controls are asked in groups of one input each, which is set once per group.
        let mut ask =
            |side: Where, input: &dyn Fn() -> Document, wanted: &dyn Fn(&Control) -> bool| {
                let resource = match side {
                    Where::Base => pair.before,
                    Where::Head | Where::Both => pair.after,
                };
                let Some(resource) = resource else { return };
                let mut is_set = false;
                for control in controls {
                    if !wanted(control) || !control.applies_to(resource) {
                        continue;
                    }
                    if !is_set {
                        engine.set_input(input());
                        is_set = true;
                    }
                    answers.push(Answer {
                        control,
                        side,
                        said: engine.evaluate(control),
                    });
                }
            };
        let plain = |control: &Control| control.reads.is_empty();
        let looks_around =
            |control: &Control| control.reads(Reads::Inventory) && !control.reads(Reads::Before);
        let compares = |control: &Control| control.reads(Reads::Before);
        if let Some(after) = &after {
            let side = if unchanged { Where::Both } else { Where::Head };
            ask(
                side,
                &|| input::document(self.head, after, None, None),
                &plain,
            );
            let side = if self.same_surroundings {
                Where::Both
            } else {
                Where::Head
            };
            ask(
                side,
                &|| input::document(self.head, after, None, self.head_inventory),
                &looks_around,
            );
            if pairing == Pairing::Changed {
                ask(
                    Where::Head,
                    &|| input::document(self.head, after, before.as_ref(), self.head_inventory),
                    &compares,
                );
            }
        }
        if let Some(before) = &before {
            if !unchanged {
                ask(
                    Where::Base,
                    &|| input::document(self.base, before, None, None),
                    &plain,
                );
            }
            if !self.same_surroundings {
                ask(
                    Where::Base,
                    &|| input::document(self.base, before, None, self.base_inventory),
                    &looks_around,
                );
            }
        }
        Ok(answers)
    }
}

/// What makes two violations, one at base and one at head, the same finding; several of one key are told apart by their order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    control: ControlId,
    resource: Identity,
    field: String,
}

/// Violations of both sides under one key, in the order of the objects.
#[derive(Default)]
struct Matched {
    base: Vec<(usize, Finding)>,
    head: Vec<(usize, Finding)>,
}

/// All violations, by what makes them the same finding.
#[derive(Default)]
struct Tally(BTreeMap<Key, Matched>);

impl Tally {
    fn add(
        &mut self,
        order: usize,
        pair: &Pair<'_>,
        control: &Control,
        side: Where,
        app: &str,
        violation: Violation,
    ) {
        let resource = match side {
            Where::Base => pair.before,
            Where::Head | Where::Both => pair.after,
        };
        let (Some(resource), Some(lasting)) = (resource, pair.lasting_identity()) else {
            return;
        };
        let field = name_path(&resource.value, &violation.path);
        let fingerprint = Fingerprint::of(&control.id, app, &lasting, &field, 0);
        let finding = Finding {
            control: control.id.clone(),
            severity: control.severity,
            state: State::New,
            app: app.to_owned(),
            resource: resource.identity.clone(),
            anchor: Anchor::of(&resource.value, &violation.path),
            path: violation.path,
            field: field.clone(),
            message: violation.message,
            fingerprint,
            suggestion: violation.suggestion,
            fix: control.fix,
        };
        let matched = self
            .0
            .entry(Key {
                control: control.id.clone(),
                resource: lasting,
                field,
            })
            .or_default();
        if side != Where::Head {
            matched.base.push((order, finding.clone()));
        }
        if side != Where::Base {
            matched.head.push((order, finding));
        }
    }

    fn into_findings(self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (key, matched) in self.0 {
            let shared = matched.base.len().min(matched.head.len());
            let at_head = matched
                .head
                .into_iter()
                .enumerate()
                .map(|(ordinal, found)| {
                    let state = if ordinal < shared {
                        State::Existing
                    } else {
                        State::New
                    };
                    (ordinal, state, found)
                });
            let resolved = matched
                .base
                .into_iter()
                .enumerate()
                .skip(shared)
                .map(|(ordinal, found)| (ordinal, State::Resolved, found));
            for (ordinal, state, (order, mut finding)) in at_head.chain(resolved) {
                finding.state = state;
                if ordinal > 0 {
                    finding.fingerprint = Fingerprint::of(
                        &key.control,
                        &finding.app,
                        &key.resource,
                        &key.field,
                        ordinal,
                    );
                }
                findings.push((order, finding));
            }
        }
        findings.sort_by(|(a_order, a), (b_order, b)| {
            (a_order, &a.control, &a.path, a.state, &a.message)
                .cmp(&(b_order, &b.control, &b.path, b.state, &b.message))
        });
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}
