//! Which waivers are in force, which findings each of them covers, and what is wrong with them.
//!
//! A waiver that the change under review brings is only proposed where base governs: it does not silence a finding
//! before it is merged. Of a comment that means more than its text: neither the comment nor the line it is about may
//! be written by the change, or a waiver could be carried to another line.

mod known;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compare::{Compared, Comparison, Request};
use super::texts::TextLoader;
use super::touched::TouchedLines;
use crate::cause::Touched;
use crate::config::{self, baseline};
use crate::finding::{Severity, State};
use crate::origin::Origins;
use crate::render::Rendered;
use crate::report::{self, AppState, Location, Told, Trouble, WaiverSource, Which};
use crate::resource::Identity;
use crate::snapshot::{Tree, mount_of};
use crate::text::{LineIndex, RepoPath, Span};
use crate::waiver::{self, Comment, Date, Fault, Terms, Wrong};

use known::{Covered, Known, Scope};
use places::Places;

/// Whose waivers count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InForce {
    /// Those of base: what the change brings is proposed.
    #[default]
    OfBase,
    /// Those of head, too, as on a person's own machine.
    OfHead,
}

/// How waivers are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiving {
    /// Whose count.
    pub in_force: InForce,
    /// The day on which the check is made; without it no waiver expires.
    pub today: Option<Date>,
}

/// All waivers that a check meets.
pub(super) struct Waivers<'a> {
    request: &'a Request<'a>,
    comparison: &'a Comparison,
    touched: &'a TouchedLines,
    known: Vec<Known>,
    /// The comments of each file, by their place in `known`.
    by_file: BTreeMap<RepoPath, Vec<usize>>,
    /// The annotations of each object of an app.
    by_object: BTreeMap<(String, Identity), Vec<usize>>,
    /// The configuration's entries, and then the baseline's by fingerprint.
    entries: Vec<usize>,
    by_fingerprint: BTreeMap<String, Vec<usize>>,
}

impl<'a> Waivers<'a> {
    /// The waivers of the configuration and the baseline; those of files and objects come with their apps.
    pub(super) fn new(
        request: &'a Request<'a>,
        comparison: &'a Comparison,
        touched: &'a TouchedLines,
        texts: &mut TextLoader<'_>,
    ) -> (Self, Vec<Trouble>) {
        let mut waivers = Self {
            request,
            comparison,
            touched,
            known: Vec::new(),
            by_file: BTreeMap::new(),
            by_object: BTreeMap::new(),
            entries: Vec::new(),
            by_fingerprint: BTreeMap::new(),
        };
        waivers.read_configuration(texts);
        let troubles = waivers.read_baseline(texts);
        (waivers, troubles)
    }

    fn base_governs(&self) -> bool {
        self.request.target.is_some() || !self.request.base.entries().is_empty()
    }

    fn read_configuration(&mut self, texts: &mut TextLoader<'_>) {
        let governing = &self.comparison.config;
        let proposed = self.comparison.proposed.as_ref();
        let same = |a: &config::Waiver, b: &config::Waiver| {
            let bare = |waiver: &config::Waiver| config::Waiver {
                span: Span::at(0),
                ..waiver.clone()
            };
            bare(a) == bare(b)
        };
        let of_head = self.request.waivers.in_force == InForce::OfHead;
        let mut found = Vec::new();
        for entry in &governing.waivers {
            let Some(proposed) = proposed else {
                found.push((entry, governing.source.as_ref(), Which::Head, true));
                continue;
            };
            match proposed.waivers.iter().find(|other| same(other, entry)) {
                Some(kept) => found.push((kept, proposed.source.as_ref(), Which::Head, true)),
                None if of_head => {}
                None => found.push((entry, governing.source.as_ref(), Which::Base, true)),
            }
        }
        for entry in proposed.iter().flat_map(|config| &config.waivers) {
            if !governing.waivers.iter().any(|other| same(other, entry)) {
                let source = proposed.and_then(|config| config.source.as_ref());
                found.push((entry, source, Which::Head, false));
            }
        }
        for (entry, source, side, in_base) in found {
            let (until, fault) = match entry.until.as_deref().map(str::parse) {
                Some(Ok(day)) => (Some(day), None),
                Some(Err(error)) => (None, Some(Fault::Malformed(format!("{error}")))),
                None => (None, None),
            };
            let terms = Terms {
                controls: vec![entry.control.clone()],
                path: None,
                until,
                owner: entry.owner.clone(),
                reason: entry.reason.clone(),
                fault,
            };
            let unseen = self.comparison.apps.iter().any(|app| {
                app.state == AppState::Unchanged
                    && entry
                        .app
                        .as_ref()
                        .is_none_or(|glob| RepoPath::new(&app.id).is_ok_and(|id| glob.covers(&id)))
            });
            let location = source.and_then(|path| texts.at(side, path, entry.span, None));
            let index = self.push(
                WaiverSource::Configuration,
                terms,
                Scope::Entry(entry.clone()),
                location,
                in_base,
                unseen,
            );
            self.entries.push(index);
        }
    }

