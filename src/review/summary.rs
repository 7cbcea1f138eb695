//! The summary comment: how the check ended, every cause with where it is told, what could not be checked, what was cut.

use std::collections::BTreeSet;

use super::body::place;
use super::posted::MARKER;
use super::{Rung, Subject, Topic};
use crate::finding::State;
use crate::fix::{Remedy, Safety};
use crate::markdown;
use crate::report::{Conclusion, Group, Report};

/// The body of the summary, without its marker.
pub(super) fn body(
    report: &Report,
    places: &[(Topic<'_>, Rung)],
    closed: usize,
    subject: &Subject,
    limit: usize,
) -> String {
    let mut blocks = vec![heading(report, subject)];
    for note in &report.notes {
        blocks.push(format!(
            "Note: {}.",
            markdown::prose(note.trim_end_matches('.'))
        ));
    }
    blocks.extend(problems(report));
    if !places.is_empty() {
        blocks.extend(findings(places));
    }
    blocks.extend(quieter(report, closed));
    if let Some(page) = &subject.report {
        blocks.push(format!("[The whole report](<{}>)", link(page)));
    }
    let more = |n| format!("_{n} more parts did not fit here; the report has them all._");
    markdown::within(&blocks, limit.saturating_sub(MARKER), more)
}

/// A link target that cannot leave its angle brackets.
fn link(page: &str) -> String {
    page.chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>' | '\\' | ' '))
        .collect()
}

fn heading(report: &Report, subject: &Subject) -> String {
    let blocking = report.findings.iter().filter(|told| told.blocks).count();
    let (new, resolved) = (report.count(State::New), report.count(State::Resolved));
    let verdict = match report.conclusion {
        Conclusion::Clean => "nothing blocks this change".to_owned(),
        Conclusion::Findings => format!("{blocking} of {new} new findings block this change"),
        Conclusion::Incomplete => {
            "**incomplete**: something could not be checked, so this is not a pass".to_owned()
        }
    };
    let head: String = subject.head.chars().take(12).collect();
    let changed = report
        .apps
        .iter()
        .filter(|app| app.changed_resources > 0)
        .count();
    format!(
        "### Plimsoll: {verdict}\n\n{new} new, {resolved} resolved. {changed} of {} apps render differently at {}.",
        report.apps.len(),
        markdown::code(&head)
    )
}

fn problems(report: &Report) -> Option<String> {
    if report.problems.is_empty() {
        return None;
    }
    let lines: Vec<String> = report
        .problems
        .iter()
        .map(|trouble| {
            let problem = &trouble.problem;
            let file = problem.place.as_ref().map(|place| place.path.to_string());
            let place = file.map(|file| format!("{}: ", markdown::code(&file)));
            let help = problem.help.as_deref().unwrap_or_default();
            format!(
                "- {}{} {}",
                place.unwrap_or_default(),
                markdown::prose(&problem.message),
                markdown::prose(help)
            )
        })
        .collect();
    let shown = lines.len().min(20);
    let mut text = format!(
        "**Could not be checked**\n\n{}",
        lines.get(..shown).unwrap_or_default().join("\n")
    );
    if lines.len() > shown {
        text.push_str(&format!("\n- and {} more", lines.len() - shown));
    }
    Some(text)
}

/// How many rows a table has at most, so that a summary can be cut between tables.
const ROWS: usize = 50;

fn findings(places: &[(Topic<'_>, Rung)]) -> Vec<String> {
    // What one comment tells of many objects in the same words is one row.
    let mut rows: Vec<(&Topic<'_>, Vec<&Group<'_>>, &Rung)> = Vec::new();
    for (topic, rung) in places {
        let first = rows.len();
        for group in &topic.groups {
            let words = |group: &Group<'_>| {
                let finding = &group.first.finding;
                (finding.control.clone(), finding.message.clone())
            };
            let same = |row: &&mut (_, Vec<&Group<'_>>, _)| {
                row.1
                    .first()
                    .is_some_and(|other| words(other) == words(group))
            };
            match rows.iter_mut().skip(first).find(same) {
                Some(row) => row.1.push(group),
                None => rows.push((topic, vec![group], rung)),
            }
        }
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .filter_map(|(topic, groups, rung)| Some((topic, groups, groups.first()?, rung)))
        .map(|(topic, groups, group, rung)| {
            let told = group.first;
            let mut place = told.location.as_ref().map(place).unwrap_or_default();
            if groups.len() > 1 {
                place.push_str(&format!(" and {} more", groups.len() - 1));
            }
            let apps = groups.iter().flat_map(|group| group.apps.iter());
            let apps: BTreeSet<&str> = apps.map(|app| app.id.as_str()).collect();
            let apps = match apps.first() {
                Some(app) if apps.len() == 1 => markdown::code(app),
                _ => format!("{} apps", apps.len()),
            };
            let fix = match topic.remedy {
                Some(Remedy::Fix(fix)) if fix.safety == Safety::Safe => "proved",
                Some(Remedy::Fix(_)) => "proved, to be checked",
                Some(Remedy::Draft(_)) => "to be filled in",
                None => "",
            };
            let proposed = match &told.waiver {
                Some(_) => " (a waiver is proposed)",
                None => "",
            };
            let severity = told.finding.severity.name();
            vec![
                if told.blocks {
                    format!("**{severity}**")
                } else {
                    severity.to_owned()
                },
                format!(
                    "{} {}{proposed}",
                    markdown::code(told.finding.control.as_str()),
                    markdown::prose(&told.finding.message)
                ),
                place,
                apps,
                fix.to_owned(),
                rung.name().to_owned(),
            ]
        })
        .collect();
    rows.chunks(ROWS)
        .map(|rows| markdown::table(&["", "finding", "decided at", "in", "fix", "told as"], rows))
        .collect()
}

/// What is not a new finding: resolved and accepted ones, and threads that were closed, in this run or before.
fn quieter(report: &Report, closed: usize) -> Option<String> {
    let mut lines = Vec::new();
    let told = |wanted: State| {
        let groups = report.groups().into_iter();
        groups.filter(move |group| group.first.finding.state == wanted)
    };
    for group in told(State::Resolved) {
        let finding = &group.first.finding;
        lines.push(format!(
            "- resolved: {} {}",
            markdown::code(finding.control.as_str()),
            markdown::prose(&finding.message)
        ));
    }
    for group in told(State::New) {
        let Some(waiver) = group
            .first
            .waiver
            .as_ref()
            .filter(|waiver| !waiver.proposed)
        else {
            continue;
        };
        let until = waiver.until.as_ref().map(|day| format!(" until {day}"));
        lines.push(format!(
            "- accepted{}: {} {} ({})",
            until.unwrap_or_default(),
            markdown::code(group.first.finding.control.as_str()),
            markdown::prose(&group.first.finding.message),
            markdown::text(&waiver.reason)
        ));
    }
    if closed > 0 {
        lines.push(format!("- {closed} of the earlier comments no longer hold"));
    }
    let summary = format!("{} more lines", lines.len());
    (!lines.is_empty()).then(|| markdown::details(&markdown::html(&summary), &lines.join("\n")))
}
