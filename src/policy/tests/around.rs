//! Facts about other objects, and controls of objects that come, go and are affected.

use super::{control, controls, objects};
use crate::control::{Controls, Setting};
use crate::finding::State;
use crate::policy::{Side, compile, evaluate};

/// The facts of the first object, as JSON.
fn facts(text: &str) -> serde_json::Value {
    let tell = "deny contains {\"path\": [], \"message\": json.marshal(input.facts)} if input.resource.metadata.name == \"it\"";
    let metadata = "#   id: PL-9001\n#   fix: never\n#   kinds: ['*']\n#   reads: [facts]\n";
    let (policy, problems) = compile(&controls([control("tell", metadata, tell)]));
    assert_eq!(problems, []);
    let head = objects(text);
    let (findings, problems) = evaluate(&policy, &Side::new("a", &[]), &Side::new("a", &head));
    assert_eq!(problems, []);
    serde_json::from_str(&findings[0].message).unwrap()
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: { name: it, namespace: ns, labels: { app: web, tier: front } }\nspec: { serviceAccountName: robot, volumes: [{ name: s, secret: { secretName: key } }] }\n---\n";

#[test]
fn policies_and_services_find_their_pods() {
    let facts = facts(&format!("{POD}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: both, namespace: ns }}
spec: {{ podSelector: {{ matchLabels: {{ app: web }}, matchExpressions: [{{ key: tier, operator: In, values: [front] }}, {{ key: x, operator: DoesNotExist }}] }}, policyTypes: [Egress] }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: elsewhere, namespace: ms }}
spec: {{ podSelector: {{}} }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: others, namespace: ns }}
spec: {{ podSelector: {{ matchExpressions: [{{ key: app, operator: NotIn, values: [web] }}] }} }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: all, namespace: ns }}
spec: {{ podSelector: {{}} }}
---
apiVersion: v1
kind: Service
metadata: {{ name: web, namespace: ns }}
spec: {{ selector: {{ tier: front }}, type: NodePort }}
---
apiVersion: v1
kind: Service
metadata: {{ name: none, namespace: ns }}
spec: {{}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{ name: way, namespace: ns }}
spec: {{ tls: [{{ secretName: c }}], rules: [{{ host: a.example, http: {{ paths: [{{ backend: {{ service: {{ name: web }} }} }}] }} }}] }}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: named, namespace: ns }}
spec: {{ hosts: [b.example, a.example], gateways: [edge], tls: [{{ route: [{{ destination: {{ host: web }} }}] }}] }}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{ name: any, namespace: ms }}
spec: {{ hosts: [a.example, '*'], gateways: [edge], http: [{{ route: [{{ destination: {{ host: web.ns }} }}] }}] }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{ name: budget, namespace: ns }}
spec: {{ selector: {{ matchLabels: {{ app: web }} }} }}
---
apiVersion: v1
kind: Namespace
metadata: {{ name: ns, labels: {{ a: b }} }}
"));
    assert_eq!(names(&facts["policies"]), ["both", "all"]);
    let governed = |index: usize| {
        let policy = &facts["policies"][index];
        (
            policy["ingress"].as_bool().unwrap(),
            policy["egress"].as_bool().unwrap(),
        )
    };
    assert_eq!((governed(0), governed(1)), ((false, true), (true, false)));
    assert_eq!(names(&facts["services"]), ["web"]);
    let exposed = &facts["services"][0]["exposed"];
    assert_eq!(exposed[0]["by"], "NodePort");
    assert_eq!(exposed[1]["by"], "Ingress");
    assert_eq!(
        (&exposed[1]["hosts"][0], &exposed[1]["tls"]),
        (&"a.example".into(), &true.into())
    );
    let routed = |index: usize| (&exposed[index]["hosts"], &exposed[index]["tls"]);
    let named = serde_json::json!(["a.example", "b.example"]);
    assert_eq!(routed(2), (&named, &false.into()));
    assert_eq!(routed(3), (&serde_json::json!([]), &false.into()));
    assert_eq!(names(&facts["budgets"]), ["budget"]);
    assert_eq!(facts["namespace"]["labels"]["a"], "b");
    assert_eq!(facts["service_account"]["known"], false);
}

#[test]
fn access_is_joined_through_bindings() {
    let rbac = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: read, namespace: ns }
