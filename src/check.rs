//! The pipeline: two snapshots in, a report out. The command line calls this, and later the Action, the hook and the server.
//!
//! [`compare()`] discovers and renders both sides; [`check()`] evaluates policy on what it gives and finds the lines. Nothing
//! is decided here about how anything looks, and nothing is posted.

mod compare;
mod conceal;
mod rendered;
mod texts;
mod touched;
mod waive;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cause::{self, Cause, Line};
use crate::change::{self, Pairing};
use crate::control::Controls;
use crate::finding::{Finding, Severity, State};
use crate::framework::Framework;
use crate::policy;
use crate::problem::Problem;
use crate::render::Rendered;
use crate::report::{AppLine, AppState, Conclusion, Report, Rule, Texts, Told, Trouble, Which};
use crate::resource::Resource;
use crate::snapshot::Tree;
use crate::waiver::Wrong;

use compare::{altered_configuration, on_deep_stacks};
use texts::TextLoader;
use touched::TouchedLines;
use waive::Waivers;

pub use compare::{Apps, Compared, Comparison, Progress, Request, compare, render_head};
pub use conceal::Words;
pub use rendered::add_rendered;
pub use texts::texts_of;
pub use waive::{InForce, Waiving};

/// Evaluates policy on a comparison and finds the line behind each finding.
pub fn check(request: &Request<'_>, comparison: &Comparison, fail_on: Option<FailOn>) -> Report {
    let mut notes = comparison.notes.clone();
    notes.extend(under_proposed(request, fail_on));
    let fail_on = match fail_on {
        Some(FailOn::Never) => None,
        Some(FailOn::Severity(severity)) => Some(severity),
        None => comparison.config.fail_on().map(policy::severity),
    };
    let mut problems = comparison.problems.clone();
    // Loading the controls is most of what a check of nothing would cost.
    let touched_any = comparison
        .apps
        .iter()
        .any(|app| app.state != AppState::Unchanged);
    let (controls, mut wrong) = if touched_any {
        policy::choose(&comparison.config)
    } else {
        (Controls::none(), Vec::new())
    };
    let (policy, unloaded) = policy::compile(&controls);
    wrong.extend(unloaded);
    problems.extend(wrong.into_iter().map(|problem| Trouble {
        side: Which::Head,
        app: None,
        problem,
    }));
    let touched = TouchedLines::new(request, &comparison.changes);
    let mut texts = TextLoader {
        request,
        texts: Texts::new(),
    };
    let (mut waivers, wrong) = Waivers::new(request, comparison, &touched, &mut texts);
    problems.extend(wrong);
    let mut findings = Vec::new();
    let mut apps = Vec::new();
    let judged: Vec<_> = on_deep_stacks(|| {
        let apps = comparison.apps.par_iter();
        apps.map(|app| judge(&policy, app)).collect()
    });
    for (app, judged) in comparison.apps.iter().zip(judged) {
        let (base, head) = (resources(app.base.as_ref()), resources(app.head.as_ref()));
        let mut line = AppLine {
            id: app.id.clone(),
            environment: app.environment.clone(),
            state: app.state,
            resources: Some(if app.head.is_some() {
                head.len()
            } else {
                base.len()
            }),
            changed_resources: 0,
        };
        let Some((found, wrong)) = judged else {
            line.resources = app.base.as_ref().map(|_| base.len());
            apps.push(line);
            continue;
        };
        line.changed_resources = change::pair(base, head)
            .iter()
            .filter(|pair| pair.pairing() != Pairing::Unchanged)
            .count();
        apps.push(line);
        problems.extend(wrong.into_iter().map(|problem| Trouble {
            side: Which::Head,
            app: Some(app.id.clone()),
            problem,
        }));
        texts.hide_secrets(app);
        waivers.enter(app, &mut texts);
        for finding in found {
            let (side, rendered) = match finding.state {
                State::Resolved => (Which::Base, &app.base),
                State::New | State::Existing => (Which::Head, &app.head),
            };
            let cause = rendered.as_ref().and_then(|rendered| {
                let resource = rendered
                    .rendering
                    .resources
                    .iter()
                    .find(|r| r.identity == finding.resource)?;
                cause::locate(&rendered.origins, &resource.value, &finding.path, &touched)
            });
            let reasons = finding
                .causes
                .iter()
                .map(|cause| texts.reason(cause, app))
                .collect();
            let mut told = tell(
                finding,
                cause.as_ref(),
                side,
                rendered.as_ref(),
                fail_on,
                &controls,
                &mut texts,
            );
            told.reasons = reasons;
            waivers.cover(&mut told, rendered.as_ref());
            findings.push(told);
        }
    }
    findings.extend(waivers.findings(!problems.is_empty(), fail_on));
    texts.load_places(&problems);
    let words = Words::new(&texts.texts, request, comparison);
    for trouble in &mut problems {
        words.cover_problem(&mut trouble.problem);
    }
    for told in &mut findings {
        words.cover(&mut told.finding.message);
    }
    findings.sort_by_key(order);
    problems.sort();
    problems.dedup();
    let conclusion = if !problems.is_empty() {
        Conclusion::Incomplete
    } else if findings.iter().any(|told| told.blocks) {
        Conclusion::Findings
    } else {
        Conclusion::Clean
    };
    Report {
        base: comparison.base.clone(),
        head: comparison.head.clone(),
        changed_files: comparison.changes.len(),
        notes,
        apps,
        rules: rules(&controls, &findings),
        findings,
        remedies: Vec::new(),
        rendered: Vec::new(),
        problems,
        fail_on,
        conclusion,
        texts: texts.texts,
    }
}

