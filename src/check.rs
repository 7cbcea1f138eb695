//! The pipeline: two snapshots in, a report out. The command line calls this, and later the Action, the hook and the server.
//!
//! [`compare()`] discovers and renders both sides; [`check()`] evaluates policy on what it gives and finds the lines. Nothing
//! is decided here about how anything looks, and nothing is posted.

mod compare;
mod conceal;
mod remedy;
mod rendered;
mod texts;
mod touched;
mod waive;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::cause::{self, Cause, Line};
use crate::change::{self, Pairing};
use crate::config::Config;
use crate::control::Controls;
use crate::finding::{Finding, Severity, State};
use crate::framework::Framework;
use crate::policy::{self, Ephi};
use crate::problem::Problem;
use crate::render::Rendered;
use crate::report::{AppLine, AppState, Conclusion, Report, Rule, Texts, Told, Trouble, Which};
use crate::resource::{Identity, Resource};
use crate::snapshot::Tree;
use crate::waiver::Wrong;

use compare::{altered_configuration, on_deep_stacks};
use texts::TextLoader;
use touched::TouchedLines;
use waive::Waivers;

pub use compare::{Apps, Compared, Comparison, Progress, Request, compare, render_head};
pub use conceal::Words;
pub use remedy::{Chosen, fix};
pub use rendered::add_rendered;
pub use texts::texts_of;
pub use waive::{InForce, Waiving};

/// Evaluates policy on a comparison and finds the line behind each finding.
pub fn check(
    request: &Request<'_>,
    comparison: &Comparison,
    gate: impl Into<Gate>,
    fixes: Fixes,
) -> Report {
    let gate = gate.into();
    let mut notes = comparison.notes.clone();
    notes.extend(under_proposed(request, gate));
    let fail_on = match gate.fail_on {
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
        policy::choose(&comparison.config, &Tree::new(request.governing()))
    } else {
        (Controls::none(), Vec::new())
    };
    let ephi = Ephi::of(&comparison.config);
    let (judges, unloaded) = remedy::judges(&controls);
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
    let mut turned_off: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut apps = Vec::new();
    let judged: Vec<_> = on_deep_stacks(|| {
        let apps = comparison.apps.par_iter();
        apps.map(|app| judge(&judges.all, ephi.as_ref(), app))
            .collect()
    });
    let at_head = remedy::at_head(comparison, &judged);
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
                State::New | State::Existing if finding.removed => (Which::Base, &app.base),
                State::New | State::Existing => (Which::Head, &app.head),
            };
            let cause = rendered.as_ref().and_then(|rendered| {
                let resource = rendered
                    .rendering
                    .resources
                    .iter()
                    .find(|r| r.identity == finding.resource)?;
                let origins = &rendered.origins;
                let mut cause = cause::locate(origins, &resource.value, &finding.path, &touched)?;
                if cause.empty.is_empty() {
                    cause.empty = cause::empty_reads(rendered, resource, &finding.path);
                }
                Some(cause)
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
                &controls,
                &mut texts,
            );
            told.reasons = reasons;
            match excused(&comparison.config, &controls, &told) {
                Some(Excuse::Off(reason)) => {
                    let key = (told.name.clone(), reason.to_owned());
                    *turned_off.entry(key).or_default() += 1;
                    continue;
                }
                Some(Excuse::Severity(severity)) => told.finding.severity = severity,
                None => {}
            }
            told.blocks = fail_on.is_some_and(|lowest| told.finding.severity >= lowest)
                && match told.finding.state {
                    State::New => true,
                    State::Existing => gate.all,
                    State::Resolved => false,
                };
            from_elsewhere(&mut told, cause.as_ref());
            waivers.cover(&mut told, rendered.as_ref());
            findings.push(told);
        }
    }
    findings.extend(waivers.findings(!problems.is_empty(), fail_on));
    notes.extend(turned_off.into_iter().map(|((name, reason), count)| {
        format!("{count} findings of `{name}` are turned off by the configuration: {reason}")
    }));
    texts.load_places(&problems);
    let words = Words::new(&texts.texts, request, comparison);
    for trouble in &mut problems {
        words.cover_problem(&mut trouble.problem);
    }
    for told in &mut findings {
        words.cover(&mut told.finding.message);
    }
    findings.sort_by_key(order);
    told_elsewhere(&mut findings);
    let remedies = if fixes == Fixes::None {
        Vec::new()
    } else {
        remedy::offer(
            request,
            comparison,
            &judges,
            &touched,
            &at_head,
            &mut findings,
            fixes,
            &mut notes,
        )
    };
    texts.load_places(&problems);
    texts.load_edited(&remedies);
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
        rendered: Vec::new(),
        remedies,
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
fn judge(
    policy: &policy::Policy,
    ephi: Option<&Ephi<'_>>,
    app: &Compared,
) -> Option<(Vec<Finding>, Vec<Problem>)> {
    if app.state == AppState::Unchanged {
        return None;
    }
    let [before, after] = &app.namespaces;
    let side = |namespace, rendered| policy::Side {
        namespace,
        environment: app.environment.as_deref(),
        ..policy::Side::new(&app.id, resources(rendered))
    };
    let [base, head] = [
        side(before, app.base.as_ref()),
        side(after, app.head.as_ref()),
    ];
    let (mut findings, problems) = policy::evaluate(policy, &base, &head);
    if let Some(ephi) = ephi {
        ephi.raise([&base, &head], &mut findings);
    }
    Some((findings, problems))
}

