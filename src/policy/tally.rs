//! Violations of base and head matched with each other: what is new, what was there before, and what is resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::Where;
use super::rego::Violation;
use crate::change::Pair;
use crate::control::{Control, ControlId};
use crate::finding::{Anchor, Finding, Fingerprint, State};
use crate::resource::{Identity, name_path};

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
pub(super) struct Tally(BTreeMap<Key, Matched>);

impl Tally {
    pub(super) fn add(
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
    pub(super) fn into_findings(self, unanswered: &BTreeSet<ControlId>) -> Vec<(usize, Finding)> {
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
