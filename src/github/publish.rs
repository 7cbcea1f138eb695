//! A review plan carried out. Twice is as good as once: what is there already is not posted again.
//!
//! One bad anchor must not lose the others: a review that GitHub refuses is posted comment by comment, each falling back
//! to its file and then to an annotation. A review of which GitHub does not say whether it was posted is looked for.

use std::collections::BTreeSet;

use serde_json::Value;

use super::wire::{
    Body, CheckAnnotation, CheckOutput, CheckRunUpdate, NewCheckRun, NewFileComment,
    NewLineComment, NewReview, RESOLVE, WireCreated, WireReview,
};
use super::{Client, Failure, PullId, pull};
use crate::change::hunks::Side;
use crate::report::Conclusion;
use crate::review::{Anchor, Annotation, Comment, Level, ReviewPlan};

/// GitHub takes this many annotations in one request.
const ANNOTATIONS: usize = 50;

/// The longest summary of a check run, in bytes.
const CHECK_SUMMARY: usize = 65_535;

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// How many comments were posted.
    pub posted: usize,
    /// How many comments were changed.
    pub revised: usize,
    /// How many threads were closed.
    pub retired: usize,
    /// The page of the review, or of the summary.
    pub url: Option<String>,
    /// Comments that GitHub took nowhere. They have to be told otherwise.
    pub refused: Vec<Comment>,
    /// What could not be done, as sentences for a person.
    pub notes: Vec<String>,
    /// True if and only if the pull request moved on, so that nothing was posted.
    pub superseded: bool,
    /// True if and only if this token may not write here.
    pub read_only: bool,
}

/// Carries out a plan. `assumed` is who we are where GitHub does not say; with `check_run`, a check run is made, too.
pub fn publish(
    client: &Client,
    id: &PullId,
    plan: &ReviewPlan,
    assumed: Option<&str>,
    check_run: bool,
) -> Outcome {
    let mut outcome = Outcome::default();
    match pull(client, id) {
        Ok(now) if now.head != plan.head => {
            outcome.superseded = true;
            return outcome;
        }
        Ok(now) => outcome.url = Some(now.url).filter(|url| !url.is_empty()),
        Err(failure) => {
            outcome
                .notes
                .push(format!("the pull request cannot be read: {failure}"));
            outcome.refused.clone_from(&plan.comments);
            return outcome;
        }
    }
    let mut work = Publisher {
        client,
        id,
        plan,
        assumed,
        outcome,
    };
    work.summary();
    if !work.outcome.read_only {
        work.comments();
        work.revisions();
        work.retirements();
    } else {
        work.outcome.refused.clone_from(&plan.comments);
    }
    if check_run {
        work.check_run();
    }
    work.outcome
}

struct Publisher<'a> {
    client: &'a Client,
    id: &'a PullId,
    plan: &'a ReviewPlan,
    assumed: Option<&'a str>,
    outcome: Outcome,
}

impl<'a> Publisher<'a> {
    /// The summary goes first: where it may not be written, nothing may, and it costs one request to know.
    fn summary(&mut self) {
        let summary = &self.plan.summary;
        let repository = &self.id.repository;
        let body = Body {
            body: &summary.body,
        };
        let done: Result<Value, Failure> = match summary.comment {
            Some(_) if summary.unchanged => return,
            Some(comment) => self.client.patch(
                &format!("/repos/{repository}/issues/comments/{comment}"),
                &body,
            ),
            None => self.client.post(
                &format!("/repos/{repository}/issues/{}/comments", self.id.number),
                &body,
            ),
        };
        if let Err(failure) = done {
            self.outcome.read_only = matches!(failure.status(), Some(401 | 403 | 404));
            self.outcome
                .notes
                .push(format!("the summary was not posted: {failure}"));
        }
    }

