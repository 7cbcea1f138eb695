//! What remedies a finding: an edit of the files that people write, which was rendered again before it is offered.
//!
//! A [`Remedy`] is either a [`Fix`], proved, or a [`Draft`], which shows where and how a value would be set that nobody
//! can derive, and is never applied. What a reader sees of either is decided by reports and reviews.

mod candidate;
mod draft;
mod manifest;
mod moves;
mod overlay;
mod place;
mod prove;
mod safety;
mod settle;
mod template;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::cause;
use crate::discover::Source;
use crate::finding::{Finding, Fingerprint, Suggestion};
use crate::resource::Identity;
use crate::text::{RepoPath, Span, TextEdit};

use candidate::Candidate;
use prove::Proof;
pub use prove::{Bench, Judges, Refusal, Render, Subject};
pub use settle::{Applied, settle};

/// Whether a fix may be applied without a person who knows the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Safety {
    /// It cannot stop a workload from starting or working.
    Safe,
    /// It could, for this reason.
    Unsafe(String),
}

/// Which kind of file a fix edits, best place first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The values of one environment.
    Values,
    /// A patch of an overlay, or a field of its kustomization.
    Overlay,
    /// A plain manifest.
    Manifest,
    /// A base that overlays share.
    Base,
    /// The values that a chart comes with.
    Defaults,
    /// A chart's template.
    Template,
}

/// Edits of several files of the head, each sorted and disjoint.
pub type Edits = BTreeMap<RepoPath, TextEdit>;

/// A field of a rendered object that a fix changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// The app that renders the object.
    pub app: String,
    /// The object.
    pub resource: Identity,
    /// The field, list items named (`spec.containers[name=web].image`).
    pub field: String,
}

/// Edits that were rendered and evaluated again: the findings are gone, none appeared, nothing else moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative clause (`set web.privileged to false`).
    pub title: String,
    /// Whether it may be applied unseen.
    pub safety: Safety,
    /// The kind of file it edits.
    pub layer: Layer,
    /// The edits.
    pub edits: Edits,
    /// Every finding that it was shown to remove, in all apps.
    pub resolves: Vec<Fingerprint>,
    /// Everything that it changes in what is rendered.
    pub moves: Vec<Moved>,
}

/// Edits with a blank that a person has to fill in. Not proved, and never applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it does, as an imperative clause.
    pub title: String,
    /// What has to be filled in, and how one finds it.
    pub blank: String,
    /// The edits, the blank written as `<…>`.
    pub edits: Edits,
}

/// What can be offered for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Proved.
    Fix(Fix),
    /// To be filled in.
    Draft(Draft),
}

/// A finding for which a remedy is wanted, and the place that decided it: findings of one control with one place are remedied
/// together where that can be.
struct Wanted {
    finding: Finding,
    cause: Option<(RepoPath, Span, bool)>,
}

impl Wanted {
    fn new(bench: &Bench<'_>, finding: &Finding) -> Self {
        let cause = || {
            let now = bench.now(bench.subject(&finding.app)?)?;
            let resources = &now.rendered.rendering.resources;
            let resource = resources.iter().find(|r| r.identity == finding.resource)?;
            let origins = &now.rendered.origins;
            let cause = cause::locate(origins, &resource.value, &finding.path, bench.touched)?;
            Some((cause.line.path, cause.line.span, cause.touched))
        };
        Self {
            finding: finding.clone(),
            cause: cause(),
        }
    }
}

/// How many candidates are tried for one finding.
const MOST_CANDIDATES: usize = 12;

/// The best remedy of each wanted finding: the remedies, and for each finding which of them.
pub fn remedies(bench: &Bench<'_>, findings: &[&Finding]) -> (Vec<Remedy>, Vec<Option<usize>>) {
    let wanted: Vec<Wanted> = findings
        .iter()
        .map(|finding| Wanted::new(bench, finding))
        .collect();
    let mut remedies: Vec<Remedy> = Vec::new();
    let mut chosen: Vec<Option<usize>> = vec![None; wanted.len()];
    for index in 0..wanted.len() {
        let Some(want) = wanted.get(index) else { break };
        if chosen.get(index).is_none_or(Option::is_some) {
            continue;
        }
        let together = together(&wanted, want);
        let number = remedies.len();
        if let Some(fix) = best(bench, want, &together).0 {
            // What removes other findings of the control as well is their fix, too.
            for (other, slot) in wanted.iter().zip(&mut chosen) {
                let is_same = other.finding.control == want.finding.control;
                if slot.is_none() && is_same && fix.resolves.contains(&other.finding.fingerprint) {
                    *slot = Some(number);
                }
            }
            remedies.push(Remedy::Fix(fix));
        } else if let Some(draft) = draft::draft(bench, want, &together) {
            let draft = Remedy::Draft(draft);
            let known = remedies.iter().position(|known| *known == draft);
            if let Some(slot) = chosen.get_mut(index) {
                *slot = Some(known.unwrap_or(number));
            }
            if known.is_none() {
                remedies.push(draft);
            }
        }
    }
    (remedies, chosen)
}

