//! What to say on a pull request, and where: pure, printable, and within every limit of the forge.
//!
//! [`plan`] takes what a check found, the hunks of the pull request, what Plimsoll posted before and what the forge can
//! do. The ladder for each cause: a suggestion where the proved edit lies in the difference; else a comment on the line
//! that caused the finding; else a comment on the file; else an annotation of the exact line. The summary names all of
//! them and says what was cut. Sending it is the forge's work.

mod anchor;
mod body;
mod posted;
mod summary;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::change::files::FileDiff;
use crate::change::hunks::Side;
use crate::finding::{Fingerprint, State};
use crate::fix::Remedy;
use crate::report::{Conclusion, Group, Report, Which};
use crate::text::RepoPath;
use anchor::{Diff, Taken};

pub use posted::{Marker, Posted, Sticky, Thread};

#[cfg(test)]
mod tests;

/// What a forge takes. Sizes are in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The longest body of a comment.
    pub body: usize,
    /// How many inline comments and comments on files are made in all, the most severe first.
    pub comments: usize,
    /// How many inline comments one review carries.
    pub per_review: usize,
    /// How many of the comments may stand on a file as a whole: each costs a request of its own.
    pub on_files: usize,
    /// Whether a comment can carry an edit that is applied with a click.
    pub suggestions: bool,
    /// How many annotations are made in all.
    pub annotations: usize,
}

impl Capabilities {
    /// GitHub's review interface (`github.md`, 1.1): 65,536 characters a body; what others measured as safe for a review.
    pub const GITHUB: Self = Self {
        body: 65_536,
        comments: 50,
        per_review: 25,
        on_files: 5,
        suggestions: true,
        annotations: 200,
    };

    /// A forge that takes no comments from this token: annotations and a summary in the log remain.
    #[must_use]
    pub fn without_comments(self) -> Self {
        Self {
            comments: 0,
            on_files: 0,
            ..self
        }
    }
}

/// What is reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The commit under review, in full.
    pub head: String,
    /// False for a closed pull request: nothing can be applied to it any more.
    pub open: bool,
    /// A page with the whole report, where there is one.
    pub report: Option<String>,
}

/// Where a comment stands. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// On neighbouring lines of one hunk.
    Lines {
        /// The file, by the path it has (on the old side: by the path that the forge lists it under).
        path: RepoPath,
        /// The side.
        side: Side,
        /// The first line.
        first: u32,
        /// The last line, the first one for a single line.
        last: u32,
    },
    /// On the file.
    File {
        /// The file.
        path: RepoPath,
    },
}

/// A comment to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where.
    pub anchor: Anchor,
    /// What, with the marker that finds it again.
    pub body: String,
    /// True if and only if the body carries an edit that can be applied.
    pub suggests: bool,
    /// Every finding it speaks of.
    pub findings: Vec<Fingerprint>,
}

/// A comment of ours that has to say something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The comment.
    pub comment: u64,
    /// What it says from now on.
    pub body: String,
}

/// A thread of ours whose findings are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// Its first comment.
    pub comment: u64,
    /// The thread, where the forge names it; it is resolved where the token may.
    pub thread: Option<String>,
    /// What the comment says from now on.
    pub body: String,
}

/// How loud an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It does not block.
    Warning,
    /// It blocks.
    Failure,
}

/// A line of a file at head with something to say about it, inside the difference or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The file.
    pub path: RepoPath,
    /// The first line.
    pub first: u32,
    /// The last line.
    pub last: u32,
    /// How loud.
    pub level: Level,
    /// What it is about, plain text.
    pub title: String,
    /// What is wrong, plain text.
    pub message: String,
}

/// The summary comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The comment that is edited; `None` for a new one.
    pub comment: Option<u64>,
    /// What it says, with its marker.
    pub body: String,
    /// True if and only if the comment says just that already.
    pub unchanged: bool,
}

/// Where a cause ended on the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// A suggestion.
    Suggestion,
    /// A comment on the line.
    Inline,
    /// A comment on the file.
    File,
    /// An annotation.
    Annotation,
    /// The summary alone.
    Summary,
}

impl Rung {
    /// The words for it in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suggestion => "suggestion",
            Self::Inline => "comment",
            Self::File => "comment on the file",
            Self::Annotation => "annotation",
            Self::Summary => "only here",
        }
    }
}