    fn read_baseline(&mut self, texts: &mut TextLoader<'_>) -> Vec<Trouble> {
        let Some(path) = self
            .comparison
            .config
            .baseline
            .as_ref()
            .map(|path| path.value.clone())
            .or_else(|| RepoPath::new(baseline::PATH).ok())
        else {
            return Vec::new();
        };
        let (of_base, mut troubles) = if self.base_governs() {
            self.baseline_of(Which::Base, &path)
        } else {
            (Vec::new(), Vec::new())
        };
        let (of_head, wrong) = self.baseline_of(Which::Head, &path);
        troubles.extend(wrong);
        let before: BTreeSet<&str> = of_base.iter().map(|e| e.fingerprint.as_str()).collect();
        let after: BTreeSet<&str> = of_head.iter().map(|e| e.fingerprint.as_str()).collect();
        let governs = |entry: &&baseline::Entry| {
            self.request.waivers.in_force == InForce::OfBase
                && !after.contains(entry.fingerprint.as_str())
        };
        let found: Vec<(Which, baseline::Entry, bool)> = of_base
            .iter()
            .filter(governs)
            .map(|entry| (Which::Base, entry.clone(), true))
            .chain(of_head.iter().map(|entry| {
                let in_base = !self.base_governs() || before.contains(entry.fingerprint.as_str());
                (Which::Head, entry.clone(), in_base)
            }))
            .collect();
        for (side, entry, in_base) in found {
            let app = self.comparison.apps.iter().find(|app| app.id == entry.app);
            let unseen = app.is_some_and(|app| app.state == AppState::Unchanged);
            let terms = Terms {
                controls: vec![entry.control.clone()],
                path: None,
                until: None,
                owner: None,
                reason: String::new(),
                fault: None,
            };
            let location = texts.at(side, &path, entry.span, None);
            let scope = Scope::Fingerprint(entry.fingerprint.clone());
            let index = self.push(
                WaiverSource::Baseline,
                terms,
                scope,
                location,
                in_base,
                unseen,
            );
            self.by_fingerprint
                .entry(entry.fingerprint)
                .or_default()
                .push(index);
        }
        troubles
    }

    fn baseline_of(&self, side: Which, path: &RepoPath) -> (Vec<baseline::Entry>, Vec<Trouble>) {
        let snapshot = match side {
            Which::Base => self.request.governing(),
            Which::Head => self.request.head,
        };
        let (entries, problems) = baseline::load(&Tree::new(snapshot), path);
        let troubles = problems
            .into_iter()
            .map(|problem| Trouble {
                side,
                app: None,
                problem,
            })
            .collect();
        (entries, troubles)
    }

    fn push(
        &mut self,
        source: WaiverSource,
        terms: Terms,
        scope: Scope,
        location: Option<Location>,
        in_base: bool,
        unseen: bool,
    ) -> usize {
        let fault = match source {
            // What was there before Plimsoll needs no reason; it is there to become less.
            WaiverSource::Baseline => None,
            _ => waiver::fault(
                &terms,
                self.comparison.config.waiver_rules,
                self.request.waivers.today,
            ),
        };
        self.known.push(Known {
            source,
            terms,
            scope,
            location,
            in_base,
            fault,
            covered: Covered::Nothing,
            unseen,
        });
        self.known.len() - 1
    }

