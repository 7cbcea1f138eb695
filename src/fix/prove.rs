//! The proof: an edit laid over the head, every app that read an edited file rendered and evaluated again.
//!
//! An edit is refused where an app stops rendering, where the finding remains or another one appears, and where anything moves that the
//! edit was not meant for. Only objects that moved are evaluated again, and the controls that look around on all others.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::prelude::*;

use super::candidate::Candidate;
use super::moves::{self, Shape};
use super::{Edits, Moved};
use crate::cause::{self, Touched};
use crate::change::{self, Pairing};
use crate::control::ControlId;
use crate::discover::App;
use crate::finding::{Finding, Fingerprint, State};
use crate::origin::Origin;
use crate::policy::{self, Policy};
use crate::render::{self, Cache, Rendered};
use crate::resource::{Identity, Resource, name_path};
use crate::snapshot::{ContentId, EntryKind, Overlay, Snapshot, Tree, mount_of};
use crate::text::RepoPath;
use crate::yaml::{self, Dialect};

/// How an app is rendered.
pub type Render<'a> = dyn Fn(&dyn Snapshot, &App) -> Rendered + Sync + 'a;

/// How much work the proofs of one check may cost, in the bytes of [`Rendering::work`](crate::render::Rendering::work): about five
/// minutes of one core. What is beyond stays without a fix, and the check says so. A clock would make the answer depend on the machine.
const MOST_WORK: u64 = 8 << 30;

/// What a rendering costs beside the bytes that it makes: reading, comparing.
const RENDERING_WORK: u64 = 64 << 10;

/// What it costs to judge an object.
const JUDGING_WORK: u64 = 16 << 10;

/// An app at head, with what is known about it already.
pub struct Subject<'a> {
    /// The app.
    pub app: &'a App,
    /// The namespace it is deployed to in base and in head, for objects that name none.
    pub namespaces: &'a [String; 2],
    /// Its rendering in base, where it is there.
    pub base: Option<&'a Rendered>,
    /// Its rendering in head; `None` where nobody has needed it yet.
    pub head: Option<&'a Rendered>,
    /// Its findings at head; `None` where nobody has needed them yet.
    pub findings: Option<Vec<Finding>>,
}

/// An app as it is with the edits so far.
pub(super) struct Now<'a> {
    pub(super) rendered: Cow<'a, Rendered>,
    pub(super) findings: Vec<Finding>,
}

/// What judges an app.
pub struct Judges {
    /// All controls.
    pub all: Policy,
    /// Those of them that read other objects.
    pub around: Policy,
    /// The ids of these.
    pub around_ids: BTreeSet<ControlId>,
}

/// Where edits are tried.
pub struct Bench<'a> {
    head: &'a dyn Snapshot,
    judges: &'a Judges,
    render: &'a Render<'a>,
    pub(super) touched: &'a (dyn Touched + Sync),
    pub(super) subjects: Vec<Subject<'a>>,
    now: Vec<OnceLock<Now<'a>>>,
    reach: Vec<OnceLock<Vec<RepoPath>>>,
    /// The files as the edits so far have made them.
    pub(super) edited: BTreeMap<RepoPath, Arc<str>>,
    tried: Mutex<HashMap<Files, Arc<Outcome>>>,
    /// What was tried last: where it is what is committed next, it need not be rendered again.
    last: Mutex<Option<(Files, Vec<Tried>)>>,
    renderings: AtomicUsize,
    work: AtomicU64,
    pub(super) most_work: u64,
}

/// Files with what is in them.
type Files = Vec<(RepoPath, ContentId)>;

/// Why an edit is not a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No app reads what it edits.
    Unread,
    /// An app stops rendering, or cannot be judged any more.
    Broke(String),
    /// The finding is still there.
    Remains,
    /// Another finding appears.
    Appeared(String),
    /// Something else moves.
    Strayed(Moved),
    /// Too much was tried already.
    Exhausted,
}

/// What an edit does.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    broke: Option<Refusal>,
    gone: BTreeSet<Fingerprint>,
    appeared: Vec<String>,
    moves: Vec<(Moved, Shape)>,
}

/// What an edit was shown to do.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    pub(super) resolves: Vec<Fingerprint>,
    pub(super) moves: Vec<Moved>,
}

