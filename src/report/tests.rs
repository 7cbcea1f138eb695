//! Every format on one report made by hand: hostile names, a fix, a draft, waivers, and secrets beside them.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::change::Line;
use crate::finding::{Anchor, Fingerprint, FixClass};
use crate::fix::{Draft, Fix, Layer, Moved, Safety};
use crate::problem::Kind;
use crate::resource::Identity;
use crate::text::TextEdit;
use crate::yaml::Path;

/// What a hostile author would like to see obeyed.
const HOSTILE: &str = "</script><script>alert(1)</script>]]>`|@all\u{202e}\u{1b}[2J\r\n::error::x\n# h <!-- --> {{ 7*7 }}";

/// What must be in no report.
const SECRET: &str = "Pl4nted-1";

const TEXT: &str = "db:\n  password: Pl4nted-1\nimage: web:latest\nprivileged: true\n";

fn path(name: &str) -> RepoPath {
    RepoPath::new(name).unwrap()
}

fn location(name: &str, from: &str, role: &'static str) -> Location {
    let start = TEXT.find(from).unwrap();
    let index = LineIndex::new(TEXT);
    let span = Span::new(start, start + from.len());
    Location {
        side: Which::Head,
        path: path(name),
        span,
        start: index.position(TEXT, span.start),
        end: index.position(TEXT, span.end),
        role,
        replaced: false,
    }
}

fn told(number: usize, severity: Severity, state: State) -> Told {
    let control: crate::finding::ControlId = "C-0057".parse().unwrap();
    let resource = Identity {
        group: "apps".into(),
        kind: "Deployment".into(),
        namespace: HOSTILE.into(),
        name: format!("web-{number}"),
    };
    Told {
        name: "privileged".into(),
        location: Some(location("charts/we\"b,:%/values.yaml", "true", "values")),
        history: vec![location(
            "charts/we\"b,:%/values.yaml",
            "web:latest",
            "default",
        )],
        reasons: vec![Reason {
            resource: HOSTILE.into(),
            removed: true,
            location: None,
            told_by: Some(HOSTILE.into()),
        }],
        help: Some(format!("Do `this` {HOSTILE}")),
        remedy: None,
        waiver: None,
        blocks: state == State::New,
        finding: Finding {
            fingerprint: Fingerprint::of(&control, HOSTILE, &resource, "spec", number),
            control,
            severity,
            state,
            app: HOSTILE.into(),
            resource,
            path: Path::root(),
            field: format!("spec.containers[name={HOSTILE}]"),
            message: format!("container `{number}` {HOSTILE}"),
            anchor: Anchor::NONE,
            removed: false,
            causes: Vec::new(),
            suggestion: None,
            fix: FixClass::Safe,
        },
    }
}

fn waiver(source: WaiverSource, proposed: bool) -> Waiver {
    Waiver {
        source,
        reason: HOSTILE.into(),
        owner: Some(HOSTILE.into()),
        until: Some("2027-03-01".into()),
        added: true,
        proposed,
        location: Some(location("charts/we\"b,:%/values.yaml", "db:", "")),
    }
}

fn report(findings: Vec<Told>) -> Report {
    let file = path("charts/we\"b,:%/values.yaml");
    let edit = |from: &str, to: &str| {
        let start = TEXT.find(from).unwrap();
        let edit = TextEdit::replace(Span::new(start, start + from.len()), to);
        [(file.clone(), edit)].into_iter().collect()
    };
    let line = |text: &str| {
        Some(Line {
            number: 1,
            text: text.into(),
        })
    };
    let secret = TEXT.find(SECRET).unwrap();
    let mut problem =
        Problem::new(Kind::Render, format!("`x` {HOSTILE}")).at(&file, Span::new(0, 2));
    problem.help = Some(HOSTILE.into());
    Report {
        base: Side {
            label: HOSTILE.into(),
            files: 1,
            apps: 1,
        },
        head: Side {
            label: "the work tree".into(),
            files: 1,
            apps: 1,
        },
        changed_files: 1,
        notes: vec![HOSTILE.into()],
        apps: vec![AppLine {
            id: HOSTILE.into(),
            environment: Some(HOSTILE.into()),
            state: AppState::Changed,
            resources: Some(1),
            changed_resources: 1,
        }],
        rules: vec![Rule {
            id: "C-0057".into(),
            name: "privileged".into(),
            title: "No container is privileged".into(),
            description: "It owns the node.".into(),
            severity: Severity::High,
            page: Arc::from("# Privileged\n\nIt owns the node.\n"),
            supports: (0..20).map(|n| format!("framework {n}")).collect(),
        }],
        rendered: vec![AppDiff {
            app: HOSTILE.into(),
            objects: vec![ObjectDiff {
                resource: HOSTILE.into(),
                pairing: Pairing::Changed,
                rows: vec![Row {
                    before: line("a: 1"),
                    after: line(HOSTILE),
                }],
                coarse: true,
                findings: vec![(0, 0)],
            }],
            left_out: 1,
        }],
        remedies: vec![
            Remedy::Fix(Fix {
                title: format!("set `privileged` to false {HOSTILE}"),
                safety: Safety::Unsafe(HOSTILE.into()),
                layer: Layer::Values,
                edits: edit("true", "false"),
                resolves: Vec::new(),
                moves: vec![Moved {
                    app: HOSTILE.into(),
                    resource: findings[0].finding.resource.clone(),
                    field: "spec".into(),
                }],
            }),
            Remedy::Draft(Draft {
                title: "pin the image".into(),
                blank: HOSTILE.into(),
                edits: edit("latest", "<digest>"),
            }),
            Remedy::Fix(Fix {
                title: "carry a secret about".into(),
                safety: Safety::Safe,
                layer: Layer::Template,
                edits: edit("web:latest", "web # Pl4nted-1"),
                resolves: Vec::new(),
                moves: Vec::new(),
            }),
        ],
        findings,
        problems: vec![Trouble {
            side: Which::Head,
            app: Some(HOSTILE.into()),
            problem,
        }],
        fail_on: Some(Severity::Medium),
        conclusion: Conclusion::Incomplete,
        texts: [(
            (Which::Head, file.clone()),
            SourceText {
                text: Arc::from(TEXT),
                secrets: vec![Span::new(secret, secret + SECRET.len())],
            },
        )]
        .into_iter()
        .collect(),
    }
}

