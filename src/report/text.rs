//! The report for a person at a terminal: each finding as a compiler would print it, then a summary line.
//!
//! Findings with one cause are told once, with the list of the apps they appear in. Secrets in excerpts are covered.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::{covered, shown_to};
use super::{
    AppState, Conclusion, Location, Report, Texts, Told, Trouble, Which, file_edits, moved, plural,
    positions,
};
use crate::finding::{Severity, State};
use crate::fix::{Remedy, Safety};
use crate::markdown;
use crate::text::{LineIndex, RepoPath, Span};

/// How the text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// With box-drawing characters.
    pub unicode: bool,
    /// With the findings that were there before the change, too.
    pub existing: bool,
}

/// The report as text, with a final line break.
pub fn render(report: &Report, style: Style) -> String {
    let renderer = renderer(style);
    let mut out = heading(report);
    for note in &report.notes {
        let _ = writeln!(out, "note: {note}");
    }
    out.push('\n');
    let shown =
        |group: &super::Group<'_>| style.existing || group.first.finding.state != State::Existing;
    for group in report.groups().into_iter().filter(shown) {
        out.push_str(&renderer.render(&[finding(report, &group)]));
        out.push_str("\n\n");
    }
    out.push_str(&problems(&report.texts, &report.problems, style));
    out.push_str(&summary(report, style));
    printable(&out, style)
}

/// Text that moves no cursor and reorders nothing: of the characters that are not to be seen, only colours are left.
fn printable(text: &str, style: Style) -> String {
    let clean = |text: &str| markdown::visible(text).replace('\r', "");
    if !style.color {
        return clean(text);
    }
    // A colour is ESC, `[`, digits and semicolons, `m`; its ESC was replaced like any other.
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once("\u{1b}[") {
        out.push_str(&clean(plain));
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';');
        let end = end.filter(|&end| after.get(end..).is_some_and(|after| after.starts_with('m')));
        if let Some(end) = end {
            out.push_str("\u{1b}[");
            out.push_str(after.get(..=end).unwrap_or_default());
            rest = after.get(end + 1..).unwrap_or_default();
        } else {
            out.push_str("\u{fffd}[");
            rest = after;
        }
    }
    out.push_str(&clean(rest));
    out
}

/// Problems alone, each with its place, without repetition.
pub fn problems(texts: &Texts, problems: &[Trouble], style: Style) -> String {
    let renderer = renderer(style);
    let mut out = String::new();
    for (trouble, apps) in merged(problems) {
        out.push_str(&renderer.render(&[problem(texts, trouble, &apps)]));
        out.push_str("\n\n");
    }
    printable(&out, style)
}

fn renderer(style: Style) -> Renderer {
    let decor = if style.unicode {
        DecorStyle::Unicode
    } else {
        DecorStyle::Ascii
    };
    if style.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
    .decor_style(decor)
}

/// The first line: both sides, and how much was compared.
fn heading(report: &Report) -> String {
    let count = |state| report.apps.iter().filter(|app| app.state == state).count();
    let mut line = format!(
        "comparing {} with {}: ",
        report.base.label, report.head.label
    );
    if report.changed_files == 0 {
        let _ = write!(
            line,
            "nothing changed ({}, {})",
            plural(report.head.files, "file"),
            plural(report.head.apps, "app")
        );
    } else {
        let _ = write!(
            line,
            "{} changed, {} compared",
            plural(report.changed_files, "file"),
            plural(report.apps.len(), "app"),
        );
        let parts: Vec<String> = [
            AppState::Changed,
            AppState::Added,
            AppState::Removed,
            AppState::Unchanged,
        ]
        .into_iter()
        .filter(|&state| count(state) > 0)
        .map(|state| format!("{} {}", count(state), state.name()))
        .collect();
        if !parts.is_empty() {
            let _ = write!(line, " ({})", parts.join(", "));
        }
    }
    line.push('\n');
    line
}

