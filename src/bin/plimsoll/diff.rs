//! `plimsoll diff`: what a change does to the rendered objects, as text.

use std::fmt::Write as _;
use std::process::ExitCode;

use plimsoll::change::{self, Pairing};
use plimsoll::check::{self, Comparison, Request};
use plimsoll::report::{AppState, text};

use crate::args::Diff;
use crate::check::{compare, mounted, open, request};
use crate::{Failure, Terminal, print};

pub(crate) fn diff(terminal: &Terminal, arguments: &Diff) -> Result<ExitCode, Failure> {
    let pair = open(terminal, &arguments.sides)?;
    let (mut comparison, mounts) =
        compare(terminal, &arguments.sides, &arguments.network, &pair, None)?;
    let [base, head] = mounted(&pair, &mounts);
    let request = request(terminal, &arguments.sides, &pair, [&base, &head])?;
    let words = check::Words::of(&request, &comparison);
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
            let mut text = change.text();
            words.cover(&mut text.unified);
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
    for note in &comparison.notes {
        eprintln!("note: {note}");
    }
    if comparison.problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for trouble in &mut comparison.problems {
        words.cover_problem(&mut trouble.problem);
    }
    tell_problems(terminal, &request, &comparison);
    Ok(ExitCode::from(2))
}

pub(crate) fn tell_problems(terminal: &Terminal, request: &Request<'_>, comparison: &Comparison) {
    let texts = check::texts_of(request, &comparison.problems);
    let style = text::Style {
        color: terminal.color,
        unicode: false,
        existing: false,
    };
    eprint!("{}", text::problems(&texts, &comparison.problems, style));
}