/// What to do on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewPlan {
    /// The commit that the anchors belong to.
    pub head: String,
    /// How the check ended.
    pub conclusion: Conclusion,
    /// Comments to post, the most severe first.
    pub comments: Vec<Comment>,
    /// Comments of ours that stay as they are.
    pub kept: Vec<u64>,
    /// Comments of ours to change.
    pub revisions: Vec<Revision>,
    /// Threads of ours to close.
    pub retirements: Vec<Retirement>,
    /// Annotations, the most severe first.
    pub annotations: Vec<Annotation>,
    /// The summary.
    pub summary: Summary,
    /// How many inline comments one review carries.
    pub per_review: usize,
}

/// Findings that are told in one comment: one cause, or several that one proved edit remedies.
pub(crate) struct Topic<'a> {
    groups: Vec<Group<'a>>,
    remedy: Option<&'a Remedy>,
}

impl Topic<'_> {
    fn fingerprints(&self) -> Vec<Fingerprint> {
        let mut all: Vec<Fingerprint> = self
            .groups
            .iter()
            .flat_map(|group| &group.findings)
            .map(|told| told.finding.fingerprint)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn blocks(&self) -> bool {
        self.groups.iter().any(|group| group.first.blocks)
    }
}

/// Plans a review.
pub fn plan(
    report: &Report,
    diff: &[FileDiff],
    posted: &Posted,
    forge: &Capabilities,
    subject: &Subject,
) -> ReviewPlan {
    let diff = Diff::new(diff);
    let mut taken = Taken::default();
    let mut plan = ReviewPlan {
        head: subject.head.clone(),
        conclusion: report.conclusion,
        comments: Vec::new(),
        kept: Vec::new(),
        revisions: Vec::new(),
        retirements: Vec::new(),
        annotations: Vec::new(),
        summary: Summary {
            comment: posted.summary.as_ref().map(|sticky| sticky.comment),
            body: String::new(),
            unchanged: false,
        },
        per_review: forge.per_review,
    };
    let mut places: Vec<(Topic<'_>, Rung)> = Vec::new();
    let mut known = Known::new(&posted.threads);
    let topics: Vec<(Topic<'_>, Option<&Thread>)> = topics(report)
        .into_iter()
        .map(|topic| {
            let thread = known.take(&topic.fingerprints());
            (topic, thread)
        })
        .collect();
    // What stands there counts, or a second run would post what the first one had no room for.
    let standing = || topics.iter().filter_map(|(_, thread)| *thread);
    let mut room = forge.comments.saturating_sub(standing().count());
    let on_file = |thread: &&Thread| matches!(thread.anchor, Some(Anchor::File { .. }));
    let mut on_files = forge
        .on_files
        .saturating_sub(standing().filter(on_file).count());
    for (topic, thread) in topics {
        let findings = topic.fingerprints();
        let suggestion = topic
            .remedy
            .filter(|_| forge.suggestions && subject.open)
            .and_then(|remedy| anchor::suggestion(report, &diff, remedy, &taken))
            // A click replaces the lines that the thread stands on now, whatever its text says.
            .filter(|suggestion| {
                thread.is_none_or(|thread| thread.anchor.as_ref() == Some(&suggestion.anchor))
            });
        let replacement = suggestion.as_ref().map(|s| s.replacement.as_str());
        let place = match (thread, &suggestion) {
            (Some(thread), _) => thread.anchor.clone().map(|anchor| (anchor, Rung::Inline)),
            (None, Some(suggestion)) => Some((suggestion.anchor.clone(), Rung::Suggestion)),
            (None, None) => anchor::comment(&diff, &topic),
        };
        let stands_on = place.as_ref().map(|(anchor, _)| anchor);
        let text = body::comment(report, &topic, stands_on, replacement, forge.body);
        let body = posted::with_marker(&text, &findings);
        if let Some(thread) = thread {
            if thread.marker.says(&text) || thread.answered || thread.resolved {
                plan.kept.push(thread.comment);
            } else {
                plan.revisions.push(Revision {
                    comment: thread.comment,
                    body,
                });
            }
            let rung = match (&suggestion, &thread.anchor) {
                (Some(suggestion), _) => {
                    taken.take(suggestion);
                    Rung::Suggestion
                }
                (None, Some(Anchor::File { .. })) => Rung::File,
                (None, _) => Rung::Inline,
            };
            places.push((topic, rung));
            continue;
        }
        let rung = match place {
            Some((anchor, rung)) if room > 0 && (rung != Rung::File || on_files > 0) => {
                if let Some(suggestion) = &suggestion {
                    taken.take(suggestion);
                }
                room -= 1;
                on_files -= usize::from(rung == Rung::File);
                plan.comments.push(Comment {
                    anchor,
                    body,
                    suggests: rung == Rung::Suggestion,
                    findings,
                });
                rung
            }
            _ => match annotation(&topic) {
                Some(annotation) if plan.annotations.len() < forge.annotations => {
                    plan.annotations.push(annotation);
                    Rung::Annotation
                }
                _ => Rung::Summary,
            },
        };
        places.push((topic, rung));
    }
    // What could not be seen may still be there, so nothing is called fixed beside a problem.
    if report.conclusion != Conclusion::Incomplete {
        for thread in known.left() {
            if !thread.answered && !thread.resolved && !thread.marker.retired {
                plan.retirements.push(Retirement {
                    comment: thread.comment,
                    thread: thread.id.clone(),
                    body: body::retired(thread, &subject.head),
                });
            }
        }
    }
    let before = |thread: &&Thread| thread.marker.retired;
    let closed = posted.threads.iter().filter(before).count() + plan.retirements.len();
    let text = summary::body(report, &places, closed, subject, forge.body);
    plan.summary.unchanged = posted
        .summary
        .as_ref()
        .is_some_and(|sticky| sticky.marker.says(&text));
    plan.summary.body = posted::with_marker(&text, &[]);
    plan
}

/// Threads of ours, each of which tells one topic at most.
struct Known<'a>(Vec<Option<&'a Thread>>);

impl<'a> Known<'a> {
    fn new(threads: &'a [Thread]) -> Self {
        Self(threads.iter().map(Some).collect())
    }

    /// The thread that speaks of these findings, the oldest first. Others that speak of nothing else are what an
    /// interrupted run left, and as true as the first.
    fn take(&mut self, findings: &[Fingerprint]) -> Option<&'a Thread> {
        let speaks = |thread: &&'a Thread| thread.speaks_of(findings);
        let taken = self
            .0
            .iter_mut()
            .find(|slot| slot.is_some_and(|t| speaks(&t)))?
            .take();
        for slot in &mut self.0 {
            if slot.is_some_and(|thread| thread.speaks_only_of(findings)) {
                *slot = None;
            }
        }
        taken
    }

    /// Those that no topic took.
    fn left(self) -> impl Iterator<Item = &'a Thread> {
        self.0.into_iter().flatten()
    }
}

