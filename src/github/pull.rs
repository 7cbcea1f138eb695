//! What is there: the pull request, its files with the hunks GitHub shows, and what this token posted before.

use std::collections::{BTreeMap, BTreeSet};

use super::wire::{THREADS, Viewer, WireComment, WireFile, WirePull, WireUser};
use super::{Client, Failure, PullId, Repository};
use crate::change::files::{FileDiff, Status};
use crate::change::hunks::{self, Side};
use crate::review::{Anchor, Marker, Posted, Sticky, Thread};
use crate::text::RepoPath;

/// GitHub lists at most 3,000 files of a pull request.
const FILE_PAGES: usize = 30;

/// Comments beyond this many hundreds are not looked at.
const COMMENT_PAGES: usize = 30;

/// A pull request as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The commit at its head.
    pub head: String,
    /// The tip of the branch that it is to be merged into, when it was last looked at by GitHub.
    pub base: String,
    /// That branch.
    pub base_ref: String,
    /// True if and only if it is open.
    pub open: bool,
    /// True if and only if it is a draft.
    pub draft: bool,
    /// True if and only if its head is in another repository.
    pub fork: bool,
    /// Its page.
    pub url: String,
}

/// Reads a pull request.
pub fn pull(client: &Client, id: &PullId) -> Result<Pull, Failure> {
    let wire: WirePull = client.get(&id.route(""))?;
    let of = |repo: &Option<super::wire::WireRepo>| repo.as_ref().map(|r| r.full_name.clone());
    Ok(Pull {
        open: wire.state == "open",
        draft: wire.draft,
        // A fork that was deleted is none of ours either.
        fork: of(&wire.head.repo) != of(&wire.base.repo),
        head: wire.head.sha,
        base: wire.base.sha,
        base_ref: wire.base.name,
        url: wire.html_url,
    })
}

/// The files of a pull request as GitHub lists them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// The files.
    pub files: Vec<FileDiff>,
    /// False where the pull request has more files than GitHub lists.
    pub all: bool,
}

/// Reads the files of a pull request. Of a file that GitHub shows no patch of, the hunks are not known.
pub fn files(client: &Client, id: &PullId) -> Result<Files, Failure> {
    let (wire, all): (Vec<WireFile>, bool) = client.pages(&id.route("/files"), FILE_PAGES)?;
    let files = wire.into_iter().filter_map(|file| {
        let path = RepoPath::new(&file.filename).ok()?;
        let previous = file.previous_filename.as_deref().map(RepoPath::new);
        let status = match file.status.as_str() {
            "added" | "copied" => Status::Added,
            "removed" => Status::Removed,
            "renamed" => Status::Renamed,
            "unchanged" => return None,
            _ => Status::Modified,
        };
        Some(FileDiff {
            path,
            previous: previous
                .and_then(Result::ok)
                .filter(|_| status == Status::Renamed),
            status,
            hunks: file.patch.as_deref().and_then(hunks::parse),
        })
    });
    Ok(Files {
        files: files.collect(),
        all,
    })
}

/// The hunks to anchor comments in: GitHub's where it shows them, else those that git cuts from the same files.
pub fn diff(listed: Files, local: Vec<FileDiff>) -> Vec<FileDiff> {
    let mut local: BTreeMap<RepoPath, FileDiff> = local
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    let mut all: Vec<FileDiff> = listed
        .files
        .into_iter()
        .map(|mut file| {
            let ours = local.remove(&file.path);
            if file.hunks.is_none()
                && let Some(ours) = ours
                && ours.previous == file.previous
            {
                file.hunks = ours.hunks;
            }
            file
        })
        .collect();
    if !listed.all {
        all.extend(local.into_values());
    }
    all
}

