//! Plans made by hand and carried out: what no change to a repository brings about easily.

use std::time::Duration;

use plimsoll::change::hunks::Side;
use plimsoll::finding::Fingerprint;
use plimsoll::github::{self, Client, Outcome, PullId};
use plimsoll::report::Conclusion;
use plimsoll::resource::Identity;
use plimsoll::review::{Anchor, Comment, ReviewPlan, Summary};
use plimsoll::text::RepoPath;

use crate::double::{Double, File, TOKEN};

fn id() -> PullId {
    PullId {
        repository: "acme/charts".parse().unwrap(),
        number: 7,
    }
}

/// A plan with a comment on each of these lines of `a.yaml`; line 0 stands for the file.
fn plan(lines: &[u32]) -> ReviewPlan {
    let path = RepoPath::new("a.yaml").unwrap();
    let comment = |(index, &line): (usize, &u32)| {
        let resource = Identity {
            group: String::new(),
            kind: "Pod".into(),
            namespace: String::new(),
            name: format!("p{index}"),
        };
        let finding = Fingerprint::of(&"PL-9001".parse().unwrap(), "app", &resource, "spec", 0);
        Comment {
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
                "<!-- plimsoll/1 {{\"findings\":[\"{finding}\"],\"text\":\"x\"}} -->\nbad"
            ),
            suggests: false,
            findings: vec![finding],
        }
    };
    ReviewPlan {
        head: "a".repeat(40),
        conclusion: Conclusion::Findings,
        comments: lines.iter().enumerate().map(comment).collect(),
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

/// Carries out a plan against a GitHub whose difference has the first nineteen lines of `a.yaml`.
fn publish(plan: &ReviewPlan) -> (Outcome, usize) {
    let double = Double::start();
    let lines: String = (1..20).map(|n| format!("+k{n}: v\n")).collect();
    double.state.lock().unwrap().files = vec![File {
        path: "a.yaml".into(),
        previous: None,
        status: "added",
        patch: format!("@@ -0,0 +1,19 @@\n{lines}"),
        shown: true,
    }];
    let client = Client::new(&double.api, &double.graphql, TOKEN, Duration::from_secs(5)).unwrap();
    let outcome = github::publish(&client, &id(), plan, None, true);
    let creating = double
        .asked()
        .iter()
        .filter(|asked| asked.creates())
        .count();
    (outcome, creating)
}

#[test]
fn twenty_findings_cost_eight_at_most() {
    let lines: Vec<u32> = (1..=15).chain([0; 5]).collect();
    let (outcome, creating) = publish(&plan(&lines));
    assert_eq!((outcome.posted, creating), (20, 8), "{:?}", outcome.notes);
    println!(
        "| twenty comments, five on files | the most that a plan holds costs eight, with a check run | one {creating} |"
    );
}

#[test]
fn a_difference_of_another_shape_is_given_up_in_time() {
    let lines: Vec<u32> = (100..150).collect();
    let (outcome, creating) = publish(&plan(&lines));
    assert_eq!(outcome.posted + outcome.refused.len(), 50);
    assert!(creating <= 62, "{creating}");
    assert!(
        outcome
            .notes
            .iter()
            .any(|note| note.contains("was not tried")),
        "{:?}",
        outcome.notes
    );
    println!(
        "| fifty anchors refused | what is tried is bounded, and nothing is lost from sight | one {creating} |"
    );
}

#[test]
fn the_token_is_in_no_failure() {
    let client = Client::new(
        "http://127.0.0.1:9",
        "http://127.0.0.1:9/graphql",
        TOKEN,
        Duration::ZERO,
    );
    let failure = github::pull(&client.unwrap(), &id()).unwrap_err();
    assert!(!format!("{failure} {failure:?}").contains(TOKEN));
}
