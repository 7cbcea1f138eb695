//! `plimsoll check`, and what it shares with `diff`, `baseline` and `explain`: opening two sides.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plimsoll::check::{self, Comparison, InForce, Progress, Request, Waiving};
use plimsoll::finding::Severity;
use plimsoll::report::{
    Report, Trouble, Which, annotations, html, json, junit, sarif, summary, text,
};
use plimsoll::snapshot::{self, Memory, Mounted, Mounts, Pair, Side, Snapshot};
use plimsoll::text::RepoPath;
use plimsoll::waiver::Date;

use crate::args::{Check, FailOn, Format, Network, ReportTo, Sides, Waivers};
use crate::network::{self, Round};
use crate::{Failure, Terminal, print};

pub(crate) fn check(terminal: &Terminal, arguments: &Check) -> Result<ExitCode, Failure> {
    let reports = destinations(arguments)?;
    let mut pair = open(terminal, &arguments.sides)?;
    if arguments.all && arguments.sides.base.is_none() {
        pair.base = Box::new(Memory::empty("nothing"));
        pair.notes.clear();
    }
    let report = judge(
        terminal,
        arguments,
        &pair,
        None,
        waiving(&arguments.waivers),
        &reports,
    )?;
    deliver(terminal, arguments, &report, &reports)?;
    Ok(ExitCode::from(report.conclusion.exit_code()))
}

/// Compares, judges and looks for fixes. `target` is the tip of the branch that the change is to be merged into, where
/// that governs.
pub(crate) fn judge(
    terminal: &Terminal,
    arguments: &Check,
    pair: &Pair,
    target: Option<&dyn Snapshot>,
    waivers: Waiving,
    reports: &[ReportTo],
) -> Result<Report, Failure> {
    let (comparison, mounts) =
        compare(terminal, &arguments.sides, &arguments.network, pair, target)?;
    let [base, head] = mounted(pair, &mounts);
    let request = Request {
        target,
        waivers,
        ..request(terminal, &arguments.sides, pair, [&base, &head])?
    };
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
    let fixes = if arguments.no_fixes {
        check::Fixes::None
    } else {
        check::Fixes::New
    };
    let mut report = check::check(&request, &comparison, gate, fixes);
    let shows_rendered = |to: &ReportTo| matches!(to.format, Format::Markdown | Format::Html);
    if reports.iter().any(shows_rendered) {
        check::add_rendered(&mut report, &request, &comparison);
    }
    Ok(report)
}

/// Writes the reports that are asked for.
pub(crate) fn deliver(
    terminal: &Terminal,
    arguments: &Check,
    report: &Report,
    reports: &[ReportTo],
) -> Result<(), Failure> {
    let style = |color| text::Style {
        color,
        unicode: false,
        existing: arguments.existing || arguments.all,
    };
    for to in reports {
        let laid_out = match to.format {
            Format::Text => text::render(report, style(terminal.color && to.file.is_none())),
            format => lay_out(report, format),
        };
        match &to.file {
            None => print(&laid_out)?,
            Some(file) => write(terminal, file, &laid_out)?,
        }
    }
    // A person who writes a report to standard output still wants to read what was found.
    if reports.iter().all(|to| to.format != Format::Text) && !arguments_say_format(arguments) {
        eprint!("{}", text::render(report, style(false)));
    }
    Ok(())
}

/// True where `--format` chose what standard output carries: then nothing else is printed.
fn arguments_say_format(arguments: &Check) -> bool {
    arguments.format.is_some()
}

/// Every report that is asked for; text on standard output unless something else takes it.
pub(crate) fn destinations(arguments: &Check) -> Result<Vec<ReportTo>, Failure> {
    let mut reports = arguments.report.clone();
    let on_output = |reports: &[ReportTo]| reports.iter().filter(|to| to.file.is_none()).count();
    let format = match arguments.format {
        Some(format) => Some(format),
        None if on_output(&reports) == 0 => Some(Format::Text),
        None => None,
    };
    reports.extend(format.map(|format| ReportTo { format, file: None }));
    if on_output(&reports) > 1 {
        return Err(
            Failure::new("two reports cannot both go to standard output")
                .help("Give one of them a file: `--report sarif=out.sarif`."),
        );
    }
    Ok(reports)
}

fn lay_out(report: &Report, format: Format) -> String {
    match format {
        Format::Text => String::new(),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::Github => annotations::render(report),
        Format::Markdown => summary::render(report),
        Format::Html => html::render(report),
    }
}

pub(crate) fn write(
    terminal: &Terminal,
    file: &std::path::Path,
    text: &str,
) -> Result<(), Failure> {
    let path = terminal.directory.join(file);
    std::fs::write(&path, text)
        .map_err(|error| Failure::new(format!("`{}` cannot be written: {error}", path.display())))
}

/// On a person's own machine the waivers in the work tree count; where a change is judged, those of the target do.
pub(crate) fn waiving(arguments: &Waivers) -> Waiving {
    let in_ci =
        std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "false" | "0"));
    Waiving {
        in_force: if arguments.strict_waivers || in_ci {
            InForce::OfBase
        } else {
            InForce::OfHead
        },
        today: arguments.today.or_else(today),
    }
}

/// The day it is, in UTC.
pub(crate) fn today() -> Option<Date> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let days = u32::try_from(since.as_secs() / 86_400).ok()?;
    Some(Date::from_days(days))
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

/// Compares the two sides, with what they name elsewhere as far as it may be fetched.
pub(crate) fn compare(
    terminal: &Terminal,
    sides: &Sides,
    network: &Network,
    pair: &Pair,
    target: Option<&dyn Snapshot>,
) -> Result<(Comparison, Mounts), Failure> {
    let completed = network::complete(terminal, network, |mounts| {
        let [base, head] = mounted(pair, mounts);
        let request = Request {
            target,
            ..request(terminal, sides, pair, [&base, &head])?
        };
        let comparison = check::compare(&request, &Watcher::new(terminal));
        Ok(Round {
            wants: comparison.unanswered().cloned().collect(),
            hosts: network::hosts(&comparison.config),
            result: comparison,
        })
    })?;
    let mut comparison = completed.result;
    comparison.notes.extend(completed.notes);
    Ok((comparison, completed.mounts))
}

/// Base and head, with what was fetched beside them.
pub(crate) fn mounted<'a>(pair: &'a Pair, mounts: &'a Mounts) -> [Mounted<'a>; 2] {
    [&pair.base, &pair.head].map(|side| Mounted::new(&**side, mounts))
}

pub(crate) fn request<'a>(
    terminal: &Terminal,
    sides: &Sides,
    pair: &Pair,
    [base, head]: [&'a Mounted<'a>; 2],
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
        target: None,
        base,
        head,
        config,
        notes: pair.notes.clone(),
        problems: pair.problems.clone(),
        waivers: Waiving::default(),
    })
}

/// Tells a person how far rendering has come, once it takes longer than a second.
pub(crate) struct Watcher {
    watched: bool,
    started: Instant,
    last: Mutex<Option<Instant>>,
}

impl Watcher {
    pub(crate) fn new(terminal: &Terminal) -> Self {
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