rules: [{ apiGroups: [''], resources: [secrets], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reads, namespace: ns }
roleRef: { kind: Role, name: read }
subjects: [{ kind: ServiceAccount, name: robot, namespace: ns }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: admins }
roleRef: { kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: Group, name: 'system:serviceaccounts:ns' }]
";
    let pod = facts(&format!("{POD}{rbac}"));
    let rules = pod["rules"].as_array().unwrap();
    let told: Vec<String> = rules
        .iter()
        .map(|rule| {
            format!(
                "{} {} {} {}",
                rule["binding"]["name"], rule["namespace"], rule["verbs"], rule["nonResourceURLs"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#""reads" "ns" ["get"] []"#,
            r#""admins" "" ["*"] []"#,
            r#""admins" "" ["*"] ["*"]"#
        ]
    );
    let role = facts(&format!(
        "{}---\n{rbac}",
        rbac.replace("name: read,", "name: it,")
    ));
    assert_eq!(role["bindings"].as_array().unwrap().len(), 0);
    let secret = facts(&format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{ name: it, namespace: ns }}\n---\n{}",
        POD.replace("name: it", "name: user")
            .replace("secretName: key", "secretName: it")
    ));
    assert_eq!(names(&secret["users"]), ["user"]);
    assert_eq!(secret["users"][0]["how"], "volume");
}

const CHANGE: &str = "#   id: PL-9001\n#   fix: never\n#   kinds: [Secret, Pod]\n#   reads: [before, facts]\n#   on: [removed, added, affected]\n";

#[test]
fn controls_of_the_change_see_what_comes_and_goes() {
    let body = r#"deny contains {"path": ["metadata", "name"], "message": sprintf("%s %v %v", [input.change, input.resource == null, count(object.get(input.facts, "users", []))])}"#;
    let (policy, problems) = compile(&controls([control("change", CHANGE, body)]));
    assert_eq!(problems, []);
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: ns }\n---\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: s, namespace: ns }\nspec: { selector: { app: web } }\n";
    let told = |base: &str, head: &str| -> Vec<String> {
        let (base, head) = (objects(base), objects(head));
        let (findings, problems) =
            evaluate(&policy, &Side::new("a", &base), &Side::new("a", &head));
        assert_eq!(problems, []);
        assert!(findings.iter().all(|finding| finding.state == State::New));
        findings
            .iter()
            .map(|f| format!("{} {} {}", f.resource.name, f.message, f.removed))
            .collect()
    };
    assert_eq!(
        told(&format!("{POD}{secret}"), POD),
        ["key removed true 1 true"]
    );
    assert_eq!(
        told(POD, &format!("{POD}{secret}")),
        ["key added false 1 false"]
    );
    assert_eq!(
        told(POD, &format!("{POD}{service}")),
        ["it affected false 0 false"]
    );
    assert_eq!(told(POD, POD), Vec::<String>::new());
}

#[test]
fn a_parameter_is_its_default_or_what_is_set() {
    let metadata = "#   id: PL-9001\n#   fix: never\n#   kinds: [ConfigMap]\n#   config:\n#     words: { default: [a], about: Words. }\n";
    let body = r#"deny contains {"path": ["data"], "message": json.marshal(input.config)}"#;
    let mut set: Controls = controls([control("words", metadata, body)]);
    let id = "PL-9001".parse().unwrap();
    let map = objects("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: m }\ndata: {}\n");
    let said = |set: &Controls| {
        let (policy, problems) = compile(set);
        assert_eq!(problems, []);
        let (findings, _) = evaluate(&policy, &Side::new("a", &[]), &Side::new("a", &map));
        findings[0].message.clone()
    };
    assert_eq!(said(&set), r#"{"words":["a"]}"#);
    set.set_parameter(&id, "words", Setting::Text("b".to_owned()))
        .unwrap();
    assert_eq!(said(&set), r#"{"words":["b"]}"#);
    for (name, setting, expected) in [
        (
            "word",
            Setting::Flag(true),
            "`PL-9001` has no `word`; it has `words`",
        ),
        (
            "words",
            Setting::Flag(true),
            "`words` must be a list of texts, not true or false",
        ),
    ] {
        assert_eq!(set.set_parameter(&id, name, setting).unwrap_err(), expected);
    }
}
