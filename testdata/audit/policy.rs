//! Compares the built-in controls with recorded answers: `cargo run --example policy-conformance -- [FOLDER] [--differences]`.
//!
//! FOLDER holds `kubescape/` (sets of manifests, and which objects Kubescape's controls of the same ids fail) and `psa/`
//! (pods, and whether Pod Security admission refuses them, at every level and version). Where we judge otherwise than
//! Kubescape on purpose, testdata/policy/kubescape-differences.yaml says so; the figures are given with and without it.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use plimsoll::config;
use plimsoll::control::{Controls, Setting};
use plimsoll::origin::Origin;
use plimsoll::policy::{self, Policy, Side, compile, evaluate};
use plimsoll::resource::{Resource, flatten};
use plimsoll::snapshot::{Memory, Tree};
use plimsoll::text::RepoPath;
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
            continue;
        }
        let path = PathBuf::from(argument);
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            manifests.push(path);
        } else {
            folder = path;
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
        survey(&manifests, &policy, differences);
        return Ok(());
    }
    // Without a list of registries our controls ask nothing, and Kubescape's of these ids allow none: a list that none of the
    // images is in says the same to both.
    let mut listed = controls.clone();
    let none = Setting::Texts(vec!["registry.invalid".to_owned()]);
    listed.set_parameter(&"C-0078".parse()?, "registries", none)?;
    let (policy, _) = compile(&listed);
    kubescape(&folder.join("kubescape"), &listed, &policy, differences)?;
    pod_security(&folder.join("psa"), differences)
}

fn objects(path: &Path) -> Result<Vec<Resource>, Failure> {
    parsed(&std::fs::read_to_string(path)?)
}

fn parsed(text: &str) -> Result<Vec<Resource>, Failure> {
    let mut found = Vec::new();
    for document in yaml::parse(text).documents {
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
    failed_at(policy, objects, None)
}

/// The same, of what is at a field of this name.
fn failed_at(
    policy: &Policy,
    objects: &[Resource],
    field: Option<&str>,
) -> BTreeSet<(String, String, String)> {
    let (findings, problems) = evaluate(
        policy,
        &Side::new("case", &[]),
        &Side {
            // Where no namespace is named, Kubescape takes `default`.
            namespace: "default",
            ..Side::new("case", objects)
        },
    );
    for problem in problems {
        println!("problem: {}", problem.message);
    }
    findings
        .into_iter()
        .filter(|finding| field.is_none_or(|field| finding.field.ends_with(field)))
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

/// One line that `record.py` reads, and what of it is not good.
fn figure(name: &str, good: usize, cases: usize, differences: bool, not: &[String]) {
    println!("{name}: {good} of {cases}");
    if differences {
        for line in not {
            println!("  {line}");
        }
    }
}

/// One entry of kubescape-differences.yaml.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    control: String,
    #[serde(default = "everything")]
    cases: Vec<String>,
    #[serde(default = "everything")]
    objects: Vec<String>,
    we: Verdict,
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Pass,
    Fail,
}

fn everything() -> Vec<String> {
    vec!["*".to_owned()]
}

/// `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = pieces.as_slice() else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    for piece in middle {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl Difference {
    fn is_this(&self, id: &str, case: &str, object: &str, we: Verdict) -> bool {
        let any =
            |patterns: &[String], text: &str| patterns.iter().any(|pattern| matches(pattern, text));
        self.we == we && self.control == id && any(&self.cases, case) && any(&self.objects, object)
    }
}

/// Kubescape fails the subjects of bindings, which are often no objects of the manifests, where we fail the role or the binding:
/// of both, that the access is found is what is compared. The strict figure is without this.
fn by_access(
    ours: BTreeSet<String>,
    theirs: BTreeSet<String>,
    all: &[Resource],
) -> (BTreeSet<String>, BTreeSet<String>) {
    let is_there = |object: &String| {
        all.iter().any(|resource| {
            *object == format!("{}/{}", resource.identity.kind, resource.identity.name)
        })
    };
    let access = "the access of a subject".to_owned();
    let is_access = |object: &String| {
        [
            "Role/",
            "ClusterRole/",
            "RoleBinding/",
            "ClusterRoleBinding/",
            "ServiceAccount/",
        ]
        .iter()
        .any(|kind| object.starts_with(kind))
    };
    let differing = ours.symmetric_difference(&theirs);
    if !differing
        .clone()
        .all(|object| is_access(object) || !is_there(object))
        || ours.is_empty()
        || theirs.is_empty()
    {
        return (ours, theirs);
    }
    let ours = ours
        .into_iter()
        .map(|object| {
            if is_access(&object) {
                access.clone()
            } else {
                object
            }
        })
        .collect();
    let theirs = theirs
        .into_iter()
        .map(|object| {
            if is_there(&object) && !is_access(&object) {
                object
            } else {
                access.clone()
            }
        })
        .collect();
    (ours, theirs)
}

