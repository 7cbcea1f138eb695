//! What evaluation promises whatever the controls are. The built-in controls are tested in `pages`.

mod around;
mod pages;
mod users;

use std::sync::Arc;

use super::*;
use crate::finding::State;
use crate::origin::{Origins, Role};
use crate::resource::flatten;
use crate::text::RepoPath;
use crate::yaml::{self, Dialect};

/// A text read as the rendering of an app.
pub(super) struct Rendering {
    text: Arc<str>,
    origins: Origins,
    pub(super) resources: Vec<Resource>,
}

pub(super) fn render(text: &str) -> Rendering {
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

fn run(policy: &Policy, base: &Rendering, head: &Rendering) -> Vec<Finding> {
    let (findings, problems) = evaluate(
        policy,
        &Side::new("app", &base.resources),
        &Side::new("app", &head.resources),
    );
    assert_eq!(problems, []);
    findings
}

/// An object from YAML text.
fn objects(text: &str) -> Vec<Resource> {
    render(text).resources
}

/// A control from the body of its `deny` rule.
fn control(name: &str, metadata: &str, body: &str) -> Control {
    let rego = format!(
        "# METADATA\n# title: t\n# description: d\n# scope: package\n# custom:\n#   severity: high\n#   since: 0.1.0\n{metadata}package test.{name}\n\n{body}\n"
    );
    let path = RepoPath::new(&format!("policies/{name}.rego")).unwrap();
    Control::parse(&path, &rego, "").unwrap()
}

fn controls(all: impl IntoIterator<Item = Control>) -> Controls {
    let mut controls = Controls::none();
    for control in all {
        controls.add(control).unwrap();
    }
    controls
}

const ANY: &str = "#   id: PL-9001\n#   fix: never\n#   kinds: ['*']\n";
const OTHER: &str = "#   id: PL-9002\n#   fix: unsafe\n#   kinds: [ConfigMap]\n";
const GOOD: &str =
    r#"deny contains {"path": ["data", "a"], "message": "m"} if input.resource.data.a == "x""#;
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m }\ndata: { a: x }\n";

/// What goes wrong with a control of this body on a ConfigMap, and that it spoils no other.
fn failing(body: &str) -> String {
    let set = controls([control("bad", ANY, body), control("good", OTHER, GOOD)]);
    let (policy, mut problems) = compile(&set);
    let head = objects(MAP);
    let (findings, more) = evaluate(&policy, &Side::new("a", &[]), &Side::new("a", &head));
    problems.extend(more);
    let ids: Vec<&str> = findings.iter().map(|f| f.control.as_str()).collect();
    assert_eq!(ids, ["PL-9002"], "{body}");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].kind, Kind::Policy);
    problems.remove(0).message
}

