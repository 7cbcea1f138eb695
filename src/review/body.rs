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
    let mut blocks: Vec<String> = Vec::new();
    for group in &topic.groups {
        // One edit may remedy the same in many objects: that is said once.
        let heading = heading(group);
        if !blocks.contains(&heading) {
            blocks.push(heading);
        }
    }
    match topic.remedy {
        Some(Remedy::Fix(fix)) => {
            blocks.push(match replacement {
                Some(lines) => markdown::fence("suggestion", lines),
                None => patch(report, &fix.edits),
            });
            blocks.push(proof(fix, topic) + "\n");
        }
        Some(Remedy::Draft(draft)) => {
            blocks.push(format!(
                "To be filled in: {} ({}).\n",
                markdown::prose(&draft.title),
                markdown::prose(&draft.blank)
            ));
            blocks.push(patch(report, &draft.edits));
        }
        None => {}
    }
    let mut controls: Vec<Vec<&Group<'_>>> = Vec::new();
    for group in &topic.groups {
        let is_its = |of: &&mut Vec<&Group<'_>>| {
            let other = of.first().map(|group| &group.first.finding.control);
            other == Some(&group.first.finding.control)
        };
        match controls.iter_mut().find(is_its) {
            Some(groups) => groups.push(group),
            None => controls.push(vec![group]),
        }
    }
    for groups in &controls {
        blocks.push(around(groups, stands_on) + "\n");
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

/// A field of an object of an app.
type Place<'a> = (String, &'a str, &'a str);

/// Fields, each with the objects that have it, and those with their apps: one object in the line, several as a list.
fn fields<'a>(all: impl Iterator<Item = Place<'a>>) -> String {
    let mut fields: Vec<(&str, Vec<(String, Vec<&str>)>)> = Vec::new();
    for (resource, field, app) in all {
        let at = fields.iter().position(|(known, _)| *known == field);
        let at = at.unwrap_or_else(|| {
            fields.push((field, Vec::new()));
            fields.len() - 1
        });
        let Some((_, objects)) = fields.get_mut(at) else {
            continue;
        };
        match objects.iter_mut().find(|(known, _)| *known == resource) {
            Some((_, apps)) => apps.push(app),
            None => objects.push((resource, vec![app])),
        }
    }
    let told: Vec<String> = fields
        .iter()
        .map(|(field, objects)| {
            let named: Vec<String> = objects
                .iter()
                .map(|(object, apps)| in_apps(object, apps))
                .collect();
            match named.as_slice() {
                [one] => format!("{} of {one}", markdown::code(field)),
                several => format!("{} of{}", markdown::code(field), enumerated(several)),
            }
        })
        .collect();
    match told.as_slice() {
        [one] if !one.contains('\n') => format!("{one}."),
        several => several.join("\n\n"),
    }
}

/// An object, and the apps it is in, the first few by name.
fn in_apps(object: &str, apps: &[&str]) -> String {
    let named: Vec<String> = apps
        .iter()
        .take(NAMED)
        .map(|app| markdown::code(app))
        .collect();
    let more = match apps.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more apps"),
    };
    format!("{} in {}{more}", markdown::code(object), named.join(", "))
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
fn around(groups: &[&Group<'_>], stands_on: Option<&Anchor>) -> String {
    let Some(told) = groups.first().map(|group| group.first) else {
        return String::new();
    };
    let findings = groups.iter().flat_map(|group| &group.findings);
    let places = findings.map(|told| {
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
    // Of several causes the summary tells the places.
    if groups.len() == 1 {
        lines.extend(history(told, stands_on));
    }
    for told in groups.iter().map(|group| group.first) {
        for reason in &told.reasons {
            let what = if reason.removed { "removes" } else { "alters" };
            lines.push(format!(
                "New because the change {what} {}.",
                markdown::code(&reason.resource)
            ));
        }
        if let Some(help) = &told.help {
            lines.push(format!("{}.", markdown::prose(help.trim_end_matches('.'))));
        }
    }
    let mut said = std::collections::BTreeSet::new();
    lines.retain(|line| said.insert(line.clone()));
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
    let mut text = if is_here {
        "It is decided here".to_owned()
    } else {
        format!("It is decided at {}", place(location))
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
    let is_told = |moved: &Moved| {
        told.iter().any(|(app, resource, field)| {
            let within = moved.field.strip_prefix(field.as_str());
            let within = within.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']));
            **app == moved.app && **resource == moved.resource && within
        })
    };
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