fn sample() -> Report {
    let mut findings: Vec<Told> = (0..6)
        .map(|n| told(n, Severity::High, State::New))
        .collect();
    findings[0].remedy = Some(0);
    findings[1].remedy = Some(1);
    findings[2].remedy = Some(2);
    findings[3].waiver = Some(waiver(WaiverSource::Comment, true));
    findings[4].waiver = Some(waiver(WaiverSource::Baseline, false));
    findings[4].blocks = false;
    findings[5].finding.state = State::Existing;
    findings[5].blocks = false;
    findings.push(told(6, Severity::Low, State::Resolved));
    report(findings)
}

fn every_format(report: &Report) -> Vec<(&'static str, String)> {
    let style = text::Style {
        color: false,
        unicode: false,
        existing: true,
    };
    vec![
        ("text", text::render(report, style)),
        ("json", json::render(report)),
        ("sarif", sarif::render(report)),
        ("junit", junit::render(report)),
        ("github", annotations::render(report)),
        ("markdown", summary::render(report)),
        ("html", html::render(report)),
    ]
}

#[test]
fn no_format_shows_a_secret() {
    for (name, laid_out) in every_format(&sample()) {
        assert!(!laid_out.contains("Pl4nted"), "{name}: {laid_out}");
    }
}

#[test]
fn colours_are_all_that_a_terminal_obeys() {
    let style = text::Style {
        color: true,
        unicode: true,
        existing: true,
    };
    let laid_out = text::render(&sample(), style);
    assert!(laid_out.contains("\u{1b}["));
    for after in laid_out.split('\u{1b}').skip(1) {
        let colour = after
            .trim_start_matches(['[', ';'])
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        assert!(
            after.starts_with('[') && colour.starts_with('m'),
            "{after:?}"
        );
    }
}

#[test]
fn no_format_obeys_what_a_name_says() {
    let formats = every_format(&sample());
    let of = |wanted: &str| &formats.iter().find(|(name, _)| *name == wanted).unwrap().1;
    for (name, laid_out) in &formats {
        let unseen = |c: char| c == '\u{202e}' || (c < ' ' && !matches!(c, '\n' | '\t'));
        // JSON writes control characters as escapes; a terminal's text is printed by a crate that replaces them.
        assert!(
            !laid_out.contains(|c: char| c < ' ' && !matches!(c, '\n' | '\t')),
            "{name}"
        );
        if !matches!(*name, "json" | "text") {
            assert!(!laid_out.contains(unseen), "{name}");
        }
    }
    let html = of("html");
    assert_eq!(html.matches("<script>").count(), 1);
    assert_eq!(html.matches("</script>").count(), 1);
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "the page asks for something"
    );
    let page = html
        .replace(include_str!("html/style.css"), "")
        .replace(include_str!("html/script.js"), "");
    assert!(
        !page.contains(" style=") && !page.contains(" on"),
        "the policy would refuse it"
    );
    let junit = of("junit");
    assert!(!junit.contains("<script") && !junit.contains("]]>"));
    let tags = junit.matches('<').count();
    assert_eq!(tags, junit.matches('>').count());
    for line in of("github").lines() {
        let level = ["::error ", "::warning ", "::notice "]
            .iter()
            .any(|level| line.starts_with(level));
        assert!(level && line.matches("::").count() >= 2, "{line}");
    }
    let summary = of("markdown");
    for event in pulldown_cmark::Parser::new_ext(summary, pulldown_cmark::Options::ENABLE_TABLES) {
        use pulldown_cmark::{Event, Tag};
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                assert!(
                    !html.contains("<script") && !html.contains("<!--"),
                    "{html}"
                );
            }
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a name became a link"),
            _ => {}
        }
    }
}

