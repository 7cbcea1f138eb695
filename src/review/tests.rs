//! Plans made from reports made by hand: the ladder, the limits, what is kept and what is retired.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::change::files::Status;
use crate::change::hunks;
use crate::finding::{Anchor as Place, Finding, FixClass, Severity};
use crate::fix::{Fix, Layer, Moved, Safety};
use crate::report::{AppLine, AppState, Location, Side as ReportSide, SourceText, Told};
use crate::resource::Identity;
use crate::text::{Edit, LineIndex, Span, TextEdit};
use crate::yaml::Path;

/// A report on one file at head, `a.yaml`, and one finding for each `(line, fix)`: the fix replaces the line's text.
struct Case {
    text: String,
    report: Report,
}

fn path() -> RepoPath {
    RepoPath::new("a.yaml").unwrap()
}

impl Case {
    fn new(text: &str) -> Self {
        let source = SourceText {
            text: Arc::from(text),
            secrets: Vec::new(),
        };
        let side = || ReportSide {
            label: "x".into(),
            files: 1,
            apps: 1,
        };
        Self {
            text: text.to_owned(),
            report: Report {
                base: side(),
                head: side(),
                changed_files: 1,
                notes: Vec::new(),
                apps: vec![AppLine {
                    id: "app".into(),
                    environment: None,
                    state: AppState::Changed,
                    resources: Some(1),
                    changed_resources: 1,
                }],
                findings: Vec::new(),
                remedies: Vec::new(),
                rendered: Vec::new(),
                rules: Vec::new(),
                problems: Vec::new(),
                fail_on: Some(Severity::Medium),
                conclusion: Conclusion::Findings,
                texts: BTreeMap::from([((Which::Head, path()), source)]),
            },
        }
    }

    fn line(&self, line: u32) -> Span {
        let span = LineIndex::new(&self.text).line(line);
        let text = span.of(&self.text).trim_end();
        Span::new(span.start as usize, span.start as usize + text.len())
    }

    fn finding(mut self, line: u32, message: &str) -> Self {
        let span = self.line(line);
        let index = LineIndex::new(&self.text);
        let resource = Identity {
            group: String::new(),
            kind: "Pod".into(),
            namespace: String::new(),
            name: "web".into(),
        };
        let control: crate::finding::ControlId = "PL-9001".parse().unwrap();
        let field = format!("spec.f{line}");
        self.report.findings.push(Told {
            name: "bad".into(),
            location: Some(Location {
                side: Which::Head,
                path: path(),
                span,
                start: index.position(&self.text, span.start),
                end: index.position(&self.text, span.end),
                role: "values",
                replaced: false,
            }),
            history: Vec::new(),
            reasons: Vec::new(),
            help: None,
            remedy: None,
            waiver: None,
            blocks: true,
            finding: Finding {
                fingerprint: Fingerprint::of(&control, "app", &resource, &field, 0),
                control,
                severity: Severity::High,
                state: State::New,
                app: "app".into(),
                resource,
                path: Path::root(),
                field,
                message: message.to_owned(),
                anchor: Place::NONE,
                removed: false,
                causes: Vec::new(),
                suggestion: None,
                fix: FixClass::Safe,
            },
        });
        self
    }

    /// Gives the last finding a proved fix.
    fn fixed(mut self, edits: Vec<Edit>) -> Self {
        let told = self.report.findings.last_mut().unwrap();
        told.remedy = Some(self.report.remedies.len());
        self.report.remedies.push(Remedy::Fix(Fix {
            title: "set it".into(),
            safety: Safety::Safe,
            layer: Layer::Values,
            edits: BTreeMap::from([(path(), TextEdit::new(edits).unwrap())]),
            resolves: vec![told.finding.fingerprint],
            moves: vec![Moved {
                app: "app".into(),
                resource: told.finding.resource.clone(),
                field: told.finding.field.clone(),
            }],
        }));
        self
    }

    fn replacing(self, line: u32, text: &str) -> Self {
        let span = self.line(line);
        self.fixed(vec![Edit {
            span,
            text: text.into(),
        }])
    }

    fn diff(&self, before: &str) -> Vec<FileDiff> {
        vec![FileDiff {
            path: path(),
            previous: None,
            status: Status::Modified,
            hunks: Some(hunks::between(before, &self.text)),
        }]
    }

