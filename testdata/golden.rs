//! The cases of this folder, run through the binary as a user would run it: scrubbed environment, no network, no git.
//!
//! A case is a folder. `UPDATE=1 cargo test` rewrites what is expected of Plimsoll itself; what was recorded from a real
//! program (a `RECORDED` file names it) is never rewritten.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails by panicking has done its work"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The folders in `testdata/KIND`, sorted; at least one, so that a moved folder cannot pass unnoticed.
fn cases(kind: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(testdata().join(kind))
        .unwrap_or_else(|error| panic!("testdata/{kind}: {error}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    assert!(!found.is_empty(), "testdata/{kind} holds no case");
    found
}

fn plimsoll(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .expect("the binary was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first line in which two texts differ, for a message that a person can read.
fn first_difference(expected: &str, actual: &str) -> String {
    let (mut a, mut b) = (expected.lines(), actual.lines());
    for number in 1.. {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) if x == y => {}
            (x, y) => return format!("line {number}:\n  expected {x:?}\n  actual   {y:?}"),
        }
    }
    "they differ in white space at a line's end".to_owned()
}

/// Compares with a file of expectations, or rewrites it.
fn expect(path: &Path, actual: &str, failures: &mut String) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != actual {
        let _ = writeln!(
            failures,
            "{}: {}",
            path.display(),
            first_difference(&expected, actual)
        );
    }
}

fn recorded(case: &Path, output: &Output, failures: &mut String) {
    let expected = std::fs::read_to_string(case.join("expected.yaml")).unwrap();
    assert!(
        case.join("RECORDED").exists(),
        "{} does not say which program it was recorded from",
        case.display()
    );
    if !output.status.success() {
        let _ = writeln!(failures, "{}: {}", case.display(), text(&output.stderr));
    } else if text(&output.stdout) != expected {
        let difference = first_difference(&expected, &text(&output.stdout));
        let _ = writeln!(failures, "{}: {difference}", case.display());
    }
}

#[test]
fn renders_what_the_real_programs_printed() {
    let mut failures = String::new();
    for case in cases("render") {
        let arguments = std::fs::read_to_string(case.join("args")).unwrap();
        let arguments: Vec<&str> = std::iter::once("render")
            .chain(arguments.split_whitespace())
            .collect();
        recorded(&case, &plimsoll(&testdata(), &arguments), &mut failures);
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A case without `expected.yaml` is one that Kustomize refuses.
#[test]
fn builds_what_kustomize_built() {
    let mut failures = String::new();
    for case in cases("kustomize") {
        let target = std::fs::read_to_string(case.join("target")).unwrap();
        let output = plimsoll(&case.join("in"), &["render", target.trim()]);
        if case.join("expected.yaml").exists() {
            recorded(&case, &output, &mut failures);
        } else if output.status.code() != Some(2) || !output.stdout.is_empty() {
            let _ = writeln!(failures, "{}: is not refused", case.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn reviews_are_as_expected() {
    let mut failures = String::new();
    for case in cases("review") {
        let extra = std::fs::read_to_string(case.join("args")).unwrap_or_default();
        let run = |command: &[&str]| {
            let arguments: Vec<&str> = command
                .iter()
                .copied()
                .chain(["--base", "base", "--head", "head"])
                .chain(extra.split_whitespace())
                .collect();
            plimsoll(&case, &arguments)
        };
        let expected = case.join("expected");
        let report = run(&["check"]);
        let exit = report
            .status
            .code()
            .map_or_else(|| "killed".to_owned(), |code| code.to_string());
        expect(
            &expected.join("report.txt"),
            &text(&report.stdout),
            &mut failures,
        );
        expect(&expected.join("exit"), &format!("{exit}\n"), &mut failures);
        expect(
            &expected.join("report.json"),
            &text(&run(&["check", "--format", "json"]).stdout),
            &mut failures,
        );
        expect(
            &expected.join("diff.txt"),
            &text(&run(&["diff"]).stdout),
            &mut failures,
        );
        let again = run(&["check"]);
        assert_eq!(
            text(&report.stdout),
            text(&again.stdout),
            "{}: two runs differ",
            case.display()
        );
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What the first command of the README prints is in the README.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(testdata().join("../README.md")).unwrap();
    let report =
        std::fs::read_to_string(testdata().join("review/clinic/expected/report.txt")).unwrap();
    let report = report.replace("the directory ", "the directory testdata/review/clinic/");
    assert!(
        readme.contains(&format!("```text\n{report}```")),
        "the README does not hold testdata/review/clinic/expected/report.txt as it is; {}",
        first_difference(
            &report,
            readme.split("```text\n").nth(1).unwrap_or_default()
        )
    );
}

#[test]
fn help_is_as_expected() {
    let mut failures = String::new();
    for command in [
        "", "check", "diff", "render", "explain", "controls", "schema",
    ] {
        let arguments: Vec<&str> = [command, "--help"]
            .into_iter()
            .filter(|a| !a.is_empty())
            .collect();
        let name = if command.is_empty() {
            "plimsoll"
        } else {
            command
        };
        let output = plimsoll(&testdata(), &arguments);
        expect(
            &testdata().join(format!("help/{name}.txt")),
            &text(&output.stdout),
            &mut failures,
        );
    }
    assert!(failures.is_empty(), "{failures}");
}