#[test]
fn a_policy_that_fails_is_a_problem_and_no_pass() {
    for (body, expected) in [
        ("deny contains", "cannot be loaded"),
        ("allow := true", "has no rule `deny`"),
        ("deny contains x if { x := y }", "could not be evaluated"),
        (
            "deny contains x if { x := unknown(1) }",
            "could not be evaluated",
        ),
        (
            "deny contains x if { x := input.resource.data.a + 1 }",
            "could not be evaluated",
        ),
        ("deny := 1", "with a number where `deny` must be a set"),
        (
            "deny := true if input.nothing",
            "with nothing where `deny` must be a set",
        ),
        (r#"deny contains "text""#, "with a text for a violation"),
        (r#"deny contains {"path": []}"#, "without a message"),
        (r#"deny contains {"message": "m"}"#, "without a path"),
        (
            r#"deny contains {"path": [], "message": " "}"#,
            "without a message",
        ),
        (
            r#"deny contains {"path": "a.b", "message": "m"}"#,
            "not a list of keys",
        ),
        (
            r#"deny contains {"path": [1.5], "message": "m"}"#,
            "not a list of keys",
        ),
        (
            r#"deny contains {"path": [-1], "message": "m"}"#,
            "not a list of keys",
        ),
        (
            r#"deny contains {"path": [], "message": "m", "msg": 1}"#,
            "unknown field",
        ),
        (
            r#"deny contains {"path": [], "message": "m", "fix": {"op": "remove"}}"#,
            "fix: never",
        ),
        (
            r#"deny contains {"path": [], "message": "m", "fix": {"op": "set"}}"#,
            "which is neither",
        ),
        (
            r#"deny contains {"path": [], "message": "m", "fix": {"op": "add", "value": 1}}"#,
            "which is neither",
        ),
        (
            r#"deny contains {"path": [], "message": "m"} if { some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b < 0 }"#,
            "did not finish",
        ),
    ] {
        let message = failing(body);
        assert!(message.contains(expected), "{body}: {message}");
        assert!(!message.contains(" Got "), "{message}");
        assert!(message.contains("`bad` (PL-9001)"), "{body}: {message}");
    }
}

#[test]
fn a_control_that_hangs_is_stopped_for_all_objects() {
    let body = r#"deny contains {"path": [], "message": "m"} if input.resource.metadata.name == "m0"
deny contains {"path": [], "message": "m"} if { input.resource.metadata.name != "m0"; some a in numbers.range(1, 9000); some b in numbers.range(1, 9000); a * b < 0 }"#;
    let set = controls([control("bad", ANY, body), control("good", OTHER, GOOD)]);
    let (policy, problems) = compile(&set);
    assert_eq!(problems, []);
    let all: String = (0..40)
        .map(|i| format!("---\n{}", MAP.replace("name: m", &format!("name: m{i}"))))
        .collect::<Vec<_>>()
        .concat();
    let head = objects(&all);
    let start = std::time::Instant::now();
    let (findings, problems) = evaluate(&policy, &Side::new("a", &[]), &Side::new("a", &head));
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    // Nothing of what the hanging control said before is used.
    assert_eq!(findings.len(), 40);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.contains("did not finish"));
}

#[test]
fn a_control_sees_what_it_declares_and_no_secret() {
    let tell = |metadata: &str| {
        let body = "deny contains {\"path\": [], \"message\": json.marshal(input)}";
        let (policy, problems) = compile(&controls([control("tell", metadata, body)]));
        assert_eq!(problems, []);
        let base = objects(
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { k: b2xk, e: '' }\n",
        );
        let head = objects(
            "apiVersion: v1\nkind: Secret\nmetadata: { name: s, annotations: { kubectl.kubernetes.io/last-applied-configuration: TOPSECRET } }\ndata: { k: TOPSECRET, e: '' }\nstringData: { t: TOPSECRET }\n",
        );
        let (findings, problems) =
            evaluate(&policy, &Side::new("a", &base), &Side::new("a", &head));
        assert_eq!(problems, []);
        let head = findings.into_iter().find(|f| f.state != State::Resolved);
        head.unwrap().message
    };
    let any = |reads: &str| format!("#   id: PL-9001\n#   fix: never\n#   kinds: ['*']\n{reads}");
    let plain = tell(&any(""));
    let before = tell(&any("#   reads: [before]\n"));
    let inventory = tell(&any("#   reads: [inventory]\n"));
    for text in [&plain, &before, &inventory] {
        assert!(
            !text.contains("TOPSECRET") && !text.contains("b2xk"),
            "{text}"
        );
        assert!(text.contains(r#""k":"(hidden)""#), "{text}");
        assert!(text.contains(r#""e":"""#), "{text}");
    }
    assert_eq!(
        [&plain, &before, &inventory]
            .map(|t| (t.contains("\"before\""), t.contains("\"inventory\""))),
        [(false, false), (true, false), (false, true)]
    );
}

#[test]
fn a_control_that_fails_at_head_resolves_nothing() {
    let body = r#"deny contains {"path": ["data", "a"], "message": sprintf("%d", [1 / input.resource.data.size])}"#;
    let (policy, problems) = compile(&controls([control("bad", OTHER, body)]));
    assert_eq!(problems, []);
    let map = |n: u8| {
        objects(&format!(
            "apiVersion: v1\nkind: ConfigMap\ndata: {{ size: {n} }}\n"
        ))
    };
    let (good, bad) = (map(1), map(0));
    let (findings, problems) = evaluate(&policy, &Side::new("a", &good), &Side::new("a", &bad));
    assert_eq!(
        (findings.len(), problems.len()),
        (0, 1),
        "{findings:?} {problems:?}"
    );
    let (findings, problems) = evaluate(&policy, &Side::new("a", &bad), &Side::new("a", &good));
    assert_eq!((findings.len(), problems.len()), (1, 1));
    assert_eq!(findings[0].state, State::New);
}

/// The states of all findings of the built-in controls of these names, as `state field`.
fn states(names: &[&str], base: &str, head: &str) -> Vec<String> {
    let (policy, problems) =
        compile(&Controls::built_in().select(|control| names.contains(&control.name.as_str())));
    assert_eq!(problems, []);
    run(&policy, &render(base), &render(head))
        .into_iter()
        .map(|f| format!("{} {} {}", f.state.name(), f.resource.name, f.field))
        .collect()
}

#[test]
fn a_finding_is_new_existing_or_resolved() {
    let pod = |name: &str, first: &str, second: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: {name} }}\nspec:\n  containers:\n  - {{ name: a, image: a:1, securityContext: {{ privileged: {first} }} }}\n  - {{ name: b, image: b:1, securityContext: {{ privileged: {second} }} }}\n---\n"
        )
    };
    let check = |base: &str, head: &str, expected: &[&str]| {
        assert_eq!(
            states(&["privileged"], base, head),
            expected,
            "{base} {head}"
        );
    };
    let a = "p spec.containers[name=a].securityContext.privileged";
    let b = "p spec.containers[name=b].securityContext.privileged";
    let (new, existing, resolved) = (
        format!("new {b}"),
        format!("existing {a}"),
        format!("resolved {a}"),
    );
    check("", &pod("p", "true", "false"), &[&format!("new {a}")]);
    check(
        &pod("p", "true", "false"),
        &pod("p", "true", "true"),
        &[&existing, &new],
    );
    check(
        &pod("p", "true", "false"),
        &pod("p", "true", "false"),
        &[&existing],
    );
    check(
        &pod("p", "true", "false"),
        &pod("p", "false", "false"),
        &[&resolved],
    );
    check(&pod("p", "true", "false"), "", &[&resolved]);
    // An item that is inserted before does not make the next one new.
    let moved = "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec:\n  containers:\n  - { name: z, image: z:1 }\n  - { name: a, image: a:1, securityContext: { privileged: true } }\n";
    check(&pod("p", "true", "false"), moved, &[&existing]);
    // Two objects of one name are two findings.
    let twice = pod("p", "true", "false").repeat(2);
    check(
        &pod("p", "true", "false"),
        &twice,
        &[&existing, &format!("new {a}")],
    );
    check(&twice, &pod("p", "true", "false"), &[&existing, &resolved]);
}

#[test]
fn fingerprints_are_unique_and_outlive_hashes_and_lines() {
    let (policy, _) = compile(&Controls::built_in());
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: conf-abc }\ndata: { password: correct-horse }\n";
    let prints = |text: &str, stem: Option<&str>| {
        let mut head = render(text);
        for resource in &mut head.resources {
            resource.stem = stem.map(str::to_owned);
        }
        run(&policy, &render(""), &head)
            .iter()
            .map(|f| f.fingerprint)
            .collect::<Vec<_>>()
    };
    let one = prints(text, Some("conf"));
    assert_eq!(one.len(), 1);
    assert_eq!(
        one,
        prints(&format!("\n\n{}", text.replace("abc", "def")), Some("conf"))
    );
    assert_ne!(one, prints(text, None));
    let twice = prints(&format!("{text}---\n{text}"), None);
    assert_eq!(twice.len(), 2);
    assert_ne!(twice[0], twice[1]);
}

#[test]
fn removing_a_network_policy_is_new_for_what_it_covered() {
    let workload = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {name} }}\nspec:\n  template:\n    metadata:\n      labels: {{ app: {name} }}\n    spec:\n      containers: [{{ name: c, image: c:1 }}]\n---\n"
        )
    };
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: net }\nspec: { podSelector: { matchLabels: { app: web } } }\n";
    let base = format!("{}{}{policy}", workload("web"), workload("db"));
    let head = format!("{}{}", workload("web"), workload("db"));
    let field = "spec.template.metadata.labels";
    assert_eq!(
        states(&["no-network-policy"], &base, &head),
        [format!("new web {field}"), format!("existing db {field}")]
    );
    // The policy that went is named as the cause, and nothing else is.
    let (all, _) = compile(&Controls::built_in().select(|c| c.name == "no-network-policy"));
    let causes = |base: &str, head: &str| {
        let base = render(base);
        let findings = run(&all, &base, &render(head));
        let caused: Vec<String> = findings
            .iter()
            .flat_map(|finding| finding.causes.iter().map(move |cause| (finding, cause)))
            .map(|(finding, cause)| {
                let trace = base.origins.trace(cause.anchor.shown);
                let name = trace.data[0].span.of(&base.text);
                format!(
                    "{} {}: {} {} {name}",
                    finding.control, finding.resource.name, cause.resource, cause.removed
                )
            })
            .collect();
        caused
    };
    let caused = "C-0260 web: NetworkPolicy.networking.k8s.io/net true net";
    assert_eq!(causes(&base, &head), [caused]);
    assert_eq!(
        causes(&base, &head.replace("image: c:1", "image: c:2")),
        [caused]
    );
    assert_eq!(causes(&head, &base), [] as [&str; 0]);
    // Where the labels moved away from the policy, the object itself is the cause.
    let moved = base.replacen("labels: { app: web }", "labels: { app: other }", 1);
    assert_eq!(causes(&base, &moved), [] as [&str; 0]);
    assert_eq!(
        states(&["no-network-policy"], &head, &base),
        [
            format!("resolved web {field}"),
            format!("existing db {field}")
        ]
    );
}