/// The findings of the same control that the same place causes, the wanted one among them.
fn together<'w>(wanted: &'w [Wanted], want: &'w Wanted) -> Vec<&'w Finding> {
    let is_same = |other: &&Wanted| {
        let is_same_place = other.cause.is_some() && other.cause == want.cause;
        other.finding.control == want.finding.control
            && (is_same_place || other.finding.fingerprint == want.finding.fingerprint)
    };
    wanted
        .iter()
        .filter(is_same)
        .map(|other| &other.finding)
        .collect()
}

/// A candidate that was tried and refused.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What it would have done.
    pub title: String,
    /// The kind of file it would have edited.
    pub layer: Layer,
    /// The edits.
    pub edits: Edits,
    /// Why it is no fix.
    pub refusal: Refusal,
}

/// The fix of one finding, and what was tried before it was found.
pub fn attempts(bench: &Bench<'_>, finding: &Finding) -> (Option<Fix>, Vec<Attempt>) {
    let want = Wanted::new(bench, finding);
    best(bench, &want, &[finding])
}

/// The first candidate that is proved, from the best place on.
fn best(bench: &Bench<'_>, want: &Wanted, together: &[&Finding]) -> (Option<Fix>, Vec<Attempt>) {
    let Some(suggestion) = &want.finding.suggestion else {
        return (None, Vec::new());
    };
    let (proved, refused) = first_proved(bench, want, together, suggestion);
    let fix = proved.map(|(candidate, proof)| Fix {
        title: candidate.title,
        safety: safety::of(&want.finding, suggestion),
        layer: candidate.layer,
        edits: candidate.edits,
        resolves: proof.resolves,
        moves: proof.moves,
    });
    (fix, refused)
}

fn first_proved(
    bench: &Bench<'_>,
    want: &Wanted,
    together: &[&Finding],
    suggestion: &Suggestion,
) -> (Option<(Candidate, Proof)>, Vec<Attempt>) {
    let finding = &want.finding;
    let mut refused = Vec::new();
    let found = bench.subject(&finding.app).and_then(|index| {
        let now = bench.now(index)?;
        let app = bench.subjects.get(index)?.app;
        let resources = &now.rendered.rendering.resources;
        let resource = resources.iter().find(|r| r.identity == finding.resource)?;
        Some((now, app, resource))
    });
    let Some((now, app, resource)) = found else {
        return (None, refused);
    };
    let text = |path: &RepoPath| bench.text(path);
    let candidates = candidate::all(app, &now.rendered, resource, finding, suggestion, &text);
    let candidates = ranked(bench, want, together, candidates);
    let mut proved: Option<(Candidate, Proof, usize)> = None;
    for candidate in candidates.into_iter().take(MOST_CANDIDATES) {
        // One in a worse place is not looked at where there is one in a better place.
        if proved
            .as_ref()
            .is_some_and(|(known, ..)| known.layer != candidate.layer)
        {
            break;
        }
        match bench.prove(finding, resource, &candidate) {
            Ok(proof) => {
                let helps = |other: &&&Finding| proof.resolves.contains(&other.fingerprint);
                let helped = together.iter().filter(helps).count();
                if proved.as_ref().is_none_or(|(.., known)| helped > *known) {
                    proved = Some((candidate, proof, helped));
                }
                if helped == together.len() {
                    break;
                }
            }
            Err(refusal) => refused.push(Attempt {
                title: candidate.title,
                layer: candidate.layer,
                edits: candidate.edits,
                refusal,
            }),
        }
    }
    (
        proved.map(|(candidate, proof, _)| (candidate, proof)),
        refused,
    )
}

/// The candidates, best first: what helps all apps of one cause, the file that the change touched, the layer, the size.
fn ranked(
    bench: &Bench<'_>,
    want: &Wanted,
    together: &[&Finding],
    candidates: Vec<Candidate>,
) -> Vec<Candidate> {
    let is_there = want.finding.anchor.depth == want.finding.path.steps().len();
    let mut keyed = Vec::new();
    for candidate in candidates {
        let readers = bench.readers(candidate.edits.keys());
        let reads = |app: &str| {
            let subjects = readers
                .iter()
                .filter_map(|&index| bench.subjects.get(index));
            // Helm reads every file of a chart; values of one environment steer those that name them.
            let steers = |subject: &Subject<'_>| match &subject.app.source {
                Source::Helm(release) if candidate.layer == Layer::Values => candidate
                    .edits
                    .keys()
                    .any(|path| release.values.contains(path)),
                _ => true,
            };
            subjects
                .filter(|subject| steers(subject))
                .any(|subject| subject.app.id == app)
        };
        let missed = together.iter().filter(|other| !reads(&other.app)).count();
        // What the change wrote is mended where it was written; what it left out is set where it is best set.
        let elsewhere = !want.cause.as_ref().is_some_and(|(path, _, touched)| {
            *touched && is_there && candidate.edits.contains_key(path)
        });
        let size: usize = candidate
            .edits
            .values()
            .flat_map(TextEdit::edits)
            .map(|edit| edit.text.len() + edit.span.len())
            .sum();
        let is_other_field = !candidate.meant.contains(&want.finding.path);
        let key = (missed, elsewhere, candidate.layer, is_other_field, size);
        keyed.push((key, candidate));
    }
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    keyed.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The change of one file in unified format, as `git apply` reads it.
pub fn unified(path: &RepoPath, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}
