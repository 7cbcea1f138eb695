//! What controls cost, in time of the processor: `cargo run --release --example policy-bench -- [--questions FILE] MANIFEST…`.
//!
//! Times loading for one Deployment and for the whole library, and evaluates all controls on the objects of the manifests,
//! new and unchanged, a second time repeated to 10,000; then compares what is found with what is where no control is spared. With `--questions`, what every control was asked and answered is written,
//! for `policy.py` beside this file, which asks OPA the same and runs checkov on the same manifests: a line of JSON for each
//! input, and after it one for each control that was given it. `--only-questions` leaves the times out.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use plimsoll::control::cases::cases;
use plimsoll::control::{Control, Controls};
use plimsoll::origin::Origin;
use plimsoll::policy::{Policy, Side, compile, evaluate, evaluate_telling, pages};
use plimsoll::resource::{Resource, flatten};
use plimsoll::yaml::{self, Dialect};

type Failure = Box<dyn std::error::Error>;

// The memory of the program itself.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn parsed(text: &str) -> Vec<Resource> {
    let mut found = Vec::new();
    for document in yaml::parse(text).documents {
        let Ok(value) = document.value(Dialect::Helm, &mut |_| Origin::NONE) else {
            continue;
        };
        let objects = flatten(value).into_iter();
        found.extend(objects.filter_map(|value| Resource::new(value, document.span)));
    }
    found
}

/// How long the processor has worked for this process: what a busy machine does not change much.
fn processor() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let spent = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(spent.sum())
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.unwrap_or("VmHWM: unknown").replace('\t', " ")
}

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: { spec: { containers: [{ name: web, image: a }] } } }\n";

fn main() -> Result<(), Failure> {
    let mut questions = None;
    let mut manifests = Vec::new();
    let mut timed = true;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--questions" {
            questions = arguments.next();
        } else if argument == "--only-questions" {
            timed = false;
        } else {
            manifests.push(argument);
        }
    }
    if std::env::var_os("RAYON_NUM_THREADS").is_none() {
        println!("set RAYON_NUM_THREADS=1 to measure one core");
    }
    let start = processor();
    let controls = Controls::built_in();
    let read = processor().saturating_sub(start);
    let (policy, problems) = compile(&controls);
    let one = parsed(DEPLOYMENT);
    let changed = parsed(&DEPLOYMENT.replace("image: a", "image: b"));
    let (findings, _) = evaluate(&policy, &Side::new("a", &one), &Side::new("a", &changed));
    println!(
        "{} controls read in {read:?}; ready and a change to one Deployment judged in {:?} ({} findings, {} problems)",
        controls.iter().count(),
        processor().saturating_sub(start),
        findings.len(),
        problems.len()
    );
    let start = processor();
    evaluate(&policy, &Side::new("a", &one), &Side::new("a", &changed));
    println!(
        "the same again: {:?}; {}",
        processor().saturating_sub(start),
        memory()
    );

    let mut all = Vec::new();
    for manifest in &manifests {
        all.extend(parsed(&std::fs::read_to_string(manifest)?));
    }
    if !all.is_empty() && timed {
        time(&policy, &all);
        let ten: Vec<Resource> = (0..10)
            .flat_map(|copy| {
                all.iter().cloned().map(move |mut resource| {
                    // Each copy in namespaces of its own, as ten times as many apps would be.
                    resource.identity.namespace.push_str(&format!("-{copy}"));
                    resource
                })
            })
            .collect();
        time(&policy, &ten);
    }
    if timed {
        compare(&controls, &policy, &all)?;
    }
    if let Some(file) = questions {
        let out = Mutex::new(Out {
            file: std::io::BufWriter::new(std::fs::File::create(file)?),
            input: String::new(),
        });
        for objects in all.chunks(if timed { all.len().max(1) } else { 200 }) {
            ask(&policy, &[], objects, &out);
        }
        for control in &controls {
            let (alone, _) = compile(&controls.select(|other| other.id == control.id));
            for case in cases(&control.page)? {
                let with = case.with.map(|block| pages::set(control, &alone, &block));
                let with = with.transpose().map_err(|wrong| wrong.what)?;
                let base = case.base.map_or_else(Vec::new, |base| parsed(&base.yaml));
                ask(
                    with.as_ref().unwrap_or(&alone),
                    &base,
                    &parsed(&case.head.yaml),
                    &out,
                );
            }
        }
    }
    Ok(())
}

/// Shows that controls find the same where they are asked about every object, whatever it mentions: on the manifests, and on
/// what all pages show.
fn compare(controls: &Controls, policy: &Policy, all: &[Resource]) -> Result<(), Failure> {
    let mut plain = controls.select(|_| false);
    for control in controls {
        let control = Control {
            mentions: Vec::new(),
            ..control.clone()
        };
        plain.add(control).map_err(|problem| problem.message)?;
    }
    let (plain, _) = compile(&plain);
    let mut sets: Vec<(Vec<Resource>, Vec<Resource>)> = all
        .chunks(200)
        .map(|objects| (Vec::new(), objects.to_vec()))
        .collect();
    for control in controls {
        for case in cases(&control.page)? {
            let base = case.base.map_or_else(Vec::new, |base| parsed(&base.yaml));
            sets.push((base, parsed(&case.head.yaml)));
        }
    }
    let same = sets.iter().filter(|(base, head)| {
        let [base, head] = [base, head].map(|objects| Side::new("a", objects));
        let (found, _) = evaluate(policy, &base, &head);
        let (all, _) = evaluate(&plain, &base, &head);
        found == all
    });
    println!(
        "{} of {} sets of objects have the same findings where every control is asked about every object",
        same.count(),
        sets.len()
    );
    Ok(())
}

fn time(policy: &Policy, all: &[Resource]) {
    let start = processor();
    let (findings, problems) = evaluate(policy, &Side::new("a", &[]), &Side::new("a", all));
    println!(
        "{} new objects: {:?} cold, {} findings, {} problems",
        all.len(),
        processor().saturating_sub(start),
        findings.len(),
        problems.len()
    );
    let start = processor();
    evaluate(policy, &Side::new("a", &[]), &Side::new("a", all));
    println!("  warm: {:?}", processor().saturating_sub(start));
    let start = processor();
    evaluate(policy, &Side::new("a", all), &Side::new("a", all));
    println!(
        "  unchanged: {:?}; {}",
        processor().saturating_sub(start),
        memory()
    );
}

/// Where questions go, and the last input that was written.
struct Out {
    file: std::io::BufWriter<std::fs::File>,
    input: String,
}

/// Writes what was asked and answered.
fn ask(policy: &Policy, base: &[Resource], head: &[Resource], out: &Mutex<Out>) {
    evaluate_telling(
        policy,
        &Side::new("a", base),
        &Side::new("a", head),
        &|package, input, answer| {
            let input = serde_json::json!({ "input": input() }).to_string();
            let line = serde_json::json!({"package": package, "answer": answer()});
            if let Ok(mut out) = out.lock() {
                if out.input != input {
                    let _ = writeln!(out.file, "{input}");
                    out.input = input;
                }
                let _ = writeln!(out.file, "{line}");
            }
        },
    );
}
