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
pub mod pages;
mod rego;
pub mod testing;
mod user;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use crate::access;
use crate::change::{self, Pair, Pairing};
use crate::control::{Control, ControlId, Controls, Form, Library, On, Reads, Setting};
use crate::finding::{Anchor, Finding, Fingerprint, State};
use crate::problem::{Kind, Problem};
use crate::resource::{Identity, Placed, Resource, name_path};
use facts::Facts;
use input::{Beside, Seen};
use rego::{Document, Engine, Failure, Violation};
use user::Users;

pub use choose::{choose, framework_page, severity};
pub use ephi::Ephi;

#[cfg(test)]
mod tests;

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
    /// The engines of the sets of controls that have been needed, by the places of the controls.
    engines: Mutex<BTreeMap<Vec<usize>, Arc<OnceLock<Engine>>>>,
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
        engines: Mutex::default(),
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
            engines: Mutex::default(),
        }
    }

    /// The places of the controls that can judge one of these objects.
    fn applicable(&self, objects: [Option<&Resource>; 2]) -> Vec<usize> {
        let kinds: Vec<(Identity, bool)> = objects
            .into_iter()
            .flatten()
            .map(|object| (object.identity.canonical(), object.pod().is_some()))
            .collect();
        let applies = |control: &Control| {
            kinds.iter().any(|(identity, has_pods)| {
                control.applies_to_kind(&identity.group, &identity.kind, *has_pods)
            })
        };
        let all = self.controls.iter().enumerate();
        all.filter(|(_, control)| applies(control))
            .map(|(place, _)| place)
            .collect()
    }

    /// The engine of these controls, which is loaded where it was not needed before.
    fn engine(&self, places: &[usize]) -> Engine {
        let known = {
            let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(engines.entry(places.to_vec()).or_default())
        };
        let load = || {
            let controls: Vec<&Control> = places
                .iter()
                .filter_map(|place| self.controls.get(*place))
                .collect();
            Engine::load(&self.libraries, &controls, batches(&controls))
        };
        known.get_or_init(load).clone()
    }
}

/// What a control is given beside the object. Controls that are given the same are asked together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Given {
    before: bool,
    inventory: bool,
    facts: bool,
    /// What is set for a control for which something can be set.
    config: Option<BTreeMap<String, Setting>>,
}

impl Given {
    fn to(control: &Control) -> Self {
        Self {
            before: control.reads(Reads::Before),
            inventory: control.reads(Reads::Inventory),
            facts: control.reads(Reads::Facts),
            config: (!control.parameters.is_empty()).then(|| {
                let parameters = control.parameters.iter();
                parameters
                    .map(|(name, parameter)| (name.clone(), parameter.value.clone()))
                    .collect()
            }),
        }
    }

    /// True if and only if other objects can change the answer.
    fn looks_around(&self) -> bool {
        self.inventory || self.facts
    }
}

/// Every set of some controls that one object can be asked about at once.
fn batches<'c>(controls: &[&'c Control]) -> Vec<Vec<&'c Control>> {
    let mut groups: BTreeMap<Given, Vec<&Control>> = BTreeMap::new();
    for control in controls {
        let group = groups.entry(Given::to(control)).or_default();
        group.push(control);
    }
    let mut batches = Vec::new();
    for (given, group) in groups {
        if given.before {
            for on in [On::Added, On::Changed, On::Removed, On::Affected] {
                let asked = group.iter().copied();
                batches.push(asked.filter(|control| control.on.contains(&on)).collect());
            }
        } else {
            batches.push(group);
        }
    }
    batches.retain(|batch: &Vec<&Control>| batch.len() > 1);
    batches.sort_by(|a, b| a.iter().map(|c| &c.id).cmp(b.iter().map(|c| &c.id)));
    batches.dedup_by(|a, b| a.iter().map(|c| &c.id).eq(b.iter().map(|c| &c.id)));
    batches
}

