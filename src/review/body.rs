//! What a comment says: the finding, its history, the proved edit, and what the proof showed.

use super::posted::{self, MARKER, Thread};
use super::{Anchor, Topic};
use crate::change::hunks::Side;
use crate::fix::{Edits, Fix, Remedy, Safety};
use crate::markdown;
use crate::report::{Group, Location, Report, Told, Which, file_edits};

/// How many places, apps and fields are named one by one.
const NAMED: usize = 6;

/// The body of a topic's comment, without its marker. `stands_on` is where it is shown, `replacement` the text of its
/// suggestion.
pub(super) fn comment(
    report: &Report,
    topic: &Topic<'_>,
    stands_on: Option<&Anchor>,
    replacement: Option<&str>,
    limit: usize,
) -> String {
    let mut blocks: Vec<String> = Vec::new();
    for (index, group) in topic.groups.iter().enumerate() {
        blocks.push(heading(group));
        if index == 0
            && let Some(line) = replacement
        {
            blocks.push(markdown::fence("suggestion", line));
        }
    }
    match topic.remedy {
        Some(Remedy::Fix(fix)) => {
            if replacement.is_none() {
                blocks.push(patch(report, &fix.edits));
            }
            blocks.push(proof(fix));
        }
        Some(Remedy::Draft(draft)) => {
            blocks.push(format!(
                "To be filled in: {} {}.",
                markdown::prose(&draft.title),
                markdown::prose(&format!("({})", draft.blank))
            ));
            blocks.push(patch(report, &draft.edits));
        }
        None => {}
    }
    for group in &topic.groups {
        blocks.extend(around(group, stands_on));
    }
    let limit = limit.saturating_sub(MARKER);
    markdown::within(&blocks, limit, |n| {
        format!("_{n} more parts in the report._")
    })
}

/// What is wrong, and in which objects of which apps.
fn heading(group: &Group<'_>) -> String {
    let told = group.first;
    let finding = &told.finding;
    let mut text = format!(
        "**{}** · {} {}: {}\n",
        finding.severity,
        markdown::code(finding.control.as_str()),
        markdown::text(&told.name),
        markdown::prose(&finding.message)
    );
    let objects: Vec<String> = group
        .findings
        .iter()
        .map(|told| {
            format!(
                "{} {} in {}",
                markdown::code(&told.finding.resource.to_string()),
                markdown::code(&told.finding.field),
                markdown::code(&told.finding.app)
            )
        })
        .collect();
    text.push_str(&enumerated(&objects));
    text
}

/// The first few of many, as a list.
fn enumerated(all: &[String]) -> String {
    let mut text = String::new();
    for one in all.iter().take(NAMED) {
        text.push_str("\n- ");
        text.push_str(one);
    }
    if all.len() > NAMED {
        text.push_str(&format!("\n- and {} more", all.len() - NAMED));
    }
    text
}

/// Where the value came from, and which other objects made the finding new.
fn around(group: &Group<'_>, stands_on: Option<&Anchor>) -> Option<String> {
    let told = group.first;
    let mut lines = Vec::new();
    if let Some(history) = history(told, stands_on) {
        lines.push(history);
    }
    for reason in &told.reasons {
        let what = if reason.removed { "removes" } else { "alters" };
        lines.push(format!(
            "New because the change {what} {}.",
            markdown::code(&reason.resource)
        ));
    }
    if let Some(help) = &told.help {
        lines.push(markdown::prose(help));
    }
    (!lines.is_empty()).then(|| lines.join("  \n"))
}

/// Nothing where the comment stands at the place itself: a reader sees it there, and a number would go out of date when
/// the lines move.
fn history(told: &Told, stands_on: Option<&Anchor>) -> Option<String> {
    let location = told.location.as_ref()?;
    let is_here = stands_on.is_some_and(|anchor| match anchor {
        Anchor::Lines {
            path,
            side,
            first,
            last,
        } => {
            let of_head = (location.side == Which::Head) == (*side == Side::New);
            of_head && *path == location.path && (first..=last).contains(&&location.start.line)
        }
        Anchor::File { .. } => false,
    });
    if is_here && told.history.is_empty() {
        return None;
    }
    let mut text = format!("Decided at {}", place(location));
    for other in &told.history {
        text.push_str(if other.replaced {
            ", over "
        } else {
            ", through "
        });
        text.push_str(&place(other));
    }
    text.push('.');
    Some(text)
}

/// A place in words: file, line, and the side where that is not the head.
pub(super) fn place(location: &Location) -> String {
    let side = match location.side {
        Which::Base => " (before)",
        Which::Head => "",
    };
    let place = format!("{}:{}", location.path, location.start.line);
    format!("{}{side}", markdown::code(&place))
}

/// What was shown about the fix.
fn proof(fix: &Fix) -> String {
    let apps: std::collections::BTreeSet<&str> =
        fix.moves.iter().map(|moved| moved.app.as_str()).collect();
    let count = match apps.len() {
        1 => "1 app".to_owned(),
        n => format!("{n} apps"),
    };
    let mut text = format!(
        "Proved: {}. Rendered and evaluated again, the finding is gone, none appeared, and in {count} only this moves:",
        markdown::prose(&fix.title)
    );
    let moves: Vec<String> = fix
        .moves
        .iter()
        .map(|moved| {
            format!(
                "{} {} in {}",
                markdown::code(&moved.resource.to_string()),
                markdown::code(&moved.field),
                markdown::code(&moved.app)
            )
        })
        .collect();
    text.push_str(&enumerated(&moves));
    if let Safety::Unsafe(reason) = &fix.safety {
        text.push_str(&format!(
            "\n\nCheck before you apply it: {}.",
            markdown::prose(reason)
        ));
    }
    text
}

/// The edits as a patch, secrets covered.
fn patch(report: &Report, edits: &Edits) -> String {
    let mut text = String::new();
    for file in file_edits(&report.texts, edits) {
        text.push_str(&format!(
            "--- a/{0}\n+++ b/{0}\n{1}",
            file.path, file.unified
        ));
    }
    markdown::fence("diff", text.trim_end_matches('\n'))
}

/// What a comment says once its findings are gone.
pub(super) fn retired(thread: &Thread, head: &str) -> String {
    let head: String = head.chars().take(12).collect();
    posted::as_retired(
        &format!("No longer found as of {}.", markdown::code(&head)),
        &thread.marker,
    )
}
