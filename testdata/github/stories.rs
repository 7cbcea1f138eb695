//! What happens on a pull request, told against a GitHub of our own: each story plans, publishes, and looks at what stands there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::pedantic,
    missing_docs,
    unreachable_pub,
    reason = "a test that fails by panicking has done its work"
)]

mod double;

use std::time::Duration;

use double::{Double, Fault};
use plimsoll::change::hunks::Side;
use plimsoll::finding::Fingerprint;
use plimsoll::github::{self, Client, Outcome, PullId};
use plimsoll::report::Conclusion;
use plimsoll::resource::Identity;
use plimsoll::review::{Anchor, Comment, Marker, Posted, Retirement, ReviewPlan, Summary};
use plimsoll::text::RepoPath;
use serde_json::json;

fn id() -> PullId {
    PullId {
        repository: "acme/charts".parse().unwrap(),
        number: 7,
    }
}

fn client(double: &Double, waits: u64) -> Client {
    let graphql = format!("{}/graphql", double.url);
    Client::new(
        &double.url,
        &graphql,
        "secret-token",
        Duration::from_secs(waits),
    )
    .unwrap()
}

fn finding(line: u32) -> Fingerprint {
    let resource = Identity {
        group: String::new(),
        kind: "Pod".into(),
        namespace: String::new(),
        name: format!("p{line}"),
    };
    Fingerprint::of(&"PL-9001".parse().unwrap(), "app", &resource, "spec", 0)
}

/// A plan with a comment on each of these lines of `a.yaml`; line 0 stands for the file.
fn plan(lines: &[u32]) -> ReviewPlan {
    let path = RepoPath::new("a.yaml").unwrap();
    let comment = |&line: &u32| Comment {
        anchor: match line {
            0 => Anchor::File { path: path.clone() },
            line => Anchor::Lines {
                path: path.clone(),
                side: Side::New,
                first: line,
                last: line,
            },
        },
        body: format!(
            "<!-- plimsoll/1 {{\"findings\":[\"{}\"],\"text\":\"x\"}} -->\nbad",
            finding(line)
        ),
        suggests: false,
        findings: vec![finding(line)],
    };
    ReviewPlan {
        head: "a".repeat(40),
        conclusion: Conclusion::Findings,
        comments: lines.iter().map(comment).collect(),
        kept: Vec::new(),
        revisions: Vec::new(),
        retirements: Vec::new(),
        annotations: Vec::new(),
        summary: Summary {
            comment: None,
            body: "<!-- plimsoll/1 {\"findings\":[],\"text\":\"x\"} -->\nsummary".into(),
            unchanged: false,
        },
        per_review: 25,
    }
}

fn publish(double: &Double, plan: &ReviewPlan) -> Outcome {
    github::publish(&client(double, 5), &id(), plan, None, false)
}

fn there(double: &Double) -> usize {
    double.state.lock().unwrap().comments.len()
}

fn posted(double: &Double) -> Posted {
    github::posted(&client(double, 0), &id(), None).unwrap()
}

fn fault(route: &'static str, status: u16) -> Fault {
    Fault {
        method: "POST",
        route,
        status,
        done: false,
        retry_after: None,
    }
}

#[test]
fn a_first_review_costs_one_review_and_one_summary() {
    let double = Double::start();
    let lines: Vec<u32> = (1..=19).collect();
    let outcome = publish(&double, &plan(&lines));
    assert_eq!(
        (outcome.posted, outcome.notes.len()),
        (19, 0),
        "{:?}",
        outcome.notes
    );
    assert_eq!(double.creating(), 2);
    assert_eq!(
        outcome.url.as_deref(),
        Some("https://example.test/7#review")
    );
    let found = posted(&double);
    assert_eq!(found.threads.len(), 19);
    assert!(found.summary.is_some());
}

#[test]
fn comments_of_others_are_never_taken_for_ours() {
    let double = Double::start();
    publish(&double, &plan(&[3]));
    let body = double.state.lock().unwrap().comments[0]["body"].clone();
    let other = json!({"id": 6, "user": {"login": "eve", "type": "User"}, "body": body});
    double
        .state
        .lock()
        .unwrap()
        .comments
        .extend([other, json!({"id": 8, "user": null, "body": body})]);
    assert_eq!(posted(&double).threads.len(), 1);
    let first = double.state.lock().unwrap().comments[0]["id"].clone();
    let reply = json!({"id": 7, "user": {"login": "eve", "type": "User"}, "body": "no", "in_reply_to_id": first});
    double.state.lock().unwrap().comments.push(reply);
    assert!(posted(&double).threads[0].answered);
}