/// One app after an edit.
struct Tried {
    subject: usize,
    rendered: Rendered,
    findings: Vec<Finding>,
    outcome: Outcome,
}

impl<'a> Bench<'a> {
    /// A bench for the apps of `head`.
    pub fn new(
        head: &'a dyn Snapshot,
        judges: &'a Judges,
        render: &'a Render<'a>,
        touched: &'a (dyn Touched + Sync),
        subjects: Vec<Subject<'a>>,
    ) -> Self {
        let mut subjects = subjects;
        let now = subjects
            .iter_mut()
            .map(|subject| {
                let cell = OnceLock::new();
                if let (Some(rendered), Some(findings)) = (subject.head, subject.findings.take()) {
                    let rendered = Cow::Borrowed(rendered);
                    let _ = cell.set(Now { rendered, findings });
                }
                cell
            })
            .collect();
        Self {
            head,
            judges,
            render,
            touched,
            reach: vec![OnceLock::new(); subjects.len()],
            subjects,
            now,
            edited: BTreeMap::new(),
            tried: Mutex::default(),
            last: Mutex::default(),
            renderings: AtomicUsize::new(0),
            work: AtomicU64::new(0),
            most_work: MOST_WORK,
        }
    }

    /// The findings of an app as it is now; none for an app that is not here.
    pub fn findings(&self, app: &str) -> Vec<Finding> {
        let now = self.subject(app).and_then(|index| self.now(index));
        now.map(|now| now.findings.clone()).unwrap_or_default()
    }

    /// The file in which the place of a finding is written.
    pub fn written_in(&self, finding: &Finding) -> Option<RepoPath> {
        let now = self.now(self.subject(&finding.app)?)?;
        let line = cause::place(&now.rendered.origins, finding.anchor.shown)?;
        Some(line.path)
    }

    /// How many renderings the proofs have cost.
    pub fn renderings(&self) -> usize {
        self.renderings.load(Ordering::Relaxed)
    }

    /// How much work the proofs have cost, in the bytes of [`Rendering::work`](crate::render::Rendering::work).
    pub fn work(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// True if and only if there is no work left for another proof.
    pub fn is_exhausted(&self) -> bool {
        self.work() >= self.most_work
    }

    /// Renders an app for a proof.
    fn rendered(&self, snapshot: &dyn Snapshot, app: &App) -> Rendered {
        let rendered = (self.render)(snapshot, app);
        self.renderings.fetch_add(1, Ordering::Relaxed);
        let work = RENDERING_WORK + rendered.rendering.work;
        self.work.fetch_add(work, Ordering::Relaxed);
        rendered
    }

    fn snapshot(&self, over: &BTreeMap<RepoPath, Arc<str>>) -> Overlay<'a> {
        let files = self.edited.iter().chain(over);
        Overlay::new(
            self.head,
            files.map(|(path, text)| (path.clone(), Some(text.as_bytes().to_vec()))),
        )
    }

    /// The text of a file of the head as it is now; `None` for what is no plain file of the repository.
    pub(super) fn text(&self, path: &RepoPath) -> Option<Arc<str>> {
        if let Some(text) = self.edited.get(path) {
            return Some(Arc::clone(text));
        }
        let is_own = mount_of(path).is_none();
        (is_own && self.head.entry(path)?.kind == EntryKind::File)
            .then(|| Tree::new(self.head).read_text(path).ok())
            .flatten()
    }

    /// The subject of this id.
    pub(super) fn subject(&self, app: &str) -> Option<usize> {
        self.subjects
            .iter()
            .position(|subject| subject.app.id == app)
    }

    /// True if and only if the findings of an app are known without further work.
    pub(super) fn knows(&self, index: usize) -> bool {
        self.now.get(index).is_some_and(|now| now.get().is_some())
    }

