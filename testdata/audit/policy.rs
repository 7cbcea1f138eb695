//! Compares the built-in controls with recorded answers: `cargo run --example policy-conformance -- [FOLDER] [--differences]`.
//!
//! FOLDER holds `kubescape/` (sets of manifests, and which objects Kubescape's controls of the same ids fail) and `psa/`
//! (pods, and which checks of Pod Security admission fire). Both judge by rules of their own, so that not every difference
//! is a fault; each is printed to be looked at.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll::control::Controls;
use plimsoll::origin::Origin;
use plimsoll::policy::{Policy, Side, compile, evaluate};
use plimsoll::resource::{Resource, flatten};
use plimsoll::yaml::{self, Dialect};
use serde_json::Value as Json;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut folder = PathBuf::from("target/conformance/policy");
    let mut differences = false;
    let mut manifests = Vec::new();
    for argument in std::env::args().skip(1) {
        if argument == "--differences" {
            differences = true;
        } else if argument.ends_with(".yaml") {
            manifests.push(PathBuf::from(argument));
        } else {
            folder = PathBuf::from(argument);
        }
    }
    let start = Instant::now();
    let controls = Controls::built_in();
    let (policy, problems) = compile(&controls);
    println!(
        "{} controls loaded in {:?}, {} problems",
        controls.iter().count(),
        start.elapsed(),
        problems.len()
    );
    if !manifests.is_empty() {
        return survey(&manifests, &policy, differences);
    }
    kubescape(&folder.join("kubescape"), &controls, &policy, differences)?;
    pod_security(&folder.join("psa"), &policy, differences)?;
    speed(&folder.join("psa"), &policy)
}

/// Which of our controls stands for which check of Pod Security admission.
const CHECKS: [(&str, &str); 9] = [
    ("C-0057", "privileged"),
    ("C-0038", "hostNamespaces"),
    ("C-0041", "hostNamespaces"),
    ("C-0046", "capabilities_baseline"),
    ("C-0048", "hostPathVolumes"),
    ("C-0013", "runAsNonRoot"),
    ("C-0013", "runAsUser"),
    ("C-0016", "allowPrivilegeEscalation"),
    ("C-0210", "seccompProfile_restricted"),
];

fn objects(path: &Path) -> Result<Vec<Resource>, Failure> {
    let text = std::fs::read_to_string(path)?;
    let mut found = Vec::new();
    for document in yaml::parse(&text).documents {
        let value = document.value(Dialect::Helm, &mut |_| Origin::NONE)?;
        found.extend(
            flatten(value)
                .into_iter()
                .filter_map(|value| Resource::new(value, document.span)),
        );
    }
    Ok(found)
}

/// The ids of the controls that each object fails, by kind and name.
fn failed(policy: &Policy, objects: &[Resource]) -> BTreeSet<(String, String, String)> {
    let (findings, problems) =
        evaluate(policy, &Side::new("case", &[]), &Side::new("case", objects));
    for problem in problems {
        println!("problem: {}", problem.message);
    }
    findings
        .into_iter()
        .map(|finding| {
            (
                finding.control.to_string(),
                finding.resource.kind,
                finding.resource.name,
            )
        })
        .collect()
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

fn array<'a>(value: &'a Json, key: &str) -> &'a [Json] {
    value
        .get(key)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

#[derive(Default)]
struct Count {
    same: usize,
    ours: usize,
    theirs: usize,
}

fn report(title: &str, counts: &BTreeMap<String, Count>) {
    println!("{title}: both, only we, only they");
    for (id, count) in counts {
        println!(
            "  {id:28} {:5} {:5} {:5}",
            count.same, count.ours, count.theirs
        );
    }
}