/// Counted are the verdicts that fail there, and those that fail only here.
fn kubescape(
    folder: &Path,
    controls: &Controls,
    policy: &Policy,
    differences: bool,
) -> Result<(), Failure> {
    let text_of = std::fs::read_to_string("testdata/policy/kubescape-differences.yaml")?;
    let known: Vec<Difference> = serde_yaml::from_str(&text_of)?;
    let mut used = vec![false; known.len()];
    let (mut same, mut deliberate) = (0, 0);
    let (mut same_names, mut names) = (0, 0);
    let mut not = Vec::new();
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
        let name = text(&case, "id");
        for (id, verdict) in judged {
            let theirs: BTreeSet<String> = array(verdict, "failed")
                .iter()
                .map(|object| format!("{}/{}", text(object, "kind"), text(object, "name")))
                .collect();
            let answering = controls.find_all(id);
            let ours: BTreeSet<String> = ours
                .iter()
                .filter(|(control, ..)| answering.iter().any(|ours| ours.id.as_str() == control))
                .map(|(_, kind, name)| format!("{kind}/{name}"))
                .collect();
            same_names += ours.intersection(&theirs).count();
            names += ours.union(&theirs).count();
            let mut on_purpose = |ours: &BTreeSet<String>, theirs: &BTreeSet<String>, we| {
                let is_on_purpose = |object: &&String| {
                    let mut entries = known.iter();
                    let entry = entries.position(|entry| entry.is_this(id, &name, object, we));
                    if let Some(used) = entry.and_then(|entry| used.get_mut(entry)) {
                        *used = true;
                    }
                    entry.is_some()
                };
                let differing = ours.difference(theirs).filter(is_on_purpose);
                differing.cloned().collect::<BTreeSet<String>>()
            };
            let fails = on_purpose(&ours, &theirs, Verdict::Fail);
            let passes = on_purpose(&theirs, &ours, Verdict::Pass);
            deliberate += fails.len() + passes.len();
            let (ours, theirs) = (&ours - &fails, &theirs - &passes);
            let (ours, theirs) = by_access(ours, theirs, &all);
            for object in ours.union(&theirs) {
                let we = if ours.contains(object) {
                    Verdict::Fail
                } else {
                    Verdict::Pass
                };
                if ours.contains(object) && theirs.contains(object) {
                    same += 1;
                } else {
                    let word = if we == Verdict::Fail {
                        "fails only here"
                    } else {
                        "fails only there"
                    };
                    let missing = if answering.is_empty() {
                        " (no control)"
                    } else {
                        ""
                    };
                    not.push(format!("{id} {name} {object} {word}{missing}"));
                }
            }
        }
    }
    let strict = "policy: Kubescape, failed objects, raw and subjects by their names";
    figure(strict, same_names, names, false, &[]);
    let all = same + deliberate + not.len();
    figure(
        "policy: Kubescape, failed objects, raw",
        same,
        all,
        false,
        &[],
    );
    let left = "policy: Kubescape, failed objects, but for listed differences";
    figure(left, same, same + not.len(), differences, &not);
    for (entry, used) in known.iter().zip(used) {
        if !used {
            println!(
                "  unused difference: {} {:?} ({})",
                entry.control, entry.cases, entry.reason
            );
        }
    }
    Ok(())
}