    /// An app as it is now, rendered and evaluated where that was not needed before.
    pub(super) fn now(&self, index: usize) -> Option<&Now<'a>> {
        let (subject, cell) = (self.subjects.get(index)?, self.now.get(index)?);
        Some(cell.get_or_init(|| {
            let rendered = if let Some(rendered) = subject.head {
                Cow::Borrowed(rendered)
            } else {
                Cow::Owned(self.rendered(&self.snapshot(&BTreeMap::new()), subject.app))
            };
            let resources = &rendered.rendering.resources;
            let base: &[Resource] = subject.base.map_or(&[], |base| &base.rendering.resources);
            let (mut findings, _) = policy::evaluate(
                &self.judges.all,
                &side(subject, 0, base, &[]),
                &side(subject, 1, resources, &[]),
            );
            findings.retain(|finding| finding.state != State::Resolved);
            Now { rendered, findings }
        }))
    }

    /// Where all lies that an app may read.
    fn reach(&self, index: usize) -> &[RepoPath] {
        let (Some(subject), Some(cell)) = (self.subjects.get(index), self.reach.get(index)) else {
            return &[];
        };
        cell.get_or_init(|| render::reach(&Cache::default(), self.head, subject.app))
    }

    /// The apps that may read one of the files.
    pub(super) fn readers<'p>(
        &self,
        paths: impl Iterator<Item = &'p RepoPath> + Clone,
    ) -> Vec<usize> {
        let reads = |index: usize, subject: &Subject<'_>, path: &RepoPath| {
            let known = self.now.get(index).and_then(OnceLock::get);
            let known = known
                .map(|now| &*now.rendered)
                .or(subject.head)
                .filter(|rendered| rendered.rendering.problems.is_empty());
            match known {
                Some(rendered) => rendered.inputs.files.contains_key(path),
                None => self.reach(index).iter().any(|top| path.is_within(top)),
            }
        };
        let all = self.subjects.iter().enumerate();
        all.filter(|(index, subject)| paths.clone().any(|path| reads(*index, subject, path)))
            .map(|(index, _)| index)
            .collect()
    }

    /// Shows that `candidate` is a fix of `finding`, or why it is not.
    pub(super) fn prove(
        &self,
        finding: &Finding,
        resource: &Resource,
        candidate: &Candidate,
    ) -> Result<Proof, Refusal> {
        let outcome = self.outcome(&candidate.edits)?;
        if let Some(refusal) = &outcome.broke {
            return Err(refusal.clone());
        }
        if !outcome.gone.contains(&finding.fingerprint) {
            return Err(Refusal::Remains);
        }
        if let Some(first) = outcome.appeared.first() {
            return Err(Refusal::Appeared(first.clone()));
        }
        let meant: Vec<Shape> = std::iter::once(&finding.path)
            .chain(&candidate.meant)
            .map(|path| Shape::of(resource, path))
            .collect();
        let stray = outcome
            .moves
            .iter()
            .find(|(_, shape)| !meant.iter().any(|meant| shape.is_within(meant)));
        if let Some((moved, _)) = stray {
            return Err(Refusal::Strayed(moved.clone()));
        }
        let mut moves: Vec<Moved> = outcome
            .moves
            .iter()
            .map(|(moved, _)| moved.clone())
            .collect();
        moves.sort();
        moves.dedup();
        Ok(Proof {
            resolves: outcome.gone.iter().copied().collect(),
            moves,
        })
    }

    /// Makes the edits a part of what later ones are tried on.
    pub(super) fn commit(&mut self, edits: &Edits) {
        let Some(over) = self.applied(edits) else {
            return;
        };
        let last = held(&self.last).take();
        let tried = match last.filter(|(files, _)| *files == named(&over)) {
            Some((_, tried)) => tried,
            None => self.try_all(&over),
        };
        self.edited.extend(over);
        for tried in tried {
            if let Some(cell) = self.now.get_mut(tried.subject) {
                *cell = OnceLock::from(Now {
                    rendered: Cow::Owned(tried.rendered),
                    findings: tried.findings,
                });
            }
        }
        held(&self.tried).clear();
    }

    fn applied(&self, edits: &Edits) -> Option<BTreeMap<RepoPath, Arc<str>>> {
        let new = |(path, edit): (&RepoPath, &crate::text::TextEdit)| {
            let text = self.text(path)?;
            Some((path.clone(), Arc::from(edit.apply(&text))))
        };
        edits.iter().map(new).collect()
    }

    /// What edits do, from memory where the same were tried before.
    fn outcome(&self, edits: &Edits) -> Result<Arc<Outcome>, Refusal> {
        let over = self.applied(edits).ok_or(Refusal::Unread)?;
        let files = named(&over);
        if let Some(outcome) = held(&self.tried).get(&files) {
            return Ok(Arc::clone(outcome));
        }
        if self.is_exhausted() {
            return Err(Refusal::Exhausted);
        }
        let mut all = self.try_all(&over);
        if all.is_empty() {
            return Err(Refusal::Unread);
        }
        let mut whole = Outcome::default();
        for tried in &mut all {
            let outcome = std::mem::take(&mut tried.outcome);
            whole.broke = whole.broke.or(outcome.broke);
            whole.gone.extend(outcome.gone);
            whole.appeared.extend(outcome.appeared);
            whole.moves.extend(outcome.moves);
        }
        let whole = Arc::new(whole);
        held(&self.tried).insert(files.clone(), Arc::clone(&whole));
        *held(&self.last) = Some((files, all));
        Ok(whole)
    }

    /// Renders and judges every app that reads one of the files.
    fn try_all(&self, over: &BTreeMap<RepoPath, Arc<str>>) -> Vec<Tried> {
        let snapshot = self.snapshot(over);
        let readers = self.readers(over.keys());
        let all: Vec<Option<Tried>> = readers
            .into_par_iter()
            .map(|index| self.try_one(index, &snapshot))
            .collect();
        all.into_iter().flatten().collect()
    }

    fn try_one(&self, index: usize, snapshot: &dyn Snapshot) -> Option<Tried> {
        let (subject, before) = (self.subjects.get(index)?, self.now(index)?);
        let rendered = self.rendered(snapshot, subject.app);
        let mut outcome = Outcome::default();
        let known = &before.rendered.rendering.problems;
        let mut findings = Vec::new();
        if let Some(problem) = rendered.rendering.problems.iter().find(|problem| {
            !known
                .iter()
                .any(|known| known.kind == problem.kind && known.message == problem.message)
        }) {
            outcome.broke = Some(Refusal::Broke(problem.message.clone()));
        } else {
            self.compare(subject, before, &rendered, &mut outcome, &mut findings);
        }
        Some(Tried {
            subject: index,
            rendered,
            findings,
            outcome,
        })
    }

    /// What moved in one app, and what the policy says about it.
    fn compare(
        &self,
        subject: &Subject<'_>,
        before: &Now<'_>,
        after: &Rendered,
        outcome: &mut Outcome,
        findings: &mut Vec<Finding>,
    ) {
        let mut touched: BTreeSet<&Identity> = BTreeSet::new();
        let (was, is) = (
            &before.rendered.rendering.resources,
            &after.rendering.resources,
        );
        for pair in change::pair(was, is) {
            if let (Some(old), Some(new)) = (pair.before, pair.after)
                && let (was, is) = (printed(&before.rendered, old), printed(after, new))
                && was != is
                && repeats_a_key(is)
                && !repeats_a_key(was)
            {
                let why = format!("{} would have a key twice", new.identity);
                outcome.broke = Some(Refusal::Broke(why));
            }
            if pair.pairing() == Pairing::Unchanged {
                continue;
            }
            touched.extend(pair.before.iter().chain(&pair.after).map(|r| &r.identity));
            let nothing = yaml::Value::default();
            let value = |resource: Option<&'_ Resource>| {
                resource.map_or_else(|| nothing.clone(), |r| r.value.clone())
            };
            let (old, new) = (value(pair.before), value(pair.after));
            for (whole, path) in moves::between(&old, &new) {
                let Some(resource) = pair.after.or(pair.before) else {
                    continue;
                };
                let moved = Moved {
                    app: subject.app.id.clone(),
                    resource: resource.identity.clone(),
                    field: name_path(whole, &path),
                };
                outcome.moves.push((moved, Shape::of(resource, &path)));
            }
        }
        let is_touched = |resource: &Resource| touched.contains(&resource.identity);
        let known = |finding: &Finding| touched.contains(&finding.resource);
        let Judges {
            all,
            around,
            around_ids,
        } = self.judges;
        let mut now = self.judge(all, subject, is, &is_touched, outcome);
        // Where nothing moved, nothing around anything did.
        let looks_around = !touched.is_empty() && !around_ids.is_empty();
        if looks_around {
            let is_other = |resource: &Resource| !is_touched(resource);
            now.extend(self.judge(around, subject, is, &is_other, outcome));
        }
        // That an object is gone from the base is not judged again: an edit of the head does not bring it back.
        let was_judged = |finding: &&Finding| {
            let is_around = looks_around && around_ids.contains(&finding.control);
            !finding.removed && (known(finding) || is_around)
        };
        let old: BTreeMap<Fingerprint, &Finding> = before
            .findings
            .iter()
            .filter(was_judged)
            .map(|finding| (finding.fingerprint, finding))
            .collect();
        findings.extend(
            before
                .findings
                .iter()
                .filter(|finding| !was_judged(finding))
                .cloned(),
        );
        let new: BTreeSet<Fingerprint> = now.iter().map(|finding| finding.fingerprint).collect();
        outcome
            .gone
            .extend(old.keys().filter(|print| !new.contains(print)));
        for finding in now {
            if !old.contains_key(&finding.fingerprint) {
                outcome.appeared.push(format!(
                    "{} in {}: {} {}",
                    finding.control, finding.app, finding.resource, finding.field
                ));
            }
            findings.push(finding);
        }
    }

    /// The findings of some objects of an app among all of them.
    fn judge(
        &self,
        policy: &Policy,
        subject: &Subject<'_>,
        resources: &[Resource],
        is_meant: &dyn Fn(&Resource) -> bool,
        outcome: &mut Outcome,
    ) -> Vec<Finding> {
        let (meant, others): (Vec<&Resource>, Vec<&Resource>) =
            resources.iter().partition(|r| is_meant(r));
        if meant.is_empty() {
            return Vec::new();
        }
        let work = JUDGING_WORK * meant.len() as u64;
        self.work.fetch_add(work, Ordering::Relaxed);
        let base: &[Resource] = subject.base.map_or(&[], |base| &base.rendering.resources);
        let mut was_meant = Vec::new();
        let mut was_other = Vec::new();
        for pair in change::pair(base, resources) {
            match (pair.before, pair.after) {
                (Some(before), Some(after)) if is_meant(after) => was_meant.push(before.clone()),
                (Some(before), _) => was_other.push(before),
                _ => {}
            }
        }
        let meant: Vec<Resource> = meant.into_iter().cloned().collect();
        let (mut findings, problems) = policy::evaluate(
            policy,
            &side(subject, 0, &was_meant, &was_other),
            &side(subject, 1, &meant, &others),
        );
        if let Some(problem) = problems.first() {
            outcome.broke = Some(Refusal::Broke(problem.message.clone()));
        }
        findings.retain(|finding| finding.state != State::Resolved && !finding.removed);
        findings
    }
}

