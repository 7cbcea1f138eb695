//! Remedies for the findings of a check: the bench that fixes are proved on, set up from a comparison.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::compare::{Compared, Comparison, Renderer, Request, compare, on_deep_stacks};
use super::touched::TouchedLines;
use super::{Fixes, check, judge};
use crate::control::{Controls, Reads};
use crate::discover::App;
use crate::finding::{Finding, Fingerprint, State};
use crate::fix::{self, Applied, Bench, Fix, Judges, Remedy, Subject};
use crate::policy;
use crate::problem::Problem;
use crate::report::{AppState, Report, Told};
use crate::snapshot::{Overlay, Snapshot, Tree};
use crate::text::RepoPath;

/// Loads the controls, and apart from them those that look around.
pub(super) fn judges(controls: &Controls) -> (Judges, Vec<Problem>) {
    let (all, problems) = policy::compile(controls);
    let around =
        controls.select(|control| control.reads(Reads::Inventory) || control.reads(Reads::Facts));
    let around_ids: BTreeSet<_> = around.iter().map(|control| control.id.clone()).collect();
    let (around, _) = policy::compile(&around);
    let judges = Judges {
        all,
        around,
        around_ids,
    };
    (judges, problems)
}

/// The apps of head with their findings, as far as they are known.
fn subjects<'a>(comparison: &'a Comparison, at_head: &AtHead) -> Vec<Subject<'a>> {
    let subject = |compared: &'a Compared| {
        let is_same = compared.state == AppState::Unchanged;
        Some(Subject {
            app: compared.app.as_ref()?,
            namespaces: &compared.namespaces,
            base: compared.base.as_ref(),
            // What renders as in base was not rendered a second time.
            head: compared
                .head
                .as_ref()
                .or(compared.base.as_ref().filter(|_| is_same)),
            findings: at_head.get(&compared.id).cloned(),
        })
    };
    comparison.apps.iter().filter_map(subject).collect()
}

/// The findings at head of the apps that were judged, all of them, whatever a report makes of them.
pub(super) type AtHead = BTreeMap<String, Vec<Finding>>;

/// Picks them out of what the apps of a comparison were found to be.
pub(super) fn at_head(
    comparison: &Comparison,
    judged: &[Option<(Vec<Finding>, Vec<Problem>)>],
) -> AtHead {
    let of_app = |(app, judged): (&Compared, &Option<(Vec<Finding>, Vec<Problem>)>)| {
        let findings = judged.as_ref()?.0.iter();
        let at_head = findings.filter(|finding| finding.state != State::Resolved);
        Some((app.id.clone(), at_head.cloned().collect()))
    };
    comparison
        .apps
        .iter()
        .zip(judged)
        .filter_map(of_app)
        .collect()
}

/// True where the finding stands, and nobody has accepted it.
fn is_open(told: &Told) -> bool {
    told.waiver.as_ref().is_none_or(|waiver| waiver.proposed)
}

/// Finds remedies, and tells each finding which one is its own.
pub(super) fn offer(
    request: &Request<'_>,
    comparison: &Comparison,
    judges: &Judges,
    touched: &TouchedLines,
    at_head: &AtHead,
    told: &mut [Told],
    fixes: Fixes,
    notes: &mut Vec<String>,
) -> Vec<Remedy> {
    let is_wanted = |told: &Told| match fixes {
        Fixes::None => false,
        Fixes::New => told.finding.state == State::New && is_open(told),
    };
    let wanted: Vec<&Finding> = told
        .iter()
        .filter(|told| is_wanted(told))
        .map(|told| &told.finding)
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let subjects = subjects(comparison, at_head);
    let renderer = Renderer::new(&comparison.config);
    let render = |snapshot: &dyn Snapshot, app: &App| renderer.render(snapshot, app);
    let bench = Bench::new(request.head, judges, &render, touched, subjects);
    let (remedies, chosen) = on_deep_stacks(|| fix::remedies(&bench, &wanted));
    if bench.is_exhausted() {
        notes.push("so many fixes were tried that some findings were left without one".to_owned());
    }
    let mut chosen = chosen.into_iter();
    for told in told.iter_mut().filter(|told| is_wanted(told)) {
        told.remedy = chosen.next().flatten();
    }
    remedies
}

/// Which fixes are to be applied.
pub struct Chosen<'a> {
    /// Also for findings that were there before the change, in all apps.
    pub all: bool,
    /// Also those that could stop a workload.
    pub with_unsafe: bool,
    /// Of these findings.
    pub filter: &'a (dyn Fn(&Finding) -> bool + Sync),
    /// In these files.
    pub in_files: &'a (dyn Fn(&RepoPath) -> bool + Sync),
}

/// Applies fixes to the files of head, in memory, and checks the files as they are then.
pub fn fix(
    request: &Request<'_>,
    comparison: &Comparison,
    chosen: &Chosen<'_>,
) -> (Applied, Report) {
    let report = check(request, comparison, None, Fixes::None);
    let (controls, _) = policy::choose(&comparison.config, &Tree::new(request.governing()));
    let (judges, _) = judges(&controls);
    let touched = TouchedLines::new(request, &comparison.changes);
    let judged: Vec<_> = on_deep_stacks(|| {
        let apps = comparison.apps.par_iter();
        apps.map(|app| judge(&judges.all, None, app)).collect()
    });
    let at_head = at_head(comparison, &judged);
    // What somebody accepted, or the configuration turned off, is not told or told as such.
    let open: BTreeSet<Fingerprint> = report
        .findings
        .iter()
        .filter(|told| is_open(told))
        .map(|told| told.finding.fingerprint)
        .collect();
    let applied = on_deep_stacks(|| {
        let subjects = subjects(comparison, &at_head);
        let renderer = Renderer::new(&comparison.config);
        let render = |snapshot: &dyn Snapshot, app: &App| renderer.render(snapshot, app);
        let mut bench = Bench::new(request.head, &judges, &render, &touched, subjects);
        let is_wanted = |finding: &Finding| {
            let is_told =
                !at_head.contains_key(&finding.app) || open.contains(&finding.fingerprint);
            (chosen.all || finding.state == State::New) && is_told && (chosen.filter)(finding)
        };
        let is_allowed = |fix: &Fix| {
            (chosen.with_unsafe || fix.safety == fix::Safety::Safe)
                && fix.edits.keys().all(|path| (chosen.in_files)(path))
        };
        fix::settle(&mut bench, chosen.all, &is_wanted, &is_allowed)
    });
    if applied.files.is_empty() {
        return (applied, report);
    }
    let files = applied.files.iter();
    let fixed = Overlay::new(
        request.head,
        files.map(|(path, text)| (path.clone(), Some(text.as_bytes().to_vec()))),
    );
    let fixed = Request {
        target: request.target,
        base: request.base,
        head: &fixed,
        config: request.config.clone(),
        notes: request.notes.clone(),
        problems: request.problems.clone(),
        waivers: request.waivers,
    };
    let report = check(&fixed, &compare(&fixed, &()), None, Fixes::None);
    (applied, report)
}
