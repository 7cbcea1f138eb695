//! Where a comment can stand: the lines of a suggestion, the line of a cause, the file.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Anchor, Rung, Topic, lines};
use crate::change::files::{FileDiff, Status};
use crate::change::hunks::{Hunk, Side};
use crate::fix::Remedy;
use crate::report::{Location, Report, Which};
use crate::text::{LineIndex, RepoPath, Span, TextEdit};

/// The difference of the pull request, by the paths that locations have.
pub(super) struct Diff<'a> {
    new: BTreeMap<&'a RepoPath, &'a FileDiff>,
    old: BTreeMap<&'a RepoPath, &'a FileDiff>,
}

impl<'a> Diff<'a> {
    pub(super) fn new(files: &'a [FileDiff]) -> Self {
        let after = files.iter().filter(|file| file.status != Status::Removed);
        let before = files.iter().filter(|file| file.status != Status::Added);
        Self {
            new: after.map(|file| (&file.path, file)).collect(),
            old: before
                .map(|file| (file.previous.as_ref().unwrap_or(&file.path), file))
                .collect(),
        }
    }

    fn file(&self, side: Side, path: &RepoPath) -> Option<&'a FileDiff> {
        match side {
            Side::Old => self.old.get(path).copied(),
            Side::New => self.new.get(path).copied(),
        }
    }

    fn hunk(&self, side: Side, path: &RepoPath, line: u32) -> Option<&'a Hunk> {
        let hunks = self.file(side, path)?.hunks.as_ref()?;
        hunks.iter().find(|hunk| hunk.holds(side, line))
    }
}

/// The lines that suggestions stand on: the forge applies at most one to a line.
#[derive(Default)]
pub(super) struct Taken(BTreeMap<RepoPath, Vec<Range<u32>>>);

impl Taken {
    pub(super) fn take(&mut self, suggestion: &Suggestion) {
        if let Anchor::Lines {
            path, first, last, ..
        } = &suggestion.anchor
        {
            let ranges = self.0.entry(path.clone()).or_default();
            ranges.push(lines(*first, *last));
        }
    }

    fn holds(&self, path: &RepoPath, wanted: &Range<u32>) -> bool {
        let ranges = self.0.get(path).into_iter().flatten();
        ranges
            .into_iter()
            .any(|range| range.start < wanted.end && wanted.start < range.end)
    }
}

/// An edit that the forge applies with a click: these whole lines become that text.
pub(super) struct Suggestion {
    pub(super) anchor: Anchor,
    /// The new lines, without the last line break; `None` in place of a text that is no line at all.
    pub(super) replacement: String,
}

/// The suggestion that makes exactly this proved edit; `None` where none can.
///
/// Withheld, beside what lies outside one hunk: on files whose lines end with CR LF and on a last line without a line
/// break, because the forge may write other line ends than the ones that were proved; and where a line holds a secret.
pub(super) fn suggestion(
    report: &Report,
    diff: &Diff<'_>,
    remedy: &Remedy,
    taken: &Taken,
) -> Option<Suggestion> {
    let Remedy::Fix(fix) = remedy else {
        return None;
    };
    let mut edits = fix.edits.iter();
    let (path, edit) = edits.next()?;
    if edits.next().is_some() {
        return None;
    }
    let source = report.texts.get(&(Which::Head, path.clone()))?;
    let text: &str = &source.text;
    if text.contains("\r\n") {
        return None;
    }
    let index = LineIndex::new(text);
    let (range, after) = whole_lines(text, &index, edit)?;
    let bytes = Span {
        start: index.line(range.start).start,
        end: index.line(range.end - 1).end,
    };
    let secret = source.secrets.iter().any(|secret| secret.meets(bytes));
    let before = bytes.of(text);
    if secret || before == after || !before.ends_with('\n') || taken.holds(path, &range) {
        return None;
    }
    let hunk = diff.hunk(Side::New, path, range.start)?;
    if !hunk.holds(Side::New, range.end - 1) || hunk.deletes_within(&range) {
        return None;
    }
    Some(Suggestion {
        anchor: Anchor::Lines {
            path: path.clone(),
            side: Side::New,
            first: range.start,
            last: range.end - 1,
        },
        replacement: after,
    })
}

