//! How many findings get a proved fix, and whether the real programs agree:
//! `cargo run --release --example fixes -- [FOLDER] [--every N] [--charts|--overlays] [--settle] [--sample N --helm PATH --kubectl PATH]`,
//! or what a check with fixes costs in a repository of N apps of which the change touches one: `… -- --repository N`.
//!
//! FOLDER holds the conformance cases (default `target/conformance`). Every chart is rendered with its defaults, every overlay as it is;
//! all findings whose right value the control suggests are to be fixed: those of the controls that are on, and of the Pod Security
//! Standards. With `--sample` the files of some fixes, chosen by a
//! fixed seed, are written to a directory, rendered by Helm or Kustomize themselves, and judged as plain manifests. With
//! `--settle` all fixes are applied together, twice.
#![expect(clippy::print_stdout, reason = "a program for people")]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::struct_excessive_bools,
    reason = "an audit may end where its cases are not what they should be"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use plimsoll::check::{self, Fixes, Request};
use plimsoll::control::{Controls, Reads};
use plimsoll::discover::{App, Overlay, Release, Source};
use plimsoll::finding::Finding;
use plimsoll::fix::{self, Bench, Edits, Fix, Judges, Layer, Subject};
use plimsoll::framework::Framework;
use plimsoll::origin::Origin;
use plimsoll::policy::{self, Side};
use plimsoll::render::{self, Cache, Rendered};
use plimsoll::resource::{Identity, Resource, flatten};
use plimsoll::snapshot::{EntryKind, Memory, Snapshot};
use plimsoll::text::{RepoPath, Span};
use plimsoll::yaml::{self, Dialect};
use serde_json::Value as Json;

type Failure = Box<dyn std::error::Error>;

/// The controls of the Pod Security Standards, also those that are off unless somebody asks for them.
fn pod_security() -> BTreeSet<String> {
    let levels = ["pss-baseline", "pss-restricted"].into_iter();
    let levels: Vec<Framework> = levels.filter_map(Framework::find).collect();
    levels
        .iter()
        .flat_map(Framework::controls)
        .map(str::to_owned)
        .collect()
}

#[derive(Default)]
struct Options {
    every: usize,
    charts: bool,
    overlays: bool,
    settle: bool,
    only: Option<String>,
    refused: bool,
    sample: usize,
    helm: Option<PathBuf>,
    kubectl: Option<PathBuf>,
}

fn main() -> Result<(), Failure> {
    let mut folder = PathBuf::from("target/conformance");
    let mut options = Options {
        every: 1,
        ..Options::default()
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().ok_or("an argument is missing");
        match argument.as_str() {
            "--every" => options.every = next()?.parse()?,
            "--charts" => options.charts = true,
            "--overlays" => options.overlays = true,
            "--settle" => options.settle = true,
            "--refused" => options.refused = true,
            "--only" => options.only = Some(next()?),
            "--sample" => options.sample = next()?.parse()?,
            "--helm" => options.helm = Some(next()?.into()),
            "--repository" => return repository(next()?.parse()?),
            "--kubectl" => options.kubectl = Some(next()?.into()),
            path => folder = path.into(),
        }
    }
    if !options.charts && !options.overlays {
        (options.charts, options.overlays) = (true, true);
    }
    let work = move || run(&folder, &options).map_err(|error| error.to_string());
    let thread = std::thread::Builder::new()
        .stack_size(1 << 30)
        .spawn(work)?;
    thread.join().map_err(|_| "it panicked")??;
    Ok(())
}

/// Some apps of one snapshot.
struct Case {
    name: String,
    root: PathBuf,
    memory: Memory,
    apps: Vec<App>,
}

#[derive(Default)]
struct Tally {
    is_pod_security: BTreeSet<String>,
    of_control: BTreeMap<String, (usize, usize)>,
    by_layer: BTreeMap<(bool, Layer), usize>,
    pod_security: (usize, usize),
    all: (usize, usize),
    underivable: usize,
    underivable_of: BTreeMap<String, usize>,
    drafts: usize,
    foreign: (usize, usize),
    refused: BTreeMap<String, usize>,
    time: Duration,
    renderings: usize,
    work: u64,
    sampled: Vec<Sampled>,
    settled: Settled,
}