/// The controls of a level of the Pod Security Standards in one version.
fn level(level: &str, version: &str) -> Result<Policy, Failure> {
    let text = format!("frameworks: ['pss-{level}@{version}']\n");
    let (config, problems) = config::load_text(&RepoPath::new(".plimsoll.yaml")?, &text);
    let nothing = Memory::empty("nothing");
    let (controls, more) = policy::choose(&config, &Tree::new(&nothing));
    let (policy, unloaded) = compile(&controls);
    for problem in problems.iter().chain(&more).chain(&unloaded) {
        println!("problem: {}", problem.message);
    }
    Ok(policy)
}

fn pod_security(folder: &Path, differences: bool) -> Result<(), Failure> {
    let mut good: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut not = Vec::new();
    let mut cases = lines(&folder.join("cases.jsonl"))?;
    cases.sort_by_key(|case| (text(case, "level"), text(case, "version")));
    let mut current: Option<((String, String), Policy)> = None;
    for case in cases {
        let key = (text(&case, "level"), text(&case, "version"));
        if current.as_ref().is_none_or(|(known, _)| *known != key) {
            current = Some((key.clone(), level(&key.0, &key.1)?));
        }
        let Some((_, policy)) = &current else {
            continue;
        };
        let ours = failed(policy, &objects(&folder.join(text(&case, "file")))?);
        let is_same = (text(&case, "outcome") == "fail") != ours.is_empty();
        let count = good.entry(text(&case, "outcome")).or_default();
        count.0 += usize::from(is_same);
        count.1 += 1;
        if !is_same {
            not.push(format!("{}: we found {ours:?}", text(&case, "id")));
        }
    }
    for (outcome, (same, all)) in &good {
        figure(
            &format!("policy: Pod Security fixtures that {outcome}"),
            *same,
            *all,
            false,
            &[],
        );
    }
    let mut unit = (0, 0);
    for case in lines(&folder.join("unit_cases.jsonl"))? {
        let check = text(&case, "check");
        let ids = UNITS.iter().find(|(name, ..)| *name == check);
        let Some((_, of_level, ids)) = ids else {
            not.push(format!("no control stands for {check}"));
            continue;
        };
        let minor = case.get("minor").and_then(Json::as_u64).unwrap_or_default();
        let policy = level(of_level, &format!("v1.{minor}"))?;
        let mut pod = case.get("pod").cloned().unwrap_or_default();
        if let Some(pod) = pod.as_object_mut() {
            pod.insert("apiVersion".to_owned(), "v1".into());
            pod.insert("kind".to_owned(), "Pod".into());
            // A case may leave it out; no API server would.
            pod.entry("spec").or_insert_with(|| serde_json::json!({}));
        }
        let objects = parsed(&pod.to_string())?;
        // One control is for all that makes a user root: only what it says of `runAsUser` is this check.
        let about = (check == "runAsUser").then_some("runAsUser");
        let ours = failed_at(&policy, &objects, about);
        let fires = ours.iter().any(|(id, ..)| ids.contains(&id.as_str()));
        let allowed = case
            .get("allowed")
            .and_then(Json::as_bool)
            .unwrap_or_default();
        unit.1 += 1;
        if fires == allowed {
            not.push(format!(
                "{}: allowed {allowed}, we found {ours:?}",
                text(&case, "id")
            ));
        } else {
            unit.0 += 1;
        }
    }
    figure(
        "policy: Pod Security unit cases",
        unit.0,
        unit.1,
        differences,
        &not,
    );
    Ok(())
}

/// Which controls stand for which check, where a case speaks of one check alone.
const UNITS: [(&str, &str, &[&str]); 9] = [
    ("capabilities_baseline", "baseline", &["C-0046"]),
    (
        "capabilities_restricted",
        "restricted",
        &["C-0046", "PL-0005", "PL-0110"],
    ),
    ("procMount", "baseline", &["PL-0101"]),
    ("runAsNonRoot", "restricted", &["C-0013", "PL-0109"]),
    ("runAsUser", "restricted", &["C-0013"]),
    ("seLinuxOptions", "baseline", &["PL-0102"]),
    ("seccompProfile_baseline", "baseline", &["PL-0103"]),
    (
        "seccompProfile_restricted",
        "restricted",
        &["C-0210", "PL-0103"],
    ),
    ("sysctls", "baseline", &["PL-0104"]),
];

/// How often each control fires in files of manifests, and what could not be evaluated.
fn survey(files: &[PathBuf], policy: &Policy, differences: bool) {
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
}
