//! Which other object of the change made a finding new: found by trying.
//!
//! A control that looks around can fire on an object that nobody touched, because something beside it went: the network policy
//! that selected it, the limits of its namespace. Each object that the change touches is put back as it was at base, one
//! at a time; where the finding is gone then, that object is a cause. Nothing is guessed, and no control has to tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts;
use super::input::{self, Beside, Seen};
use super::judge::Around;
use super::ready::{Engines, ObjectKind, Ready};
use super::{Policy, Side};
use crate::access;
use crate::change::{Pair, Pairing};
use crate::control::{Control, ControlId};
use crate::finding::{Anchor, Cause, Finding, State};
use crate::resource::{Placed, Resource, name_path};
use crate::yaml::Path;

/// How many evaluations one app is worth. What is beyond stays without a named cause.
const MOST_TRIALS: usize = 512;

/// Names the causes of new findings, each beside the index of its pair.
pub(super) fn find(
    policy: &Policy,
    head: &Side<'_>,
    pairs: &[Pair<'_>],
    findings: &mut [(usize, Finding)],
) {
    let mut open: Vec<&mut (usize, Finding)> = findings
        .iter_mut()
        .filter(|(order, finding)| {
            finding.state == State::New
                && pairs.get(*order).is_some_and(|pair| pair.before.is_some())
                && policy
                    .controls
                    .iter()
                    .any(|control| control.id == finding.control && control.looks_around())
        })
        .collect();
    if open.is_empty() {
        return;
    }
    let suspects = pairs
        .iter()
        .enumerate()
        .filter(|(_, pair)| pair.pairing() != Pairing::Unchanged)
        .take(MOST_TRIALS / open.len());
    // An object whose own change is the cause needs no other; the last field of each tells whether it is.
    let mut found: Vec<(Vec<Cause>, bool)> = open.iter().map(|_| (Vec::new(), false)).collect();
    let mut ready: BTreeMap<ObjectKind, Ready> = BTreeMap::new();
    let mut engines = Engines::default();
    let everything = access::everything();
    let controls: BTreeMap<ControlId, &Control> = open
        .iter()
        .filter_map(|(_, finding)| {
            let mut all = policy.controls.iter();
            let control = all.find(|control| control.id == finding.control)?;
            Some((control.id.clone(), control))
        })
        .collect();
    let asked: Vec<&Control> = controls.values().copied().collect();
    let objects_now = head.objects();
    let now = Around::of(&asked, &objects_now, &everything, &mut Vec::new());
    for (suspect, pair) in suspects {
        let objects: Vec<Placed<'_>> = with_one_put_back(pairs, suspect)
            .chain(head.others.iter().copied())
            .map(|object| Placed::new(object, head.namespace))
            .collect();
        let around = Around::of(&asked, &objects, &everything, &mut Vec::new());
        for ((order, finding), (causes, is_own)) in
            open.iter().map(|found| &**found).zip(&mut found)
        {
            let object = pairs.get(*order).and_then(|own| {
                if *order == suspect {
                    own.before
                } else {
                    own.after
                }
            });
            let (Some(object), Some(control)) = (object, controls.get(&finding.control)) else {
                continue;
            };
            let Ok(seen) = Seen::of(object, head.namespace) else {
                continue;
            };
            let ready = ready
                .entry(ObjectKind::of(object))
                .or_insert_with_key(|kind| policy.ready(std::slice::from_ref(kind)));
            let is_asked = |place: &usize| {
                let asked = policy.controls.get(*place);
                asked.is_some_and(|asked| asked.id == control.id)
            };
            let groups = Arc::clone(&ready.groups);
            let group = groups
                .iter()
                .find(|group| group.controls.iter().any(is_asked));
            let Some(group) = group else { continue };
            let about = around.facts_about(&seen);
            // What sees the same says the same.
            let is_other = |object: Option<&Resource>| {
                object.is_none_or(|object| {
                    let kind = facts::kind(&Placed::new(object, head.namespace));
                    !group.given.inventory.wants(&kind)
                })
            };
            if *order != suspect
                && is_other(pair.before)
                && is_other(pair.after)
                && (!group.given.facts || about == now.facts_about(&seen))
            {
                continue;
            }
            let input = input::document(
                head,
                &seen.placed.namespace,
                Some(&seen),
                Beside {
                    inventory: around.inventory(&group.given),
                    facts: about.as_ref().filter(|_| group.given.facts),
                    config: group.config.clone(),
                    ..Beside::default()
                },
            );
            let engine = engines.of(policy, ready, group);
            let Some(Ok(violations)) = engine.evaluate(input, &[*control]).into_iter().next()
            else {
                continue;
            };
            let is_gone = violations
                .iter()
                .all(|violation| name_path(&object.value, &violation.path) != finding.field);
            if is_gone && *order == suspect {
                *is_own = true;
            } else if is_gone && let Some(cause) = cause(pair) {
                causes.push(cause);
            }
        }
    }
    for ((_, finding), (causes, is_own)) in open.iter_mut().map(|found| &mut **found).zip(found) {
        if !is_own {
            finding.causes = causes;
        }
    }
}

/// The objects of head, one of them as it was at base.
fn with_one_put_back<'a>(
    pairs: &'a [Pair<'a>],
    suspect: usize,
) -> impl Iterator<Item = &'a Resource> {
    pairs.iter().enumerate().filter_map(move |(index, pair)| {
        if index == suspect {
            pair.before
        } else {
            pair.after
        }
    })
}

/// The object that the change touched: where it is now, or where it was.
fn cause(pair: &Pair<'_>) -> Option<Cause> {
    let object = pair.after.or(pair.before)?;
    let name = Path::root().key("metadata").key("name");
    Some(Cause {
        resource: object.identity.clone(),
        removed: pair.after.is_none(),
        anchor: Anchor::of(&object.value, &name),
    })
}