#[derive(Default)]
struct Settled {
    cases: usize,
    files: usize,
    fixes: usize,
    second: usize,
    strayed: usize,
    comments_lost: usize,
}

struct Sampled {
    root: PathBuf,
    app: App,
    finding: Finding,
    fix: Fix,
}

fn run(folder: &Path, options: &Options) -> Result<(), Failure> {
    let pod_security = pod_security();
    let controls = Controls::built_in();
    let controls =
        controls.select(|control| control.enabled || pod_security.contains(control.id.as_str()));
    let around =
        controls.select(|control| control.reads(Reads::Inventory) || control.reads(Reads::Facts));
    let judges = Judges {
        all: policy::compile(&controls).0,
        around_ids: around.iter().map(|control| control.id.clone()).collect(),
        around: policy::compile(&around).0,
    };
    let mut tally = Tally {
        is_pod_security: pod_security,
        ..Tally::default()
    };
    let wanted = |name: &str| {
        options
            .only
            .as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    let mut number = 0;
    let mut each = |case: Result<Case, Failure>| -> Result<(), Failure> {
        let case = case?;
        measure(&case, &judges, options, &mut tally);
        Ok(())
    };
    if options.charts {
        for line in lines(&folder.join("helm/cases.jsonl"))? {
            if text(&line, "kind") == "default"
                && line["helm4_exit"] == 0
                && wanted(&text(&line, "id"))
            {
                number += 1;
                if number % options.every == 0 {
                    each(chart(&folder.join("helm"), &line))?;
                }
            }
        }
    }
    if options.overlays {
        let mut repositories: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for line in lines(&folder.join("real/cases.jsonl"))? {
            let is_plain = line["helm"] != true && text(&line, "expect") == "ok";
            if is_plain && wanted(&text(&line, "id")) {
                repositories
                    .entry(text(&line, "repo"))
                    .or_default()
                    .push(line);
            }
        }
        for (repository, cases) in &repositories {
            number += 1;
            if number % options.every == 0 {
                each(overlays(
                    &folder.join("real/tree").join(repository),
                    repository,
                    cases,
                ))?;
            }
        }
    }
    report(&tally, options);
    if options.sample > 0 {
        verify(&tally.sampled, options, &judges)?;
    }
    Ok(())
}

fn chart(folder: &Path, line: &Json) -> Result<Case, Failure> {
    let root = folder.join(text(line, "chart_dir"));
    let name = text(line, "id");
    let release = Release::new(RepoPath::new("chart")?, "rel", "ns");
    Ok(Case {
        memory: load(&root, "chart/")?,
        root,
        apps: vec![App {
            id: name.clone(),
            environment: None,
            source: Source::Helm(release),
        }],
        name,
    })
}

fn overlays(root: &Path, repository: &str, cases: &[Json]) -> Result<Case, Failure> {
    let app = |line: &Json| {
        let flags = line["flags"].to_string();
        Ok(App {
            id: text(line, "id"),
            environment: None,
            source: Source::Kustomize(Overlay {
                restrict_loads: !flags.contains("LoadRestrictionsNone"),
                ..Overlay::new(RepoPath::new(&text(line, "dir"))?)
            }),
        })
    };
    Ok(Case {
        name: repository.to_owned(),
        root: root.to_owned(),
        memory: load(root, "")?,
        apps: cases.iter().map(app).collect::<Result<_, Failure>>()?,
    })
}

fn load(root: &Path, prefix: &str) -> Result<Memory, Failure> {
    let mut memory = Memory::empty("files");
    let mut todo = vec![(root.to_owned(), prefix.to_owned())];
    while let Some((directory, prefix)) = todo.pop() {
        let mut names: Vec<_> = std::fs::read_dir(&directory)?.collect::<Result<_, _>>()?;
        names.sort_by_key(std::fs::DirEntry::file_name);
        for entry in names {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let path = entry.path();
            if path.is_dir() {
                todo.push((path, format!("{name}/")));
            } else if let Ok(bytes) = std::fs::read(&path) {
                memory.insert(RepoPath::new(&name)?, EntryKind::File, &bytes);
            }
        }
    }
    Ok(memory)
}

fn measure(case: &Case, judges: &Judges, options: &Options, tally: &mut Tally) {
    let namespaces = [String::new(), "ns".to_owned()];
    let none = ["", ""].map(str::to_owned);
    let is_chart = matches!(
        case.apps.first().map(|app| &app.source),
        Some(Source::Helm(_))
    );
    let rendered: Vec<Rendered> = case
        .apps
        .iter()
        .map(|app| render::render(&case.memory, app))
        .collect();
    let subjects = |snapshot: &dyn Snapshot| -> Vec<Subject<'_>> {
        let _ = snapshot;
        case.apps
            .iter()
            .zip(&rendered)
            .map(|(app, rendered)| Subject {
                app,
                namespaces: if is_chart { &namespaces } else { &none },
                base: None,
                head: Some(rendered),
                findings: None,
            })
            .collect()
    };
    let cache = Cache::default();
    let render = |snapshot: &dyn Snapshot, app: &App| render::render_with(&cache, snapshot, app);
    let untouched = |_: &RepoPath, _: Span| false;
    let start = Instant::now();
    let bench = Bench::new(
        &case.memory,
        judges,
        &render,
        &untouched,
        subjects(&case.memory),
    );
    let mut findings: Vec<Finding> = Vec::new();
    for app in &case.apps {
        findings.extend(bench.findings(&app.id));
    }
    let all: Vec<&Finding> = findings.iter().collect();
    let (remedies, chosen) = fix::remedies(&bench, &all);
    tally.time += start.elapsed();
    tally.renderings += bench.renderings();
    tally.work += bench.work();
    for (finding, remedy) in findings.iter().zip(chosen) {
        if finding.suggestion.is_none() {
            tally.underivable += 1;
            *tally
                .underivable_of
                .entry(finding.control.to_string())
                .or_default() += 1;
            tally.drafts += usize::from(remedy.is_some());
            continue;
        }
        let fix = match remedy.and_then(|index| remedies.get(index)) {
            Some(fix::Remedy::Fix(fix)) => Some(fix),
            _ => None,
        };
        // Written in a chart that the chart depends on: only its values can be set from here.
        let written = bench.written_in(finding);
        if written.is_some_and(|path| path.as_str().starts_with("chart/charts/")) {
            tally.foreign.0 += 1;
            tally.foreign.1 += usize::from(fix.is_some());
        }
        let is_pod_security = tally.is_pod_security.contains(finding.control.as_str());
        let of_control = tally
            .of_control
            .entry(finding.control.to_string())
            .or_default();
        for count in [
            Some(of_control),
            Some(&mut tally.all),
            is_pod_security.then_some(&mut tally.pod_security),
        ]
        .into_iter()
        .flatten()
        {
            count.0 += 1;
            count.1 += usize::from(fix.is_some());
        }
        if let Some(fix) = fix {
            *tally.by_layer.entry((is_chart, fix.layer)).or_default() += 1;
            if let Some(app) = case.apps.iter().find(|app| app.id == finding.app) {
                tally.sampled.push(Sampled {
                    root: case.root.clone(),
                    app: app.clone(),
                    finding: finding.clone(),
                    fix: fix.clone(),
                });
            }
        } else {
            let (_, refused) = fix::attempts(&bench, finding);
            let why = refused.last().map_or("no candidate".to_owned(), |attempt| {
                format!("{:?}", attempt.refusal)
                    .split(['(', '{'])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            });
            if options.refused {
                println!(
                    "{} {} {} {}",
                    case.name, finding.control, finding.resource, finding.field
                );
                for attempt in &refused {
                    println!(
                        "    {:?} {}: {:?}",
                        attempt.layer, attempt.title, attempt.refusal
                    );
                }
            }
            *tally.refused.entry(why).or_default() += 1;
        }
    }
    if options.settle {
        settle(
            case,
            judges,
            &render,
            subjects(&case.memory),
            &mut tally.settled,
        );
    }
}