#[test]
fn objects_of_other_apps_count_as_surroundings() {
    let (policy, _) = compile(&Controls::built_in().select(|c| c.name == "no-network-policy"));
    let web =
        objects("apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [] }\n");
    let others = objects(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: net, namespace: clinic }\nspec: { podSelector: {} }\n",
    );
    let others: Vec<&Resource> = others.iter().collect();
    let state = |before: Side<'_>, after: Side<'_>| {
        let (findings, problems) = evaluate(&policy, &before, &after);
        assert_eq!(problems, []);
        findings.iter().map(|f| f.state).collect::<Vec<_>>()
    };
    let alone = Side {
        namespace: "clinic",
        ..Side::new("a", &web)
    };
    let covered = Side {
        others: &others,
        ..alone
    };
    assert_eq!(state(alone, alone), [State::Existing]);
    assert_eq!(state(covered, covered), []);
    assert_eq!(state(covered, alone), [State::New]);
    assert_eq!(state(alone, covered), [State::Resolved]);
    assert_eq!(
        state(
            covered,
            Side {
                namespace: "other",
                ..covered
            }
        ),
        [State::New]
    );
}

/// Compares a text with a file of the repository, which `UPDATE=1` rewrites.
fn is_current(path: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        text,
        "run `UPDATE=1 cargo test` and read the difference in {}",
        path.display()
    );
}
