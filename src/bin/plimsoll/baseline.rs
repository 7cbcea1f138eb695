//! `plimsoll baseline`: the findings of now as a file, so that only what is new blocks.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use plimsoll::check::{self, InForce, Request, Waiving};
use plimsoll::config::baseline::{self, Entry};
use plimsoll::finding::State;
use plimsoll::report::{Report, WaiverSource, text};
use plimsoll::snapshot::{Memory, Tree};
use plimsoll::text::{RepoPath, Span};

use crate::args::{Baseline, Sides};
use crate::check::{compare, mounted, open, request, today, write};
use crate::{Failure, Terminal, print};

pub(crate) fn baseline(terminal: &Terminal, arguments: &Baseline) -> Result<ExitCode, Failure> {
    let sides = Sides {
        // Nothing is compared, so a repository without a remote has a baseline, too.
        base: arguments.head.clone().or(Some(":worktree".to_owned())),
        head: arguments.head.clone(),
        config: arguments.config.clone(),
    };
    let mut pair = open(terminal, &sides)?;
    pair.base = Box::new(Memory::empty("nothing"));
    pair.notes.clear();
    let (comparison, mounts) = compare(terminal, &sides, &arguments.network, &pair, None)?;
    let [base, head] = mounted(&pair, &mounts);
    let request = Request {
        waivers: Waiving {
            in_force: InForce::OfHead,
            today: arguments.today.or_else(today),
        },
        ..request(terminal, &sides, &pair, [&base, &head])?
    };
    let gate = Some(check::FailOn::Never);
    let report = check::check(&request, &comparison, gate, check::Fixes::None);
    let default = RepoPath::new(baseline::PATH).map_err(|error| Failure::new(error.to_string()))?;
    let configured = comparison
        .config
        .baseline
        .as_ref()
        .map_or(&default, |path| &path.value);
    let found = entries(&report);
    let (kept, told) = if arguments.prune {
        let (old, problems) = baseline::load(&Tree::new(request.head), configured);
        if let Some(problem) = problems.first() {
            return Err(Failure::new(format!(
                "`{configured}` cannot be pruned: {}",
                problem.message
            )));
        }
        // What could not be seen may still be there.
        if !report.problems.is_empty() {
            return Ok(incomplete(terminal, &report));
        }
        let still: BTreeSet<&str> = found
            .iter()
            .map(|entry| entry.fingerprint.as_str())
            .collect();
        let before = old.len();
        let kept: Vec<Entry> = old
            .into_iter()
            .filter(|entry| still.contains(entry.fingerprint.as_str()))
            .collect();
        let told = format!("{} of {before} entries are gone", before - kept.len());
        (kept, told)
    } else {
        let told = format!("{} findings are in the baseline", found.len());
        (found, told)
    };
    let text = baseline::write(kept);
    match &arguments.output {
        Some(file) if file == Path::new("-") => print(&text)?,
        Some(file) => write(terminal, file, &text)?,
        None => write(terminal, &pair.root.join(configured.as_str()), &text)?,
    }
    eprintln!("{told}");
    if report.problems.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(incomplete(terminal, &report))
    }
}

/// Every finding that no other waiver covers. What is wrong with waivers themselves is mended, not listed.
fn entries(report: &Report) -> Vec<Entry> {
    report
        .findings
        .iter()
        .filter(|told| {
            told.finding.state != State::Resolved && told.finding.resource.kind != "Waiver"
        })
        .filter(|told| {
            told.waiver
                .as_ref()
                .is_none_or(|waiver| waiver.source == WaiverSource::Baseline)
        })
        .map(|told| Entry {
            app: told.finding.app.clone(),
            resource: told.finding.resource.to_string(),
            control: told.finding.control.to_string(),
            field: told.finding.field.clone(),
            fingerprint: told.finding.fingerprint.to_string(),
            span: Span::at(0),
        })
        .collect()
}

fn incomplete(terminal: &Terminal, report: &Report) -> ExitCode {
    let style = text::Style {
        color: terminal.color,
        unicode: false,
        existing: false,
    };
    eprint!("{}", text::problems(&report.texts, &report.problems, style));
    ExitCode::from(2)
}
