//! The rendered difference as reports show it: each object side by side, with the findings at their lines.

use super::compare::{Compared, Comparison, Request};
use super::conceal::Words;
use super::resources;
use crate::change::{self, Line, line_of};
use crate::finding::State;
use crate::report::{AppDiff, AppState, ObjectDiff, Report};

/// Lines of all objects that are laid out; what is over is counted.
const LINES: usize = 200_000;

/// Adds the rendered difference to a report, for the formats that show it.
pub fn add_rendered(report: &mut Report, request: &Request<'_>, comparison: &Comparison) {
    let words = Words::new(&report.texts, request, comparison);
    let mut left = LINES;
    let rendered = comparison
        .apps
        .iter()
        .filter(|app| app.state != AppState::Unchanged)
        .map(|app| difference(report, app, &words, &mut left))
        .filter(|diff| !diff.objects.is_empty() || diff.left_out > 0)
        .collect();
    report.rendered = rendered;
}

fn difference(report: &Report, app: &Compared, words: &Words, left: &mut usize) -> AppDiff {
    let (base, head) = (resources(app.base.as_ref()), resources(app.head.as_ref()));
    let changes = change::changes(base, head);
    let mut diff = AppDiff {
        app: app.id.clone(),
        objects: Vec::new(),
        left_out: 0,
    };
    for change in changes {
        if *left == 0 {
            diff.left_out += 1;
            continue;
        }
        let mut aligned = change.side_by_side();
        *left = left.saturating_sub(aligned.rows.len());
        let mut findings = Vec::new();
        for (index, told) in report.findings.iter().enumerate() {
            let finding = &told.finding;
            if finding.app != app.id {
                continue;
            }
            let resolved = finding.state == State::Resolved;
            let (object, text) = if resolved {
                (change.before, &aligned.before)
            } else {
                (change.after, &aligned.after)
            };
            if object.is_none_or(|object| object.identity != finding.resource) {
                continue;
            }
            let number = line_of(text, &finding.path);
            let is_at = |line: &Option<Line>| line.as_ref().map(|line| line.number) == number;
            let row = aligned
                .rows
                .iter()
                .position(|row| is_at(if resolved { &row.before } else { &row.after }));
            findings.extend(row.map(|row| (row, index)));
        }
        findings.sort_unstable();
        for row in &mut aligned.rows {
            for line in row.before.iter_mut().chain(&mut row.after) {
                words.cover(&mut line.text);
            }
        }
        diff.objects.push(ObjectDiff {
            resource: change.identity.to_string(),
            pairing: change.pairing,
            rows: aligned.rows,
            coarse: aligned.coarse,
            findings,
        });
    }
    diff
}
