//! What GitHub Actions says about a run: the event, which commits it is about, and what may be done there.
//!
//! In a `pull_request` run the checkout is the test merge, and its `HEAD` is nobody's commit: head and base come from the
//! event. Reading the environment and the event's file is the command line's work.

use serde::Deserialize;

use super::{PullId, Repository};

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A pull request that can be reviewed.
    Pull(PullEvent),
    /// Commits without a pull request of their own: a push, or a group of the merge queue. They are checked, and
    /// nothing is posted.
    Range {
        /// The commit before.
        base: String,
        /// The commit after.
        head: String,
    },
    /// Started by hand or by a clock: what the branch adds to the default branch is checked, and nothing is posted.
    Branch,
    /// There is nothing to check (a branch was deleted, a pull request was closed), for this reason.
    Nothing(String),
}

/// A run for a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullEvent {
    /// Which.
    pub id: PullId,
    /// The commit under review.
    pub head: String,
    /// The tip of the target branch.
    pub base: String,
    /// The target branch.
    pub base_ref: String,
    /// True if and only if it is a draft.
    pub draft: bool,
    /// True if and only if its head is in another repository.
    pub fork: bool,
}

/// Why a run is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The event's text is not what GitHub describes.
    #[error("the event `{name}` cannot be read: {why}")]
    Unreadable {
        /// The event.
        name: String,
        /// Why.
        why: String,
    },
    /// The workflow runs with the rights of the target branch on files of the pull request.
    #[error(
        "this workflow runs on `{0}`, with write access and secrets, and has checked out the pull request's own files"
    )]
    Privileged(String),
    /// Nothing is known of such runs.
    #[error("runs for the event `{0}` are not supported")]
    Unsupported(String),
}

impl Refusal {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "`plimsoll check --base … --head …` checks any two commits.",
            Self::Privileged(_) => {
                "Run on `pull_request` instead: for a fork Plimsoll then writes annotations and the job summary, which need no write access."
            }
            Self::Unsupported(_) => {
                "Run on `pull_request`, `merge_group`, `push` or `workflow_dispatch`, or use `plimsoll check --base … --head …`."
            }
        }
    }
}

