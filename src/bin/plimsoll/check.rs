//! `plimsoll check` and `plimsoll diff`: both open two sides and compare them.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use plimsoll::change::{self, Pairing};
use plimsoll::check::{self, Comparison, Progress, Request};
use plimsoll::finding::Severity;
use plimsoll::report::{AppState, Trouble, Which, json, text};
use plimsoll::snapshot::{self, Pair, Side};
use plimsoll::text::RepoPath;

use crate::args::{Check, Diff, FailOn, Format, Sides};
use crate::{Failure, Terminal, print};

pub(crate) fn check(terminal: &Terminal, arguments: &Check) -> Result<ExitCode, Failure> {
    let pair = open(terminal, &arguments.sides)?;
    let request = request(terminal, &arguments.sides, &pair)?;
    let comparison = check::compare(&request, &Watcher::new(terminal));
    let fail_on = arguments.fail_on.map(|lowest| match lowest {
        FailOn::Never => check::FailOn::Never,
        FailOn::Low => check::FailOn::Severity(Severity::Low),
        FailOn::Medium => check::FailOn::Severity(Severity::Medium),
        FailOn::High => check::FailOn::Severity(Severity::High),
        FailOn::Critical => check::FailOn::Severity(Severity::Critical),
    });
    let gate = check::Gate {
        fail_on,
        all: arguments.all,
    };
    let report = check::check(&request, &comparison, gate);
    print(&match arguments.format {
        Format::Text => {
            let style = text::Style {
                color: terminal.color,
                unicode: false,
                existing: arguments.existing || arguments.all,
            };
            text::render(&report, style)
        }
        Format::Json => json::render(&report),
    })?;
    Ok(ExitCode::from(report.conclusion.exit_code()))
}

pub(crate) fn diff(terminal: &Terminal, arguments: &Diff) -> Result<ExitCode, Failure> {
    let pair = open(terminal, &arguments.sides)?;
    let request = request(terminal, &arguments.sides, &pair)?;
    let comparison = check::compare(&request, &Watcher::new(terminal));
    let wanted = |id: &str| {
        arguments
            .app
            .as_deref()
            .is_none_or(|part| id.contains(part))
    };
    let mut out = format!(
        "comparing {} with {}\n",
        comparison.base.label, comparison.head.label
    );
    let mut any = false;
    for app in comparison
        .apps
        .iter()
        .filter(|app| wanted(&app.id) && app.state != AppState::Unchanged)
    {
        let resources = |rendered: &Option<plimsoll::render::Rendered>| {
            rendered
                .as_ref()
                .map(|rendered| rendered.rendering.resources.clone())
                .unwrap_or_default()
        };
        let (base, head) = (resources(&app.base), resources(&app.head));
        let changes = change::changes(&base, &head);
        if changes.is_empty() {
            continue;
        }
        any = true;
        let _ = writeln!(out, "\n# {} ({})", app.id, app.state.name());
        for change in changes {
            let what = match change.pairing {
                Pairing::Added => "added",
                Pairing::Removed => "removed",
                Pairing::Changed | Pairing::Unchanged => "changed",
            };
            let text = change.text();
            let coarse = if text.coarse {
                " (too different to compare line by line in time)"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "\n{what} {}{coarse}\n{}",
                change.identity,
                text.unified.trim_end()
            );
        }
    }
    if !any {
        out.push_str("\nno rendered object changes\n");
    }
    print(&out)?;
    if comparison.problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    tell_problems(terminal, &request, &comparison);
    Ok(ExitCode::from(2))
}

fn tell_problems(terminal: &Terminal, request: &Request<'_>, comparison: &Comparison) {
    let texts = check::texts_of(request, &comparison.problems);
    let style = text::Style {
        color: terminal.color,
        unicode: false,
        existing: false,
    };
    eprint!("{}", text::problems(&texts, &comparison.problems, style));
}

pub(crate) fn open(terminal: &Terminal, sides: &Sides) -> Result<Pair, Failure> {
    let side = |text: &Option<String>| {
        text.as_deref()
            .map(|text| Side::parse(text, &terminal.directory))
    };
    snapshot::open(&terminal.directory, side(&sides.base), side(&sides.head)).map_err(|error| {
        let help = error.help();
        Failure::new(error.to_string()).help(help)
    })
}

pub(crate) fn request<'a>(
    terminal: &Terminal,
    sides: &Sides,
    pair: &'a Pair,
) -> Result<Request<'a>, Failure> {
    let config = match &sides.config {
        None => None,
        Some(file) => {
            let on_disk = terminal.directory.join(file);
            let text = std::fs::read_to_string(&on_disk).map_err(|error| {
                Failure::new(format!("`{}` cannot be read: {error}", on_disk.display()))
            })?;
            let name = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let path = RepoPath::new(&name).map_err(|error| Failure::new(error.to_string()))?;
            Some((path, text))
        }
    };
    Ok(Request {
        base: &*pair.base,
        head: &*pair.head,
        config,
        notes: pair.notes.clone(),
        problems: pair.problems.clone(),
    })
}

/// Tells a person how far rendering has come, once it takes longer than a second.
struct Watcher {
    watched: bool,
    started: Instant,
    last: Mutex<Option<Instant>>,
}

impl Watcher {
    fn new(terminal: &Terminal) -> Self {
        Self {
            watched: terminal.watched,
            started: Instant::now(),
            last: Mutex::new(None),
        }
    }
}

impl Progress for Watcher {
    fn rendered(&self, done: usize, all: usize) {
        if !self.watched || self.started.elapsed() < Duration::from_secs(1) {
            return;
        }
        let Ok(mut last) = self.last.lock() else {
            return;
        };
        if done == all || last.is_none_or(|at| at.elapsed() > Duration::from_millis(100)) {
            *last = Some(Instant::now());
            let end = if done == all { "\r\x1b[K" } else { "" };
            eprint!("\r{done} of {all} apps rendered{end}");
        }
    }
}

/// The problems of one side as a report would hold them.
pub(crate) fn on_head(problems: &[plimsoll::problem::Problem]) -> Vec<Trouble> {
    problems
        .iter()
        .map(|problem| Trouble {
            side: Which::Head,
            app: None,
            problem: problem.clone(),
        })
        .collect()
}
