//! Renders the conformance charts in one process and says how long it took: `cargo bench --bench helm -- [FOLDER] [EVERY] [LIMIT] [ROUNDS]`.
//! A case counts with the fastest of its rounds; the last line of the output is JSON, with the seconds of each case: printed as
//! `plimsoll render` does, and rendered with origins and objects as a check does. Both must give the same bytes.
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
use plimsoll::render::{self, Rendered};
use plimsoll::snapshot::{Disk, Snapshot};
use plimsoll::text::RepoPath;
use serde_json::Value as Json;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let thread = std::thread::Builder::new().stack_size(render::STACK_BYTES);
    thread.spawn(measure)?.join().map_err(|_| "it panicked")?
}

fn measure() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
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
    let mut bytes = 0;
    let mut slowest = Vec::new();
    let (mut each, mut traced) = (Vec::new(), Vec::new());
    for app in &apps {
        // A tree of its own for each, as a process has: nothing is kept from the case before.
        let time = |render: fn(&dyn Snapshot, &App) -> Rendered| {
            let mut best = Duration::MAX;
            let mut last = None;
            for _ in 0..rounds {
                let start = Instant::now();
                let rendered = render(&Disk::new(&root), app);
                best = best.min(start.elapsed());
                last = Some(rendered);
            }
            last.map(|rendered| (best, rendered)).ok_or("no round")
        };
        let (took, rendered) = time(render::print)?;
        let (took_traced, with_origins) = time(render::render)?;
        if rendered.rendering.output.as_str() != with_origins.rendering.output.as_str() {
            return Err(format!("{}: with origins the output differs", app.id).into());
        }
        each.push(took);
        traced.push(took_traced);
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
        "{{\"cases\": {}, \"bytes\": {bytes}, \"each\": [{}], \"traced\": [{}]}}",
        apps.len(),
        seconds(&each),
        seconds(&traced)
    );
    Ok(())
}

fn seconds(times: &[Duration]) -> String {
    let texts: Vec<String> = times
        .iter()
        .map(|time| format!("{:.6}", time.as_secs_f64()))
        .collect();
    texts.join(", ")
}

fn app(case: &Json) -> Result<App, Box<dyn std::error::Error + Send + Sync>> {
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