#[derive(Deserialize)]
struct WireEvent {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    repository: Option<WireRepository>,
    #[serde(default)]
    pull_request: Option<WirePullRequest>,
    #[serde(default)]
    merge_group: Option<WireGroup>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct WireRepository {
    full_name: String,
}

#[derive(Deserialize)]
struct WirePullRequest {
    number: u64,
    state: String,
    #[serde(default)]
    draft: bool,
    head: WireBranch,
    base: WireBranch,
}

#[derive(Deserialize)]
struct WireBranch {
    sha: String,
    #[serde(rename = "ref")]
    name: String,
    #[serde(default)]
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireGroup {
    head_sha: String,
    base_sha: String,
}

/// Reads an event. `name` is `GITHUB_EVENT_NAME`, `payload` the text of the event's file, `checked_out` the commit in the
/// work tree, where there is one.
pub fn event(name: &str, payload: &str, checked_out: Option<&str>) -> Result<Event, Refusal> {
    let unreadable = |why: String| Refusal::Unreadable {
        name: name.to_owned(),
        why,
    };
    let wire: WireEvent =
        serde_json::from_str(payload).map_err(|error| unreadable(error.to_string()))?;
    match name {
        "pull_request" | "pull_request_target" => {
            let pull = wire
                .pull_request
                .ok_or_else(|| unreadable("it names no pull request".to_owned()))?;
            // With the rights of the target branch only the target branch's own files may lie here.
            if name == "pull_request_target" && checked_out != Some(&pull.base.sha) {
                return Err(Refusal::Privileged(name.to_owned()));
            }
            if wire.action.as_deref() == Some("closed") || pull.state != "open" {
                return Ok(Event::Nothing("the pull request is closed".to_owned()));
            }
            let home = pull.base.repo.as_ref().or(wire.repository.as_ref());
            let home = home.map(|repository| repository.full_name.clone());
            let repository: Repository = home
                .as_deref()
                .unwrap_or_default()
                .parse()
                .map_err(|error: super::RepositorySyntax| unreadable(error.to_string()))?;
            let of = pull.head.repo.map(|repository| repository.full_name);
            Ok(Event::Pull(PullEvent {
                id: PullId {
                    repository,
                    number: pull.number,
                },
                head: pull.head.sha,
                base: pull.base.sha,
                base_ref: pull.base.name,
                draft: pull.draft,
                fork: of != home,
            }))
        }
        "merge_group" => {
            if wire.action.as_deref() == Some("destroyed") {
                return Ok(Event::Nothing("the merge group is gone".to_owned()));
            }
            let group = wire
                .merge_group
                .ok_or_else(|| unreadable("it names no merge group".to_owned()))?;
            Ok(Event::Range {
                base: group.base_sha,
                head: group.head_sha,
            })
        }
        "push" => {
            let none = |sha: &str| sha.bytes().all(|b| b == b'0');
            match (wire.before, wire.after) {
                (_, Some(after)) if none(&after) => {
                    Ok(Event::Nothing("the branch was deleted".to_owned()))
                }
                (Some(before), Some(_)) if none(&before) => Ok(Event::Branch),
                (Some(base), Some(head)) => Ok(Event::Range { base, head }),
                _ => Err(unreadable("it names no commits".to_owned())),
            }
        }
        "workflow_dispatch" | "schedule" => Ok(Event::Branch),
        _ => Err(Refusal::Unsupported(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pull(state: &str, head_repo: &str) -> String {
        format!(
            r#"{{"action":"synchronize","repository":{{"full_name":"acme/charts"}},"pull_request":{{"number":7,"state":"{state}","draft":true,"head":{{"sha":"aa","ref":"topic","repo":{head_repo}}},"base":{{"sha":"bb","ref":"main","repo":{{"full_name":"acme/charts"}}}}}}}}"#
        )
    }

    #[test]
    fn a_pull_request_names_its_commits() {
        let Ok(Event::Pull(found)) = event(
            "pull_request",
            &pull("open", r#"{"full_name":"acme/charts"}"#),
            None,
        ) else {
            panic!("no pull request");
        };
        assert_eq!((found.head.as_str(), found.base.as_str()), ("aa", "bb"));
        assert_eq!(found.id.repository.to_string(), "acme/charts");
        assert!(found.draft && !found.fork);
        for repo in [r#"{"full_name":"eve/charts"}"#, "null"] {
            let Ok(Event::Pull(found)) = event("pull_request", &pull("open", repo), None) else {
                panic!("no pull request");
            };
            assert!(found.fork, "{repo}");
        }
        assert!(matches!(
            event("pull_request", &pull("closed", "null"), None),
            Ok(Event::Nothing(_))
        ));
    }

    #[test]
    fn foreign_files_with_write_access_are_refused() {
        let payload = pull("open", "null");
        for checked_out in [Some("aa"), Some("cc"), None] {
            assert_eq!(
                event("pull_request_target", &payload, checked_out),
                Err(Refusal::Privileged("pull_request_target".to_owned()))
            );
        }
        assert!(event("pull_request_target", &payload, Some("bb")).is_ok());
    }

    #[test]
    fn other_events() {
        let range = |base: &str, head: &str| {
            Ok(Event::Range {
                base: base.to_owned(),
                head: head.to_owned(),
            })
        };
        let group =
            r#"{"action":"checks_requested","merge_group":{"head_sha":"aa","base_sha":"bb"}}"#;
        assert_eq!(event("merge_group", group, None), range("bb", "aa"));
        assert_eq!(
            event("push", r#"{"before":"bb","after":"aa"}"#, None),
            range("bb", "aa")
        );
        assert_eq!(
            event("push", r#"{"before":"000","after":"aa"}"#, None),
            Ok(Event::Branch)
        );
        assert!(matches!(
            event("push", r#"{"before":"bb","after":"000"}"#, None),
            Ok(Event::Nothing(_))
        ));
        assert_eq!(event("workflow_dispatch", "{}", None), Ok(Event::Branch));
        assert!(matches!(
            event("issues", "{}", None),
            Err(Refusal::Unsupported(_))
        ));
        assert!(matches!(
            event("push", "[", None),
            Err(Refusal::Unreadable { .. })
        ));
        assert!(matches!(
            event("pull_request", "{}", None),
            Err(Refusal::Unreadable { .. })
        ));
    }
}
