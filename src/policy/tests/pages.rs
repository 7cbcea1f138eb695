//! The built-in controls: their pages executed, their suggestions made, odd objects, and their frameworks.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{is_current, render};
use crate::control::cases::{Section, cases};
use crate::control::{Control, Controls};
use crate::framework::Framework;
use crate::policy::{Policy, Side, compile, evaluate, framework_page, pages};
use crate::resource::Resource;
use crate::yaml::{self, Data, Path, Step, Value};

fn only(control: &Control) -> Policy {
    let (policy, problems) = compile(&Controls::built_in().select(|other| other.id == control.id));
    assert_eq!(problems, []);
    policy
}

#[test]
fn every_page_holds() {
    let mut wrong = Vec::new();
    for control in &Controls::built_in() {
        let (_, found) = pages::check(control, &only(control));
        wrong.extend(found.into_iter().map(|found| {
            let name = &control.name;
            format!("controls/{name}/{name}.md:{}: {}", found.line, found.what)
        }));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each borderline case stands under a sentence that says why it falls on its side.
#[test]
fn every_page_shows_where_the_line_is() {
    for control in &Controls::built_in() {
        let cases = cases(&control.page).unwrap();
        let borderline = cases
            .iter()
            .filter(|case| case.section == Section::Borderline);
        assert!(borderline.clone().count() > 0, "{}", control.name);
        let lines: Vec<&str> = control.page.lines().collect();
        for case in borderline {
            let first = [&case.with, &case.base].into_iter().flatten();
            let first = first
                .map(|block| block.line)
                .min()
                .unwrap_or(case.head.line);
            let before = lines[..first - 2]
                .iter()
                .rev()
                .find(|line| !line.is_empty());
            assert!(
                before.is_some_and(|line| line.ends_with(['.', ':'])),
                "{}, line {first}",
                control.name
            );
        }
    }
}

/// All paths in a value, the root left out.
fn paths(value: &Value, path: &Path, into: &mut Vec<Path>) {
    let mut below = |step: Path, value: &Value| {
        into.push(step.clone());
        paths(value, &step, into);
    };
    match &value.data {
        Data::Mapping(map) => {
            for entry in map {
                below(path.clone().key(entry.key.clone()), &entry.value);
            }
        }
        Data::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                below(path.clone().index(index), item);
            }
        }
        _ => {}
    }
}

fn replace(value: &mut Value, path: &Path, with: &Value) {
    let mut here = value;
    for step in path.steps() {
        here = match (step, &mut here.data) {
            (Step::Key(key), Data::Mapping(map)) => map.get_mut(key).unwrap(),
            (Step::Index(index), Data::Sequence(items)) => &mut items[*index],
            other => panic!("{other:?}"),
        };
    }
    *here = with.clone();
}

#[test]
fn no_object_makes_a_built_in_control_fail() {
    let odd = [
        Data::Null,
        Data::Bool(true),
        Data::Int(0),
        Data::Int(-1),
        Data::Float(0.5),
        Data::String(String::new()),
        Data::String("é:@/x".to_owned()),
        Data::Sequence(Vec::new()),
        Data::Sequence(vec![Value::default()]),
        Data::Mapping(yaml::Mapping::new()),
    ]
    .map(Value::new);
    let (mut turn, mut wrong) = (0, String::new());
    for control in &Controls::built_in() {
        let policy = only(control);
        for case in cases(&control.page).unwrap() {
            let good = render(&case.head.yaml).resources;
            for (index, resource) in good.iter().enumerate() {
                let mut all = Vec::new();
                paths(&resource.value, &Path::root(), &mut all);
                for path in all {
                    // Each place meets one odd value, and over all places each value is met often.
                    turn += 1;
                    let with = &odd[turn % odd.len()];
                    let mut value = resource.value.clone();
                    replace(&mut value, &path, with);
                    let Some(changed) = Resource::new(value, resource.span) else {
                        continue;
                    };
                    let mut bad = good.clone();
                    bad[index] = changed;
                    for (base, head) in [(&good, &bad), (&bad, &good)] {
                        let (_, problems) =
                            evaluate(&policy, &Side::new("a", base), &Side::new("a", head));
                        for problem in problems {
                            let what = &problem.message;
                            let _ = writeln!(wrong, "{path} = {:?}: {what}", with.data);
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is about whether something works at all, or is off until somebody asks for it by name: nothing that a framework wants.
const IN_NO_FRAMEWORK: [&str; 12] = [
    "admission-webhook",
    "claim-mounted",
    "configmap-mounted",
    "ingress-to-missing-service",
    "mutating-webhook",
    "no-common-label",
    "no-descriptive-label",
    "no-liveness-probe",
    "route-to-missing-service",
    "secret-mounted",
    "service-account-with-rights",
    "service-without-pods",
];

#[test]
fn frameworks_and_controls_fit_together() {
    let controls = Controls::built_in();
    let mut wanted = BTreeSet::new();
    for framework in Framework::built_in() {
        for id in framework.controls() {
            wanted.insert(id.to_owned());
            assert!(
                controls.iter().any(|control| control.id.as_str() == id),
                "{} names {id}, which is no control",
                framework.name
            );
        }
    }
    let unwanted: BTreeSet<&str> = controls
        .iter()
        .filter(|control| !wanted.contains(control.id.as_str()))
        .map(|control| control.name.as_str())
        .collect();
    assert_eq!(unwanted, BTreeSet::from(IN_NO_FRAMEWORK));
}

#[test]
fn the_pages_of_frameworks_are_current() {
    let controls = Controls::built_in();
    for framework in Framework::built_in() {
        let path = format!("controls/frameworks/{}.md", framework.name);
        is_current(&path, &framework_page(&framework, &controls));
    }
}

/// Where a control judges otherwise than Kubescape's of the same id, whoever reads its page is told.
#[test]
fn deliberate_differences_stand_on_the_pages() {
    #[derive(serde::Deserialize)]
    struct Difference {
        control: String,
        reason: String,
    }
    let text = include_str!("../../../testdata/policy/kubescape-differences.yaml");
    let differences: Vec<Difference> = serde_yaml::from_str(text).unwrap();
    let controls = Controls::built_in();
    assert!(differences.len() > 50);
    for Difference { control, reason } in differences {
        let answering = controls.find_all(&control);
        assert!(!answering.is_empty(), "{control}");
        for answering in answering {
            let line = |line: &str| {
                line.starts_with("- ") && line.contains(&control) && line.ends_with(&reason)
            };
            assert!(
                answering.page.lines().any(line),
                "{}: {control}: {reason}",
                answering.name
            );
        }
    }
}

/// Ids are for ever: a line may come to this file, none may change or go.
#[test]
fn ids_and_names_stay() {
    let mut lines = String::new();
    for control in &Controls::built_in() {
        let _ = writeln!(lines, "{} {}", control.id, control.name);
    }
    is_current("testdata/policy/ids.txt", &lines);
}
