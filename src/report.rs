//! What a check tells, as a value; its formats are the modules below, one file each.
//!
//! Everything here is already decided: which findings there are, where they are, what blocks. A format only lays out.
//! The texts that excerpts are cut from travel with the report, with the spans that must not be shown.

pub mod annotations;
mod edits;
mod excerpt;
pub mod html;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod summary;
pub mod text;

use edits::moved;
pub use edits::{FileEdit, file_edits};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::change::{Pairing, Row};
use crate::finding::{Finding, Severity, State};
use crate::fix::{Edits, Remedy};
use crate::problem::Problem;
use crate::text::{LineIndex, Position, RepoPath, Span};

/// One of the two snapshots that were compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What it is (`main at 1a2b3c4`, `the work tree`).
    pub label: String,
    /// How many files it holds.
    pub files: usize,
    /// How many apps it holds.
    pub apps: usize,
}

/// Which of the two sides a text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// Before the change.
    Base,
    /// After the change.
    Head,
}

/// What the change does to an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    /// It is only in head.
    Added,
    /// It is only in base.
    Removed,
    /// One of its inputs differs.
    Changed,
    /// Nothing that it reads differs; it was not evaluated again.
    Unchanged,
}

impl AppState {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One app of the comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppLine {
    /// Its id.
    pub id: String,
    /// Its environment, where it has one.
    pub environment: Option<String>,
    /// What the change does to it.
    pub state: AppState,
    /// How many objects it renders to in head (in base, where it was removed); unknown where it did not need rendering.
    pub resources: Option<usize>,
    /// How many of them the change adds, removes or alters.
    pub changed_resources: usize,
}

/// A place in a file, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Which snapshot holds the file.
    pub side: Which,
    /// The file.
    pub path: RepoPath,
    /// The bytes.
    pub span: Span,
    /// Where they begin.
    pub start: Position,
    /// Where they end.
    pub end: Position,
    /// What the place contributed (`values`, `template`, `patch`, …); empty where that is not the point.
    pub role: &'static str,
    /// True if and only if a later layer replaced what is written here.
    pub replaced: bool,
}

impl Location {
    /// How a value came by this place on its way, as the beginning of a sentence.
    pub fn way(&self) -> &'static str {
        if self.replaced {
            "instead of"
        } else {
            "by way of"
        }
    }

    /// The file and the line, for people.
    pub fn line(&self) -> String {
        let before = match self.side {
            Which::Head => "",
            Which::Base => " (before)",
        };
        format!("{}{before}:{}", self.path, self.start.line)
    }
}

/// Another object that the change touched, without which a finding would not be new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The object.
    pub resource: String,
    /// True if and only if the change removes it.
    pub removed: bool,
    /// Where it is written.
    pub location: Option<Location>,
    /// The control that is about what the change does to this object, where one found something there.
    pub told_by: Option<String>,
}

impl Reason {
    /// It as a clause, `named` as a format shows names.
    fn clause(&self, named: impl Fn(&str) -> String) -> String {
        let what = if self.removed { "removes" } else { "changes" };
        let mut clause = format!("the change {what} {}", named(&self.resource));
        if let Some(control) = &self.told_by {
            clause.push_str(&format!(", which {} is about", named(control)));
        }
        clause
    }
}

/// Where a waiver is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WaiverSource {
    /// A comment at the source line.
    Comment,
    /// An annotation of the object.
    Annotation,
    /// An entry of the configuration.
    Configuration,
    /// The baseline of existing debt.
    Baseline,
}

impl WaiverSource {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Annotation => "annotation",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }
}

/// A decision to accept a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Where it is written.
    pub source: WaiverSource,
    /// Why, in the words of whoever decided; may be empty.
    pub reason: String,
    /// Who answers for it, where it says so.
    pub owner: Option<String>,
    /// The last day on which it counts, as `YYYY-MM-DD`.
    pub until: Option<String>,
    /// True if and only if the change under review brings it.
    pub added: bool,
    /// True if and only if it does not silence the finding yet, because the change brings it and base governs.
    pub proposed: bool,
    /// The place where it is written.
    pub location: Option<Location>,
}

impl Waiver {
    /// It in a sentence, for people.
    pub fn sentence(&self) -> String {
        let what = if self.proposed {
            "a waiver is proposed, and does not count before it is merged"
        } else if self.added {
            "waived, by a waiver that this change brings"
        } else {
            "waived"
        };
        let source = self.source.name();
        let mut sentence = match &self.location {
            Some(at) => format!("{what} ({source} at {}:{})", at.path, at.start.line),
            None => format!("{what} ({source})"),
        };
        if let Some(owner) = &self.owner {
            sentence.push_str(&format!(", owner {owner}"));
        }
        if let Some(until) = &self.until {
            sentence.push_str(&format!(", until {until}"));
        }
        if !self.reason.is_empty() {
            sentence.push_str(&format!(": {}", self.reason));
        }
        sentence
    }
}

