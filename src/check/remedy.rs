//! Remedies for the findings of a check: the bench that fixes are proved on, set up from a comparison.

use std::collections::BTreeSet;

use super::Fixes;
use super::compare::{Comparison, Request, on_deep_stacks, render_one};
use super::judge;
use super::touched::TouchedLines;
use crate::control::{Controls, Reads};
use crate::finding::{Finding, State};
use crate::fix::{self, Applied, Bench, Fix, Judges, Remedy, Subject};
use crate::policy;
use crate::problem::Problem;
use crate::report::{AppState, Conclusion, Told};
use crate::snapshot::{Snapshot, Tree};
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
fn subjects<'a>(
    comparison: &'a Comparison,
    findings: &dyn Fn(&str) -> Option<Vec<Finding>>,
) -> Vec<Subject<'a>> {
    let subject = |compared: &'a super::Compared| {
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
            findings: if is_same {
                None
            } else {
                findings(&compared.id)
            },
        })
    };
    comparison.apps.iter().filter_map(subject).collect()
}

/// Finds remedies, and tells each finding which one is its own.
pub(super) fn offer(
    request: &Request<'_>,
    comparison: &Comparison,
    judges: &Judges,
    touched: &TouchedLines,
    told: &mut [Told],
    fixes: Fixes,
    notes: &mut Vec<String>,
) -> Vec<Remedy> {
    let is_wanted = |finding: &Finding| match fixes {
        Fixes::None => false,
        Fixes::New => finding.state == State::New,
    };
    let wanted: Vec<&Finding> = told
        .iter()
        .map(|told| &told.finding)
        .filter(|finding| is_wanted(finding))
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let of_app = |id: &str| {
        let all = told.iter().map(|told| &told.finding);
        Some(
            all.filter(|finding| finding.app == id && finding.state != State::Resolved)
                .cloned()
                .collect(),
        )
    };
    let subjects = subjects(comparison, &of_app);
    let bench = Bench::new(request.head, judges, &render_one, touched, subjects);
    let (remedies, chosen) = on_deep_stacks(|| fix::remedies(&bench, &wanted));
    if bench.is_exhausted() {
        notes.push("so many fixes were tried that some findings were left without one".to_owned());
    }
    let mut chosen = chosen.into_iter();
    for told in told.iter_mut().filter(|told| is_wanted(&told.finding)) {
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

/// Applies fixes to the files of head, in memory; and how a check of what is left would end.
pub fn fix(
    request: &Request<'_>,
    comparison: &Comparison,
    chosen: &Chosen<'_>,
) -> (Applied, Conclusion) {
    let (controls, _) = policy::choose(&comparison.config, &Tree::new(request.governing()));
    let (judges, _) = judges(&controls);
    let touched = TouchedLines::new(request, &comparison.changes);
    let judged = |id: &str| {
        let app = comparison.apps.iter().find(|app| app.id == id)?;
        let (mut findings, _) = judge(&judges.all, None, app)?;
        findings.retain(|finding| finding.state != State::Resolved);
        Some(findings)
    };
    let head: &dyn Snapshot = request.head;
    let applied = on_deep_stacks(|| {
        let subjects = subjects(comparison, &judged);
        let mut bench = Bench::new(head, &judges, &render_one, &touched, subjects);
        let is_wanted = |finding: &Finding| {
            (chosen.all || finding.state == State::New) && (chosen.filter)(finding)
        };
        let is_allowed = |fix: &Fix| {
            (chosen.with_unsafe || fix.safety == fix::Safety::Safe)
                && fix.edits.keys().all(|path| (chosen.in_files)(path))
        };
        fix::settle(&mut bench, chosen.all, &is_wanted, &is_allowed)
    });
    let lowest = comparison.config.fail_on().map(policy::severity);
    let blocks = |finding: &Finding| {
        finding.state == State::New && lowest.is_some_and(|lowest| finding.severity >= lowest)
    };
    let conclusion = if !comparison.problems.is_empty() {
        Conclusion::Incomplete
    } else if applied.left.iter().any(blocks) {
        Conclusion::Findings
    } else {
        Conclusion::Clean
    };
    (applied, conclusion)
}
