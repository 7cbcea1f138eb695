//! The report for programs: schema `plimsoll/1`, described by `testdata/schema/report.json`.
//!
//! The types here are the wire format. They change only by addition within a schema number.

use serde::Serialize;

use super::{Location, Report, Told, Which, positions};

/// The name of the format, in every report.
pub const SCHEMA: &str = "plimsoll/1";

/// The JSON Schema of the format.
pub const JSON_SCHEMA: &str = include_str!("../../testdata/schema/report.json");

#[derive(Serialize)]
struct WireReport<'a> {
    schema: &'static str,
    conclusion: &'static str,
    base: WireSide<'a>,
    head: WireSide<'a>,
    changed_files: usize,
    notes: &'a [String],
    apps: Vec<WireApp<'a>>,
    findings: Vec<WireFinding<'a>>,
    problems: Vec<WireProblem<'a>>,
}

#[derive(Serialize)]
struct WireSide<'a> {
    label: &'a str,
    files: usize,
    apps: usize,
}

#[derive(Serialize)]
struct WireApp<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<usize>,
    changed_resources: usize,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    control: String,
    name: &'a str,
    severity: &'static str,
    state: &'static str,
    blocks: bool,
    app: &'a str,
    resource: String,
    path: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<WireLocation<'a>>,
    history: Vec<WireLocation<'a>>,
    fingerprint: String,
}

#[derive(Serialize)]
struct WireLocation<'a> {
    side: &'static str,
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    role: &'static str,
}

#[derive(Serialize)]
struct WireProblem<'a> {
    kind: &'static str,
    side: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<WireLocation<'a>>,
}

fn side(which: Which) -> &'static str {
    match which {
        Which::Base => "base",
        Which::Head => "head",
    }
}

fn location(location: &Location) -> WireLocation<'_> {
    WireLocation {
        side: side(location.side),
        file: location.path.as_str(),
        line: location.start.line,
        column: location.start.column,
        end_line: location.end.line,
        end_column: location.end.column,
        role: location.role,
    }
}

fn finding(told: &Told) -> WireFinding<'_> {
    let finding = &told.finding;
    WireFinding {
        control: finding.control.to_string(),
        name: &told.name,
        severity: finding.severity.name(),
        state: finding.state.name(),
        blocks: told.blocks,
        app: &finding.app,
        resource: finding.resource.to_string(),
        path: &finding.field,
        message: &finding.message,
        help: told.help.as_deref(),
        location: told.location.as_ref().map(location),
        history: told.history.iter().map(location).collect(),
        fingerprint: finding.fingerprint.to_string(),
    }
}

/// The report as JSON, indented, with a final line break.
pub fn render(report: &Report) -> String {
    let wire = WireReport {
        schema: SCHEMA,
        conclusion: report.conclusion.name(),
        base: WireSide {
            label: &report.base.label,
            files: report.base.files,
            apps: report.base.apps,
        },
        head: WireSide {
            label: &report.head.label,
            files: report.head.files,
            apps: report.head.apps,
        },
        changed_files: report.changed_files,
        notes: &report.notes,
        apps: report
            .apps
            .iter()
            .map(|app| WireApp {
                id: &app.id,
                environment: app.environment.as_deref(),
                state: app.state.name(),
                resources: app.resources,
                changed_resources: app.changed_resources,
            })
            .collect(),
        findings: report.findings.iter().map(finding).collect(),
        problems: report
            .problems
            .iter()
            .map(|trouble| {
                let place = trouble.problem.place.as_ref();
                let positions =
                    place.and_then(|p| positions(&report.texts, trouble.side, &p.path, p.span?));
                WireProblem {
                    kind: trouble.problem.kind.name(),
                    side: side(trouble.side),
                    app: trouble.app.as_deref(),
                    message: &trouble.problem.message,
                    help: trouble.problem.help.as_deref(),
                    file: place.map(|p| p.path.as_str()),
                    location: place.zip(positions).map(|(p, (start, end))| WireLocation {
                        side: side(trouble.side),
                        file: p.path.as_str(),
                        line: start.line,
                        column: start.column,
                        end_line: end.line,
                        end_column: end.column,
                        role: "",
                    }),
                }
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_else(|error| {
        // Strings, numbers and lists always serialise; this keeps the promise in the type.
        format!(
            "{{\"schema\":\"{SCHEMA}\",\"conclusion\":\"incomplete\",\"error\":{:?}}}",
            error.to_string()
        )
    });
    text.push('\n');
    text
}