fn kubescape(
    folder: &Path,
    controls: &Controls,
    policy: &Policy,
    differences: bool,
) -> Result<(), Failure> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for case in lines(&folder.join("control_oracle.jsonl"))? {
        let mut all = Vec::new();
        for file in array(&case, "files") {
            let path = folder.join(file.as_str().unwrap_or_default());
            all.extend(objects(&path)?.into_iter().take(1));
        }
        let ours = failed(policy, &all);
        let Some(judged) = case.get("controls").and_then(Json::as_object) else {
            continue;
        };
        for (id, verdict) in judged {
            if controls.find(id).is_none() {
                continue;
            }
            let theirs: BTreeSet<(String, String)> = array(verdict, "failed")
                .iter()
                .map(|object| (text(object, "kind"), text(object, "name")))
                .collect();
            let ours: BTreeSet<(String, String)> = ours
                .iter()
                .filter(|(control, ..)| control == id)
                .map(|(_, kind, name)| (kind.clone(), name.clone()))
                .collect();
            let count = counts.entry(id.clone()).or_default();
            count.same += ours.intersection(&theirs).count();
            count.ours += ours.difference(&theirs).count();
            count.theirs += theirs.difference(&ours).count();
            if differences && ours != theirs {
                println!("{id} {}: we {ours:?}, they {theirs:?}", text(&case, "id"));
            }
        }
    }
    report("Kubescape, failed objects", &counts);
    Ok(())
}

fn pod_security(folder: &Path, policy: &Policy, differences: bool) -> Result<(), Failure> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for case in lines(&folder.join("cases.jsonl"))? {
        let ours = failed(policy, &objects(&folder.join(text(&case, "file")))?);
        let check = text(&case, "check");
        let ids: BTreeSet<&str> = CHECKS
            .iter()
            .filter(|(_, name)| name.eq_ignore_ascii_case(&check))
            .map(|(id, _)| *id)
            .collect();
        if ids.is_empty() {
            continue;
        }
        let theirs = text(&case, "outcome") == "fail";
        let ours = ours.iter().any(|(id, ..)| ids.contains(id.as_str()));
        let count = counts.entry(check).or_default();
        count.same += usize::from(ours == theirs);
        count.ours += usize::from(ours && !theirs);
        count.theirs += usize::from(!ours && theirs);
        if differences && ours != theirs {
            println!("{}: we {ours}, they {theirs}", text(&case, "id"));
        }
    }
    report("Pod Security admission, verdicts", &counts);
    Ok(())
}

/// How often each control fires in files of manifests, and what could not be evaluated.
fn survey(files: &[PathBuf], policy: &Policy, differences: bool) -> Result<(), Failure> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut pods) = (0, 0);
    for file in files {
        let objects = objects(file).unwrap_or_default();
        all += objects.len();
        pods += objects
            .iter()
            .filter(|object| object.pod().is_some())
            .count();
        let (findings, problems) = evaluate(
            policy,
            &Side::new("file", &[]),
            &Side::new("file", &objects),
        );
        for problem in problems {
            println!("{}: {}", file.display(), problem.message);
        }
        for finding in findings {
            if differences {
                println!(
                    "{} {} {} {}: {}",
                    finding.control,
                    file.display(),
                    finding.resource,
                    finding.field,
                    finding.message
                );
            }
            *counts.entry(finding.control.to_string()).or_default() += 1;
        }
    }
    println!(
        "{} files, {all} objects, {pods} with pods: {counts:#?}",
        files.len()
    );
    Ok(())
}

/// A thousand pods, new and unchanged.
fn speed(folder: &Path, policy: &Policy) -> Result<(), Failure> {
    let mut all = Vec::new();
    for case in lines(&folder.join("cases.jsonl"))? {
        if all.len() < 1000 {
            all.extend(objects(&folder.join(text(&case, "file")))?);
        }
    }
    for (index, resource) in all.iter_mut().enumerate() {
        resource.identity.name = format!("pod-{index}");
    }
    for count in [1, 100, 1000] {
        let some: Vec<Resource> = all.iter().take(count).cloned().collect();
        let start = Instant::now();
        let (findings, _) = evaluate(policy, &Side::new("a", &[]), &Side::new("a", &some));
        println!(
            "{count} new objects: {:?}, {} findings",
            start.elapsed(),
            findings.len()
        );
        let start = Instant::now();
        let (findings, _) = evaluate(policy, &Side::new("a", &some), &Side::new("a", &some));
        println!(
            "{count} unchanged objects: {:?}, {} findings",
            start.elapsed(),
            findings.len()
        );
    }
    Ok(())
}