/// Applies everything, twice.
fn settle(
    case: &Case,
    judges: &Judges,
    render: &fix::Render<'_>,
    subjects: Vec<Subject<'_>>,
    tally: &mut Settled,
) {
    let untouched = |_: &RepoPath, _: Span| false;
    let mut bench = Bench::new(&case.memory, judges, render, &untouched, subjects);
    let applied = fix::settle(&mut bench, true, &|_| true, &|_| true);
    tally.cases += 1;
    tally.files += applied.files.len();
    tally.fixes += applied.fixes.len();
    let mut after = Memory::empty("fixed");
    for path in case.memory.entries().keys() {
        let bytes = case.memory.bytes(path).unwrap_or_default();
        let text = applied.files.get(path).map(|text| text.as_bytes().to_vec());
        after.insert(
            path.clone(),
            EntryKind::File,
            &text.unwrap_or_else(|| bytes.to_vec()),
        );
    }
    for (path, new) in &applied.files {
        let old = case.memory.bytes(path).unwrap_or_default();
        let old = String::from_utf8_lossy(&old).into_owned();
        // Each fix is replayed, so that nothing but its edits can have changed the file.
        let edits = applied.fixes.iter().filter_map(|fix| fix.edits.get(path));
        let replayed = edits.fold(old.clone(), |text, edit| edit.apply(&text));
        tally.strayed += usize::from(replayed != **new);
        let comments = |text: &str| -> Vec<String> {
            text.lines()
                .map(str::trim)
                .filter(|line| line.starts_with('#'))
                .map(str::to_owned)
                .collect()
        };
        let (was, is) = (comments(&old), comments(new));
        let mut left = is.iter();
        let kept = was.iter().all(|comment| left.any(|other| other == comment));
        if !kept {
            println!("comment lost: {} {path}", case.name);
            tally.comments_lost += 1;
        }
    }
    let fixed: Vec<Rendered> = case.apps.iter().map(|app| render(&after, app)).collect();
    let namespaces = [String::new(), "ns".to_owned()];
    let none = ["", ""].map(str::to_owned);
    let again = case.apps.iter().zip(&fixed).map(|(app, rendered)| Subject {
        app,
        namespaces: if matches!(app.source, Source::Helm(_)) {
            &namespaces
        } else {
            &none
        },
        base: None,
        head: Some(rendered),
        findings: None,
    });
    let mut bench = Bench::new(&after, judges, render, &untouched, again.collect());
    let second = fix::settle(&mut bench, true, &|_| true, &|_| true);
    if !second.files.is_empty() {
        println!("second run changes: {}", case.name);
        for fix in &second.fixes {
            println!("    {}", fix.title);
        }
    }
    tally.second += second.files.len();
}

