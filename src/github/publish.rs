//! A review plan carried out. Twice is as good as once: what is there already is not posted again.
//!
//! One bad anchor must not lose the others: a review that GitHub refuses is halved until the comment it minds is found,
//! which falls back to its file and then to an annotation. A review of which GitHub does not say whether it was posted is looked for.

use std::collections::BTreeSet;
use std::time::Duration;

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

/// More requests than this that create are not made in a run: GitHub takes eighty in a minute from a token.
const CREATED: usize = 60;

/// The pause between two reviews.
const BETWEEN_REVIEWS: Duration = Duration::from_secs(1);

/// The pause after GitHub found a review too quick.
const AFTER_HASTE: Duration = Duration::from_secs(3);

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
        created: 0,
        outcome,
    };
    work.summary();
    if work.outcome.read_only {
        work.outcome.refused.clone_from(&plan.comments);
    } else {
        work.comments();
        work.revisions();
        work.retirements();
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
    created: usize,
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
        for (index, batch) in on_lines.chunks(self.plan.per_review.max(1)).enumerate() {
            // A review right behind another is refused as invalid.
            if index > 0 {
                self.client.wait(BETWEEN_REVIEWS);
            }
            self.review(batch, true);
        }
        for comment in on_files {
            self.on_file(comment);
        }
    }

    /// Posts a review, or what GitHub takes of it. `again` allows for one more try of what it left open. True if and only
    /// if it was taken whole.
    fn review(&mut self, batch: &[&'a Comment], again: bool) -> bool {
        if batch.is_empty() || !self.may_create(batch) {
            return false;
        }
        let review = NewReview {
            commit_id: &self.plan.head,
            event: "COMMENT",
            body: match batch.len() {
                1 => "Plimsoll has a comment on this change.".to_owned(),
                n => format!("Plimsoll has {n} comments on this change."),
            },
            comments: batch
                .iter()
                .filter_map(|comment| on_lines(comment))
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
                return true;
            }
            Err(Failure::Refused {
                status: 422,
                message,
            }) if again && is_haste(&message) && self.client.wait(AFTER_HASTE) => {
                return self.review(batch, false);
            }
            Err(Failure::Refused { status: 422, .. }) => self.halved(batch, again),
            // It may stand there all the same, or a part of it.
            Err(Failure::Unanswered(why)) => {
                let missing = self.missing(batch, &why);
                if again {
                    self.review(&missing, false);
                } else if !missing.is_empty() {
                    self.give_up(&missing, &Failure::Unanswered(why));
                }
            }
            Err(failure) => self.give_up(batch, &failure),
        }
        false
    }

    /// Posts all but the comments that GitHub minds, which go onto their files. It does not say which these are: at least
    /// one of `batch` is.
    fn halved(&mut self, batch: &[&'a Comment], again: bool) {
        if let [comment] = batch {
            return self.on_file(comment);
        }
        let (one, other) = batch.split_at(batch.len() / 2);
        if self.review(one, again) {
            self.halved(other, again);
        } else {
            self.review(other, again);
        }
    }

    /// Counts a request that creates. Where there have been too many, the comments are told otherwise.
    fn may_create(&mut self, comments: &[&Comment]) -> bool {
        if self.created < CREATED {
            self.created += 1;
            return true;
        }
        self.outcome
            .refused
            .extend(comments.iter().map(|c| (*c).clone()));
        let note = "GitHub refused so many comments that the rest was not tried".to_owned();
        if !self.outcome.notes.contains(&note) {
            self.outcome.notes.push(note);
        }
        false
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

    fn on_file(&mut self, comment: &'a Comment) {
        if !self.may_create(&[comment]) {
            return;
        }
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

/// GitHub's words for a review that follows another one too closely; it has several.
fn is_haste(message: &str) -> bool {
    message.contains("submitted too quickly") || message.contains("Review threads is invalid")
}

fn on_lines(comment: &Comment) -> Option<NewLineComment<'_>> {
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