#[test]
fn one_bad_anchor_does_not_lose_the_others() {
    let double = Double::start();
    let outcome = publish(&double, &plan(&[3, 99, 4]));
    assert_eq!(
        (outcome.posted, outcome.refused.len()),
        (3, 0),
        "{:?}",
        outcome.notes
    );
    let state = double.state.lock().unwrap();
    let on_file: Vec<_> = state
        .comments
        .iter()
        .filter(|c| c["subject_type"] == "file")
        .collect();
    assert_eq!((state.comments.len(), on_file.len()), (3, 1));
}

#[test]
fn a_review_that_was_posted_though_github_failed_is_not_posted_again() {
    let double = Double::start();
    double.fail(Fault {
        done: true,
        ..fault("/reviews", 502)
    });
    let outcome = publish(&double, &plan(&[3, 4]));
    assert_eq!(
        (outcome.posted, there(&double)),
        (2, 2),
        "{:?}",
        outcome.notes
    );
    assert_eq!(double.creating(), 2);

    let double = Double::start();
    double.fail(fault("/reviews", 502));
    let outcome = publish(&double, &plan(&[3, 4]));
    assert_eq!(
        (outcome.posted, there(&double)),
        (2, 2),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn a_token_that_only_reads_is_told_and_nothing_else_is_tried() {
    let double = Double::start();
    double.fail(fault("/issues/7/comments", 403));
    let outcome = publish(&double, &plan(&[3, 4]));
    assert!(outcome.read_only);
    assert_eq!(
        (outcome.posted, outcome.refused.len(), double.creating()),
        (0, 2, 1)
    );
}

#[test]
fn a_rate_limit_is_waited_for_within_the_budget_and_then_said() {
    let double = Double::start();
    double.fail(Fault {
        retry_after: Some(1),
        ..fault("/reviews", 403)
    });
    assert_eq!(publish(&double, &plan(&[3])).posted, 1);

    let double = Double::start();
    double.fail(Fault {
        retry_after: Some(900),
        ..fault("/reviews", 403)
    });
    let outcome = publish(&double, &plan(&[3]));
    assert_eq!((outcome.posted, outcome.refused.len()), (0, 1));
    assert!(
        outcome.notes[0].contains("rate limit"),
        "{:?}",
        outcome.notes
    );
}

#[test]
fn nothing_is_posted_on_a_head_that_moved() {
    let double = Double::start();
    double.state.lock().unwrap().head = "c".repeat(40);
    let outcome = publish(&double, &plan(&[3]));
    assert!(outcome.superseded);
    assert_eq!(double.creating(), 0);
}

#[test]
fn what_is_gone_is_edited_and_resolved_where_the_token_may() {
    for may in [false, true] {
        let double = Double::start();
        double.state.lock().unwrap().may_resolve = may;
        publish(&double, &plan(&[3]));
        let thread = posted(&double).threads.remove(0);
        let mut later = plan(&[]);
        later.retirements.push(Retirement {
            comment: thread.comment,
            thread: thread.id.clone(),
            body: "gone".into(),
        });
        later.summary.comment = posted(&double).summary.map(|sticky| sticky.comment);
        let outcome = publish(&double, &later);
        assert_eq!((outcome.retired, outcome.notes.len()), (1, 0));
        let state = double.state.lock().unwrap();
        assert_eq!(state.comments[0]["body"], "gone");
        assert_eq!(state.resolved.len(), usize::from(may));
        assert_eq!(state.summaries.len(), 1);
    }
}

#[test]
fn a_comment_on_a_file_and_an_unchanged_summary() {
    let double = Double::start();
    publish(&double, &plan(&[0]));
    let sticky = posted(&double).summary.unwrap();
    assert_eq!(
        sticky.marker,
        Marker::read(&plan(&[]).summary.body).unwrap()
    );
    let before = double.creating();
    let mut again = plan(&[]);
    again.summary.comment = Some(sticky.comment);
    again.summary.unchanged = true;
    publish(&double, &again);
    assert_eq!(double.creating(), before);
}

#[test]
fn the_token_is_in_no_failure() {
    let client = Client::new(
        "http://127.0.0.1:9",
        "http://127.0.0.1:9/graphql",
        "secret-token",
        Duration::ZERO,
    )
    .unwrap();
    let failure = github::pull(&client, &id()).unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains("secret-token"));
}
