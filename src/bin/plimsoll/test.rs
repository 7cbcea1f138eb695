//! `plimsoll test`: users' tests of their policies, as `opa test` runs them, and the pages of controls.

use std::fmt::Write as _;
use std::process::ExitCode;

use plimsoll::config;
use plimsoll::control::{Controls, Defaults, Module};
use plimsoll::finding::Severity;
use plimsoll::policy::testing::{self, Outcome, Tests};
use plimsoll::policy::{compile, pages};
use plimsoll::problem::Problem;
use plimsoll::snapshot::{Disk, Found, Tree};
use plimsoll::text::{LineIndex, RepoPath};
use regex::Regex;

use crate::args::Test;
use crate::{Failure, Terminal, print};

/// How many of what went how.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
    errors: usize,
    skipped: usize,
}

pub(crate) fn test(terminal: &Terminal, arguments: &Test) -> Result<ExitCode, Failure> {
    let run = arguments.run.as_deref().map(Regex::new).transpose();
    let run = run.map_err(|error| Failure::new(format!("`--run` is no pattern: {error}")))?;
    let disk = Disk::new(&terminal.directory);
    let tree = Tree::new(&disk);
    let (config, _) = config::load(&tree);
    let inside = |path: &String| {
        RepoPath::new(path.trim_start_matches("./").trim_end_matches('/'))
            .map_err(|error| Failure::new(error.to_string()))
    };
    let mut paths = arguments
        .paths
        .iter()
        .map(inside)
        .collect::<Result<Vec<_>, _>>()?;
    let mut data = arguments
        .data
        .iter()
        .map(inside)
        .collect::<Result<Vec<_>, _>>()?;
    if paths.is_empty() {
        paths = config
            .policies
            .iter()
            .map(|path| path.value.clone())
            .collect();
    }
    if paths.is_empty() {
        // Where Conftest looks, too.
        let usual = RepoPath::new("policy").ok();
        paths = usual
            .into_iter()
            .filter(|path| matches!(tree.find(path), Ok(Some(Found::Directory))))
            .collect();
    }
    if data.is_empty() {
        data = config.data.iter().map(|path| path.value.clone()).collect();
    }
    if paths.is_empty() && !arguments.built_in {
        return Err(Failure::new("there is nothing to test")
            .help("Name files or directories, or `policies` in the configuration; `--built-in` tests Plimsoll's own controls."));
    }
    let mut out = String::new();
    let mut count = Count::default();
    let wanted = |name: &str| run.as_ref().is_none_or(|run| run.is_match(name));
    let defaults = Defaults {
        deny: Severity::Medium,
        warn: Severity::Low,
    };
    let mut controls = if arguments.built_in {
        Controls::built_in()
    } else {
        // As in a check, users' controls may import the built-in libraries.
        Controls::built_in_libraries()
    };
    // Rules for Conftest have tests beside them and no pages.
    let no_rules = |_: &Module| Ok(Vec::new());
    let unloaded = controls.add_user(&tree, &paths, &data, defaults, no_rules);
    problems(&mut out, &tree, &unloaded);
    count.errors += unloaded.len();
    for control in controls
        .iter()
        .filter(|control| !control.page.is_empty() && wanted(&control.name))
    {
        let (policy, unloaded) = compile(&controls.select(|other| other.id == control.id));
        problems(&mut out, &tree, &unloaded);
        count.errors += unloaded.len();
        let (cases, wrong) = pages::check(control, &policy);
        let page = control.path.as_str().replace(".rego", ".md");
        for found in &wrong {
            let _ = writeln!(out, "{page}:{}: {}", found.line, found.what);
        }
        tell(
            &mut out,
            arguments,
            &format!("{} ({cases} cases)", control.name),
            if wrong.is_empty() { "PASS" } else { "FAIL" },
            !wrong.is_empty(),
        );
        count.passed += usize::from(wrong.is_empty());
        count.failed += usize::from(!wrong.is_empty());
    }
    let (mut tests, more) = testing::load(&tree, &paths, &data, arguments.coverage);
    let is_new = |problem: &Problem| !unloaded.contains(problem);
    let more: Vec<Problem> = more.into_iter().filter(is_new).collect();
    problems(&mut out, &tree, &more);
    count.errors += more.len();
    run_all(&mut out, &mut count, arguments, &mut tests, &wanted);
    let all = count.passed + count.failed + count.errors + count.skipped;
    let _ = writeln!(out, "{}", "-".repeat(80));
    let lines = [
        ("PASS", count.passed),
        ("FAIL", count.failed),
        ("ERROR", count.errors),
        ("SKIPPED", count.skipped),
    ];
    for (word, number) in lines.into_iter().filter(|(_, number)| *number > 0) {
        let _ = writeln!(out, "{word}: {number}/{all}");
    }
    print(&out)?;
    Ok(if count.errors > 0 {
        ExitCode::from(2)
    } else {
        ExitCode::from(u8::from(count.failed > 0))
    })
}

