//! Renders the conformance charts in one process and says how long it took: `cargo bench --bench helm -- [FOLDER] [EVERY] [LIMIT] [ROUNDS]`.
//! The last line of the output is JSON, with the seconds of each case (a case counts with the fastest of its rounds) and of all of
//! them together (as does the fastest round), each time printed as `plimsoll render` does and rendered with origins and
//! objects as a check does:
//!
//! - `each`: one after the other, and nothing is kept from the case before, as if each had a process of its own;
//! - `shared`: one after the other through one [`Cache`], which is empty at first, as in a process that renders them all;
//! - `parallel`: the same on all cores, as a check does. Only the whole has a time.
//!
//! All must give the same bytes. Called by `helm.py`, which times the real Helm over the same cases.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

use std::path::PathBuf;
use std::time::Instant;

use plimsoll::discover::{App, Release, Set, SetKind, Source};
use plimsoll::render::{self, Cache, Rendered};
use plimsoll::snapshot::{Disk, Snapshot};
use plimsoll::text::RepoPath;
use rayon::prelude::*;
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
    let outputs: Vec<String> = apps
        .iter()
        .map(|app| {
            let rendered = render::render(&Disk::new(&root), app);
            if let Some(problem) = rendered.rendering.problems.first() {
                eprintln!("{}: {}", app.id, problem.message);
            }
            rendered.rendering.output.as_str().to_owned()
        })
        .collect();
    let pool = rayon::ThreadPoolBuilder::new().stack_size(render::STACK_BYTES);
    let pool = pool.build()?;
    let mut measured = Vec::new();
    for (name, render) in [
        ("printed", render::print as Render),
        ("traced", render::render_with as Render),
    ] {
        let mut all = Bests::new(apps.len());
        let mut shared = Bests::new(apps.len());
        let mut parallel = f64::MAX;
        for _ in 0..rounds {
            // Each round from nothing: a process does not begin with what another one has read.
            all.round(|index| {
                let disk = Disk::new(&root);
                timed(render, &Cache::default(), &disk, &apps, &outputs, index)
            })?;
            let (cache, disk) = (Cache::default(), Disk::new(&root));
            shared.round(|index| timed(render, &cache, &disk, &apps, &outputs, index))?;
            let (cache, disk) = (Cache::default(), Disk::new(&root));
            let start = Instant::now();
            pool.install(|| {
                let indices = (0..apps.len()).into_par_iter();
                indices.try_for_each(|index| {
                    timed(render, &cache, &disk, &apps, &outputs, index).map(|_| ())
                })
            })?;
            parallel = parallel.min(start.elapsed().as_secs_f64());
        }
        if name == "printed" {
            for (seconds, id) in all.slowest(&apps).iter().take(5) {
                println!("  slowest inside: {id}: {:.1} ms", seconds * 1000.0);
            }
        }
        measured.push(format!(
            "\"{name}\": {{\"each\": {:?}, \"shared\": {:?}, \"shared_total\": {}, \"parallel\": {parallel}}}",
            all.each, shared.each, shared.total
        ));
    }
    println!(
        "{{\"cases\": {}, \"cores\": {}, \"bytes\": {}, {}}}",
        apps.len(),
        pool.current_num_threads(),
        outputs.iter().map(String::len).sum::<usize>(),
        measured.join(", ")
    );
    Ok(())
}

type Render = fn(&Cache, &dyn Snapshot, &App) -> Rendered;

/// How many seconds a case took, and whether it came out as it should.
fn timed(
    render: Render,
    cache: &Cache,
    disk: &Disk,
    apps: &[App],
    outputs: &[String],
    index: usize,
) -> Result<f64, String> {
    let (Some(app), Some(output)) = (apps.get(index), outputs.get(index)) else {
        return Err("no such case".to_owned());
    };
    let start = Instant::now();
    let rendered = render(cache, disk, app);
    let took = start.elapsed().as_secs_f64();
    if rendered.rendering.output.as_str() == output {
        Ok(took)
    } else {
        Err(format!("{}: the output differs", app.id))
    }
}

/// The fastest of several rounds: of each case, and of all of them.
struct Bests {
    each: Vec<f64>,
    total: f64,
}

impl Bests {
    fn new(cases: usize) -> Self {
        Self {
            each: vec![f64::MAX; cases],
            total: f64::MAX,
        }
    }

    fn round(&mut self, mut time: impl FnMut(usize) -> Result<f64, String>) -> Result<(), String> {
        let mut total = 0.0;
        for (index, best) in self.each.iter_mut().enumerate() {
            let took = time(index)?;
            *best = best.min(took);
            total += took;
        }
        self.total = self.total.min(total);
        Ok(())
    }

    fn slowest<'a>(&self, apps: &'a [App]) -> Vec<(f64, &'a str)> {
        let ids = apps.iter().map(|app| app.id.as_str());
        let mut slowest: Vec<(f64, &str)> = self.each.iter().copied().zip(ids).collect();
        slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
        slowest
    }
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
