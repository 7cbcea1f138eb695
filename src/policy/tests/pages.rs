//! The built-in controls: their pages executed, their suggestions made, odd objects, and their frameworks.

use std::collections::BTreeMap;

use super::{render, run};
use crate::control::cases::{Case, cases, markers, without_markers};
use crate::control::{Control, Controls};
use crate::finding::{Finding, FixClass, State, Suggestion};
use crate::framework::Framework;
use crate::origin::Origin;
use crate::policy::{Policy, Side, compile, evaluate};
use crate::resource::Resource;
use crate::yaml::{self, Data, Dialect, Path, Step, Value};

fn only(control: &Control) -> Policy {
    let (policy, problems) = compile(&Controls::built_in().select(|other| other.id == control.id));
    assert_eq!(problems, []);
    policy
}

/// Does to an object what a finding suggests. Missing maps on the way are made.
fn remedy(object: &mut Value, path: &Path, suggestion: &Suggestion) {
    let (last, way) = path
        .steps()
        .split_last()
        .expect("no control points at a whole object");
    let mut here = object;
    for step in way {
        here = match step {
            Step::Key(key) => {
                if here.is_null() {
                    here.data = Data::Mapping(yaml::Mapping::new());
                }
                let map = here.as_mapping_mut().unwrap();
                if map.get(key).is_none() {
                    map.insert(key.clone(), Origin::NONE, Value::default());
                }
                map.get_mut(key).unwrap()
            }
            Step::Index(index) => match &mut here.data {
                Data::Sequence(items) => &mut items[*index],
                other => panic!("{other:?} has no items"),
            },
        };
    }
    match (suggestion, last, &mut here.data) {
        (Suggestion::Remove, Step::Key(key), Data::Mapping(map)) => {
            map.remove(key).unwrap();
        }
        (Suggestion::Remove, Step::Index(index), Data::Sequence(items)) => {
            items.remove(*index);
        }
        (Suggestion::Set(value), Step::Key(key), data) => {
            if matches!(data, Data::Null) {
                *data = Data::Mapping(yaml::Mapping::new());
            }
            let Data::Mapping(map) = data else {
                panic!("{path} is not in a map")
            };
            map.insert(key.clone(), Origin::NONE, value.clone());
        }
        (suggestion, last, _) => panic!("{suggestion:?} at {last:?}"),
    }
}

/// The text of a case's head after all suggestions, edited as a file would be.
fn edited(text: &str, findings: &[Finding]) -> String {
    let mut text = text.to_owned();
    for finding in findings.iter().rev() {
        let Some(suggestion) = &finding.suggestion else {
            continue;
        };
        let stream = yaml::parse(&text);
        let document = stream
            .documents
            .iter()
            .find(|document| {
                let value = document.value(Dialect::Helm, &mut |_| Origin::NONE);
                let resource = value.ok().and_then(|v| Resource::new(v, document.span));
                resource.is_some_and(|resource| resource.identity == finding.resource)
            })
            .unwrap();
        let edit = match suggestion {
            Suggestion::Set(value) => yaml::edit::set(&text, document, &finding.path, value),
            Suggestion::Remove => yaml::edit::remove(&text, document, &finding.path),
        };
        text = edit
            .unwrap_or_else(|error| panic!("{}: {error}", finding.field))
            .apply(&text);
    }
    text
}

/// The lines that go and come, each with its sign.
fn changed_lines(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    diff.iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect::<Vec<_>>()
        .concat()
}

/// Runs one case of a control's page; says what differs from its markers and its fix.
fn check(control: &Control, policy: &Policy, case: &Case) -> Vec<String> {
    let head = &case.head;
    let before = render(case.base.as_ref().map_or("", |block| &block.yaml));
    let mut after = render(&head.yaml);
    let at_head = |findings: Vec<Finding>| {
        findings
            .into_iter()
            .filter(|finding| finding.state != State::Resolved)
            .collect::<Vec<_>>()
    };
    let findings = at_head(run(policy, &before, &after));
    let mut found: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in &findings {
        found.entry(after.line(finding)).or_default().push(finding);
    }
    let expected = markers(&head.yaml, &control.name);
    let mut wrong = Vec::new();
    for line in 1..=head.yaml.lines().count() {
        let here = found.get(&line).map(Vec::as_slice).unwrap_or_default();
        if here.len() != expected.get(&line).copied().unwrap_or_default() {
            let what: Vec<_> = here
                .iter()
                .map(|f| format!("{}: {}", f.field, f.message))
                .collect();
            wrong.push(format!(
                "controls/{0}/{0}.md:{1}: {2:?}",
                control.name,
                head.line + line - 1,
                what
            ));
        }
    }
    // Every suggestion together must leave nothing to find but what nobody suggested anything for. Removals of list items
    // are made from the end, so that the indices of the others hold.
    let expected_left = findings.iter().filter(|f| f.suggestion.is_none()).count();
    for finding in findings.iter().rev() {
        if let Some(suggestion) = &finding.suggestion {
            let resource = after
                .resources
                .iter_mut()
                .find(|resource| resource.identity == finding.resource)
                .unwrap();
            remedy(&mut resource.value, &finding.path, suggestion);
        }
    }
    let written = without_markers(&head.yaml);
    let fixed = edited(&written, &findings);
    if let Some(fix) = &case.fix {
        let lines = changed_lines(&written, &fixed);
        if lines != fix.yaml {
            wrong.push(format!(
                "controls/{0}/{0}.md:{1}: the fix is\n{lines}",
                control.name, fix.line
            ));
        }
    }
    // The edits of the text and the changes of the objects come to the same.
    let fixed = render(&fixed);
    for (edited, changed) in fixed.resources.iter().zip(&after.resources) {
        assert_eq!(edited.value, changed.value, "{}", control.name);
    }
    let left = at_head(run(policy, &before, &after));
    if left.len() != expected_left {
        wrong.push(format!(
            "the suggestions of {} leave {left:#?}",
            control.name
        ));
    }
    wrong
}

