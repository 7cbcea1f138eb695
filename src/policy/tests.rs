//! The controls' own pages, executed; and what evaluation promises whatever the controls are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::control::cases::{Block, cases, markers};
use crate::finding::Suggestion;
use crate::origin::{Origin, Origins, Role};
use crate::resource::flatten;
use crate::text::{LineIndex, RepoPath};
use crate::yaml::{self, Data, Dialect, Path, Step, Value};

/// A text read as the rendering of an app.
struct Rendering {
    text: Arc<str>,
    origins: Origins,
    resources: Vec<Resource>,
}

fn render(text: &str) -> Rendering {
    let text: Arc<str> = Arc::from(text);
    let mut origins = Origins::new();
    let file = origins.add_file(&RepoPath::new("case.yaml").unwrap(), &text);
    let stream = yaml::parse(&text);
    assert_eq!(stream.error, None, "{text}");
    let mut resources = Vec::new();
    for document in &stream.documents {
        let value = document
            .value(Dialect::Helm, &mut |span| {
                origins.source(file, span, Role::Manifest)
            })
            .unwrap();
        resources.extend(
            flatten(value)
                .into_iter()
                .filter_map(|value| Resource::new(value, document.span)),
        );
    }
    Rendering {
        text,
        origins,
        resources,
    }
}

impl Rendering {
    /// The line that a finding is shown at, from 1.
    fn line(&self, finding: &Finding) -> usize {
        let trace = self.origins.trace(finding.anchor.shown);
        let source = trace.data.first().expect("every value of a text has a place");
        LineIndex::new(&self.text)
            .position(&self.text, source.span.start)
            .line as usize
    }
}

fn run(policy: &Policy, base: &Rendering, head: &Rendering) -> Vec<Finding> {
    let (findings, problems) = evaluate(
        policy,
        &Side::new("app", &base.resources),
        &Side::new("app", &head.resources),
    );
    assert_eq!(problems, []);
    findings
}

fn only(control: &Control) -> Policy {
    let (policy, problems) = compile(&Controls::built_in().select(|other| other.id == control.id));
    assert_eq!(problems, []);
    policy
}

/// Does to an object what a finding suggests. Missing maps on the way are made.
fn remedy(object: &mut Value, path: &Path, suggestion: &Suggestion) {
    let (last, way) = path.steps().split_last().expect("no control points at a whole object");
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

/// Runs one case of a control's page; says what differs from its markers.
fn check(control: &Control, policy: &Policy, base: Option<&Block>, head: &Block) -> Vec<String> {
    let before = render(base.map_or("", |block| &block.yaml));
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
            let what: Vec<_> = here.iter().map(|f| format!("{}: {}", f.field, f.message)).collect();
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
    let left = at_head(run(policy, &before, &after));
    if left.len() != expected_left {
        wrong.push(format!("the suggestions of {} leave {left:#?}", control.name));
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
        for case in cases {
            let marked = !markers(&case.head.yaml, &control.name).is_empty();
            assert_eq!(marked, case.violates, "{} line {}", control.name, case.head.line);
            wrong.extend(check(control, &policy, case.base.as_ref(), &case.head));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