/// A finding with its place.
#[derive(Debug, Clone)]
pub struct Told {
    /// The name of the control.
    pub name: String,
    /// What was found.
    pub finding: Finding,
    /// The line that made it; `None` only where no file can be named.
    pub location: Option<Location>,
    /// Other places the value came through, nearest first.
    pub history: Vec<Location>,
    /// Which other objects made it new.
    pub reasons: Vec<Reason>,
    /// A sentence on what to do.
    pub help: Option<String>,
    /// What remedies it: an index into the remedies of the report. Several findings may share one.
    pub remedy: Option<usize>,
    /// Who accepted it, and why; a waived finding does not block unless the waiver is only proposed.
    pub waiver: Option<Waiver>,
    /// True if and only if it makes the check fail.
    pub blocks: bool,
}

impl Told {
    /// The app, the object and the field, for people.
    pub fn object(&self) -> String {
        let finding = &self.finding;
        let line = format!("{}: {} {}", finding.app, finding.resource, finding.field);
        line.trim_end().to_owned()
    }
}

/// What a reader gets to know about a control that found something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its permanent id.
    pub id: String,
    /// Its name, in kebab case.
    pub name: String,
    /// One line: what should hold.
    pub title: String,
    /// Why it should.
    pub description: String,
    /// How bad a violation is, unless the configuration says otherwise.
    pub severity: Severity,
    /// Its page, as Markdown; empty for one without.
    pub page: Arc<str>,
    /// The requirements of frameworks that it supports (`hipaa 164.312(a)(1)`).
    pub supports: Vec<String>,
}

/// How a check ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing blocks, and everything could be seen.
    Clean,
    /// At least one finding blocks.
    Findings,
    /// Something could not be rendered, read or compared, whatever else was found.
    Incomplete,
}

impl Conclusion {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Incomplete => "incomplete",
        }
    }

    /// The exit code of the command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
        }
    }
}

/// A problem, and the side on which it was met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// Which side; head where both have it.
    pub side: Which,
    /// The app whose rendering met it, where it was one.
    pub app: Option<String>,
    /// What.
    pub problem: Problem,
}

/// A source text, with the spans that must not be shown.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The whole text.
    pub text: Arc<str>,
    /// Secrets in it, sorted.
    pub secrets: Vec<Span>,
}

/// What a change does to the objects of one app, Secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppDiff {
    /// The app.
    pub app: String,
    /// The objects that differ, those of head in its order, then the removed ones.
    pub objects: Vec<ObjectDiff>,
    /// How many more there are, which were too many to be laid out.
    pub left_out: usize,
}

/// What a change does to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDiff {
    /// The object.
    pub resource: String,
    /// Added, removed or changed.
    pub pairing: Pairing,
    /// All its lines, base beside head.
    pub rows: Vec<Row>,
    /// True if and only if time ran out, so that more lines are shown as changed than had to be.
    pub coarse: bool,
    /// The findings in it: the row, and the place in the findings of the report; sorted.
    pub findings: Vec<(usize, usize)>,
}

/// The texts that locations refer to.
pub type Texts = BTreeMap<(Which, RepoPath), SourceText>;

/// The outcome of a check.
#[derive(Debug, Clone)]
pub struct Report {
    /// Before the change.
    pub base: Side,
    /// After the change.
    pub head: Side,
    /// How many files differ.
    pub changed_files: usize,
    /// What the reader should know about how the sides were chosen.
    pub notes: Vec<String>,
    /// Every app of either side, by id.
    pub apps: Vec<AppLine>,
    /// Every finding of the apps the change touches, the most severe new ones first.
    pub findings: Vec<Told>,
    /// The controls behind the findings, by id.
    pub rules: Vec<Rule>,
    /// What can be offered for the findings.
    pub remedies: Vec<Remedy>,
    /// What the change does to the rendered objects; empty unless it was asked for.
    pub rendered: Vec<AppDiff>,
    /// Everything that could not be done.
    pub problems: Vec<Trouble>,
    /// The lowest severity of a new finding that blocks; `None` where none does.
    pub fail_on: Option<Severity>,
    /// How it ends.
    pub conclusion: Conclusion,
    /// The texts that locations refer to.
    pub texts: Texts,
}

/// Findings with one cause: they say the same of the same place, in one app or in several, and are told once.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The finding that speaks for all of them: the first one of the report.
    pub first: &'a Told,
    /// All of them, `first` among them, in the order of the report.
    pub findings: Vec<&'a Told>,
    /// The apps they appear in, each once, by id; each knows its environment.
    pub apps: Vec<&'a AppLine>,
}