    /// Reads the waivers in the files and objects of an app that is evaluated.
    pub(super) fn enter(&mut self, app: &Compared, texts: &mut TextLoader<'_>) {
        let Some(head) = &app.head else { return };
        for (_, file) in head.origins.files() {
            // What somebody elsewhere wrote accepts nothing here: a new version of it may say anything.
            if mount_of(&file.path).is_none() && !self.by_file.contains_key(&file.path) {
                let found = self.comments(app, &head.origins, &file.path, &file.text, texts);
                self.by_file.insert(file.path.clone(), found);
            }
        }
        for resource in &head.rendering.resources {
            let annotations = resource
                .value
                .get("metadata")
                .and_then(|m| m.get("annotations"));
            for entry in annotations
                .and_then(|a| a.as_mapping())
                .into_iter()
                .flatten()
            {
                let named = entry.key.strip_prefix(waiver::ANNOTATION);
                let (Some(rest), Some(text)) = (named, entry.value.as_str()) else {
                    continue;
                };
                if !rest.is_empty() && !rest.starts_with('.') {
                    continue;
                }
                let lasting = resource.lasting_identity();
                let before = app.base.iter().flat_map(|base| &base.rendering.resources);
                let in_base = !self.base_governs()
                    || before
                        .filter(|other| other.lasting_identity() == lasting)
                        .filter_map(|other| {
                            other
                                .value
                                .get("metadata")?
                                .get("annotations")?
                                .get(&entry.key)?
                                .as_str()
                        })
                        .any(|other| other == text);
                let trace = head.origins.trace(entry.value.origin);
                let file = trace.data.first().map(|s| &head.origins.file(s.file).path);
                let in_base = in_base && file.is_none_or(|file| self.target_holds(file, text));
                let location = trace.data.first().and_then(|source| {
                    let path = &head.origins.file(source.file).path;
                    texts.at(Which::Head, path, source.span, Some(&head.origins))
                });
                let scope = Scope::Object {
                    app: app.id.clone(),
                    resource: resource.identity.clone(),
                };
                let index = self.push(
                    WaiverSource::Annotation,
                    Terms::parse(text),
                    scope,
                    location,
                    in_base,
                    false,
                );
                let key = (app.id.clone(), resource.identity.clone());
                self.by_object.entry(key).or_default().push(index);
            }
        }
    }

    fn comments(
        &mut self,
        app: &Compared,
        origins: &Origins,
        path: &RepoPath,
        text: &Arc<str>,
        texts: &mut TextLoader<'_>,
    ) -> Vec<usize> {
        let found = waiver::comments(text);
        if found.is_empty() {
            return Vec::new();
        }
        let before = self.text_of_base(app, path);
        let index = LineIndex::new(text);
        let unseen = self.may_be_read_unseen(path);
        let comments = found.into_iter().map(|comment| {
            let about = index.line(comment.line).of(text).trim_end().to_owned();
            let is_of_base = before
                .as_ref()
                .is_some_and(|before| self.is_of_base(path, text, before, &comment, &index));
            let in_base =
                !self.base_governs() || (is_of_base && self.is_of_target(path, &comment, &about));
            let location = texts.at(Which::Head, path, comment.span, Some(origins));
            let scope = Scope::Line {
                file: path.clone(),
                line: comment.line,
                text: about,
            };
            (comment.terms, scope, location, in_base)
        });
        let comments: Vec<_> = comments.collect();
        comments
            .into_iter()
            .map(|(terms, scope, location, in_base)| {
                self.push(
                    WaiverSource::Comment,
                    terms,
                    scope,
                    location,
                    in_base,
                    unseen,
                )
            })
            .collect()
    }

    /// The text at `path` in base, also of a file inside a packed chart.
    fn text_of_base(&self, app: &Compared, path: &RepoPath) -> Option<Arc<str>> {
        let moved = self
            .comparison
            .changes
            .iter()
            .find(|change| change.path == *path);
        let was = moved
            .and_then(|change| change.moved_from.as_ref())
            .unwrap_or(path);
        Tree::new(self.request.base)
            .read_text(was)
            .ok()
            .or_else(|| {
                let base = app.base.as_ref()?;
                let (_, file) = base.origins.files().find(|(_, file)| file.path == *was)?;
                Some(Arc::clone(&file.text))
            })
    }

    /// True if and only if the change wrote neither the comment nor the line that it is about.
    fn is_of_base(
        &self,
        path: &RepoPath,
        text: &str,
        before: &str,
        comment: &Comment,
        index: &LineIndex,
    ) -> bool {
        let tree = Tree::new(self.request.head);
        let real = tree.real(path).unwrap_or_else(|_| path.clone());
        if self.request.head.entry(&real).is_none() {
            // A file in an archive has no lines that a change could have touched or not.
            return text == before;
        }
        let line = index.line(comment.line);
        if self.touched.touches(&real, comment.span) || self.touched.touches(&real, line) {
            return false;
        }
        let old = LineIndex::new(before);
        waiver::comments(before).iter().any(|other| {
            other.terms == comment.terms
                && old.line(other.line).of(before).trim_end() == line.of(text).trim_end()
        })
    }