fn resources(rendered: Option<&Rendered>) -> &[Resource] {
    rendered.map_or(&[], |rendered| &rendered.rendering.resources)
}

/// The findings of one app; `None` for one that the change does not touch.
fn judge(policy: &policy::Policy, app: &Compared) -> Option<(Vec<Finding>, Vec<Problem>)> {
    if app.state == AppState::Unchanged {
        return None;
    }
    let [before, after] = &app.namespaces;
    let side = |namespace, rendered| policy::Side {
        namespace,
        environment: app.environment.as_deref(),
        ..policy::Side::new(&app.id, resources(rendered))
    };
    Some(policy::evaluate(
        policy,
        &side(before, app.base.as_ref()),
        &side(after, app.head.as_ref()),
    ))
}

/// What the check would say if the configuration that the change proposes were in force, as a sentence.
fn under_proposed(request: &Request<'_>, fail_on: Option<FailOn>) -> Option<String> {
    let path = altered_configuration(request)?;
    let text = Tree::new(request.head)
        .read_text(&path)
        .map_or_else(|_| String::new(), |text| text.to_string());
    let proposed = Request {
        base: request.base,
        head: request.head,
        config: Some((path.clone(), text)),
        notes: Vec::new(),
        problems: request.problems.clone(),
        waivers: request.waivers,
    };
    let report = check(&proposed, &compare(&proposed, &()), fail_on);
    let blocking = report.findings.iter().filter(|told| told.blocks).count();
    Some(format!(
        "under the {path} of the change, the check would end as {}: {blocking} blocking, {} problems",
        report.conclusion.name(),
        report.problems.len()
    ))
}

/// What a reader gets to know about the controls behind `findings`.
fn rules(controls: &Controls, findings: &[Told]) -> Vec<Rule> {
    let ids: BTreeSet<&str> = findings
        .iter()
        .map(|told| told.finding.control.as_str())
        .collect();
    let frameworks = if ids.is_empty() {
        Vec::new()
    } else {
        Framework::built_in()
    };
    let of_waivers = Wrong::ALL.map(Wrong::about);
    ids.into_iter()
        .filter_map(|id| {
            if let Some(about) = of_waivers.iter().find(|about| about.id == id) {
                return Some(Rule {
                    id: id.to_owned(),
                    name: about.name.to_owned(),
                    title: about.title.to_owned(),
                    description: about.help.to_owned(),
                    severity: about.severity,
                    page: Arc::from(""),
                    supports: Vec::new(),
                });
            }
            let control = controls.find(id)?;
            let supports = frameworks.iter().flat_map(|framework| {
                let entries = framework.entries.iter().filter(|entry| entry.control == id);
                entries.map(|entry| format!("{} {}", framework.name, entry.requirement))
            });
            Some(Rule {
                id: id.to_owned(),
                name: control.name.clone(),
                title: control.title.clone(),
                description: control.description.clone(),
                severity: control.severity,
                page: Arc::clone(&control.page),
                supports: supports.collect(),
            })
        })
        .collect()
}

/// What the command line says about the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing blocks.
    Never,
    /// New findings of this severity or above block.
    Severity(Severity),
}

/// New before resolved before existing, the most severe first, then by place.
fn order(told: &Told) -> impl Ord + use<> {
    let state = match told.finding.state {
        State::New => 0,
        State::Resolved => 1,
        State::Existing => 2,
    };
    let place = told.location.as_ref().map(|l| (l.path.clone(), l.span));
    (
        state,
        std::cmp::Reverse(told.finding.severity),
        place,
        told.finding.control.clone(),
        told.finding.app.clone(),
        told.finding.resource.clone(),
        told.finding.field.clone(),
    )
}

fn tell(
    finding: Finding,
    cause: Option<&Cause>,
    side: Which,
    rendered: Option<&Rendered>,
    fail_on: Option<Severity>,
    controls: &Controls,
    texts: &mut TextLoader<'_>,
) -> Told {
    let mut place =
        |line: &Line| texts.locate(side, line, rendered.map(|rendered| &rendered.origins));
    let location = cause.and_then(|cause| place(&cause.line));
    let history = cause
        .iter()
        .flat_map(|cause| &cause.history)
        .filter_map(&mut place)
        .collect();
    let control = controls.find(finding.control.as_str());
    let help = cause
        .as_ref()
        .and_then(|cause| cause.empty.first())
        .map(|path| {
            format!(
                "`{path}` was read there and is not set; setting it in the values may be the remedy"
            )
        });
    Told {
        blocks: finding.state == State::New
            && fail_on.is_some_and(|lowest| finding.severity >= lowest),
        name: control
            .map(|control| control.name.clone())
            .unwrap_or_default(),
        location,
        history,
        reasons: Vec::new(),
        help,
        remedy: None,
        waiver: None,
        finding,
    }
}
