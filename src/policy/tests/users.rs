//! Policies that users have written for Conftest and as Kubescape's, as they are.

use super::objects;
use crate::config;
use crate::control::{Controls, Defaults, Severity};
use crate::finding::Finding;
use crate::policy::{Side, choose, compile, evaluate};
use crate::problem::Problem;
use crate::snapshot::{Memory, Tree};
use crate::text::RepoPath;

const DEFAULTS: Defaults = Defaults {
    deny: Severity::High,
    warn: Severity::Low,
};

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

/// What the policies in `policy/`, with the data in `data.yaml`, find in some objects that are new.
fn found(files: &[(&str, &str)], base: &str, head: &str) -> (Vec<Finding>, Vec<Problem>) {
    let tree = Memory::new("base", files.iter().copied()).unwrap();
    let data: Vec<RepoPath> = files
        .iter()
        .filter(|(name, _)| name.ends_with("data.yaml"))
        .map(|(name, _)| path(name))
        .collect();
    let mut controls = Controls::none();
    let mut problems = controls.add_user(
        &Tree::new(&tree),
        &[path("policy")],
        &data,
        DEFAULTS,
        crate::policy::declared,
    );
    let (policy, more) = compile(&controls);
    problems.extend(more);
    let (base, head) = (objects(base), objects(head));
    let (findings, more) = evaluate(&policy, &Side::new("a", &base), &Side::new("a", &head));
    problems.extend(more);
    (findings, problems)
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let (state, severity) = (f.state.name(), f.severity);
            format!(
                "{state} {severity} {} {} {}: {}",
                f.control, f.resource.name, f.field, f.message
            )
        })
        .collect()
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n        - { name: web, image: \"nginx:latest\" }\n        - { name: side, image: \"side:1\" }\n";

#[test]
fn conftest_rules_are_asked_about_each_object() {
    let rules = r#"package main

import rego.v1

# METADATA
# title: No latest
# custom:
#   severity: critical
deny_latest contains msg if {
	some container in input.spec.template.spec.containers
	endswith(container.image, ":latest")
	msg := sprintf("%s uses latest", [container.name])
}

deny contains {"msg": "few replicas", "metadata": {"path": ["spec", "replicas"], "severity": "medium"}} if input.spec.replicas < data.least

violation contains msg if {
	input.kind == "Deployment"
	not input.spec.template.spec.securityContext.runAsNonRoot
	msg := "must not run as root"
}

warn contains msg if {
	not startswith(input.spec.nothing, "x")
	msg := "never"
}

warn contains msg if {
	input.metadata.name == "web"
	msg := "a name"
}
"#;
    let files = [
        ("policy/main.rego", rules),
        ("policy/main_test.rego", "package main\ntest_x { true }"),
        ("data.yaml", "least: 2\n"),
    ];
    let (findings, problems) = found(&files, "", WEB);
    assert_eq!(problems, []);
    assert_eq!(
        told(&findings),
        [
            "new medium USER/main.deny web spec.replicas: few replicas",
            "new critical USER/main.deny_latest web spec.template.spec.containers[name=web].image: web uses latest",
            "new high USER/main.violation web spec.template.spec.securityContext.runAsNonRoot: must not run as root",
            "new low USER/main.warn web metadata.name: a name",
        ]
    );
    let (findings, _) = found(&files, WEB, &WEB.replace("replicas: 1", "replicas: 3"));
    let states: Vec<&str> = findings.iter().map(|f| f.state.name()).collect();
    assert_eq!(states, ["resolved", "existing", "existing", "existing"]);
}

#[test]
fn rules_are_found_by_what_they_are() {
    let rules = r#"package main

doc := `
deny contains "in a text" if true
`

deny(x) := x

  deny.name contains "a name" if input.metadata.name == "web"

warn["some-kind"] contains "a kind" if input.kind == "Deployment"

violation[by] contains msg if {
	some by in ["one", "two"]
	msg := sprintf("by %s", [by])
}

denying contains "another word" if true

helper if { warn.x }
"#;
    let (findings, problems) = found(&[("policy/main.rego", rules)], "", WEB);
    assert_eq!(problems, []);
    assert_eq!(
        told(&findings),
        [
            "new high USER/main.deny.name web metadata.name: a name",
            "new high USER/main.violation web metadata.name: by one",
            "new high USER/main.violation web metadata.name: by two",
            "new low USER/main.warn[\"some-kind\"] web metadata.name: a kind",
        ]
    );
}

#[test]
fn exceptions_older_rego_and_combined_input_are_known() {
    let (findings, problems) = found(
        &[
            (
                "policy/old.rego",
                "package main\n\ndeny_a[msg] {\n  input.kind == \"Deployment\"\n  msg := \"a\"\n}\n\n  deny_b[{\"msg\": msg}] {\n  input.kind == \"Deployment\"\n  msg := \"b\"\n}\n\nexception[rules] {\n  input.metadata.name == \"web\"\n  rules := [\"a\"]\n}\n",
            ),
            (
                "policy/combined.rego",
                "package combined\n\nimport rego.v1\n\ndeny contains msg if {\n  some i\n  input[i].contents.kind == \"Service\"\n  name := input[i].contents.metadata.name\n  not deployed(name)\n  msg := sprintf(\"%s serves nothing\", [name])\n}\n\ndeployed(name) if {\n  some file in input\n  file.contents.kind == \"Deployment\"\n  file.contents.metadata.name == name\n}\n",
            ),
        ],
        "",
        &format!(
            "{WEB}---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: gone }}\n"
        ),
    );
    assert_eq!(problems, []);
    assert_eq!(
        told(&findings),
        [
            "new high USER/main.deny_b web metadata.name: b",
            "new high USER/combined.deny gone metadata.name: gone serves nothing",
        ]
    );
}

#[test]
fn kubescape_rules_are_given_subjects_with_their_roles() {
    let rule = r#"package armo_builtins

import rego.v1

deny contains msga if {
	subject := input[_]
	role := subject.relatedObjects[i]
	binding := subject.relatedObjects[j]
	endswith(role.kind, "Role")
	endswith(binding.kind, "Binding")
	some p, rule in role.rules
	some v, "create" in rule.verbs
	some r, "pods/exec" in rule.resources
	some k, other in binding.subjects
	other.name == subject.name
	msga := {
		"alertMessage": sprintf("%s can exec", [subject.name]),
		"failedPaths": [
			sprintf("relatedObjects[%d].rules[%d].resources[%d]", [i, p, r]),
			sprintf("relatedObjects[%d].rules[%d].verbs[%d]", [i, p, v]),
			sprintf("relatedObjects[%d].subjects[%d]", [j, k]),
			sprintf("relatedObjects[%d].roleRef.name", [j]),
		],
		"fixPaths": [],
		"alertObject": {"k8sApiObjects": [], "externalObjects": subject},
	}
}
"#;
    let metadata = r#"{"name": "can-exec", "attributes": {"resourcesAggregator": "subject-role-rolebinding"}, "match": [{"apiGroups": ["rbac.authorization.k8s.io"], "apiVersions": ["v1"], "resources": ["RoleBinding", "Role"]}], "dynamicMatch": []}"#;
    let objects = "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: exec, namespace: a }
rules:
  - { apiGroups: [\"\"], resources: [pods], verbs: [get] }
  - { apiGroups: [\"\"], resources: [pods/exec], verbs: [get, create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: exec, namespace: b }
rules:
  - { apiGroups: [\"\"], resources: [pods], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: of-a, namespace: a }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: exec }
subjects:
  - { kind: User, name: ann, apiGroup: rbac.authorization.k8s.io }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: of-b, namespace: b }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: exec }
subjects:
  - { kind: User, name: bob, apiGroup: rbac.authorization.k8s.io }
";
    let files = |metadata: &'static str| {
        [
            ("policy/rule/raw.rego", rule),
            ("policy/rule/rule.metadata.json", metadata),
        ]
    };
    let (findings, problems) = found(&files(metadata), "", objects);
    assert_eq!(problems, []);
    assert_eq!(
        told(&findings),
        [
            "new high USER/can-exec exec rules[1]: ann can exec",
            "new high USER/can-exec of-a subjects[name=ann]: ann can exec",
        ]
    );
    let live = r#"{"name": "can-exec", "dynamicMatch": [{"apiGroups": ["hostdata.kubescape.cloud"], "apiVersions": ["v1beta0"], "resources": ["KubeletInfo"]}]}"#;
    let (_, problems) = found(&files(live), "", objects);
    let problem = &problems[0];
    let place = problem.place.as_ref().unwrap();
    assert_eq!(place.path.as_str(), "policy/rule/rule.metadata.json");
    assert_eq!(place.span.unwrap().of(live), "\"dynamicMatch\"");
    assert!(problem.message.ends_with("(`dynamicMatch`): KubeletInfo"));
    assert!(problem.help.is_some());
}

#[test]
fn what_kubescape_rules_say_is_placed_or_a_problem() {
    let rule = |alert: &str| {
        format!(
            "package armo_builtins\n\nimport rego.v1\n\ndeny contains {{\"alertMessage\": \"seen\", \"failedPaths\": paths, \"alertObject\": alert}} if {{\n\tobject := input[_]\n\t{alert}\n}}\n"
        )
    };
    let check = |alert: &str| {
        let (findings, problems) = found(&[("policy/rule/raw.rego", &rule(alert))], "", WEB);
        let problems = problems.into_iter().map(|problem| problem.message);
        (told(&findings), problems.collect::<Vec<_>>())
    };
    let whole = vec!["new high USER/rule web metadata.name: seen".to_owned()];
    let inside = vec!["new high USER/rule web spec.replicas: seen".to_owned()];
    // The object itself, a vector with its name, and what is joined to a vector.
    for (alert, expected) in [
        (
            "paths := []; alert := {\"k8sApiObjects\": [], \"externalObjects\": object}",
            &whole,
        ),
        (
            "paths := [\"spec.replicas\"]; alert := {\"externalObjects\": {\"kind\": object.kind, \"name\": object.metadata.name}}",
            &inside,
        ),
        (
            "paths := []; alert := {\"externalObjects\": {\"kind\": \"User\", \"name\": \"ann\", \"relatedObjects\": [object]}}",
            &whole,
        ),
        (
            "paths := [\"relatedObjects[0].spec.replicas\"]; alert := {\"externalObjects\": {\"kind\": \"User\", \"name\": \"ann\", \"relatedObjects\": object}}",
            &inside,
        ),
    ] {
        assert_eq!(check(alert), (expected.clone(), vec![]), "{alert}");
    }
    let (findings, problems) = check(
        "paths := []; alert := {\"k8sApiObjects\": [{\"kind\": object.kind, \"name\": \"other\"}]}",
    );
    assert_eq!(findings, Vec::<String>::new());
    assert!(
        problems[0].contains("`seen` is said of no object that there is"),
        "{problems:?}"
    );
}

#[test]
fn kubescape_rules_are_given_all_objects() {
    let rule = r#"package armo_builtins

import future.keywords.in

deny[msga] {
	deployment := input[_]
	some i
	container := deployment.spec.template.spec.containers[i]
	not container.securityContext.privileged == false
	container.name in data.postureControlInputs.names
	path := sprintf("spec.template.spec.containers[%d].securityContext.privileged", [i])
	msga := {
		"alertMessage": sprintf("%s may be privileged", [container.name]),
		"failedPaths": [],
		"fixPaths": [{"path": path, "value": "false"}],
		"alertObject": {"k8sApiObjects": [deployment]},
	}
}
"#;
    let metadata = r#"{"name": "may-be-privileged", "match": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["Deployment"]}], "ruleLanguage": "Rego"}"#;
    let (findings, problems) = found(
        &[
            ("policy/rule/raw.rego", rule),
            ("policy/rule/rule.metadata.json", metadata),
            ("data.yaml", "postureControlInputs: { names: [web] }\n"),
        ],
        "",
        WEB,
    );
    assert_eq!(problems, []);
    assert_eq!(
        told(&findings),
        [
            "new high USER/may-be-privileged web spec.template.spec.containers[name=web].securityContext.privileged: web may be privileged"
        ]
    );
    assert!(findings[0].suggestion.is_some());
}

#[test]
fn a_policy_may_have_long_lines() {
    let names: Vec<String> = (0..3000)
        .map(|number| format!("\"team-{number}\""))
        .collect();
    let rules = format!(
        "package main\nimport rego.v1\nknown := {{{}}}\ndeny contains \"x\" if not input.metadata.name in known\n",
        names.join(", ")
    );
    let (findings, problems) = found(&[("policy/p.rego", &rules)], "", WEB);
    assert_eq!(problems, []);
    assert_eq!(findings.len(), 1);
}

/// A library is given OPA's meaning, too: what `not` is said of is undefined here, and regorus alone would take that for an error.
#[test]
fn controls_of_users_share_libraries() {
    let control = r#"# METADATA
# title: A team is named
# description: Somebody must answer for it.
# scope: package
# custom:
#   id: TEAM-0001
#   severity: low
#   since: 0.1.0
#   fix: never
#   kinds: [Deployment.apps]
package team.named

import data.lib.workload
import data.team.names

deny contains {"path": ["metadata"], "message": "no team"} if {
	not names.named(input.resource)
	count(workload.containers) > 0
}
"#;
    let library =
        "package team.names\n\nnamed(object) if not object.metadata.labels.team == \"\"\n";
    let check = |library: &str| {
        let tree = Memory::new(
            "base",
            [
                ("policy/named/named.rego", control),
                ("policy/lib/names.rego", library),
                ("policy/lib/more.rego", "package team.names\n\nmore := 1\n"),
            ],
        )
        .unwrap();
        let mut controls = Controls::built_in_libraries();
        let mut problems = controls.add_user(
            &Tree::new(&tree),
            &[path("policy")],
            &[],
            DEFAULTS,
            crate::policy::declared,
        );
        let (policy, more) = compile(&controls);
        problems.extend(more);
        let (findings, more) = evaluate(
            &policy,
            &Side::new("a", &[]),
            &Side::new("a", &objects(WEB)),
        );
        problems.extend(more);
        let said = |problem: Problem| problem.message;
        (
            told(&findings),
            problems.into_iter().map(said).collect::<Vec<_>>(),
        )
    };
    assert_eq!(check(library), (vec![], vec![]));
    let none = "package team.names\n\nnamed(object) if object.metadata.labels.team\n";
    let (findings, problems) = check(none);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(findings, ["new low TEAM-0001 web metadata: no team"]);
    let (_, problems) = check("package lib.workload\n\nx := 1\n");
    assert_eq!(problems[0], "Plimsoll has a library `lib.workload` itself");
}

#[test]
fn what_cannot_be_evaluated_is_a_problem_at_its_line() {
    for (rules, expected) in [
        (
            "package main\n\ndeny[msg] {\n  http.send({})\n  msg := \"x\"\n}\n",
            "`http.send` reaches the network",
        ),
        (
            "package main\nimport rego.v1\n\ndeny contains msg if {\n  msg :=\n}\n",
            "cannot be evaluated",
        ),
        (
            "package main\nimport rego.v1\n# METADATA\n# custom: { severity: awful }\ndeny contains \"x\" if true\n",
            "`awful` is no severity",
        ),
        (
            "package main\nimport rego.v1\ndeny contains {\"msg\": \"x\", \"severity\": \"odd\"} if true\n",
            "the severity `odd`, which is none",
        ),
        (
            "package main\nimport rego.v1\ndeny contains x if { x := unknown(1) }\n",
            "could not be evaluated",
        ),
    ] {
        let (_, problems) = found(&[("policy/p.rego", rules)], "", WEB);
        assert_eq!(problems.len(), 1, "{rules}: {problems:?}");
        assert!(problems[0].message.contains(expected), "{problems:?}");
        assert_eq!(
            problems[0].place.as_ref().unwrap().path,
            path("policy/p.rego")
        );
    }
}

#[test]
fn the_configuration_names_policies_and_what_holds_for_them() {
    let tree = Memory::new(
        "base",
        [(
            "policy/p.rego",
            "package main\nimport rego.v1\ndeny contains \"x\" if input.kind == \"Deployment\"\n",
        )],
    )
    .unwrap();
    let check = |text: &str| {
        let (config, problems) = config::load_text(&path(".plimsoll.yaml"), text);
        assert_eq!(problems, []);
        let (controls, problems) = choose(&config, &Tree::new(&tree));
        let of_user = controls.iter().filter(|control| !control.built_in);
        let of_user: Vec<String> = of_user
            .map(|c| format!("{} {}", c.id, c.severity))
            .collect();
        (
            of_user,
            problems.into_iter().map(|p| p.message).collect::<Vec<_>>(),
        )
    };
    let (rules, problems) = check("policies: [policy]\nframeworks: [pss-baseline]\n");
    assert_eq!(
        (rules, problems),
        (vec!["USER/main.deny medium".to_owned()], vec![])
    );
    let (rules, problems) = check("policies: [policy]\npolicy-severity: high\n");
    assert_eq!(
        (rules, problems),
        (vec!["USER/main.deny high".to_owned()], vec![])
    );
    let (rules, problems) =
        check("policies: [policy]\ncontrols: { main.deny: { severity: low } }\n");
    assert_eq!(rules, ["USER/main.deny medium"]);
    assert_eq!(
        problems,
        ["`main.deny` is made less severe without a reason"]
    );
    let (_, problems) = check("policies: [nowhere]\n");
    assert_eq!(
        problems,
        ["there is no `nowhere`, which the configuration names"]
    );
}