fn level(told: &Told) -> Level<'static> {
    if told.waiver.as_ref().is_some_and(|waiver| !waiver.proposed)
        && told.finding.state != State::Resolved
    {
        return Level::INFO.with_name("waived");
    }
    match told.finding.state {
        State::New if told.blocks => Level::ERROR.with_name(told.finding.severity.name()),
        State::New => Level::WARNING.with_name(told.finding.severity.name()),
        State::Existing => Level::INFO.with_name("existing"),
        State::Resolved => Level::HELP.with_name("resolved"),
    }
}

fn finding<'a>(report: &'a Report, group: &super::Group<'a>) -> Group<'a> {
    let first = group.first;
    let id = first.finding.control.to_string();
    let mut section = level(first)
        .primary_title(first.finding.message.as_str())
        .id(id)
        .elements(Vec::<Element<'a>>::new());
    match &first.location {
        Some(location) => {
            section = section.elements(excerpt(
                &report.texts,
                location,
                AnnotationKind::Primary,
                None,
            ));
        }
        None => {
            section = section.element(Level::NOTE.message("no file could be named as the cause"));
        }
    }
    for earlier in &first.history {
        let what = earlier.way();
        let label = format!("{what} this {}", earlier.role);
        section = section.elements(excerpt(
            &report.texts,
            earlier,
            AnnotationKind::Context,
            Some(label),
        ));
    }
    for reason in &first.reasons {
        let clause = reason.clause(|name| format!("`{name}`"));
        section = section.element(Level::NOTE.message(format!("new because {clause}")));
        // The place of the finding may be this one, and is shown already.
        let place = reason.location.as_ref();
        let place = place.filter(|at| first.location.as_ref() != Some(at));
        section = section.elements(
            place.and_then(|at| excerpt(&report.texts, at, AnnotationKind::Context, None)),
        );
    }
    let mut seen = Vec::new();
    for told in &group.findings {
        let line = format!("in {}", told.object());
        if !seen.contains(&line) {
            section = section.element(Level::NOTE.no_name().message(line.clone()));
            seen.push(line);
        }
    }
    if let Some(waiver) = &first.waiver {
        section = section.element(Level::NOTE.message(waiver.sentence()));
    }
    if let Some(help) = &first.help {
        section = section.element(Level::HELP.message(help.as_str()));
    }
    if let Some(remedy) = report.remedy(first) {
        section =
            section.element(Level::HELP.message(self::remedy(report, remedy, &group.findings)));
    }
    section
}

/// A fix or a draft: what it does, and the lines that it alters.
fn remedy(report: &Report, remedy: &Remedy, findings: &[&Told]) -> String {
    let (mut text, edits, moves) = match remedy {
        Remedy::Fix(fix) => {
            let safety = match &fix.safety {
                Safety::Safe => "`plimsoll fix` does it".to_owned(),
                Safety::Unsafe(why) => format!("`plimsoll fix --unsafe` does it: {why}"),
            };
            (
                format!("{} ({safety})", fix.title),
                &fix.edits,
                Some(moved(fix, findings)),
            )
        }
        Remedy::Draft(draft) => (
            format!("{}, and fill in {}", draft.title, draft.blank),
            &draft.edits,
            None,
        ),
    };
    for file in file_edits(&report.texts, edits) {
        let _ = write!(text, "\n{}", file.path);
        for line in file.unified.lines() {
            let _ = write!(text, "\n{line}");
        }
    }
    if let Some(moves) = moves {
        let _ = write!(text, "\n{moves}");
    }
    text
}

/// The lines around a place, cut out of its text, with secrets covered.
fn excerpt<'a>(
    texts: &Texts,
    location: &Location,
    kind: AnnotationKind,
    label: Option<String>,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let source = texts.get(&(location.side, location.path.clone()))?;
    let index = LineIndex::new(&source.text);
    let first = location.start.line;
    let last = shown_to(location).min(index.lines().max(first));
    let window = Span {
        start: index.line(first).start,
        end: index.line(last).end,
    };
    let (text, span) = covered(source, window, location.span);
    let annotation = kind.span(span);
    let annotation = match label {
        Some(label) => annotation.label(label),
        None => annotation,
    };
    let path = match location.side {
        Which::Head => location.path.to_string(),
        Which::Base => format!("{} (before)", location.path),
    };
    Some(
        Snippet::source(text)
            .path(path)
            .line_start(first as usize)
            .fold(false)
            .annotation(annotation),
    )
}