/// Which side a violation was found on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Base,
    Head,
    Both,
    /// At base, where it is the removal that is judged.
    Removed,
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
    let mut problems = Vec::new();
    let everything = access::everything();
    let [at_base, at_head] = [base, head].map(Side::objects);
    let around = |side: &Side<'_>, objects, problems: &mut Vec<Problem>| {
        let wants = |what| policy.controls.iter().any(|control| control.reads(what));
        Around {
            inventory: wants(Reads::Inventory).then(|| inventory(side, problems)),
            facts: wants(Reads::Facts).then(|| Facts::of(objects, &everything)),
        }
    };
    let base_around = around(base, &at_base, &mut problems);
    let head_around = around(head, &at_head, &mut problems);
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
        base_around,
        head_around,
        same_surroundings,
        tell,
        hung: Mutex::default(),
    };

    let answers: Vec<Result<Vec<Answer<'_>>, Problem>> = pairs
        .par_iter()
        .map_init(
            || worker(policy),
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
    let message = if all.iter().any(|(_, failure, _)| *failure == Failure::Time) {
        format!("{name} was stopped on `{app}`: {}", Failure::Time)
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

fn inventory(side: &Side<'_>, problems: &mut Vec<Problem>) -> Document {
    let mut seen = Vec::new();
    for object in side.objects() {
        match Seen::placed(object) {
            Ok(object) => seen.push(object),
            Err(problem) => problems.push(problem),
        }
    }
    input::inventory(&seen)
}

/// What is around the objects of one side, as far as a control wants to know.
struct Around<'a> {
    inventory: Option<Document>,
    facts: Option<Facts<'a>>,
}

/// What one thread works with.
struct Worker {
    engines: BTreeMap<Vec<usize>, Engine>,
    users: Users,
}

fn worker(policy: &Policy) -> Worker {
    Worker {
        engines: BTreeMap::new(),
        users: policy.users.clone(),
    }
}

/// All objects of a side that can be seen.
fn seen_all<'a>(side: &Side<'a>) -> Vec<Seen<'a>> {
    let objects = side.objects().into_iter();
    objects
        .filter_map(|object| Seen::placed(object).ok())
        .collect()
}

/// True for a user's rule that is given all objects at once.
fn sees_all(control: &Control) -> bool {
    match &control.form {
        Form::Own => false,
        Form::Conftest { combined, .. } => *combined,
        Form::Kubescape { .. } => true,
    }
}

/// What every evaluation of one app shares.
struct Sides<'a> {
    base: &'a Side<'a>,
    head: &'a Side<'a>,
    base_around: Around<'a>,
    head_around: Around<'a>,
    same_surroundings: bool,
    tell: &'a Tell<'a>,
    /// The controls that did not finish on some object. They are not asked again.
    hung: Mutex<BTreeSet<ControlId>>,
}