/// Holds a value against a JSON Schema, as far as ours use it; every property has to be described.
fn fit(root: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return fit(root, target, value, at);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(
            words.contains(value),
            "{at}: {value} is not one of {words:?}"
        );
    }
    if !schema["const"].is_null() {
        assert_eq!(&schema["const"], value, "{at}");
    }
    let is = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Null => "null",
    };
    if let Some(wanted) = schema["type"].as_str() {
        assert_eq!(wanted, is, "{at}");
    }
    match value {
        Value::Object(map) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(
                    map.contains_key(required.as_str().unwrap()),
                    "{at} lacks {required}"
                );
            }
            for (key, value) in map {
                let inner = &schema["properties"][key];
                assert!(inner.is_object(), "{at}.{key} is not described");
                fit(root, inner, value, &format!("{at}.{key}"));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fit(root, &schema["items"], item, &format!("{at}[{index}]"));
            }
        }
        _ => {}
    }
}

#[test]
fn the_json_report_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(json::JSON_SCHEMA).unwrap();
    let wire: Value = serde_json::from_str(&json::render(&sample())).unwrap();
    fit(&schema, &schema, &wire, "report");
    assert_eq!(wire["remedies"][0]["files"][0]["edits"][0]["text"], "false");
    // A fix that would show a secret is named and not laid out.
    assert_eq!(
        wire["remedies"][2]["files"][0]["edits"],
        serde_json::json!([])
    );
    let first = &wire["groups"][0];
    assert_eq!(
        (&first["standing"], &first["findings"]),
        (&"blocks".into(), &serde_json::json!([0]))
    );
}

#[test]
fn sarif_holds_what_code_scanning_reads() {
    let log: Value = serde_json::from_str(&sarif::render(&sample())).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 6, "a resolved finding is no result");
    assert_eq!(results[0]["ruleIndex"], 0);
    assert_eq!(
        results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "false"
    );
    assert!(results[1]["fixes"].is_null(), "a draft is not applied");
    assert!(
        results[2]["fixes"].is_null(),
        "a fix that shows a secret is left out"
    );
    assert_eq!(results[3]["suppressions"][0]["status"], "underReview");
    assert_eq!(results[4]["suppressions"][0]["kind"], "external");
    assert_eq!(results[5]["baselineState"], "unchanged");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "charts/we%22b%2C%3A%25/values.yaml"
    );
    assert_eq!(place["region"]["startColumn"], 13);
    assert!(results[0]["partialFingerprints"]["primaryLocationLineHash"].is_string());
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(
        run["tool"]["driver"]["rules"][0]["properties"]["tags"]
            .as_array()
            .unwrap()
            .len()
            <= 10
    );
}

#[test]
fn what_a_format_cannot_hold_is_counted() {
    let many = report(
        (0..6_000)
            .map(|n| told(n, Severity::High, State::New))
            .collect(),
    );
    let log: Value = serde_json::from_str(&sarif::render(&many)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5_000);
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(
        notes.contains("1000 of 6000 results are left out"),
        "{notes}"
    );
    let commands = annotations::render(&many);
    assert_eq!(commands.lines().count(), 10);
    assert!(
        commands.lines().last().unwrap().contains("5992 more"),
        "{commands}"
    );
    let mut wide = report(vec![told(0, Severity::High, State::New)]);
    let line = |number, text: &str| {
        let text = text.to_owned();
        Some(Line { number, text })
    };
    let long = "x".repeat(100_000);
    let mut rows: Vec<Row> = (0..1_100)
        .map(|number| Row {
            before: line(number, "a"),
            after: line(number, "b"),
        })
        .collect();
    rows.insert(
        0,
        Row {
            before: line(0, &long),
            after: line(0, "y"),
        },
    );
    let object = wide.rendered[0].objects[0].clone();
    let object = ObjectDiff { rows, ..object };
    wide.rendered[0].objects = vec![object; 32];
    let page = html::render(&wide);
    assert!(page.len() < 8 << 20, "{}", page.len());
    assert!(page.contains("more lines not laid out here"));
    assert!(page.contains("3 more objects not laid out here"));
    assert!(page.contains("… 98000 more characters"));
    let summary = summary::render(&many);
    assert!(summary.len() <= 1 << 20);
    assert!(summary.contains("left out here"));
}