fn report(tally: &Tally, options: &Options) {
    let share = |(all, fixed): (usize, usize)| {
        let percent = 100.0 * fixed as f64 / all.max(1) as f64;
        format!("{fixed} of {all} ({percent:.1} %)")
    };
    println!("every {}th case", options.every);
    println!(
        "findings whose value a control suggests: {} fixed",
        share(tally.all)
    );
    println!(
        "of the Pod Security controls: {} fixed",
        share(tally.pod_security)
    );
    println!(
        "of findings in the charts of dependencies: {} fixed",
        share(tally.foreign)
    );
    let (all, foreign) = (tally.all, tally.foreign);
    println!(
        "of all others: {} fixed",
        share((all.0 - foreign.0, all.1 - foreign.1))
    );
    println!(
        "findings whose value nobody can derive: {}, {} with a draft",
        tally.underivable, tally.drafts
    );
    println!("  of controls: {:?}", tally.underivable_of);
    println!("by control:");
    for (control, count) in &tally.of_control {
        println!("  {control:10} {}", share(*count));
    }
    println!("by layer:");
    for ((is_chart, layer), count) in &tally.by_layer {
        let kind = if *is_chart { "charts" } else { "overlays" };
        println!("  {kind:9} {layer:?}: {count}");
    }
    println!("not fixed, by the last refusal: {:?}", tally.refused);
    println!(
        "{} renderings and {} MiB of work in {:?}",
        tally.renderings,
        tally.work >> 20,
        tally.time
    );
    let Settled {
        cases,
        files,
        fixes,
        second,
        strayed,
        comments_lost,
    } = &tally.settled;
    if *cases > 0 {
        println!(
            "applied together in {cases} cases: {fixes} fixes in {files} files; files that a second run changes: {second}; \
             files that differ outside the edits: {strayed}; files that lost a comment: {comments_lost}"
        );
    }
}

