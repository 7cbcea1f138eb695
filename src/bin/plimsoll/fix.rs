//! `plimsoll fix`: proved fixes written to the files of head, or shown as a difference.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use plimsoll::check::{self, Chosen};
use plimsoll::control::Controls;
use plimsoll::finding::Finding;
use plimsoll::fix::{Applied, Safety, unified};
use plimsoll::snapshot::{ContentId, Side};
use plimsoll::text::RepoPath;

use crate::args::Fix;
use crate::check::{compare, mounted, open, request};
use crate::diff::tell_problems;
use crate::{Failure, Terminal, print};

pub(crate) fn fix(terminal: &Terminal, arguments: &Fix) -> Result<ExitCode, Failure> {
    let side = arguments.sides.head.as_deref();
    let side = side.map_or(Side::Worktree, |text| {
        Side::parse(text, &terminal.directory)
    });
    if matches!(side, Side::Revision(_)) && !arguments.dry_run {
        return Err(Failure::new("a commit cannot be changed")
            .help("Fix the work tree, or add --dry-run to see what would change."));
    }
    let controls = Controls::built_in();
    let unknown = arguments
        .control
        .iter()
        .find(|name| controls.find(name).is_none());
    if let Some(unknown) = unknown {
        return Err(Failure::new(format!("there is no control `{unknown}`"))
            .help("`plimsoll controls` lists them."));
    }
    let pair = open(terminal, &arguments.sides)?;
    let (mut comparison, mounts) =
        compare(terminal, &arguments.sides, &arguments.network, &pair, None)?;
    let [base, head] = mounted(&pair, &mounts);
    let request = request(terminal, &arguments.sides, &pair, [&base, &head])?;
    let filter = |finding: &Finding| {
        let names = &arguments.control;
        let is_named = names.iter().any(|name| {
            let control = controls.find(name);
            control.is_some_and(|control| control.id == finding.control)
        });
        let app = arguments.app.as_deref();
        (names.is_empty() || is_named) && app.is_none_or(|part| finding.app.contains(part))
    };
    let below: Vec<PathBuf> = arguments
        .paths
        .iter()
        .map(|path| terminal.directory.join(path))
        .collect();
    let in_files = |path: &RepoPath| {
        let on_disk = pair.root.join(path.as_str());
        below.is_empty() || below.iter().any(|below| on_disk.starts_with(below))
    };
    let chosen = Chosen {
        all: arguments.all,
        with_unsafe: arguments.with_unsafe,
        filter: &filter,
        in_files: &in_files,
    };
    let (applied, report) = check::fix(&request, &comparison, &chosen);
    let before = |path: &RepoPath| {
        let bytes = request.head.bytes(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let words = check::Words::of(&request, &comparison);
    if arguments.dry_run {
        let mut out = String::new();
        for (path, after) in &applied.files {
            out.push_str(&unified(path, &before(path), after));
        }
        // Lines around an edit may hold what nobody is to read.
        words.cover(&mut out);
        print(&out)?;
        eprint!("{}", summary(&applied, "would be applied"));
    } else {
        let files: Vec<(PathBuf, String, &str)> = applied
            .files
            .iter()
            .map(|(path, after)| (pair.root.join(path.as_str()), before(path), &**after))
            .collect();
        // Nothing is written unless everything can be.
        for (path, before, _) in &files {
            unchanged(path, before)?;
        }
        for (path, _, after) in &files {
            replace(path, after)?;
        }
        print(&summary(&applied, "applied"))?;
    }
    if !comparison.problems.is_empty() {
        for trouble in &mut comparison.problems {
            words.cover_problem(&mut trouble.problem);
        }
        tell_problems(terminal, &request, &comparison);
    }
    Ok(ExitCode::from(report.conclusion.exit_code()))
}

fn summary(applied: &Applied, done: &str) -> String {
    let mut out = String::new();
    for fix in &applied.fixes {
        let files: Vec<&str> = fix.edits.keys().map(RepoPath::as_str).collect();
        let _ = writeln!(out, "{} ({})", fix.title, files.join(", "));
        if let Safety::Unsafe(reason) = &fix.safety {
            let _ = writeln!(out, "  unsafe: {reason}");
        }
    }
    let plural =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let fixes = match applied.fixes.len() {
        1 => "1 fix".to_owned(),
        count => format!("{count} fixes"),
    };
    let _ = write!(
        out,
        "{fixes} {done} in {}",
        plural(applied.files.len(), "file")
    );
    if !applied.withheld.is_empty() {
        let _ = write!(
            out,
            "; {} more could be: see --unsafe, and the paths given",
            applied.withheld.len()
        );
    }
    out.push('\n');
    if applied.exhausted {
        out.push_str("so many fixes were tried that not all could be: run it again for the rest, or on fewer with --app\n");
    }
    out
}

/// Refuses a file that is no longer what was read, or never was (the index is checked, and the work tree differs from it).
fn unchanged(path: &Path, before: &str) -> Result<(), Failure> {
    let now = std::fs::read(path)
        .map_err(|error| Failure::new(format!("`{}` cannot be read: {error}", path.display())))?;
    if ContentId::of(&now) == ContentId::of(before.as_bytes()) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` on disk is not what was checked, and nothing was written",
        path.display()
    ))
    .help("Where the index was checked, bring the work tree in line with it first."))
}

/// Writes a file whole, or not at all.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(format!("`{}` cannot be written: {error}", path.display()))
    };
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.plimsoll-{}", std::process::id()));
    let write = || {
        let permissions = std::fs::metadata(path)?.permissions();
        let mut file = std::fs::File::create_new(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        fail(error)
    })
}
