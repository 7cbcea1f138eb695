//! One pair of objects judged: which controls are asked about it, on which side, and with what beside it.
//!
//! What did not change is asked about once, and again only where what a control reads around it did change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::facts::{self, Facts};
use super::input::{self, Beside, Seen};
use super::mention::Written;
use super::ready::{Engines, Given, Group, ObjectKind, Ready, Wanted};
use super::rego::{self, Document, Failure, LIMIT_OF_ALL, Violation};
use super::user::Users;
use super::{Policy, Side, Tell};
use crate::change::{Pair, Pairing};
use crate::control::{Control, ControlId, Form, On, Reads};
use crate::problem::Problem;
use crate::resource::{Placed, Resource};
use crate::yaml::Value;

/// Which side a violation was found on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Where {
    Base,
    Head,
    Both,
    /// At base, where it is the removal that is judged.
    Removed,
}

/// What one control said about one pair of objects.
pub(super) struct Answer<'a> {
    pub(super) control: &'a Control,
    pub(super) side: Where,
    pub(super) said: Result<Vec<Violation>, Failure>,
}

/// What is around the objects of one side, as far as a control wants to know.
pub(super) struct Around<'a> {
    inventory: Option<Document>,
    facts: Option<Facts<'a>>,
}

impl<'a> Around<'a> {
    /// Indexes the objects of one side for some controls.
    pub(super) fn of(
        controls: &[&Control],
        objects: &'a [Placed<'a>],
        everything: &'a Value,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let wanted = controls.iter().map(|control| Wanted::of(control));
        let wanted = wanted.fold(Wanted::Nothing, Wanted::or);
        let has_facts = controls.iter().any(|control| control.reads(Reads::Facts));
        let inventory = || {
            let mut seen = Vec::new();
            for object in objects {
                if wanted.wants(&facts::kind(object)) {
                    match Seen::placed(object.clone()) {
                        Ok(object) => seen.push(object),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            input::inventory(&seen)
        };
        Self {
            inventory: (!wanted.is_nothing()).then(inventory),
            facts: has_facts.then(|| Facts::of(objects, everything)),
        }
    }

    /// What of it a control is given that is given this.
    pub(super) fn inventory(&self, given: &Given) -> Option<Document> {
        let inventory = self.inventory.as_ref()?;
        match &given.inventory {
            Wanted::Nothing => None,
            Wanted::Everything => Some(inventory.clone()),
            Wanted::Kinds(kinds) => Some(inventory.only(kinds)),
        }
    }

    pub(super) fn facts_about(&self, seen: &Seen<'_>) -> Option<Document> {
        Some(self.facts.as_ref()?.about(&seen.placed))
    }
}

/// The kinds of which the change touches an object, so that another one may be judged differently though it did not change.
pub(super) enum Touched {
    Kinds(BTreeSet<String>),
    Everything,
}

impl Touched {
    pub(super) fn by(pairs: &[Pair<'_>], base: &Side<'_>, head: &Side<'_>) -> Self {
        let same_others = base.others.len() == head.others.len()
            && base
                .others
                .iter()
                .zip(head.others)
                .all(|(a, b)| std::ptr::eq(*a, *b) || a.value == b.value);
        if base.namespace != head.namespace || !same_others {
            return Self::Everything;
        }
        let touched = pairs
            .iter()
            .filter(|pair| pair.pairing() != Pairing::Unchanged)
            .flat_map(|pair| [pair.before, pair.after])
            .flatten();
        Self::Kinds(
            touched
                .map(|object| facts::kind(&Placed::new(object, "")))
                .collect(),
        )
    }

    fn nothing(&self) -> bool {
        matches!(self, Self::Kinds(kinds) if kinds.is_empty())
    }

    /// True where what a control is given of the inventory may not be the same on both sides.
    fn touches(&self, wanted: &Wanted) -> bool {
        match self {
            Self::Everything => !wanted.is_nothing(),
            Self::Kinds(kinds) => kinds.iter().any(|kind| wanted.wants(kind)),
        }
    }
}

/// What one thread works with.
pub(super) struct Worker {
    ready: BTreeMap<Vec<ObjectKind>, Ready>,
    engines: Engines,
    users: Users,
}

impl Worker {
    pub(super) fn of(policy: &Policy) -> Self {
        Self {
            ready: BTreeMap::new(),
            engines: Engines::default(),
            users: policy.users.clone(),
        }
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
pub(super) struct Sides<'a> {
    pub(super) base: &'a Side<'a>,
    pub(super) head: &'a Side<'a>,
    pub(super) base_around: Around<'a>,
    pub(super) head_around: Around<'a>,
    pub(super) touched: Touched,
    pub(super) tell: &'a Tell<'a>,
    /// The controls that did not finish on some object. They are not asked again.
    pub(super) hung: Mutex<BTreeSet<ControlId>>,
    /// How long each of the users' rules has thought about all objects so far.
    pub(super) spent: Mutex<BTreeMap<ControlId, Duration>>,
}

impl Sides<'_> {
    pub(super) fn hung(&self) -> BTreeSet<ControlId> {
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

    /// What a user's rule says, unless it has thought for too long about all objects together.
    fn in_time<T>(
        &self,
        control: &Control,
        ask: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let start = rego::clock();
        let mut said = ask();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = spent.entry(control.id.clone()).or_default();
        *spent += rego::clock().saturating_sub(start);
        if *spent > LIMIT_OF_ALL && said.is_ok() {
            said = Err(Failure::AllTime);
        }
        if said.as_ref().is_err_and(Failure::is_of_time) {
            self.note_hung(control);
        }
        said
    }

    /// Asks the users' rules that are given all objects at once. What they say comes beside the place of its pair.
    pub(super) fn judge_all<'c>(
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
        let sides = if self.touched.nothing() {
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
                let said = self.in_time(control, || users.among(control, &objects));
                let said = said.map(|all| {
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
    pub(super) fn judge<'c>(
        &self,
        policy: &'c Policy,
        worker: &mut Worker,
        pair: &Pair<'_>,
    ) -> Result<Vec<Answer<'c>>, Problem> {
        let kinds = ObjectKind::of_pair(pair);
        let has_one_kind = kinds.len() == 1;
        let ready = worker
            .ready
            .entry(kinds)
            .or_insert_with_key(|kinds| policy.ready(kinds));
        let engines = &mut worker.engines;
        let (groups, joint) = (Arc::clone(&ready.groups), ready.joint.clone());
        let mut user_controls = policy.user_controls.iter();
        let has_users = user_controls.any(|control| !sees_all(control));
        if groups.is_empty() && !has_users {
            return Ok(Vec::new());
        }
        let hung = self.hung();
        let pairing = pair.pairing();
        let unchanged = pairing == Pairing::Unchanged && self.base.namespace == self.head.namespace;
        let after = seen(pair.after, self.head)?;
        let before = if unchanged {
            after.clone()
        } else {
            seen(pair.before, self.base)?
        };
        let wants_facts = groups.iter().any(|group| group.given.facts);
        let facts = |around: &Around<'_>, seen: Option<&Seen<'_>>| {
            around.facts_about(seen.filter(|_| wants_facts)?)
        };
        let after_facts = facts(&self.head_around, after.as_ref().or(before.as_ref()));
        let before_facts = if unchanged && self.touched.nothing() {
            after_facts.clone()
        } else {
            facts(&self.base_around, before.as_ref())
        };
        let same_facts = before_facts == after_facts;
        let after_facts = match &before {
            // What it protected and still could, by the selector that it had.
            Some(before)
                if pairing == Pairing::Changed
                    && before.placed.is("policy", "PodDisruptionBudget") =>
            {
                let former = facts(&self.head_around, Some(before));
                let pods = former.map(|former| former.field("pods"));
                let with = |facts: Document| Some(facts.with("former", pods?));
                after_facts.and_then(with)
            }
            _ => after_facts,
        };
        let written = |resource: Option<&Resource>| resource.map(|r| Written::of(&r.value));
        let after_written = written(pair.after);
        let before_written = written(pair.before.filter(|_| !unchanged));
        let mut answers = Vec::new();
        let mut ask = |side: Where, group: &Group, on: Option<On>, change| {
            let given = &group.given;
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
            // What is the same on both sides is written once; a control of the change sees both of them.
            let is_at_base = matches!(side, Where::Base | Where::Removed);
            let own = if is_at_base {
                &before_written
            } else {
                &after_written
            };
            let own = own.as_ref().or(after_written.as_ref());
            let other = before_written.as_ref().filter(|_| given.before);
            let written: Vec<&Written> = own.into_iter().chain(other).collect();
            let kind = (!has_one_kind).then(|| ObjectKind::of(resource));
            let controls = group.controls.iter();
            let asked: Vec<&Control> = controls
                .filter_map(|place| policy.controls.get(*place))
                .filter(|control| on.is_none_or(|on| control.on.contains(&on)))
                .filter(|control| kind.as_ref().is_none_or(|kind| kind.is_judged_by(control)))
                .filter(|control| written.iter().any(|written| written.concerns(control)))
                .filter(|control| !hung.contains(&control.id))
                .collect();
            if asked.is_empty() {
                return;
            }
            let place = seen.or(before.as_ref()).map(|seen| &seen.placed.namespace);
            let input = input::document(
                this,
                place.map_or("", String::as_str),
                seen,
                Beside {
                    change,
                    inventory: around.inventory(given),
                    facts: facts.filter(|_| given.facts),
                    before_facts: before_facts
                        .as_ref()
                        .filter(|_| given.facts && change.is_some()),
                    config: group.config.clone(),
                },
            );
            let engine = engines.of(policy, ready, group);
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
        let is_same = |group: &Group| {
            unchanged
                && !self.touched.touches(&group.given.inventory)
                && (!group.given.facts || same_facts)
        };
        let joint = joint.filter(|joint| {
            let mut parts = joint.parts.iter().filter_map(|place| groups.get(*place));
            let first = parts.next().map(is_same);
            parts.all(|group| first == Some(is_same(group)))
        });
        let joined = joint.as_ref().map_or(&[][..], |joint| &joint.parts);
        let apart = groups.iter().enumerate();
        let apart = apart.filter(|(place, _)| !joined.contains(place));
        let together = joint.iter().map(|joint| &joint.group);
        for group in together.chain(apart.map(|(_, group)| group)) {
            let given = &group.given;
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
                ask(side, group, Some(on), Some((word, before.as_ref())));
            } else if is_same(group) {
                ask(Where::Both, group, None, None);
            } else {
                ask(Where::Head, group, None, None);
                ask(Where::Base, group, None, None);
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
                let said = self.in_time(control, || {
                    worker.users.about(control, resource, seen.object())
                });
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
