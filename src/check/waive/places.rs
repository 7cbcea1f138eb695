//! The source lines that a finding came from, in the files that hold waivers.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, State};
use crate::render::Rendered;
use crate::report::Told;
use crate::text::{LineIndex, RepoPath};

/// The lines that a finding came from.
pub(super) struct Places<'a> {
    /// Files that hold waivers.
    pub(super) files: BTreeSet<RepoPath>,
    /// First and last line of each place in them.
    pub(super) lines: Vec<(RepoPath, u32, u32)>,
    /// The texts of these lines.
    pub(super) texts: BTreeSet<(RepoPath, String)>,
    /// Every file that a reader is shown.
    pub(super) of_reader: Vec<&'a RepoPath>,
}

impl<'a> Places<'a> {
    /// Whatever the value or its key came from, data and control, now and earlier, and what the reader is shown.
    pub(super) fn of(
        finding: &Finding,
        told: &'a Told,
        rendered: Option<&'a Rendered>,
        with_waivers: &BTreeMap<RepoPath, Vec<usize>>,
    ) -> Self {
        let shown = || told.location.iter().chain(&told.history);
        let mut places = Self {
            files: BTreeSet::new(),
            lines: Vec::new(),
            texts: BTreeSet::new(),
            of_reader: shown().map(|location| &location.path).collect(),
        };
        let has_waivers =
            |path: &RepoPath| with_waivers.get(path).is_some_and(|all| !all.is_empty());
        for location in shown().filter(|location| has_waivers(&location.path)) {
            places.files.insert(location.path.clone());
            places.lines.push((
                location.path.clone(),
                location.start.line,
                location.end.line,
            ));
        }
        let Some(rendered) = rendered else {
            return places;
        };
        let origins = &rendered.origins;
        let anchor = &finding.anchor;
        let is_whole = anchor.depth == finding.path.steps().len();
        let is_scalar = is_whole && anchor.shown == anchor.value;
        let mut indexes: BTreeMap<&RepoPath, LineIndex> = BTreeMap::new();
        for origin in [anchor.shown, anchor.key]
            .into_iter()
            .chain(is_scalar.then_some(anchor.value))
        {
            let trace = origins.trace(origin);
            let all = trace
                .data
                .iter()
                .chain(&trace.control)
                .chain(trace.history.iter().flatten());
            for source in all {
                let file = origins.file(source.file);
                if !has_waivers(&file.path) {
                    continue;
                }
                let index = indexes
                    .entry(&file.path)
                    .or_insert_with(|| LineIndex::new(&file.text));
                let line = |offset| index.position(&file.text, offset).line;
                let first = line(source.span.start);
                let last = line(source.span.end.saturating_sub(1).max(source.span.start));
                places.files.insert(file.path.clone());
                places.lines.push((file.path.clone(), first, last));
                if finding.state == State::Resolved {
                    for number in first..=last {
                        let text = index.line(number).of(&file.text).trim_end().to_owned();
                        places.texts.insert((file.path.clone(), text));
                    }
                }
            }
        }
        places
    }

    pub(super) fn has(&self, file: &RepoPath, line: u32) -> bool {
        self.lines
            .iter()
            .any(|(path, first, last)| path == file && (*first..=*last).contains(&line))
    }

    pub(super) fn has_text(&self, file: &RepoPath, text: &str) -> bool {
        self.texts
            .iter()
            .any(|(path, line)| path == file && line == text)
    }
}