impl Sides<'_> {
    fn hung(&self) -> BTreeSet<ControlId> {
        self.hung
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note_hung(&self, control: &Control) {
        self.hung
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(control.id.clone());
    }

    /// Asks the users' rules that are given all objects at once. What they say comes beside the place of its pair.
    fn judge_all<'c>(
        &self,
        policy: &'c Policy,
        pairs: &[Pair<'_>],
        mut tell: impl FnMut(&'c Control, Where, Result<Vec<(usize, Violation)>, Failure>),
    ) {
        let mut controls = policy
            .user_controls
            .iter()
            .filter(|c| sees_all(c))
            .peekable();
        if controls.peek().is_none() {
            return;
        }
        let place_of =
            |of: fn(&Pair<'_>) -> Option<*const Resource>| -> BTreeMap<*const Resource, usize> {
                let places = pairs.iter().enumerate();
                places
                    .filter_map(|(place, pair)| Some((of(pair)?, place)))
                    .collect()
            };
        let at_head = seen_all(self.head);
        let heads = place_of(|pair| pair.after.map(std::ptr::from_ref));
        let at_base = seen_all(self.base);
        let bases = place_of(|pair| pair.before.map(std::ptr::from_ref));
        let sides = if self.same_surroundings {
            vec![(Where::Both, &at_head, &heads)]
        } else {
            vec![
                (Where::Head, &at_head, &heads),
                (Where::Base, &at_base, &bases),
            ]
        };
        let mut users = policy.users.clone();
        for control in controls {
            for (side, seen, places) in &sides {
                let objects: Vec<(&Resource, Document)> = seen
                    .iter()
                    .map(|seen| (seen.placed.resource, seen.object().clone()))
                    .collect();
                let said = users.among(control, &objects).map(|all| {
                    // What is said of the objects of other apps is said where those are checked.
                    let own = all.into_iter().filter_map(|(index, violation)| {
                        let object: *const Resource = objects.get(index)?.0;
                        Some((*places.get(&object)?, violation))
                    });
                    own.collect()
                });
                tell(control, *side, said);
            }
        }
    }

    /// Asks every control that can judge this object, on the sides where the answers can differ.
    fn judge<'c>(
        &self,
        policy: &'c Policy,
        worker: &mut Worker,
        pair: &Pair<'_>,
    ) -> Result<Vec<Answer<'c>>, Problem> {
        let hung = self.hung();
        let places = policy.applicable([pair.before, pair.after]);
        let mut groups: BTreeMap<Given, Vec<&Control>> = BTreeMap::new();
        let controls = places
            .iter()
            .filter_map(|place| policy.controls.get(*place));
        for control in controls.filter(|control| !hung.contains(&control.id)) {
            groups.entry(Given::to(control)).or_default().push(control);
        }
        let mut user_controls = policy.user_controls.iter();
        let has_users = user_controls.any(|control| !sees_all(control));
        if groups.is_empty() && !has_users {
            return Ok(Vec::new());
        }
        let engine = worker
            .engines
            .entry(places)
            .or_insert_with_key(|places| policy.engine(places));
        let before = seen(pair.before, self.base)?;
        let after = seen(pair.after, self.head)?;
        let pairing = pair.pairing();
        let unchanged = pairing == Pairing::Unchanged && self.base.namespace == self.head.namespace;
        let wants_facts = groups.keys().any(|given| given.facts);
        let facts = |around: &Around<'_>, seen: Option<&Seen<'_>>| {
            let facts = around.facts.as_ref().filter(|_| wants_facts)?;
            Some(facts.about(&seen?.placed))
        };
        let before_facts = facts(&self.base_around, before.as_ref());
        let after_facts = facts(&self.head_around, after.as_ref().or(before.as_ref()));
        let same_facts = before_facts == after_facts;
        let mut answers = Vec::new();
        let mut ask = |side: Where, given: &Given, asked: &[&'c Control], change| {
            let (this, around, resource, seen, facts) = match side {
                Where::Base => (
                    self.base,
                    &self.base_around,
                    pair.before,
                    before.as_ref(),
                    before_facts.as_ref(),
                ),
                Where::Head | Where::Both => (
                    self.head,
                    &self.head_around,
                    pair.after,
                    after.as_ref(),
                    after_facts.as_ref(),
                ),
                Where::Removed => (
                    self.head,
                    &self.head_around,
                    pair.before,
                    None,
                    after_facts.as_ref(),
                ),
            };
            let Some(resource) = resource else { return };
            let asked: Vec<&Control> = asked
                .iter()
                .copied()
                .filter(|control| control.applies_to(resource))
                .collect();
            let Some(first) = asked.first() else { return };
            let place = seen.or(before.as_ref()).map(|seen| &seen.placed.namespace);
            let input = input::document(
                this,
                place.map_or("", String::as_str),
                seen,
                Beside {
                    change,
                    inventory: around.inventory.as_ref().filter(|_| given.inventory),
                    facts: facts.filter(|_| given.facts),
                    before_facts: before_facts
                        .as_ref()
                        .filter(|_| given.facts && change.is_some()),
                    config: given.config.as_ref().map(|_| input::config(first)),
                },
            );
            let said = engine.evaluate(input.clone(), &asked);
            for (control, said) in asked.into_iter().zip(said) {
                (self.tell)(&control.package, &|| input.to_json(), &|| {
                    rego::answer(&said)
                });
                if said == Err(Failure::Time) {
                    self.note_hung(control);
                }
                answers.push(Answer {
                    control,
                    side,
                    said,
                });
            }
        };
        for (given, controls) in &groups {
            if given.before {
                let (on, word, side) = match pairing {
                    Pairing::Added => (On::Added, "added", Where::Head),
                    Pairing::Changed => (On::Changed, "changed", Where::Head),
                    Pairing::Removed => (On::Removed, "removed", Where::Removed),
                    Pairing::Unchanged if given.facts && !same_facts => {
                        (On::Affected, "affected", Where::Head)
                    }
                    Pairing::Unchanged => continue,
                };
                let mut asked = controls.clone();
                asked.retain(|control| control.on.contains(&on));
                ask(side, given, &asked, Some((word, before.as_ref())));
                continue;
            }
            let is_same = unchanged
                && (!given.inventory || self.same_surroundings)
                && (!given.facts || same_facts);
            if is_same {
                ask(Where::Both, given, controls, None);
            } else {
                ask(Where::Head, given, controls, None);
                ask(Where::Base, given, controls, None);
            }
        }
        let sides = if unchanged {
            vec![(Where::Both, pair.after.zip(after.as_ref()))]
        } else {
            vec![
                (Where::Head, pair.after.zip(after.as_ref())),
                (Where::Base, pair.before.zip(before.as_ref())),
            ]
        };
        for control in &policy.user_controls {
            if sees_all(control) {
                continue;
            }
            for (side, object) in &sides {
                let Some((resource, seen)) = object else {
                    continue;
                };
                if self.hung().contains(&control.id) {
                    continue;
                }
                let said = worker.users.about(control, resource, seen.object());
                if said == Err(Failure::Time) {
                    self.note_hung(control);
                }
                answers.push(Answer {
                    control,
                    side: *side,
                    said,
                });
            }
        }
        Ok(answers)
    }
}