/// A proof that panicked leaves nothing half done.
fn held<T>(cell: &Mutex<T>) -> MutexGuard<'_, T> {
    cell.lock().unwrap_or_else(PoisonError::into_inner)
}

fn named(files: &BTreeMap<RepoPath, Arc<str>>) -> Files {
    let files = files.iter();
    files
        .map(|(path, text)| (path.clone(), ContentId::of(text.as_bytes())))
        .collect()
}

fn printed<'r>(rendered: &'r Rendered, resource: &Resource) -> &'r str {
    resource.span.of(rendered.rendering.output.as_str())
}

/// True if and only if a map in the text has a key twice. Helm lets the last one win, and the API server may refuse it.
fn repeats_a_key(text: &str) -> bool {
    yaml::parse(text).documents.iter().any(|document| {
        let strict = document.value(Dialect::Kustomize, &mut |_| Origin::NONE);
        let lenient = document.value(Dialect::Helm, &mut |_| Origin::NONE);
        strict.is_err() && lenient.is_ok()
    })
}

fn side<'s>(
    subject: &'s Subject<'_>,
    which: usize,
    resources: &'s [Resource],
    others: &'s [&'s Resource],
) -> policy::Side<'s> {
    policy::Side {
        environment: subject.app.environment.as_deref(),
        namespace: subject.namespaces.get(which).map_or("", String::as_str),
        others,
        ..policy::Side::new(&subject.app.id, resources)
    }
}
