//! Renders the conformance charts in one process and says how long it took: `cargo bench --bench helm -- [FOLDER] [EVERY] [LIMIT] [ROUNDS]`.
//! A case counts with the fastest of its rounds; the last line of the output is JSON, with the seconds of each case.
//!
//! Called by `helm.py`, which times the real Helm over the same cases.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use plimsoll::discover::{App, Release, Set, SetKind, Source};
use plimsoll::render;
use plimsoll::snapshot::Disk;
use plimsoll::text::RepoPath;
use serde_json::Value as Json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let root = PathBuf::from(
        arguments
            .first()
            .map_or("target/conformance/helm", String::as_str),
    );
    let number = |index: usize| {
        arguments
            .get(index)
            .and_then(|text| text.parse::<usize>().ok())
    };
    let limit = number(2).filter(|&n| n > 0).unwrap_or(usize::MAX);
    let mut apps = Vec::new();
    for line in std::fs::read_to_string(root.join("cases.jsonl"))?.lines() {
        let case: Json = serde_json::from_str(line)?;
        if case.get("helm4_exit").and_then(Json::as_i64) == Some(0) {
            apps.push(app(&case)?);
        }
    }
    let apps: Vec<App> = apps
        .into_iter()
        .step_by(number(1).unwrap_or(1).max(1))
        .take(limit)
        .collect();
    let rounds = number(3).unwrap_or(1).max(1);
    let mut total = Duration::ZERO;
    let mut bytes = 0;
    let mut slowest = Vec::new();
    let mut each = Vec::new();
    for app in &apps {
        // A tree of its own for each, as a process has: nothing is kept from the case before.
        let time = || {
            let start = Instant::now();
            let rendered = render::render(&Disk::new(&root), app);
            (start.elapsed(), rendered)
        };
        let (mut took, rendered) = time();
        for _ in 1..rounds {
            took = took.min(time().0);
        }
        total += took;
        each.push(format!("{:.6}", took.as_secs_f64()));
        bytes += rendered.rendering.output.as_str().len();
        if !rendered.rendering.problems.is_empty() {
            eprintln!(
                "{}: {}",
                app.id,
                rendered
                    .rendering
                    .problems
                    .first()
                    .map_or("", |p| &p.message)
            );
        }
        slowest.push((took, &app.id));
    }
    slowest.sort_unstable();
    for (took, id) in slowest.iter().rev().take(5) {
        println!(
            "  slowest inside: {id}: {:.1} ms",
            took.as_secs_f64() * 1000.0
        );
    }
    println!(
        "{{\"cases\": {}, \"bytes\": {bytes}, \"seconds\": {:.4}, \"each\": [{}]}}",
        apps.len(),
        total.as_secs_f64(),
        each.join(", ")
    );
    Ok(())
}

fn app(case: &Json) -> Result<App, Box<dyn std::error::Error>> {
    let text = |key: &str| {
        case.get(key)
            .and_then(Json::as_str)
            .ok_or_else(|| format!("no {key}"))
    };
    let texts = |key: &str| -> Vec<String> {
        let found = case.get(key).and_then(Json::as_array).into_iter().flatten();
        found.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    let mut release = Release::new(RepoPath::new(text("chart_dir")?)?, "rel", "ns");
    for path in texts("values") {
        release.values.push(RepoPath::new(&path)?);
    }
    let mut flags = texts("flags").into_iter();
    while let Some(flag) = flags.next() {
        let (name, inline) = match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag, None),
        };
        let mut value = || inline.clone().or_else(|| flags.next()).unwrap_or_default();
        let mut set = |kind| {
            release.sets.push(Set {
                kind,
                argument: value(),
            });
        };
        match name.as_str() {
            "--set" => set(SetKind::Typed),
            "--set-string" => set(SetKind::Text),
            "--set-json" => set(SetKind::Json),
            "--set-file" => set(SetKind::File),
            "--set-literal" => set(SetKind::Literal),
            "--kube-version" => release.kube_version = Some(value()),
            "--api-versions" => release
                .api_versions
                .extend(value().split(',').map(str::to_owned)),
            "--include-crds" => release.include_crds = true,
            "--no-hooks" => release.hooks = false,
            "--skip-tests" => release.skip_tests = true,
            "--is-upgrade" => release.is_upgrade = true,
            "--skip-schema-validation" => release.validate_schema = false,
            "--show-only" | "-s" => release.show_only.push(value()),
            "--name-template" | "--namespace" | "-n" | "--release-name" => drop(value()),
            other => return Err(format!("the flag {other} is unknown here").into()),
        }
    }
    Ok(App {
        id: text("id")?.to_owned(),
        environment: None,
        source: Source::Helm(release),
    })
}
