//! What OPA answered to small modules (testdata/policy/rego.jsonl), answered here; and what is refused.

use serde_json::Value as Json;

use std::collections::BTreeSet;

use super::*;
use crate::control::Controls;

fn answer(body: &str, input: &Json) -> Result<Json, String> {
    let text = format!("package case\n\n{body}\n");
    let text = rewrite::rewrite("case.rego", &text, true).map_err(|refused| refused.why)?;
    let mut engine = new_engine(true);
    let path = RepoPath::new("case.rego").unwrap();
    add(&mut engine, &path, &text)?;
    engine.set_input(regorus::Value::from_json_str(&input.to_string()).unwrap());
    match engine.eval_rule("data.case.p".to_owned()) {
        Ok(regorus::Value::Undefined) => Ok(serde_json::json!({"undefined": true})),
        Ok(value) => {
            let value: Json = serde_json::from_str(&value.to_json_str().unwrap()).unwrap();
            Ok(serde_json::json!({ "value": value }))
        }
        Err(error) => Err(format!("{text}: {error:#}")),
    }
}

#[test]
fn rego_means_what_it_means_to_opa() {
    let recorded = include_str!("../../../testdata/policy/rego.jsonl");
    let mut rows = recorded
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let input = rows.next().unwrap()["input"].clone();
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        let said = answer(row["body"].as_str().unwrap(), &input);
        let is_same = said.as_ref().is_ok_and(|said| {
            said.get("undefined") == row.get("undefined")
                && match (&said["value"], &row["value"]) {
                    (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
                    (a, b) => a == b,
                }
        });
        if !is_same {
            wrong.push(format!("{row}\n  here: {said:?}"));
        }
    }
    assert!(count > 60);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn v0_modules_are_repaired() {
    let check = |text: &str, expected: &str| {
        let text = format!("package case\n{text}");
        let rewritten = rewrite::rewrite("case.rego", &text, false).unwrap();
        let mut engine = new_engine(false);
        engine.set_rego_v0(true);
        add(
            &mut engine,
            &RepoPath::new("case.rego").unwrap(),
            &rewritten,
        )
        .unwrap();
        engine.set_input(regorus::Value::from_json_str(r#"{"a": 1}"#).unwrap());
        let value = engine.eval_rule("data.case.deny".to_owned()).unwrap();
        let value: Json = serde_json::from_str(&value.to_json_str().unwrap()).unwrap();
        assert_eq!(value.to_string(), expected, "{rewritten}");
    };
    check(
        "deny[msg] { input.b; msg := \"b\" } { input.a; msg := \"a\" }",
        r#"["a"]"#,
    );
    check(
        "deny[msg] { x := input.a\n  (x == 1)\n  msg := \"a\" }",
        r#"["a"]"#,
    );
    check(
        "deny[msg] { not startswith(input.b, \"x\"); msg := \"b\" }",
        "[]",
    );
    check(
        "f(x) = {\"k\": x} {\n  x == 1\n}\nf(x) := {\"k\": 0} { x == 2 } { x == 3 }\ndeny[msg] { msg := f(1).k }\ndeny[f(3).k]",
        "[0,1]",
    );
    check(
        "known(\"a\")\ndeny[msg] { known(\"a\"); msg := \"a\" }",
        r#"["a"]"#,
    );
}

#[test]
fn what_cannot_be_known_is_refused_at_its_line() {
    for (body, why) in [
        ("p := http.send({})", "`http.send` reaches the network"),
        ("p if time.now_ns() > 1", "asks a clock"),
        ("p := opa.runtime()", "asks how OPA was started"),
        ("p := rand.intn(\"a\", 3)", "is not the same twice"),
        ("p := rego.metadata.rule()", "is not supported"),
        ("p := $\"{input.a}\"", ""),
        ("p if {", ""),
    ] {
        let text = format!("package case\n\n{body}\n");
        let refused = rewrite::rewrite("case.rego", &text, true).unwrap_err();
        assert!(refused.line >= 3, "{refused:?}");
        assert!(refused.why.contains(why), "{refused:?}");
    }
}

/// The modules of all built-in controls and of their libraries.
fn built_in() -> Vec<(RepoPath, String)> {
    let controls = Controls::built_in();
    let libraries = controls.libraries().iter();
    controls
        .iter()
        .map(|control| (control.path.clone(), control.rego.to_string()))
        .chain(libraries.map(|library| (library.path.clone(), library.rego.to_string())))
        .collect()
}

/// Ours are loaded as they are, because there is nothing in them to rewrite: that halves what loading them costs.
#[test]
fn built_in_rego_is_what_it_would_be_rewritten_to() {
    let mut wrong = String::new();
    for (path, rego) in built_in() {
        let rewritten = rewrite::anew(path.as_str(), &rego, true, false);
        let rewritten = rewritten.unwrap_or_else(|refused| panic!("{path}: {refused:?}"));
        for (number, (ours, other)) in rego.lines().zip(rewritten.lines()).enumerate() {
            if ours != other {
                let line = number + 1;
                let _ = writeln!(
                    wrong,
                    "{path}:{line}: bind the operand before the `not`: {ours}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A user's module, with so much time to think.
fn hostile(body: &str, limit: Duration) -> Result<Vec<Said>, Failure> {
    let text = format!("package main\n\nimport rego.v1\n\n{body}\n");
    let path = RepoPath::new("policy/main.rego").unwrap();
    let rules = Rules::load([(&path, text.as_str())], &[]);
    let mut rules = rules.map_err(|problem| Failure::Evaluation(problem.message))?;
    rules.limit_time(limit);
    let input = Document::object([("a", Document::text("a"))]);
    rules.conftest("main", "deny", &input)
}

/// Rules of which each makes twice of what the one before it made.
fn doubling(first: &str, next: &str, last: &str) -> String {
    let mut text = format!("a0 := {first}\n");
    for step in 1..60 {
        let before = format!("a{}", step - 1);
        text.push_str(&format!("a{step} := {}\n", next.replace('X', &before)));
    }
    text + &format!("deny contains \"x\" if {}\n", last.replace('X', "a59"))
}

#[test]
fn what_grows_without_end_is_refused() {
    let refused = [
        "deny contains \"x\" if count(numbers.range(1, 1000000000000)) > 0".to_owned(),
        "deny contains \"x\" if count(numbers.range_step(1, 1000000000000, 2)) > 0".to_owned(),
        "deny contains \"x\" if count(net.cidr_expand(\"::/0\")) > 0".to_owned(),
        "deny contains \"x\" if product(numbers.range(1, 100000)) > 0".to_owned(),
        "deny contains \"x\" if bits.lsh(1, 1000000000000) > 0".to_owned(),
        "deny contains \"x\" if regex.match(`\\pL{1000}`, \"a\")".to_owned(),
        doubling("\"ab\"", "concat(\"\", [X, X])", "contains(X, \"c\")"),
        doubling("\"ab\"", "sprintf(\"%s%s\", [X, X])", "contains(X, \"c\")"),
        doubling("\"ab\"", "replace(\"xx\", \"x\", X)", "contains(X, \"c\")"),
        doubling(
            "\"ab\"",
            "strings.replace_n({\"x\": X}, \"xx\")",
            "contains(X, \"c\")",
        ),
        doubling(
            "\"ab\"",
            "regex.replace(\"xx\", \"x\", X)",
            "contains(X, \"c\")",
        ),
        doubling("\"ab\"", "hex.encode(X)", "contains(X, \"c\")"),
        doubling("\"\\\"\"", "json.marshal(X)", "contains(X, \"c\")"),
        doubling("[1]", "array.concat(X, X)", "count(X) > 0"),
        doubling("[1]", "[X, X]", "json.marshal(X) == \"\""),
        doubling("[1]", "[X, X]", "sprintf(\"%v\", [X]) == \"\""),
        doubling("[1]", "[X, X]", "walk(X, [_, 2])"),
        doubling("{1}", "{\"a\": X, \"b\": X}", "yaml.marshal(X) == \"\""),
        doubling("3", "X * X", "X > 0"),
    ];
    for body in refused {
        let first = body.lines().next_back().unwrap_or_default();
        let said = hostile(&body, Duration::from_secs(20));
        let Err(Failure::Evaluation(why)) = &said else {
            panic!("{body}\n{said:?}");
        };
        assert!(why.contains("is refused"), "{first}: {why}");
    }
    let endless = [
        "deny contains \"x\" if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a * b == 0 }",
        "deny contains \"x\" if count([1 | some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a == b + 1]) == 7",
        "deny contains \"x\" if { every a in numbers.range(1, 100000) { every b in numbers.range(1, 100000) { a != b + 100000 } } }",
    ];
    for body in endless {
        let said = hostile(body, Duration::from_millis(50));
        assert_eq!(said, Err(Failure::Time), "{body}");
    }
}

#[test]
fn what_never_ends_is_a_problem() {
    for body in [
        "a if b\nb if a\ndeny contains \"x\" if a",
        "f(x) := f(x)\ndeny contains \"x\" if f(1)",
        "f(x) := g(x)\ng(x) := f(x + 1)\ndeny contains \"x\" if f(1)",
        "deny contains \"x\" if graph.reachable_paths({}, {})",
        "deny contains \"x\" if data.main.deny",
        &format!(
            "deny contains \"x\" if x := {}1{}",
            "[".repeat(31),
            "]".repeat(31)
        ),
    ] {
        let said = hostile(body, Duration::from_secs(20));
        assert!(
            matches!(said, Err(Failure::Evaluation(_))),
            "{body}: {said:?}"
        );
    }
}

#[test]
fn built_in_controls_are_asked_together() {
    let controls = Controls::built_in();
    let all: Vec<&Control> = controls.iter().collect();
    let libraries = controls.libraries();
    let mut sets = Engine::load(libraries, &all, [all.clone()]);
    let rule = sets.batches.values().next().unwrap().clone();
    let interpreter = sets.interpreter.as_mut().unwrap();
    interpreter.set_input(regorus::Value::new_object());
    let answer = interpreter.eval_rule(rule);
    assert!(matches!(answer, Ok(regorus::Value::Object(said)) if said.len() == all.len()));
}

/// What functions that are told natively are given: of each kind something, and what they look for.
fn arguments(package: &str) -> Vec<regorus::Value> {
    let values = match package {
        "lib_rbac" => serde_json::json!([
            "a",
            [],
            ["pods/log", "get"],
            {"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "*/log"]},
            {"rules": [1, {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, {
                "verbs": ["get", "*"], "apiGroups": ["", "apps"], "resources": ["*", 1],
                "resourceNames": ["a"],
            }]},
            {"verbs": "*", "apiGroups": [""], "resources": ["pods/log"]},
            {"verbs": ["*"], "apiGroups": [""], "resources": ["*"]},
        ]),
        _ => serde_json::json!([
            null, false, 0, "", "0", "a", "cpu", "limits", "requests", "hostPath",
            "h:5/a:b:c", "a@b@c", ["a"], ["resources", "limits"], [],
            {"a": null, "limits": [1], "requests": {"cpu": 0}, "cpu": "b"},
            {"resources": {"limits": {"cpu": "", "a": "2"}, "requests": {"cpu": "0", "a": "1"}}},
            {"resources": {"limits": {"cpu": "1"}}},
            [1, {"path": ["spec"], "metadata": {}}, {"path": ["spec"], "metadata": {}, "spec": {
                "os": {"name": "windows"}, "hostUsers": false,
                "securityContext": {"a": 1, "cpu": 0},
                "volumes": ["a", {"name": "a", "hostPath": {}}, {"name": "b", "hostPath": 1,
                    "projected": {"sources": [{"hostPath": {"a": 1}}, 2]}}],
                "initContainers": [{"name": ""}, {"name": 1}, 1],
                "containers": [{
                    "name": "a",
                    "securityContext": {
                        "a": null, "cpu": 1, "capabilities": {"add": ["a"], "drop": "b"},
                    },
                    "volumeMounts": [{"name": "a"}, {"name": "b"}, {"name": "c"}, 1, {}],
                    "volumeDevices": [{"name": "a"}],
                }],
            }}],
        ]),
    };
    let values = values.as_array().unwrap().iter();
    let mut values: Vec<regorus::Value> = values
        .map(|value| regorus::Value::from_json_str(&value.to_string()).unwrap())
        .collect();
    let set = |items: &[&str]| {
        let items: BTreeSet<regorus::Value> = items.iter().map(|item| (*item).into()).collect();
        regorus::Value::from(items)
    };
    values.extend([set(&[""]), set(&["get", "pods/log"]), set(&["pods", "cpu"])]);
    let mut all = native::FUNCTIONS.into_iter();
    let (_, _, containers_of) = all
        .find(|(name, ..)| *name == "lib_workload__containers_of")
        .unwrap();
    let containers: Vec<regorus::Value> = values
        .iter()
        .filter_map(|pods| containers_of(std::slice::from_ref(pods)))
        .collect();
    for containers in &containers {
        values.extend(containers.as_array().unwrap().iter().cloned());
    }
    values.extend(containers.into_iter().max());
    values
}

/// Whatever these functions are given, they answer what their Rego answers, where that does not fail.
#[test]
fn functions_told_natively_mean_what_their_rego_means() {
    let controls = Controls::built_in();
    for (name, arity, function) in native::FUNCTIONS {
        let (package, rule) = name.rsplit_once("__").unwrap();
        let pool = arguments(package);
        let package = package.replacen('_', ".", 1);
        let alias = package.rsplit('.').next().unwrap();
        let args = (0..arity).map(|index| format!("input[{index}]"));
        let args = args.collect::<Vec<_>>().join(", ");
        let text = format!("package case\nimport data.{package}\np := {alias}.{rule}({args})\n");
        let mut engine = new_engine(true);
        for library in controls.libraries() {
            add(&mut engine, &library.path, &library.rego).unwrap();
        }
        add(&mut engine, &RepoPath::new("case.rego").unwrap(), &text).unwrap();
        let mut answers = BTreeSet::new();
        let size = pool.len();
        let tuples = size.pow(arity.into());
        // Of very many, some from everywhere: the step is a prime.
        for tuple in (0..tuples.min(8000)).map(|tried| tried * 7919 % tuples) {
            let places = (0..arity).map(|place| tuple / size.pow(place.into()) % size);
            let args: Vec<regorus::Value> = places.map(|place| pool[place].clone()).collect();
            engine.set_input(args.clone().into());
            if let Ok(expected) = engine.eval_rule("data.case.p".to_owned()) {
                let answer = function(&args);
                assert_eq!(answer.as_ref(), Some(&expected), "{name}({args:?})");
                answers.insert(answer);
            }
        }
        assert!(answers.len() > 1, "{name} always answers {answers:?}");
    }
}

/// So that a name before a dot is an import wherever it stands, which is what `link` goes by.
#[test]
fn nothing_in_built_in_rego_has_the_name_of_an_import() {
    for (path, rego) in built_in() {
        let module = super::parse::parse(path.as_str(), &rego, true).unwrap();
        for import in &module.imports {
            let import = import
                .refr
                .span()
                .text()
                .rsplit('.')
                .next()
                .unwrap()
                .to_owned();
            for rule in &module.policy {
                assert!(!names::locals(rule).contains(&import), "{path}: {import}");
            }
        }
    }
}