#[test]
fn every_page_holds() {
    let mut wrong = Vec::new();
    for control in &Controls::built_in() {
        let cases = cases(&control.page)
            .unwrap_or_else(|error| panic!("controls/{0}/{0}.md: {error}", control.name));
        for violates in [true, false] {
            assert!(
                cases.iter().any(|case| case.violates == violates),
                "{} has no case with violates = {violates}",
                control.name
            );
        }
        assert!(control.page.starts_with(&format!("# {}\n", control.name)));
        let policy = only(control);
        let suggests = cases.iter().any(|case| {
            let before = render(case.base.as_ref().map_or("", |block| &block.yaml));
            let findings = run(&policy, &before, &render(&case.head.yaml));
            findings.iter().any(|finding| finding.suggestion.is_some())
        });
        assert_eq!(suggests, control.fix != FixClass::Never, "{}", control.name);
        let shows = cases.iter().any(|case| case.fix.is_some());
        assert_eq!(shows, suggests, "{} shows its fix", control.name);
        for case in cases {
            let marked = !markers(&case.head.yaml, &control.name).is_empty();
            assert_eq!(
                marked, case.violates,
                "{} line {}",
                control.name, case.head.line
            );
            wrong.extend(check(control, &policy, &case));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    let mut turn = 0;
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
                        let said: Vec<_> = problems.iter().map(|p| &p.message).collect();
                        assert!(said.is_empty(), "{path} = {:?}: {said:#?}", with.data);
                    }
                }
            }
        }
    }
}

/// regorus gives other answers than OPA in these places (policy.md, 6.2), so our own controls keep away from them.
#[test]
fn built_in_rego_means_the_same_to_opa() {
    let pattern = |text: &str| regex::Regex::new(text).unwrap();
    // `not` is true in regorus where an operand is undefined, and undefined in OPA: only names may stand after it.
    let negation = pattern(r"\bnot\b(.*)$");
    let harmless = pattern(
        r#"^ (([a-z_]+|"") in [a-z_]+|[a-z_.]+\(([a-z_]+|"[^"]*")(, ([a-z_]+|"[^"]*"))*\))( })?$"#,
    );
    let text = pattern(r#""[^"]*""#);
    // A fact without a body is refused by regorus.
    let fact = pattern(r"^[a-z_]+\([^:=]*\)$");
    // These classes are of Unicode in regorus, and of ASCII in OPA.
    let class = pattern(r"\\[wdsbWDSB]");
    let controls = Controls::built_in();
    let texts = controls
        .iter()
        .map(|control| (&control.path, &control.rego))
        .chain(
            controls
                .libraries()
                .iter()
                .map(|library| (&library.path, &library.rego)),
        );
    for (path, rego) in texts {
        for (number, line) in rego.lines().enumerate() {
            let code = line.split('#').next().unwrap();
            let place = format!("{path}:{}: {line}", number + 1);
            if let Some(rest) = negation.captures(&text.replace_all(code, "\"\"")) {
                assert!(harmless.is_match(rest[1].trim_end()), "{place}");
            }
            assert!(!fact.is_match(code), "{place}");
            assert!(!class.is_match(code), "{place}");
            assert!(
                !code.contains("http.send") && !code.contains("time.now"),
                "{place}"
            );
        }
    }
}

#[test]
fn frameworks_and_controls_fit_together() {
    let controls = Controls::built_in();
    for framework in Framework::built_in() {
        for id in framework.controls() {
            assert!(
                controls.iter().any(|control| control.id.as_str() == id),
                "{} names {id}, which is no control",
                framework.name
            );
        }
    }
    // Ids are for ever: a line may be added here, none changed or removed.
    let ids: Vec<String> = controls
        .iter()
        .map(|control| format!("{} {}", control.id, control.name))
        .collect();
    assert_eq!(
        ids,
        [
            "C-0012 plaintext-credentials",
            "C-0013 run-as-root",
            "C-0016 privilege-escalation",
            "C-0034 service-account-token",
            "C-0038 host-namespaces",
            "C-0041 host-network",
            "C-0046 dangerous-capabilities",
            "C-0048 host-path",
            "C-0057 privileged",
            "C-0210 no-seccomp-profile",
            "C-0260 no-network-policy",
            "C-0270 no-cpu-limit",
            "C-0271 no-memory-limit",
            "PL-0001 floating-image-tag",
            "PL-0002 replicas-to-zero",
            "PL-0003 image-digest-dropped",
            "PL-0004 ingress-tls-removed",
            "PL-0005 capabilities-not-dropped",
        ]
    );
}