    fn plan(&self, before: &str, posted: &Posted) -> ReviewPlan {
        plan(
            &self.report,
            &self.diff(before),
            posted,
            &Capabilities::GITHUB,
            &subject(),
        )
    }
}

fn subject() -> Subject {
    Subject {
        head: "0123456789abcdef".into(),
        open: true,
        report: None,
    }
}

fn numbered(lines: u32) -> String {
    (1..=lines).map(|n| format!("k{n}: v\n")).collect()
}

/// What the forge makes of a suggestion: the lines replaced by the text in its fence.
fn apply(comment: &Comment, text: &str) -> String {
    let Anchor::Lines { first, last, .. } = comment.anchor else {
        panic!("no lines");
    };
    let (_, rest) = comment.body.split_once("suggestion\n").unwrap();
    let fence = comment
        .body
        .lines()
        .find(|l| l.ends_with("suggestion"))
        .unwrap();
    let fence = fence.trim_end_matches("suggestion");
    let inside: String = rest
        .split_inclusive('\n')
        .take_while(|line| line.trim_end() != fence)
        .collect();
    let index = LineIndex::new(text);
    let (start, end) = (
        index.line(first).start as usize,
        index.line(last).end as usize,
    );
    format!("{}{inside}{}", &text[..start], &text[end..])
}

#[test]
fn an_edit_in_the_difference_is_a_suggestion_that_makes_the_proved_file() {
    let before = numbered(20);
    let text = before.replace("k10: v\n", "k10: w\n");
    let insert = |line: u32, new: &str| {
        let at = LineIndex::new(&text).line(line).start as usize;
        vec![Edit {
            span: Span::at(at),
            text: new.into(),
        }]
    };
    let delete = |line: u32| {
        let span = LineIndex::new(&text).line(line);
        vec![Edit {
            span,
            text: String::new(),
        }]
    };
    let several = [insert(9, "new: 1\n"), delete(11)].concat();
    for edits in [
        insert(10, "a: 1\nb: ```2\n"),
        delete(10),
        several,
        insert(11, "z: 1\n"),
    ] {
        let case = Case::new(&text).finding(10, "bad").fixed(edits.clone());
        let plan = case.plan(&before, &Posted::default());
        assert_eq!(plan.comments.len(), 1);
        assert!(plan.comments[0].suggests, "{edits:?}");
        let expected = TextEdit::new(edits).unwrap().apply(&text);
        assert_eq!(apply(&plan.comments[0], &text), expected);
    }
}

#[test]
fn what_the_forge_would_not_apply_exactly_is_shown_and_not_suggested() {
    let before = numbered(20);
    let text = before.replace("k10: v\n", "k10: w\n");
    let plain = Case::new(&text).finding(10, "bad").replacing(10, "k10: x");
    assert!(plain.plan(&before, &Posted::default()).comments[0].suggests);

    let crlf = text.replace('\n', "\r\n");
    let crlf_case = Case::new(&crlf).finding(10, "bad").replacing(10, "k10: x");
    let no_end = Case::new(text.trim_end())
        .finding(20, "bad")
        .replacing(20, "k20: x");
    let outside = Case::new(&text).finding(10, "bad").replacing(2, "k2: x");
    let mut secret = Case::new(&text).finding(10, "bad").replacing(10, "k10: x");
    let span = secret.line(10);
    let key = (Which::Head, path());
    secret
        .report
        .texts
        .get_mut(&key)
        .unwrap()
        .secrets
        .push(Span::new(span.start as usize + 5, span.end as usize));
    for (case, before) in [
        (crlf_case, before.replace('\n', "\r\n")),
        (no_end, before.clone()),
        (outside, before.clone()),
        (secret, before.clone()),
    ] {
        let plan = case.plan(&before, &Posted::default());
        let comment = &plan.comments[0];
        assert!(!comment.suggests);
        assert!(comment.body.contains("```diff"), "{}", comment.body);
    }
    let mut closed = subject();
    closed.open = false;
    let case = Case::new(&text).finding(10, "bad").replacing(10, "k10: x");
    let diff = case.diff(&before);
    let plan = plan(
        &case.report,
        &diff,
        &Posted::default(),
        &Capabilities::GITHUB,
        &closed,
    );
    assert!(!plan.comments[0].suggests);
}