impl Group<'_> {
    /// One word for what it means to the reader: `blocks`, `new`, `waived`, `existing` or `resolved`.
    pub fn standing(&self) -> &'static str {
        let told = self.first;
        match (told.finding.state, &told.waiver) {
            (State::Resolved, _) => "resolved",
            (_, Some(waiver)) if !waiver.proposed => "waived",
            (State::Existing, _) => "existing",
            (State::New, _) if told.blocks => "blocks",
            (State::New, _) => "new",
        }
    }
}

impl Report {
    /// The findings by cause, in the order of the report.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut known = BTreeMap::new();
        for told in &self.findings {
            let key = (
                told.finding.state,
                &told.finding.control,
                &told.location,
                &told.finding.message,
                told.blocks,
                told.waiver
                    .as_ref()
                    .map(|waiver| (waiver.source, waiver.proposed)),
            );
            let index = *known.entry(key).or_insert_with(|| {
                groups.push(Group {
                    first: told,
                    findings: Vec::new(),
                    apps: Vec::new(),
                });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(index) {
                group.findings.push(told);
            }
        }
        for group in &mut groups {
            let ids: BTreeSet<&str> = group
                .findings
                .iter()
                .map(|told| told.finding.app.as_str())
                .collect();
            let is_in = |app: &&AppLine| ids.contains(app.id.as_str());
            group.apps = self.apps.iter().filter(is_in).collect();
        }
        groups
    }

    /// The place in [`groups`](Self::groups) of the group that each finding is in.
    fn group_of_findings(&self) -> Vec<usize> {
        let mut of = vec![usize::MAX; self.findings.len()];
        let position: BTreeMap<*const Told, usize> = self
            .findings
            .iter()
            .enumerate()
            .map(|(index, told)| (std::ptr::from_ref(told), index))
            .collect();
        for (group, members) in self.groups().iter().enumerate() {
            for told in &members.findings {
                let index = position.get(&std::ptr::from_ref(*told));
                if let Some(slot) = index.and_then(|&index| of.get_mut(index)) {
                    *slot = group;
                }
            }
        }
        of
    }

    /// The replacements that `edits` make in one file of head, as places for programs; `None` where its text is not
    /// known, or where a replacement would show a secret of the file.
    fn regions<'a>(&self, path: &RepoPath, edits: &'a Edits) -> Option<Vec<Region<'a>>> {
        let source = self.texts.get(&(Which::Head, path.clone()))?;
        let index = LineIndex::new(&source.text);
        let shows = |text: &str| {
            source.secrets.iter().any(|secret| {
                let secret = secret.of(&source.text);
                secret.chars().count() > 3 && text.contains(secret)
            })
        };
        let edits = edits.get(path)?.edits();
        edits
            .iter()
            .map(|edit| {
                (!shows(&edit.text)).then(|| Region {
                    start: index.position(&source.text, edit.span.start),
                    end: index.position(&source.text, edit.span.end),
                    text: &edit.text,
                })
            })
            .collect()
    }

    /// The fix or draft that is offered for a finding.
    pub fn remedy(&self, told: &Told) -> Option<&Remedy> {
        self.remedies.get(told.remedy?)
    }

    /// How many findings block.
    pub fn blocking(&self) -> usize {
        self.findings.iter().filter(|told| told.blocks).count()
    }

    /// How many findings a waiver silences.
    pub fn waived(&self) -> usize {
        let waived = |told: &&Told| told.waiver.as_ref().is_some_and(|waiver| !waiver.proposed);
        self.findings.iter().filter(waived).count()
    }

    /// How many findings are in `state`.
    pub fn count(&self, state: State) -> usize {
        self.findings
            .iter()
            .filter(|told| told.finding.state == state)
            .count()
    }
}

/// A replacement in a file.
struct Region<'a> {
    start: Position,
    end: Position,
    text: &'a str,
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The rows that differ, those for which `also` is true, and `around` more on each side of each; sorted.
fn near_changes(rows: &[Row], around: usize, also: &dyn Fn(usize) -> bool) -> Vec<usize> {
    let mut shown = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if row.is_same() && !also(index) {
            continue;
        }
        let next = shown.last().map_or(0, |last| last + 1);
        let first = index.saturating_sub(around).max(next);
        // To say that a line or two are left out takes as much room as they do.
        let first = if first <= next + 2 { next } else { first };
        shown.extend(first..(index + around + 1).min(rows.len()));
    }
    shown
}

/// Line and column of the first and after the last byte of a span, where the text is known.
fn positions(
    texts: &Texts,
    side: Which,
    path: &RepoPath,
    span: Span,
) -> Option<(Position, Position)> {
    let source = texts.get(&(side, path.clone()))?;
    let index = LineIndex::new(&source.text);
    Some((
        index.position(&source.text, span.start),
        index.position(&source.text, span.end),
    ))
}

#[cfg(test)]
mod tests;