/// The new findings nobody accepted, by what remedies them, else by cause; in the order of the report.
fn topics(report: &Report) -> Vec<Topic<'_>> {
    let mut topics: Vec<Topic<'_>> = Vec::new();
    let mut by_remedy: BTreeMap<usize, usize> = BTreeMap::new();
    for group in report.groups() {
        let waived = group
            .first
            .waiver
            .as_ref()
            .is_some_and(|waiver| !waiver.proposed);
        if group.first.finding.state != State::New || waived {
            continue;
        }
        let index = group.first.remedy;
        let remedy = index.and_then(|index| report.remedies.get(index));
        let proved = index.filter(|_| matches!(remedy, Some(Remedy::Fix(_))));
        if let Some(topic) = proved
            .and_then(|index| by_remedy.get(&index))
            .and_then(|&at| topics.get_mut(at))
        {
            topic.groups.push(group);
            continue;
        }
        if let Some(index) = proved {
            by_remedy.insert(index, topics.len());
        }
        topics.push(Topic {
            groups: vec![group],
            remedy,
        });
    }
    topics
}

/// The exact line, for where no comment can stand.
fn annotation(topic: &Topic<'_>) -> Option<Annotation> {
    let group = topic.groups.first()?;
    let told = group.first;
    let head = |location: &&crate::report::Location| location.side == Which::Head;
    let location = told
        .location
        .iter()
        .chain(&told.history)
        .chain(told.reasons.iter().filter_map(|r| r.location.as_ref()))
        .find(head)?;
    let apps: Vec<&str> = group.apps.iter().map(|app| app.id.as_str()).collect();
    Some(Annotation {
        path: location.path.clone(),
        first: location.start.line,
        last: location.end.line.max(location.start.line),
        level: if topic.blocks() {
            Level::Failure
        } else {
            Level::Warning
        },
        title: format!("{} {}", told.finding.control, told.name),
        message: format!(
            "{}\nin {}: {} {}",
            told.finding.message,
            apps.join(", "),
            told.finding.resource,
            told.finding.field
        ),
    })
}

/// Lines from `first` up to and with `last`.
fn lines(first: u32, last: u32) -> Range<u32> {
    first..last.saturating_add(1)
}