#[test]
fn two_suggestions_never_share_a_line() {
    let before = numbered(20);
    let text = before.replace("k10: v\n", "k10: w\n");
    let case = Case::new(&text)
        .finding(10, "bad")
        .replacing(10, "k10: x")
        .finding(11, "worse")
        .replacing(10, "k10: y");
    let plan = case.plan(&before, &Posted::default());
    let suggests: Vec<bool> = plan.comments.iter().map(|c| c.suggests).collect();
    assert_eq!(suggests, [true, false]);
}

#[test]
fn the_ladder_goes_from_the_line_to_the_file_to_the_annotation_to_the_summary() {
    let before = numbered(40);
    let text = before.replace("k10: v\n", "k10: w\n");
    let case = Case::new(&text).finding(10, "here").finding(30, "far");
    let plan = case.plan(&before, &Posted::default());
    assert_eq!(
        plan.comments.iter().map(|c| &c.anchor).collect::<Vec<_>>(),
        [
            &Anchor::Lines {
                path: path(),
                side: Side::New,
                first: 10,
                last: 10
            },
            &Anchor::File { path: path() },
        ]
    );
    assert_eq!(plan.annotations, []);
    let nothing = super::plan(
        &case.report,
        &[],
        &Posted::default(),
        &Capabilities::GITHUB,
        &subject(),
    );
    assert_eq!(nothing.comments, []);
    let lines: Vec<u32> = nothing.annotations.iter().map(|a| a.first).collect();
    assert_eq!(lines, [10, 30]);
    for word in ["here", "far", "annotation"] {
        assert!(
            nothing.summary.body.contains(word),
            "{}",
            nothing.summary.body
        );
    }
}

#[test]
fn what_was_said_is_not_repeated_and_what_is_gone_is_retired() {
    let before = numbered(20);
    let text = before.replace("k10: v\n", "k10: w\n");
    let case = Case::new(&text)
        .finding(10, "one")
        .finding(11, "two")
        .finding(12, "three");
    let first = case.plan(&before, &Posted::default());
    assert_eq!(first.comments.len(), 3);
    let thread = |(index, comment): (usize, &Comment)| Thread {
        comment: index as u64,
        id: None,
        marker: Marker::read(&comment.body).unwrap(),
        anchor: Some(comment.anchor.clone()),
        answered: false,
        resolved: false,
    };
    let mut posted = Posted {
        threads: first.comments.iter().enumerate().map(thread).collect(),
        summary: Some(Sticky {
            comment: 9,
            marker: Marker::read(&first.summary.body).unwrap(),
        }),
    };
    let again = case.plan(&before, &posted);
    assert_eq!(
        (again.comments.len(), again.kept.as_slice()),
        (0, &[0, 1, 2][..])
    );
    assert!(again.revisions.is_empty() && again.retirements.is_empty());

    // The first is fixed, the second says something else now, the third was answered.
    let later = Case::new(&text).finding(11, "two, and worse");
    posted.threads[2].answered = true;
    let plan = later.plan(&before, &posted);
    assert_eq!(plan.comments, []);
    assert_eq!(
        plan.revisions.iter().map(|r| r.comment).collect::<Vec<_>>(),
        [1]
    );
    assert_eq!(
        plan.retirements
            .iter()
            .map(|r| r.comment)
            .collect::<Vec<_>>(),
        [0]
    );
    assert!(!plan.summary.unchanged);
    assert!(Marker::read(&plan.retirements[0].body).unwrap().retired);

    // A retired comment that is true again is said anew; beside a problem nothing is retired.
    posted.threads[0].marker = Marker::read(&plan.retirements[0].body).unwrap();
    let plan = case.plan(&before, &posted);
    assert_eq!(plan.comments.len(), 1);
    let mut blind = later;
    blind.report.conclusion = Conclusion::Incomplete;
    posted.threads[0].marker.retired = false;
    assert_eq!(blind.plan(&before, &posted).retirements, []);
}

#[test]
fn a_thread_never_gets_a_suggestion_for_other_lines_than_it_stands_on() {
    let before = numbered(20);
    let text = before.replace("k10: v\n", "k10: w\n");
    let case = Case::new(&text).finding(10, "bad").replacing(10, "k10: x");
    let first = case.plan(&before, &Posted::default()).comments.remove(0);
    assert!(first.suggests);
    let run = |anchor: Option<Anchor>| {
        let posted = Posted {
            threads: vec![Thread {
                comment: 1,
                id: None,
                marker: Marker::read(&first.body).unwrap(),
                anchor,
                answered: false,
                resolved: false,
            }],
            summary: None,
        };
        case.plan(&before, &posted)
    };
    assert_eq!(run(Some(first.anchor.clone())).kept, [1]);
    let line = |last| Anchor::Lines {
        path: path(),
        side: Side::New,
        first: last,
        last,
    };
    for anchor in [None, Some(line(9)), Some(Anchor::File { path: path() })] {
        let plan = run(anchor);
        assert_eq!((plan.comments.len(), plan.revisions.len()), (0, 1));
        assert!(plan.revisions[0].body.contains("```diff"));
        assert!(!plan.revisions[0].body.contains("```suggestion"));
    }
}