/// Everything of ours on a pull request, and whether this token may resolve threads. `assumed` is who we are where
/// GitHub does not say (the workflow's token).
pub fn posted(client: &Client, id: &PullId, assumed: Option<&str>) -> Result<Posted, Failure> {
    let viewed = threads(client, id);
    let me = match (&viewed, assumed) {
        (Ok((login, _)), _) => login.clone(),
        (Err(_), Some(login)) => login.to_owned(),
        (Err(failure), None) => return Err(failure.clone()),
    };
    let known = viewed.map(|(_, threads)| threads).unwrap_or_default();
    let (comments, _): (Vec<WireComment>, bool) =
        client.pages(&id.route("/comments"), COMMENT_PAGES)?;
    let answered: BTreeSet<u64> = comments
        .iter()
        .filter(|comment| !is_ours(comment.user.as_ref(), &me))
        .filter_map(|comment| comment.in_reply_to_id)
        .collect();
    let threads = comments
        .iter()
        .filter(|comment| comment.in_reply_to_id.is_none() && is_ours(comment.user.as_ref(), &me))
        .filter_map(|comment| {
            let marker = Marker::read(comment.body.as_deref()?)?;
            let thread = known.get(&comment.id);
            (!marker.is_summary()).then(|| Thread {
                comment: comment.id,
                id: thread.and_then(|thread| thread.resolvable.clone()),
                marker,
                anchor: anchor(comment),
                answered: answered.contains(&comment.id),
                resolved: thread.is_some_and(|thread| thread.resolved),
            })
        })
        .collect();
    let route = format!("/repos/{}/issues/{}/comments", id.repository, id.number);
    let (comments, _): (Vec<WireComment>, bool) = client.pages(&route, COMMENT_PAGES)?;
    let summary = comments
        .iter()
        .filter(|comment| is_ours(comment.user.as_ref(), &me))
        .find_map(|comment| {
            let marker = Marker::read(comment.body.as_deref()?)?;
            marker.is_summary().then_some(Sticky {
                comment: comment.id,
                marker,
            })
        });
    Ok(Posted { threads, summary })
}

/// Where GitHub shows a comment now.
fn anchor(comment: &WireComment) -> Option<Anchor> {
    let path = RepoPath::new(comment.path.as_deref()?).ok()?;
    if comment.subject_type.as_deref() == Some("file") {
        return Some(Anchor::File { path });
    }
    let last = comment.line?;
    Some(Anchor::Lines {
        path,
        side: match comment.side.as_deref() {
            Some("LEFT") => Side::Old,
            _ => Side::New,
        },
        first: comment.start_line.unwrap_or(last),
        last,
    })
}

/// A person may bear the name of a bot, so the kind of account counts, too. GraphQL may name a bot without its `[bot]`.
fn is_ours(user: Option<&WireUser>, me: &str) -> bool {
    user.is_some_and(|user| match user.kind.as_str() {
        "Bot" => user.login.trim_end_matches("[bot]") == me.trim_end_matches("[bot]"),
        _ => user.login == me && !me.ends_with("[bot]"),
    })
}

struct Viewed {
    resolved: bool,
    /// The thread's name, where this token may resolve it.
    resolvable: Option<String>,
}

/// Who we are, and the state of each thread by its first comment.
fn threads(client: &Client, id: &PullId) -> Result<(String, BTreeMap<u64, Viewed>), Failure> {
    let Repository { owner, name } = &id.repository;
    let mut after: Option<String> = None;
    let mut found = BTreeMap::new();
    loop {
        let variables = serde_json::json!({
            "owner": owner, "name": name, "number": id.number, "after": after,
        });
        let viewer: Viewer = client.graphql(THREADS, &variables)?;
        let login = viewer.viewer.login;
        let Some(pull) = viewer.repository.and_then(|r| r.pull_request) else {
            return Ok((login, found));
        };
        for thread in pull.review_threads.nodes {
            let first = thread.comments.nodes.first().and_then(|c| c.database_id);
            if let Some(first) = first {
                found.insert(
                    first,
                    Viewed {
                        resolved: thread.is_resolved,
                        resolvable: thread.viewer_can_resolve.then_some(thread.id),
                    },
                );
            }
        }
        let page = pull.review_threads.page_info;
        if !page.has_next_page || page.end_cursor.is_none() || found.len() > 100 * COMMENT_PAGES {
            return Ok((login, found));
        }
        after = page.end_cursor;
    }
}
