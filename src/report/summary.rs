//! The report as Markdown, for a job summary: what blocks first, each finding with its lines, what changes in each app folded.
//!
//! A summary holds a mebibyte at most. What does not fit is left out whole, from the end, and counted.

use std::fmt::Write as _;

use super::{
    AppDiff, Group, Report, Told, excerpt, file_edits, moved, near_changes, plural, positions, text,
};
use crate::change::Row;
use crate::finding::{Severity, State};
use crate::fix::{Remedy, Safety};
use crate::markdown::{self, code, prose};

/// GitHub takes 1 MiB from a step.
const LIMIT: usize = (1 << 20) - 1024;

/// A longer difference of one app is cut.
const APP_LIMIT: usize = 100_000;

/// Rows of the table at the top.
const ROWS: usize = 100;

/// The report as Markdown, with a final line break.
pub fn render(report: &Report) -> String {
    let groups = report.groups();
    let of = |wanted: &[&str]| -> Vec<&Group<'_>> {
        groups
            .iter()
            .filter(|group| wanted.contains(&group.standing()))
            .collect()
    };
    let mut blocks = vec![heading(report)];
    if !report.problems.is_empty() {
        blocks.push("### What could not be checked\n".to_owned());
        blocks.extend(
            text::merged(&report.problems)
                .into_iter()
                .map(|(trouble, apps)| {
                    let problem = &trouble.problem;
                    let place = problem.place.as_ref().map(|place| {
                        let at = place.span.and_then(|span| {
                            positions(&report.texts, trouble.side, &place.path, span)
                        });
                        let line = at.map(|(start, _)| format!(":{}", start.line));
                        format!("{}{}", place.path, line.unwrap_or_default())
                    });
                    let mut line =
                        format!("- **{}** {}", problem.kind.name(), prose(&problem.message));
                    if let Some(place) = place {
                        let _ = write!(line, " at {}", code(&place));
                    }
                    if !apps.is_empty() {
                        let _ = write!(line, " in {}", listed(&apps));
                    }
                    if let Some(help) = &problem.help {
                        let _ = write!(line, ". {}", prose(help));
                    }
                    line
                }),
        );
        blocks.push(String::new());
    }
    let new = of(&["blocks", "new"]);
    if !new.is_empty() {
        blocks.push(format!("### What the change brings\n\n{}", table(&new)));
        blocks.extend(new.iter().map(|group| finding(report, group)));
    }
    for (standing, title) in [
        ("waived", "Waived"),
        ("resolved", "Resolved by the change"),
        ("existing", "There before the change"),
    ] {
        let found = of(&[standing]);
        if !found.is_empty() {
            let mut body = table(&found);
            for group in &found {
                if let Some(waiver) = &group.first.waiver {
                    let _ = writeln!(
                        body,
                        "- {}: {}",
                        code(group.first.finding.control.as_str()),
                        markdown::text(&waiver.sentence())
                    );
                }
            }
            blocks.push(markdown::details(
                &format!("{title}: {}", found.len()),
                &body,
            ));
        }
    }
    if !report.rendered.is_empty() {
        blocks.push("### What changes in the cluster\n".to_owned());
        blocks.extend(report.rendered.iter().map(|diff| difference(report, diff)));
    }
    markdown::within(&blocks, LIMIT, |left| {
        format!(
            "*{} left out here, because a summary holds 1 MiB.*",
            plural(left, "part")
        )
    })
}