    fn comments(&mut self) {
        let (on_lines, on_files): (Vec<&Comment>, Vec<&Comment>) = self
            .plan
            .comments
            .iter()
            .partition(|comment| matches!(comment.anchor, Anchor::Lines { .. }));
        for batch in on_lines.chunks(self.plan.per_review.max(1)) {
            self.review(batch);
        }
        for comment in on_files {
            self.on_file(comment);
        }
    }

    fn review(&mut self, batch: &[&'a Comment]) {
        let review = NewReview {
            commit_id: &self.plan.head,
            event: "COMMENT",
            body: match batch.len() {
                1 => "Plimsoll has a comment on this change.".to_owned(),
                n => format!("Plimsoll has {n} comments on this change."),
            },
            comments: batch
                .iter()
                .filter_map(|comment| on_lines(comment, None))
                .collect(),
        };
        let done: Result<WireReview, Failure> =
            self.client.post(&self.id.route("/reviews"), &review);
        match done {
            Ok(review) => {
                self.outcome.posted += batch.len();
                if !review.html_url.is_empty() {
                    self.outcome.url = Some(review.html_url);
                }
            }
            // GitHub does not say which comment it minds.
            Err(Failure::Refused { status: 422, .. }) => {
                for comment in batch {
                    self.alone(comment);
                }
            }
            // It may stand there all the same, or a part of it.
            Err(Failure::Unanswered(why)) => {
                for comment in self.missing(batch, &why) {
                    self.alone(comment);
                }
            }
            Err(failure) => self.give_up(batch, &failure),
        }
    }

    /// Those of a batch that are not on the pull request. Where that cannot be known, none: twice is worse than late.
    fn missing(&mut self, batch: &[&'a Comment], why: &str) -> Vec<&'a Comment> {
        match super::posted(self.client, self.id, self.assumed) {
            Ok(posted) => {
                let there: BTreeSet<String> = posted
                    .threads
                    .into_iter()
                    .flat_map(|thread| thread.marker.findings)
                    .collect();
                let is_there = |comment: &Comment| {
                    let mut names = comment.findings.iter().map(ToString::to_string);
                    names.any(|name| there.contains(&name))
                };
                let (found, missing): (Vec<&Comment>, Vec<&Comment>) =
                    batch.iter().copied().partition(|comment| is_there(comment));
                self.outcome.posted += found.len();
                missing
            }
            Err(failure) => {
                self.outcome.notes.push(format!(
                    "{why}, and what was posted cannot be read: {failure}; the next run will complete it"
                ));
                self.outcome
                    .refused
                    .extend(batch.iter().map(|comment| (*comment).clone()));
                Vec::new()
            }
        }
    }

    /// Posts one comment on its lines, else on its file.
    fn alone(&mut self, comment: &'a Comment) {
        let Some(body) = on_lines(comment, Some(&self.plan.head)) else {
            return self.on_file(comment);
        };
        let done: Result<WireCreated, Failure> =
            self.client.post(&self.id.route("/comments"), &body);
        match done {
            Ok(_) => self.outcome.posted += 1,
            Err(Failure::Refused { status: 422, .. }) => self.on_file(comment),
            Err(Failure::Unanswered(why)) => {
                if self.missing(&[comment], &why).is_empty() {
                    return;
                }
                self.on_file(comment);
            }
            Err(failure) => self.give_up(&[comment], &failure),
        }
    }

    fn on_file(&mut self, comment: &'a Comment) {
        let (Anchor::Lines { path, .. } | Anchor::File { path }) = &comment.anchor;
        let body = NewFileComment {
            commit_id: &self.plan.head,
            path: path.as_str(),
            body: &comment.body,
            subject_type: "file",
        };
        let done: Result<WireCreated, Failure> =
            self.client.post(&self.id.route("/comments"), &body);
        match done {
            Ok(_) => self.outcome.posted += 1,
            Err(Failure::Unanswered(why)) => {
                let missing = self.missing(&[comment], &why);
                self.outcome.refused.extend(missing.into_iter().cloned());
            }
            Err(failure) => self.give_up(&[comment], &failure),
        }
    }

    fn give_up(&mut self, comments: &[&Comment], failure: &Failure) {
        self.outcome
            .refused
            .extend(comments.iter().map(|c| (*c).clone()));
        self.outcome.notes.push(format!(
            "{} not posted: {failure}",
            match comments.len() {
                1 => "a comment was".to_owned(),
                n => format!("{n} comments were"),
            }
        ));
    }

    fn edit(&mut self, comment: u64, body: &str) -> bool {
        let route = format!("/repos/{}/pulls/comments/{comment}", self.id.repository);
        let done: Result<WireCreated, Failure> = self.client.patch(&route, &Body { body });
        if let Err(failure) = &done {
            self.outcome
                .notes
                .push(format!("comment {comment} was not changed: {failure}"));
        }
        done.is_ok()
    }

    fn revisions(&mut self) {
        for revision in &self.plan.revisions {
            if self.edit(revision.comment, &revision.body) {
                self.outcome.revised += 1;
            }
        }
    }

    fn retirements(&mut self) {
        for retirement in &self.plan.retirements {
            if !self.edit(retirement.comment, &retirement.body) {
                continue;
            }
            self.outcome.retired += 1;
            if let Some(thread) = &retirement.thread {
                // The comment says that it no longer holds; a token that may not resolve threads loses nothing.
                let variables = serde_json::json!({ "thread": thread });
                let _: Result<Value, Failure> = self.client.graphql(RESOLVE, &variables);
            }
        }
    }

    fn check_run(&mut self) {
        let route = format!("/repos/{}/check-runs", self.id.repository);
        let summary = cut(&self.plan.summary.body, CHECK_SUMMARY);
        let (conclusion, title) = match self.plan.conclusion {
            Conclusion::Clean => ("success", "Nothing blocks this change"),
            Conclusion::Findings => ("failure", "Findings block this change"),
            Conclusion::Incomplete => ("failure", "Incomplete: something could not be checked"),
        };
        let output = |annotations: &'a [Annotation]| CheckOutput {
            title,
            summary,
            annotations: annotations.iter().map(annotation).collect(),
        };
        let mut batches = self.plan.annotations.chunks(ANNOTATIONS);
        let created: Result<WireCreated, Failure> = self.client.post(
            &route,
            &NewCheckRun {
                name: "Plimsoll",
                head_sha: &self.plan.head,
                status: "completed",
                conclusion,
                output: output(batches.next().unwrap_or_default()),
            },
        );
        let done = created.and_then(|run| {
            let route = format!("{route}/{}", run.id);
            batches.try_for_each(|batch| {
                let update = CheckRunUpdate {
                    output: output(batch),
                };
                self.client.patch::<Value>(&route, &update).map(|_| ())
            })
        });
        if let Err(failure) = done {
            self.outcome
                .notes
                .push(format!("the check run is not complete: {failure}"));
        }
    }
}

fn on_lines<'a>(comment: &'a Comment, commit_id: Option<&'a str>) -> Option<NewLineComment<'a>> {
    let Anchor::Lines {
        path,
        side,
        first,
        last,
    } = &comment.anchor
    else {
        return None;
    };
    let side = match side {
        Side::Old => "LEFT",
        Side::New => "RIGHT",
    };
    let several = first != last;
    Some(NewLineComment {
        commit_id,
        path: path.as_str(),
        body: &comment.body,
        line: *last,
        side,
        start_line: several.then_some(*first),
        start_side: several.then_some(side),
    })
}

fn annotation(annotation: &Annotation) -> CheckAnnotation<'_> {
    CheckAnnotation {
        path: annotation.path.as_str(),
        start_line: annotation.first,
        end_line: annotation.last,
        annotation_level: match annotation.level {
            Level::Warning => "warning",
            Level::Failure => "failure",
        },
        title: cut(&annotation.title, 255),
        message: cut(&annotation.message, 64 << 10),
    }
}

/// As much of a text as fits into so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