#[test]
fn a_second_run_has_no_more_room_than_the_first() {
    let text = numbered(80);
    let findings = |case: Case| (1..=80).fold(case, |case, line| case.finding(line, "bad"));
    let case = findings(Case::new(&text));
    let first = case.plan("", &Posted::default());
    assert_eq!(first.comments.len(), Capabilities::GITHUB.comments);
    let thread = |(index, comment): (usize, &Comment)| Thread {
        comment: index as u64,
        id: None,
        marker: Marker::read(&comment.body).unwrap(),
        anchor: Some(comment.anchor.clone()),
        answered: false,
        resolved: false,
    };
    let posted = Posted {
        threads: first.comments.iter().enumerate().map(thread).collect(),
        summary: Some(Sticky {
            comment: 9,
            marker: Marker::read(&first.summary.body).unwrap(),
        }),
    };
    let again = case.plan("", &posted);
    assert_eq!((again.comments.len(), again.revisions.len()), (0, 0));
    assert_eq!(again.annotations, first.annotations);
    assert!(again.summary.unchanged);
}

#[test]
fn a_summary_of_the_same_head_is_unchanged() {
    let text = numbered(3);
    let case = Case::new(&text).finding(2, "one");
    let none = Posted::default();
    let first = case.plan("", &none);
    let posted = |body: &str| Posted {
        threads: Vec::new(),
        summary: Some(Sticky {
            comment: 9,
            marker: Marker::read(body).unwrap(),
        }),
    };
    let again = case.plan("", &posted(&first.summary.body));
    assert!(again.summary.unchanged && again.summary.comment == Some(9));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is found, wherever, however it is named: every limit holds, every marker is read back, every cause has a
    /// place, and no suggestion touches the lines of another.
    #[test]
    fn every_limit_holds(
        lines in 1u32..60,
        found in prop::collection::vec((1u32..60, "\\PC{0,200}", any::<bool>()), 0..120),
        changed in prop::collection::vec(1u32..60, 0..5),
        body in 9_000usize..70_000,
    ) {
        let before = numbered(lines);
        let mut text = before.clone();
        for n in changed {
            text = text.replace(&format!("k{n}: v\n"), &format!("k{n}: w\n"));
        }
        let mut case = Case::new(&text);
        for (line, message, fix) in found {
            let line = line.min(lines);
            case = case.finding(line, &message);
            if fix {
                case = case.replacing(line, "x: ```\n@all");
            }
        }
        let forge = Capabilities { body, ..Capabilities::GITHUB };
        let plan = plan(&case.report, &case.diff(&before), &Posted::default(), &forge, &subject());
        prop_assert!(plan.comments.len() <= forge.comments);
        prop_assert!(plan.annotations.len() <= forge.annotations);
        let on_files = plan.comments.iter().filter(|c| matches!(c.anchor, Anchor::File { .. }));
        prop_assert!(on_files.count() <= forge.on_files);
        let hunks = hunks::between(&before, &text);
        let mut used = Vec::new();
        for comment in &plan.comments {
            prop_assert!(comment.body.chars().count() <= body, "{}", comment.body.chars().count());
            let marker = Marker::read(&comment.body);
            prop_assert_eq!(marker.unwrap().findings.len(), comment.findings.len());
            if let Anchor::Lines { first, last, .. } = comment.anchor {
                let inside = hunks.iter().any(|h| h.holds(Side::New, first) && h.holds(Side::New, last));
                prop_assert!(inside);
                if comment.suggests {
                    prop_assert!(!used.iter().any(|&line| (first..=last).contains(&line)));
                    used.extend(first..=last);
                }
            }
        }
        prop_assert!(plan.summary.body.chars().count() <= body);
        prop_assert!(Marker::read(&plan.summary.body).unwrap().is_summary());
    }
}