fn listed(apps: &[&str]) -> String {
    let shown: Vec<String> = apps.iter().take(5).map(|app| code(app)).collect();
    match apps.len().checked_sub(5) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

fn heading(report: &Report) -> String {
    let mut out = format!("## Plimsoll: {}\n\n", report.conclusion.name());
    let _ = writeln!(
        out,
        "{} compared with {}: {} changed, {} compared.\n",
        markdown::text(&report.base.label),
        markdown::text(&report.head.label),
        plural(report.changed_files, "file"),
        plural(report.apps.len(), "app")
    );
    let new = |severity| {
        let is =
            |told: &&Told| told.finding.state == State::New && told.finding.severity == severity;
        report.findings.iter().filter(is).count().to_string()
    };
    out.push_str(&markdown::table(
        &[
            "new critical",
            "new high",
            "new medium",
            "new low",
            "block",
            "waived",
            "resolved",
            "existing",
            "problems",
        ],
        &[vec![
            new(Severity::Critical),
            new(Severity::High),
            new(Severity::Medium),
            new(Severity::Low),
            report.blocking().to_string(),
            report.waived().to_string(),
            report.count(State::Resolved).to_string(),
            report.count(State::Existing).to_string(),
            text::merged(&report.problems).len().to_string(),
        ]],
    ));
    for note in &report.notes {
        let _ = writeln!(out, "\n> {}", prose(note));
    }
    out
}

fn table(groups: &[&Group<'_>]) -> String {
    let rows: Vec<Vec<String>> = groups
        .iter()
        .take(ROWS)
        .map(|group| {
            let finding = &group.first.finding;
            let severity = if group.first.blocks {
                format!("**{}**", finding.severity)
            } else {
                finding.severity.to_string()
            };
            let apps: Vec<&str> = group.apps.iter().map(|app| app.id.as_str()).collect();
            vec![
                severity,
                code(finding.control.as_str()),
                prose(&finding.message),
                group
                    .first
                    .location
                    .as_ref()
                    .map(|at| code(&at.line()))
                    .unwrap_or_default(),
                listed(&apps),
            ]
        })
        .collect();
    let mut out = markdown::table(&["severity", "control", "what", "where", "in"], &rows);
    if groups.len() > ROWS {
        let _ = writeln!(out, "\n{} more are below.", groups.len() - ROWS);
    }
    out
}

fn finding(report: &Report, group: &Group<'_>) -> String {
    let told = group.first;
    let finding = &told.finding;
    let mut body = String::new();
    if let Some(location) = &told.location {
        let _ = writeln!(body, "{}\n", code(&location.line()));
        let lines = excerpt::lines(&report.texts, location, 1);
        let width = lines.last().map_or(1, |line| line.number.to_string().len());
        let source: Vec<String> = lines
            .iter()
            .map(|line| {
                let mark = if line.marked.is_empty() { ' ' } else { '>' };
                format!("{mark} {:>width$} | {}", line.number, line.text)
            })
            .collect();
        body.push_str(&markdown::fence("", &source.join("\n")));
    }
    for earlier in &told.history {
        let what = earlier.way();
        let _ = writeln!(
            body,
            "- {what} the {} at {}",
            earlier.role,
            code(&earlier.line())
        );
    }
    for reason in &told.reasons {
        let _ = writeln!(body, "- new because {}", reason.clause(code));
    }
    for told in group.findings.iter().take(20) {
        let place = format!("{} {}", told.finding.resource, told.finding.field);
        let _ = writeln!(body, "- in {}: {}", code(&told.finding.app), code(&place));
    }
    if group.findings.len() > 20 {
        let _ = writeln!(body, "- and in {} more places", group.findings.len() - 20);
    }
    if let Some(waiver) = &told.waiver {
        let _ = writeln!(body, "\n{}", markdown::text(&waiver.sentence()));
    }
    if let Some(help) = &told.help {
        let _ = writeln!(body, "\n{}", prose(help));
    }
    if let Some(remedy) = report.remedy(told) {
        body.push_str(&self::remedy(report, remedy, &group.findings));
    }
    let summary = format!(
        "<b>{}</b> {} {}",
        finding.severity,
        markdown::html(finding.control.as_str()),
        markdown::html(&finding.message)
    );
    markdown::details(&summary, &body)
}

fn remedy(report: &Report, remedy: &Remedy, findings: &[&Told]) -> String {
    let (said, edits) = match remedy {
        Remedy::Fix(fix) => {
            let safety = match &fix.safety {
                Safety::Safe => "safe".to_owned(),
                Safety::Unsafe(why) => format!("unsafe: {why}"),
            };
            (
                format!(
                    "**Fix**, proved ({}): {}; {}",
                    prose(&safety),
                    prose(&fix.title),
                    prose(&moved(fix, findings))
                ),
                &fix.edits,
            )
        }
        Remedy::Draft(draft) => (
            format!(
                "**Draft**, to be filled in: {}. {}",
                prose(&draft.title),
                prose(&draft.blank)
            ),
            &draft.edits,
        ),
    };
    let mut out = format!("\n{said}\n\n");
    for file in file_edits(&report.texts, edits) {
        let _ = writeln!(out, "{}\n", code(file.path.as_str()));
        if !file.unified.is_empty() {
            out.push_str(&markdown::fence("diff", &file.unified));
        }
    }
    out
}

fn difference(report: &Report, diff: &AppDiff) -> String {
    let mut body = String::new();
    let mut left = diff.left_out;
    for (index, object) in diff.objects.iter().enumerate() {
        let what = object.pairing.name();
        let block = format!(
            "{what} {}\n\n{}\n",
            code(&object.resource),
            markdown::fence("diff", &unified(&object.rows))
        );
        if body.len() + block.len() > APP_LIMIT {
            left += diff.objects.len() - index;
            break;
        }
        body.push_str(&block);
    }
    if left > 0 {
        let _ = writeln!(
            body,
            "{} left out; `plimsoll diff` shows them.",
            plural(left, "object")
        );
    }
    let app = report.apps.iter().find(|app| app.id == diff.app);
    let state = app.map(|app| app.state.name()).unwrap_or_default();
    let summary = format!(
        "<code>{}</code> ({state}): {}",
        markdown::html(&diff.app),
        plural(diff.objects.len() + diff.left_out, "object")
    );
    markdown::details(&summary, &body)
}

/// The lines that differ, with those around them.
fn unified(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut last = None;
    for index in near_changes(rows, 3, &|_| false) {
        let Some(row) = rows.get(index) else { continue };
        if last.is_some_and(|last: usize| index > last + 1) {
            out.push_str("@@\n");
        }
        last = Some(index);
        match (&row.before, &row.after) {
            (Some(line), Some(_)) if row.is_same() => {
                let _ = writeln!(out, " {}", line.text);
            }
            (before, after) => {
                if let Some(line) = before {
                    let _ = writeln!(out, "-{}", line.text);
                }
                if let Some(line) = after {
                    let _ = writeln!(out, "+{}", line.text);
                }
            }
        }
    }
    out
}
