//! The report as commands of a GitHub workflow, which the runner shows at the lines of a change.
//!
//! A step may say ten errors, ten warnings and ten notices; what is over is counted in the last one. Nothing that a person
//! wrote can end a command or begin another.

use std::collections::BTreeSet;

use super::{Group, Report, positions, text};
use crate::finding::State;
use crate::markdown;
use crate::text::Position;

/// How many commands of a level one step may say.
const PER_LEVEL: usize = 10;

/// The longest message that is shown.
const MESSAGE: usize = 4_000;

/// The report as workflow commands, a line each.
pub fn render(report: &Report) -> String {
    render_untold(report, &BTreeSet::new())
}

/// The same without the findings that a review tells at their lines.
pub fn render_untold(report: &Report, told: &BTreeSet<String>) -> String {
    let mut errors: Vec<String> = text::merged(&report.problems)
        .into_iter()
        .map(|(trouble, apps)| {
            let problem = &trouble.problem;
            let mut message = problem.message.clone();
            if !apps.is_empty() {
                message.push_str(&format!("\nin {}", apps.join(", ")));
            }
            if let Some(help) = &problem.help {
                message.push_str(&format!("\nhelp: {help}"));
            }
            let place = problem.place.as_ref();
            let lines = place
                .and_then(|place| positions(&report.texts, trouble.side, &place.path, place.span?));
            let file = place.map(|place| place.path.as_str());
            let title = format!("incomplete: {}", problem.kind.name());
            command("error", file, lines, &title, &message)
        })
        .collect();
    let (mut warnings, mut notices) = (Vec::new(), Vec::new());
    for group in report.groups() {
        let is_told = |one: &&super::Told| told.contains(&one.finding.fingerprint.to_string());
        if group.first.finding.state != State::New || group.findings.iter().all(is_told) {
            continue;
        }
        let (level, list) = match group.standing() {
            "blocks" => ("error", &mut errors),
            "waived" => ("notice", &mut notices),
            _ => ("warning", &mut warnings),
        };
        list.push(finding(level, &group));
    }
    let mut out = String::new();
    for (level, list) in [
        ("error", errors),
        ("warning", warnings),
        ("notice", notices),
    ] {
        let fit = if list.len() > PER_LEVEL {
            PER_LEVEL - 1
        } else {
            list.len()
        };
        for line in list.iter().take(fit) {
            out.push_str(line);
        }
        if list.len() > fit {
            let left = list.len() - fit;
            let message =
                format!("{left} more of this level, which a step cannot show; the report has all");
            out.push_str(&command(level, None, None, "Plimsoll", &message));
        }
    }
    out
}

fn finding(level: &str, group: &Group<'_>) -> String {
    let told = group.first;
    let finding = &told.finding;
    let mut message = finding.message.clone();
    for told in &group.findings {
        let line = format!("\nin {}", told.object());
        if message.len() + line.len() < MESSAGE {
            message.push_str(&line);
        }
    }
    if let Some(waiver) = &told.waiver {
        message.push_str(&format!("\n{}", waiver.sentence()));
    }
    if let Some(help) = &told.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    let title = format!("{} {} ({})", finding.severity, finding.control, told.name);
    let place = told.location.as_ref();
    command(
        level,
        place.map(|at| at.path.as_str()),
        place.map(|at| (at.start, at.end)),
        &title,
        &message,
    )
}

fn command(
    level: &str,
    file: Option<&str>,
    lines: Option<(Position, Position)>,
    title: &str,
    message: &str,
) -> String {
    let mut properties = Vec::new();
    if let Some(file) = file {
        properties.push(format!("file={}", property(file)));
    }
    if let Some((start, end)) = lines {
        properties.push(format!("line={},endLine={}", start.line, end.line));
        if start.line == end.line {
            properties.push(format!("col={},endColumn={}", start.column, end.column));
        }
    }
    properties.push(format!("title={}", property(&markdown::clip(title, 200))));
    format!(
        "::{level} {}::{}\n",
        properties.join(","),
        data(&markdown::clip(message, MESSAGE))
    )
}

/// Text after the `::` of a command.
fn data(text: &str) -> String {
    markdown::visible(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_command() {
        let at = |line, column| Position { line, column };
        assert_eq!(
            command(
                "error",
                Some("a,b::error file=x\r\n%.yaml"),
                Some((at(3, 1), at(3, 9))),
                "t\u{1b}",
                "one\n::set-output name=x::y"
            ),
            "::error file=a%2Cb%3A%3Aerror file=x%0D%0A%25.yaml,line=3,endLine=3,col=1,endColumn=9,title=t\u{fffd}::one%0A::set-output name=x::y\n"
        );
        assert_eq!(
            command("notice", None, Some((at(1, 2), at(2, 1))), "t", "m"),
            "::notice line=1,endLine=2,title=t::m\n"
        );
    }
}
