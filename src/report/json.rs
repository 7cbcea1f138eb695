//! The report for programs: schema `plimsoll/1`, described by `testdata/schema/report.json`.
//!
//! The types here are the wire format. They change only by addition within a schema number.

use serde::Serialize;

use super::{Location, Report, Told, Which, file_edits, positions};
use crate::fix::{Edits, Layer, Remedy, Safety};

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
    groups: Vec<WireGroup<'a>>,
    remedies: Vec<WireRemedy<'a>>,
    problems: Vec<WireProblem<'a>>,
}

#[derive(Serialize)]
struct WireGroup<'a> {
    standing: &'static str,
    findings: Vec<usize>,
    apps: Vec<&'a str>,
}

#[derive(Serialize)]
struct WireWaiver<'a> {
    source: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    added: bool,
    proposed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<WireLocation<'a>>,
}

#[derive(Serialize)]
struct WireRemedy<'a> {
    kind: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blank: Option<&'a str>,
    files: Vec<WireFile<'a>>,
    resolves: Vec<String>,
    moves: Vec<WireMoved<'a>>,
}

#[derive(Serialize)]
struct WireFile<'a> {
    file: String,
    diff: String,
    edits: Vec<WireEdit<'a>>,
}

#[derive(Serialize)]
struct WireEdit<'a> {
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct WireMoved<'a> {
    app: &'a str,
    resource: String,
    path: &'a str,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<WireCause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiver: Option<WireWaiver<'a>>,
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replaced: bool,
}

#[derive(Serialize)]
struct WireCause<'a> {
    resource: &'a str,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<WireLocation<'a>>,
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
        replaced: location.replaced,
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
        causes: told
            .reasons
            .iter()
            .map(|reason| WireCause {
                resource: &reason.resource,
                removed: reason.removed,
                location: reason.location.as_ref().map(location),
            })
            .collect(),
        remedy: told.remedy,
        waiver: told.waiver.as_ref().map(|waiver| WireWaiver {
            source: waiver.source.name(),
            reason: &waiver.reason,
            owner: waiver.owner.as_deref(),
            until: waiver.until.as_deref(),
            added: waiver.added,
            proposed: waiver.proposed,
            location: waiver.location.as_ref().map(location),
        }),
        fingerprint: finding.fingerprint.to_string(),
    }
}

fn groups(report: &Report) -> Vec<WireGroup<'_>> {
    let mut groups: Vec<WireGroup<'_>> = report
        .groups()
        .iter()
        .map(|group| WireGroup {
            standing: group.standing(),
            findings: Vec::new(),
            apps: group.apps.iter().map(|app| app.id.as_str()).collect(),
        })
        .collect();
    for (finding, group) in report.group_of_findings().into_iter().enumerate() {
        if let Some(group) = groups.get_mut(group) {
            group.findings.push(finding);
        }
    }
    groups
}

fn remedy<'a>(report: &'a Report, remedy: &'a Remedy) -> WireRemedy<'a> {
    match remedy {
        Remedy::Fix(fix) => WireRemedy {
            kind: "fix",
            title: &fix.title,
            safety: Some(match &fix.safety {
                Safety::Safe => "safe",
                Safety::Unsafe(_) => "unsafe",
            }),
            reason: match &fix.safety {
                Safety::Safe => None,
                Safety::Unsafe(why) => Some(why),
            },
            layer: Some(match fix.layer {
                Layer::Values => "values",
                Layer::Overlay => "overlay",
                Layer::Manifest => "manifest",
                Layer::Base => "base",
                Layer::Defaults => "defaults",
                Layer::Template => "template",
            }),
            blank: None,
            files: files(report, &fix.edits),
            resolves: fix.resolves.iter().map(ToString::to_string).collect(),
            moves: fix
                .moves
                .iter()
                .map(|moved| WireMoved {
                    app: &moved.app,
                    resource: moved.resource.to_string(),
                    path: &moved.field,
                })
                .collect(),
        },
        Remedy::Draft(draft) => WireRemedy {
            kind: "draft",
            title: &draft.title,
            safety: None,
            reason: None,
            layer: None,
            blank: Some(&draft.blank),
            files: files(report, &draft.edits),
            resolves: Vec::new(),
            moves: Vec::new(),
        },
    }
}

/// The edits of each file. One that would show a secret has its difference, in which that is covered, and no edits.
fn files<'a>(report: &'a Report, edits: &'a Edits) -> Vec<WireFile<'a>> {
    file_edits(&report.texts, edits)
        .into_iter()
        .map(|file| {
            let regions = report.regions(&file.path, edits).unwrap_or_default();
            WireFile {
                edits: regions
                    .into_iter()
                    .map(|region| WireEdit {
                        line: region.start.line,
                        column: region.start.column,
                        end_line: region.end.line,
                        end_column: region.end.column,
                        text: region.text,
                    })
                    .collect(),
                file: file.path.to_string(),
                diff: file.unified,
            }
        })
        .collect()
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
        groups: groups(report),
        remedies: report
            .remedies
            .iter()
            .map(|one| remedy(report, one))
            .collect(),
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
                        replaced: false,
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