/// The fewest whole lines that hold every edit, and what stands there afterwards.
fn whole_lines(text: &str, index: &LineIndex, edit: &TextEdit) -> Option<(Range<u32>, String)> {
    let (first, last) = (edit.edits().first()?, edit.edits().last()?);
    let line = |offset: u32| index.position(text, offset).line;
    let mut range = line(first.span.start)..line(last.span.end).saturating_add(1);
    // An edit that ends where a line begins leaves that line alone: it belongs to the line before.
    let ends_at_start = |line: u32, offset: u32| index.line(line).start == offset;
    if range.end > 1 && ends_at_start(range.end - 1, last.span.end) {
        if range.end - 1 > range.start {
            range.end -= 1;
        } else if range.start > 1 {
            range = range.start - 1..range.end - 1;
        }
    }
    let lines = index.lines();
    loop {
        if range.end > lines.saturating_add(1) {
            return None;
        }
        let bytes = Span {
            start: index.line(range.start).start,
            end: index.line(range.end - 1).end,
        };
        let after = applied(text, bytes, edit)?;
        // A replacement that lost its line break joins its last line with the next one.
        if after.is_empty() || after.ends_with('\n') {
            return Some((range, after));
        }
        range.end += 1;
    }
}

/// The text of `bytes` after the edits, all of which lie in it.
fn applied(text: &str, bytes: Span, edit: &TextEdit) -> Option<String> {
    let mut after = String::new();
    let mut at = bytes.start;
    for edit in edit.edits() {
        after.push_str(text.get(at as usize..edit.span.start as usize)?);
        after.push_str(&edit.text);
        at = edit.span.end;
    }
    after.push_str(text.get(at as usize..bytes.end as usize)?);
    Some(after)
}

/// Where a topic can be told without an edit: on a line that the change wrote and that is among its causes, on another
/// line of the difference, or on the file.
pub(super) fn comment(diff: &Diff<'_>, topic: &Topic<'_>) -> Option<(Anchor, Rung)> {
    let candidates: Vec<&Location> = topic
        .groups
        .iter()
        .map(|group| group.first)
        .flat_map(|told| {
            let reasons = told.reasons.iter().filter_map(|r| r.location.as_ref());
            told.location.iter().chain(&told.history).chain(reasons)
        })
        .collect();
    let side = |location: &Location| match location.side {
        Which::Base => Side::Old,
        Which::Head => Side::New,
    };
    let on_line = |location: &Location| {
        let (side, line) = (side(location), location.start.line);
        let file = diff.file(side, &location.path)?;
        Some(Anchor::Lines {
            path: file.path.clone(),
            side,
            first: line,
            last: line,
        })
    };
    let is_written = |location: &&&Location| {
        let (side, line) = (side(location), location.start.line);
        diff.hunk(side, &location.path, line).is_some_and(|hunk| {
            hunk.changes.iter().any(|run| match side {
                Side::Old => run.old.contains(&line),
                Side::New => run.new.contains(&line),
            })
        })
    };
    let is_shown = |location: &&&Location| {
        let line = location.start.line;
        diff.hunk(side(location), &location.path, line).is_some()
    };
    let line = candidates
        .iter()
        .find(is_written)
        .or_else(|| candidates.iter().find(is_shown));
    if let Some(anchor) = line.and_then(|location| on_line(location)) {
        return Some((anchor, Rung::Inline));
    }
    let file = candidates.iter().find_map(|location| {
        let file = diff.file(side(location), &location.path)?;
        // A pull request shows a comment on a file only where it shows the file.
        Some(Anchor::File {
            path: file.path.clone(),
        })
    })?;
    Some((file, Rung::File))
}