/// What the check would say if the configuration that the change proposes were in force, as a sentence.
fn under_proposed(request: &Request<'_>, gate: Gate) -> Option<String> {
    let path = altered_configuration(request)?;
    let text = Tree::new(request.head)
        .read_text(&path)
        .map_or_else(|_| String::new(), |text| text.to_string());
    let proposed = Request {
        target: request.target,
        base: request.base,
        head: request.head,
        config: Some((path.clone(), text)),
        notes: Vec::new(),
        problems: request.problems.clone(),
        waivers: request.waivers,
    };
    let report = check(&proposed, &compare(&proposed, &()), gate, Fixes::None);
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
                framework
                    .supported_by(id)
                    .map(|requirement| format!("{} {}", framework.name, requirement.id))
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

/// For which findings remedies are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixes {
    /// For none.
    None,
    /// For those that the change introduces.
    New,
}

/// What the command line says about the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing blocks.
    Never,
    /// New findings of this severity or above block.
    Severity(Severity),
}

/// What the command line says about what blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gate {
    /// The lowest severity; `None` leaves it to the configuration.
    pub fail_on: Option<FailOn>,
    /// True where findings that were there before block, too.
    pub all: bool,
}

impl From<Option<FailOn>> for Gate {
    fn from(fail_on: Option<FailOn>) -> Self {
        Self {
            fail_on,
            all: false,
        }
    }
}

/// What the configuration says about a finding where it is shown.
enum Excuse<'c> {
    /// It is not counted, for this reason.
    Off(&'c str),
    /// It counts as this severe.
    Severity(Severity),
}

fn excused<'c>(config: &'c Config, controls: &Controls, told: &Told) -> Option<Excuse<'c>> {
    let path = &told.location.as_ref()?.path;
    let entry = config.overrides.iter().find(|entry| {
        let control = controls.find(told.finding.control.as_str());
        let is_named = control.is_some_and(|control| control.answers_to(&entry.control.value));
        is_named && entry.paths.iter().any(|glob| glob.value.covers(path))
    })?;
    let is_off = entry.enabled.as_ref().is_some_and(|enabled| !enabled.value);
    if is_off {
        return Some(Excuse::Off(&entry.reason.value));
    }
    let level = entry.severity.as_ref()?;
    Some(Excuse::Severity(policy::severity(level.value)))
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

/// What made a finding new may be another object: then its place is where that object was changed, or removed.
fn from_elsewhere(told: &mut Told, cause: Option<&Cause>) {
    if told.finding.state != State::New || cause.is_some_and(|cause| cause.touched) {
        return;
    }
    let place = told
        .reasons
        .iter()
        .find_map(|reason| reason.location.clone());
    if let Some(place) = place
        && let Some(own) = told.location.replace(place)
    {
        told.history.insert(0, own);
    }
}

/// What a change does to an object, and the state of others that it leads to, are told by different controls: the second names the
/// first, so that a reader sees one event.
fn told_elsewhere(findings: &mut [Told]) {
    let mut events: BTreeMap<(String, Identity), String> = BTreeMap::new();
    for told in findings.iter() {
        if told.finding.state == State::New && told.reasons.is_empty() && !told.name.is_empty() {
            let key = (told.finding.app.clone(), told.finding.resource.clone());
            events.entry(key).or_insert_with(|| told.name.clone());
        }
    }
    for told in findings {
        for (reason, cause) in told.reasons.iter_mut().zip(&told.finding.causes) {
            let key = (told.finding.app.clone(), cause.resource.clone());
            reason.told_by = events.get(&key).cloned();
        }
    }
}

fn tell(
    finding: Finding,
    cause: Option<&Cause>,
    side: Which,
    rendered: Option<&Rendered>,
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
        blocks: false,
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
