//! What a comment says: the finding, its history, the proved edit, and what the proof showed.

use super::posted::{self, MARKER, Thread};
use super::{Anchor, Topic};
use crate::change::hunks::Side;
use crate::fix::{Edits, Fix, Moved, Remedy, Safety};
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
    let mut blocks: Vec<String> = topic.groups.iter().map(heading).collect();
    match topic.remedy {
        Some(Remedy::Fix(fix)) => {
            blocks.push(match replacement {
                Some(lines) => markdown::fence("suggestion", lines),
                None => patch(report, &fix.edits),
            });
            blocks.push(proof(fix, topic));
        }
        Some(Remedy::Draft(draft)) => {
            blocks.push(format!(
                "To be filled in: {} ({}).",
                markdown::prose(&draft.title),
                markdown::prose(&draft.blank.to_string())
            ));
            blocks.push(patch(report, &draft.edits));
        }
        None => {}
    }
    for group in &topic.groups {
        blocks.push(around(group, stands_on));
    }
    let limit = limit.saturating_sub(MARKER);
    markdown::within(&blocks, limit, |n| {
        format!("_{n} more parts in the report._")
    })
}

/// What is wrong.
fn heading(group: &Group<'_>) -> String {
    let finding = &group.first.finding;
    format!(
        "**{}** · {}\n",
        finding.severity,
        markdown::prose(&finding.message)
    )
}

/// Fields of objects, each with the apps that have it: one in the line, several as a list.
fn fields<'a>(all: impl Iterator<Item = (String, &'a str, &'a str)>) -> String {
    let mut apps: Vec<((String, &str), Vec<&str>)> = Vec::new();
    for (resource, field, app) in all {
        let key = (resource, field);
        match apps.iter_mut().find(|(known, _)| *known == key) {
            Some((_, apps)) => apps.push(app),
            None => apps.push((key, vec![app])),
        }
    }
    let told: Vec<String> = apps
        .iter()
        .map(|((resource, field), apps)| {
            let count = match apps.len() {
                1 => String::new(),
                n => format!("{n} apps: "),
            };
            let named: Vec<String> = apps.iter().take(NAMED).map(|a| markdown::code(a)).collect();
            let more = match apps.len().saturating_sub(NAMED) {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            format!(
                "{} of {} in {count}{}{more}",
                markdown::code(field),
                markdown::code(resource),
                named.join(", ")
            )
        })
        .collect();
    match told.as_slice() {
        [one] => format!("{one}."),
        several => enumerated(several),
    }
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

/// Which control it is, in which fields of which objects, where the value came from, which other objects made it new.
fn around(group: &Group<'_>, stands_on: Option<&Anchor>) -> String {
    let told = group.first;
    let places = group.findings.iter().map(|told| {
        let finding = &told.finding;
        let resource = finding.resource.to_string();
        (resource, finding.field.as_str(), finding.app.as_str())
    });
    let mut text = format!(
        "{} ({}): {}",
        markdown::code(told.finding.control.as_str()),
        markdown::text(&told.name),
        fields(places)
    );
    let mut lines = Vec::new();
    lines.extend(history(told, stands_on));
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
    if !lines.is_empty() {
        let is_list = text.contains('\n');
        text.push_str(if is_list { "\n\n" } else { " " });
        text.push_str(&lines.join(" "));
    }
    text
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
    let mut text = match is_here {
        true => "It is decided here".to_owned(),
        false => format!("It is decided at {}", place(location)),
    };
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
fn proof(fix: &Fix, topic: &Topic<'_>) -> String {
    let told: Vec<_> = topic
        .groups
        .iter()
        .flat_map(|group| &group.findings)
        .map(|told| {
            (
                &told.finding.app,
                &told.finding.resource,
                &told.finding.field,
            )
        })
        .collect();
    let is_told = |moved: &Moved| told.contains(&(&moved.app, &moved.resource, &moved.field));
    let mut text =
        "Rendered and evaluated again with this edit, the finding is gone, none appears".to_owned();
    if fix.moves.iter().all(is_told) {
        text.push_str(", and nothing else moves.");
    } else {
        let moves = fix.moves.iter().map(|moved| {
            let resource = moved.resource.to_string();
            (resource, moved.field.as_str(), moved.app.as_str())
        });
        text.push_str(", and only this moves: ");
        text.push_str(&fields(moves));
    }
    if let Safety::Unsafe(reason) = &fix.safety {
        text.push_str(&format!(
            "\n\n**Check before you apply it**: {}.",
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