fn run_all(
    out: &mut String,
    count: &mut Count,
    arguments: &Test,
    tests: &mut Tests,
    wanted: &dyn Fn(&str) -> bool,
) {
    let mut file = None;
    for test in tests.tests.clone() {
        let name = format!("{}.{}", test.package, test.rule);
        if !wanted(&name) {
            continue;
        }
        let ran = tests.run(&test);
        let outcome = ran.outcome;
        let (word, number) = match &outcome {
            Outcome::Pass => ("PASS", &mut count.passed),
            Outcome::Fail => ("FAIL", &mut count.failed),
            Outcome::Error(_) => ("ERROR", &mut count.errors),
            Outcome::Skipped => ("SKIPPED", &mut count.skipped),
        };
        *number += 1;
        let is_told = arguments.verbose || outcome != Outcome::Pass;
        if is_told && file.as_ref() != Some(&test.path) {
            let _ = writeln!(out, "{}:", test.path);
            file = Some(test.path.clone());
        }
        tell(out, arguments, &name, word, outcome != Outcome::Pass);
        if let Outcome::Error(why) = &outcome {
            let _ = writeln!(out, "  {}:{}: {why}", test.path, test.line);
        }
        for case in ran.cases {
            let name = format!("{:1$}{2}", "", 2 * (case.depth + 1), case.name);
            let word = if case.passed { "PASS" } else { "FAIL" };
            tell(out, arguments, &name, word, is_told);
        }
    }
    if arguments.coverage {
        let (mut covered, mut missed) = (0, 0);
        for file in tests.coverage() {
            covered += file.covered;
            missed += file.missed.len();
            let all = file.covered + file.missed.len();
            let lines: Vec<String> = file.missed.iter().map(u32::to_string).collect();
            let rest = if lines.is_empty() {
                String::new()
            } else {
                format!(", not lines {}", lines.join(", "))
            };
            let _ = writeln!(out, "{}: {}{rest}", file.path, percent(file.covered, all));
        }
        let _ = writeln!(out, "coverage: {}", percent(covered, covered + missed));
    }
}

fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or_default();
    format!(
        "{}.{} % ({part} of {whole} lines)",
        tenths / 10,
        tenths % 10
    )
}

fn tell(out: &mut String, arguments: &Test, name: &str, word: &str, always: bool) {
    if always || arguments.verbose {
        let _ = writeln!(out, "{name}: {word}");
    }
}

fn problems(out: &mut String, tree: &Tree<'_>, problems: &[Problem]) {
    for problem in problems {
        let place = problem.place.as_ref().map_or_else(String::new, |place| {
            let text = tree.read_text(&place.path).unwrap_or_else(|_| "".into());
            let line = place.span.map_or(1, |span| {
                LineIndex::new(&text).position(&text, span.start).line
            });
            format!("{}:{line}: ", place.path)
        });
        let _ = writeln!(out, "{place}{}", problem.message);
        if let Some(help) = &problem.help {
            let _ = writeln!(out, "  {help}");
        }
    }
}