/// Problems without repetition, with the apps that met them.
pub(super) fn merged(problems: &[Trouble]) -> Vec<(&Trouble, Vec<&str>)> {
    let mut order: Vec<(&Trouble, Vec<&str>)> = Vec::new();
    for trouble in problems {
        let app = trouble.app.as_deref();
        match order
            .iter_mut()
            .find(|(known, _)| known.problem == trouble.problem)
        {
            Some((_, apps)) => apps.extend(app.filter(|app| !apps.contains(app))),
            None => order.push((trouble, app.into_iter().collect())),
        }
    }
    order
}

fn problem<'a>(texts: &Texts, trouble: &'a Trouble, apps: &[&str]) -> Group<'a> {
    let problem = &trouble.problem;
    let title = Level::ERROR
        .with_name("incomplete")
        .primary_title(problem.message.as_str())
        .id(problem.kind.name());
    let mut section = title.elements(Vec::<Element<'a>>::new());
    let place = |path: &RepoPath, span: Option<Span>, kind, label: Option<String>| {
        let (start, end) = positions(texts, trouble.side, path, span?)?;
        let location = Location {
            side: trouble.side,
            path: path.clone(),
            span: span?,
            start,
            end,
            role: "",
            replaced: false,
        };
        excerpt(texts, &location, kind, label)
    };
    if let Some(at) = &problem.place {
        match place(&at.path, at.span, AnnotationKind::Primary, None) {
            Some(snippet) => section = section.element(snippet),
            None => section = section.element(Origin::path(at.path.to_string())),
        }
    }
    for (at, what) in &problem.chain {
        match place(
            &at.path,
            at.span,
            AnnotationKind::Context,
            Some(what.clone()),
        ) {
            Some(snippet) => section = section.element(snippet),
            None => section = section.element(Level::NOTE.message(format!("{what} ({})", at.path))),
        }
    }
    if trouble.side == Which::Base {
        section = section.element(Level::NOTE.message("this is so before the change"));
    }
    if !apps.is_empty() {
        section = section.element(
            Level::NOTE
                .no_name()
                .message(format!("in {}", apps.join(", "))),
        );
    }
    if let Some(help) = &problem.help {
        section = section.element(Level::HELP.message(help.as_str()));
    }
    section
}

/// The last line: what was found, and how the check ends.
fn summary(report: &Report, style: Style) -> String {
    let mut parts = Vec::new();
    let new = report.count(State::New);
    if new > 0 {
        let by: Vec<String> = [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
        ]
        .into_iter()
        .filter_map(|severity| {
            let count = report
                .findings
                .iter()
                .filter(|t| t.finding.state == State::New && t.finding.severity == severity)
                .count();
            (count > 0).then(|| format!("{count} {}", severity.name()))
        })
        .collect();
        parts.push(format!(
            "{} ({})",
            plural(new, "new finding"),
            by.join(", ")
        ));
    } else {
        parts.push("no new finding".to_owned());
    }
    let resolved = report.count(State::Resolved);
    if resolved > 0 {
        parts.push(format!("{resolved} resolved"));
    }
    let waived = report.waived();
    if waived > 0 {
        parts.push(format!("{waived} waived"));
    }
    let existing = report.count(State::Existing);
    if existing > 0 {
        let hint = if style.existing {
            ""
        } else {
            ", shown with --existing"
        };
        parts.push(format!("{existing} existing{hint}"));
    }
    if !report.problems.is_empty() {
        parts.push(plural(merged(&report.problems).len(), "problem"));
    }
    let blocking = report.findings.iter().filter(|told| told.blocks).count();
    let end = match report.conclusion {
        Conclusion::Clean => "nothing blocks".to_owned(),
        Conclusion::Findings => format!("{blocking} block this change"),
        Conclusion::Incomplete if blocking > 0 => {
            format!("{blocking} block this change, and not everything could be checked")
        }
        Conclusion::Incomplete => {
            "not everything could be checked, so this is not a pass".to_owned()
        }
    };
    format!(
        "{}: {}; {end}\n",
        report.conclusion.name(),
        parts.join(", ")
    )
}