/// Lets the real programs render some of the fixed files.
fn verify(all: &[Sampled], options: &Options, judges: &Judges) -> Result<(), Failure> {
    let directory = std::env::temp_dir().join(format!("plimsoll-fixes-{}", std::process::id()));
    // A linear congruential generator with a fixed seed: the same sample in every run.
    let mut state: u64 = 0x5eed;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut chosen = BTreeSet::new();
    while chosen.len() < options.sample.min(all.len()) {
        chosen.insert(next(all.len()));
    }
    let (mut gone, mut checked) = (0, 0);
    for index in chosen {
        let Some(sampled) = all.get(index) else {
            continue;
        };
        let at = directory.join(index.to_string());
        let inner = match sampled.app.source {
            Source::Helm(_) => at.join("chart"),
            _ => at.clone(),
        };
        copy(&sampled.root, &inner)?;
        write(&at, &sampled.fix.edits)?;
        let output = match &sampled.app.source {
            Source::Helm(_) => {
                let Some(helm) = &options.helm else { continue };
                Command::new(helm)
                    .args(["template", "rel"])
                    .arg(&inner)
                    .args(["--namespace", "ns"])
                    .output()?
            }
            Source::Kustomize(overlay) => {
                let Some(kubectl) = &options.kubectl else {
                    continue;
                };
                let rule = if overlay.restrict_loads {
                    "LoadRestrictionsRootOnly"
                } else {
                    "LoadRestrictionsNone"
                };
                Command::new(kubectl)
                    .args(["kustomize", "--load-restrictor", rule])
                    .arg(at.join(overlay.directory.as_str()))
                    .output()?
            }
            Source::Manifests(_) => continue,
        };
        checked += 1;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut resources = Vec::new();
        for document in yaml::parse(&printed).documents {
            let value = document.value(Dialect::Helm, &mut |_| Origin::NONE)?;
            let all = flatten(value).into_iter();
            resources.extend(all.filter_map(|value| Resource::new(value, document.span)));
        }
        let namespace = if matches!(sampled.app.source, Source::Helm(_)) {
            "ns"
        } else {
            ""
        };
        let head = Side {
            namespace,
            ..Side::new(&sampled.app.id, &resources)
        };
        let (findings, _) = policy::evaluate(&judges.all, &Side::new(&sampled.app.id, &[]), &head);
        // Helm's random functions give an object another name each time, and a container in it; only one part of a name is random.
        let alike = |a: &str, b: &str| {
            let parts = a.split('-').zip(b.split('-'));
            a.split('-').count() == b.split('-').count()
                && parts.filter(|(a, b)| a != b).count() <= 1
        };
        let is_field = |field: &str| {
            let split = |field: &str| -> Vec<String> {
                field.split(['[', ']']).map(str::to_owned).collect()
            };
            let (ours, theirs) = (split(&sampled.finding.field), split(field));
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| alike(a, b))
        };
        let mut names = resources.iter().map(|resource| &resource.identity.name);
        let is_random = !names.any(|name| *name == sampled.finding.resource.name);
        let is_meant = |other: &Identity| {
            let meant = &sampled.finding.resource;
            let is_named = if is_random {
                alike(&other.name, &meant.name)
            } else {
                other.name == meant.name
            };
            is_named && other.kind == meant.kind && other.group == meant.group
        };
        let remains = |finding: &Finding| {
            finding.control == sampled.finding.control
                && is_meant(&finding.resource)
                && if is_random {
                    is_field(&finding.field)
                } else {
                    finding.field == sampled.finding.field
                }
        };
        let is_there = resources
            .iter()
            .any(|resource| is_meant(&resource.identity));
        if output.status.success() && is_there && !findings.iter().any(remains) {
            gone += 1;
        } else {
            println!(
                "not gone: {} {} {} {} ({})\n{}",
                sampled.app.id,
                sampled.finding.control,
                sampled.finding.resource,
                sampled.finding.field,
                at.display(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    println!(
        "the real programs render the fixed files, and the finding is gone: {gone} of {checked}"
    );
    std::fs::remove_dir_all(&directory).ok();
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.path().exists() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn write(root: &Path, edits: &Edits) -> Result<(), Failure> {
    for (path, edit) in edits {
        let file = root.join(path.as_str());
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(&file, edit.apply(&text))?;
    }
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<Json>, Failure> {
    std::fs::read_to_string(path)?
        .lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

fn text(value: &Json, key: &str) -> String {
    value
        .get(key)
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The files of a repository of some apps: charts with two environments, overlays of a base, and plain manifests.
fn generated(apps: usize, is_changed: bool) -> Result<Memory, Failure> {
    let mut memory = Memory::empty(if is_changed { "after" } else { "before" });
    let mut add = |path: String, text: String| -> Result<(), Failure> {
        memory.insert(RepoPath::new(&path)?, EntryKind::File, text.as_bytes());
        Ok(())
    };
    let pod = |name: &str, indent: &str, security: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {name}\n          image: {name}:1\n{indent}{security}"
        )
    };
    for number in 0..apps {
        let name = format!("app-{number}");
        match number % 4 {
            0 | 1 => {
                let privileged = is_changed && number == 0;
                let security = "          securityContext:\n            {{- toYaml .Values.security | nindent 12 }}\n";
                add(
                    format!("{name}/Chart.yaml"),
                    format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n"),
                )?;
                add(
                    format!("{name}/values.yaml"),
                    format!("security:\n  privileged: {privileged}\n"),
                )?;
                add(
                    format!("{name}/values-prod.yaml"),
                    "replicas: 3\n".to_owned(),
                )?;
                add(
                    format!("{name}/templates/web.yaml"),
                    pod(&name, "", security),
                )?;
            }
            2 => {
                add(format!("{name}/base/web.yaml"), pod(&name, "", ""))?;
                add(
                    format!("{name}/base/kustomization.yaml"),
                    "resources: [web.yaml]\n".to_owned(),
                )?;
                add(
                    format!("{name}/prod/kustomization.yaml"),
                    "namespace: prod\nresources: [../base]\n".to_owned(),
                )?;
            }
            _ => add(format!("{name}/web.yaml"), pod(&name, "", ""))?,
        }
    }
    Ok(memory)
}

/// What a check costs where the change touches one app of many, and where there is only that one.
fn repository(apps: usize) -> Result<(), Failure> {
    for (count, fixes) in [
        (1, Fixes::None),
        (1, Fixes::New),
        (apps, Fixes::None),
        (apps, Fixes::New),
    ] {
        let (base, head) = (generated(count, false)?, generated(count, true)?);
        let request = Request {
            target: None,
            base: &base,
            head: &head,
            config: None,
            notes: Vec::new(),
            problems: Vec::new(),
            waivers: check::Waiving::default(),
        };
        let mut best = [Duration::MAX; 2];
        let mut told = String::new();
        for _ in 0..5 {
            let start = Instant::now();
            let comparison = check::compare(&request, &());
            let compared = start.elapsed();
            let report = check::check(&request, &comparison, None, fixes);
            best = [
                best[0].min(compared),
                best[1].min(start.elapsed().checked_sub(compared).unwrap()),
            ];
            told = format!(
                "{} findings, {} remedies",
                report.findings.len(),
                report.remedies.len()
            );
        }
        println!(
            "{count:4} apps, fixes {fixes:?}: compared in {:?}, checked in {:?}: {told}",
            best[0], best[1]
        );
    }
    Ok(())
}