fn seen<'a>(resource: Option<&'a Resource>, side: &Side<'_>) -> Result<Option<Seen<'a>>, Problem> {
    resource
        .map(|resource| Seen::of(resource, side.namespace))
        .transpose()
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
            Where::Base | Where::Removed => pair.before,
            Where::Head | Where::Both => pair.after,
        };
        let (Some(resource), Some(lasting)) = (resource, pair.lasting_identity()) else {
            return;
        };
        let field = name_path(&resource.value, &violation.path);
        let fingerprint = Fingerprint::of(&control.id, app, &lasting, &field, 0);
        let finding = Finding {
            control: control.id.clone(),
            severity: violation.severity.unwrap_or(control.severity),
            state: State::New,
            app: app.to_owned(),
            resource: resource.identity.clone(),
            anchor: Anchor::of(&resource.value, &violation.path),
            path: violation.path,
            field: field.clone(),
            message: violation.message,
            removed: side == Where::Removed,
            causes: Vec::new(),
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
        if matches!(side, Where::Base | Where::Both) {
            matched.base.push((order, finding.clone()));
        }
        if side != Where::Base {
            matched.head.push((order, finding));
        }
    }

    /// All findings with the index of their pair, in order. What a control in `unanswered` no longer finds may only
    /// be what it failed to find, so that it resolves nothing.
    fn into_findings(self, unanswered: &BTreeSet<ControlId>) -> Vec<(usize, Finding)> {
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
                .filter(|_| !unanswered.contains(&key.control))
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
        findings
    }
}