    /// False where the target has another tip than base, and that holds the comment no more.
    fn is_of_target(&self, path: &RepoPath, comment: &Comment, about: &str) -> bool {
        let Some(target) = self.request.target else {
            return true;
        };
        let Ok(text) = Tree::new(target).read_text(path) else {
            return false;
        };
        let index = LineIndex::new(&text);
        waiver::comments(&text).iter().any(|other| {
            other.terms == comment.terms && index.line(other.line).of(&text).trim_end() == about
        })
    }

    /// False where the target has another tip than base, and its file holds this text no more.
    fn target_holds(&self, path: &RepoPath, words: &str) -> bool {
        let Some(target) = self.request.target else {
            return true;
        };
        let text = Tree::new(target).read_text(path);
        text.is_ok_and(|text| text.contains(words))
    }

    /// True if and only if an app that is not evaluated may read the file.
    fn may_be_read_unseen(&self, path: &RepoPath) -> bool {
        self.comparison
            .apps
            .iter()
            .filter(|app| app.state == AppState::Unchanged)
            .any(|app| match &app.base {
                Some(rendered) => rendered.inputs.files.contains_key(path),
                None => app.reads.iter().any(|read| path.is_within(read)),
            })
    }

    /// Gives a finding its waiver, and keeps it from blocking where that is in force.
    pub(super) fn cover(&mut self, told: &mut Told, rendered: Option<&Rendered>) {
        let places = Places::of(&told.finding, told, rendered, &self.by_file);
        let mut found: Vec<usize> = Vec::new();
        let object = (told.finding.app.clone(), told.finding.resource.clone());
        let fingerprint = told.finding.fingerprint.to_string();
        let candidates = places
            .files
            .iter()
            .filter_map(|file| self.by_file.get(file))
            .chain(self.by_object.get(&object))
            .chain([&self.entries])
            .chain(self.by_fingerprint.get(&fingerprint))
            .flatten();
        for &index in candidates {
            if self
                .known
                .get(index)
                .is_some_and(|known| known.covers(told, &places))
                && !found.contains(&index)
            {
                found.push(index);
            }
        }
        let resolved = told.finding.state == State::Resolved;
        for &index in &found {
            if let Some(known) = self.known.get_mut(index) {
                known.covered = known.covered.max(if resolved {
                    Covered::Resolved
                } else {
                    Covered::Standing
                });
            }
        }
        if resolved {
            return;
        }
        let counts = |known: &Known| self.counts(known);
        let best = found
            .iter()
            .filter_map(|&index| self.known.get(index))
            .filter(|known| known.fault.is_none())
            .min_by_key(|known| (!counts(known), known.source));
        if let Some(known) = best {
            let in_force = counts(known);
            told.waiver = Some(report::Waiver {
                source: known.source,
                reason: known.terms.reason.clone(),
                owner: known.terms.owner.clone(),
                until: known.terms.until.map(|day| day.to_string()),
                added: !known.in_base,
                proposed: !in_force,
                location: known.location.clone(),
            });
            told.blocks &= !in_force;
        }
    }

    fn counts(&self, known: &Known) -> bool {
        known.in_base
            || self.request.waivers.in_force == InForce::OfHead
            || self.comparison.config.waiver_rules.allow_in_change
    }

    /// What is wrong with the waivers. Where something could not be seen, nothing is said to cover nothing.
    pub(super) fn findings(self, blind: bool, fail_on: Option<Severity>) -> Vec<Told> {
        let mut found = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for known in &self.known {
            let controls = known.terms.controls.join(", ");
            let idle = known.covered != Covered::Standing && !known.unseen && !blind;
            let too_wide = matches!(&known.scope, Scope::Entry(entry)
                if entry.resource.is_none() && entry.path.is_none() && entry.files.is_empty());
            let (wrong, message) = match &known.fault {
                Some((wrong, message)) => (*wrong, message.clone()),
                None if idle && known.source == WaiverSource::Baseline => (
                    Wrong::Gone,
                    format!("this finding of {controls} is no longer there"),
                ),
                None if idle => (
                    Wrong::Unused,
                    format!("this waiver of {controls} covers no finding"),
                ),
                None if too_wide => (
                    Wrong::TooWide,
                    format!("this waiver of {controls} covers every object of every app it names"),
                ),
                None => continue,
            };
            // Where there is nothing to compare with, everything is new.
            let was_there = self.base_governs()
                && known.in_base
                && !(matches!(wrong, Wrong::Unused | Wrong::Gone)
                    && known.covered == Covered::Resolved);
            found.push(known.told(wrong, message, was_there, fail_on, &mut seen));
        }
        found
    }
}
