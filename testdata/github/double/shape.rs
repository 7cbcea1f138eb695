//! GitHub's answers in full, by its OpenAPI description: every field that it calls required.

use serde_json::{Map, Value, json};

use super::rules::{self, File};
use super::{Comment, State};

const WHEN: &str = "2026-11-28T12:00:00Z";
const REPOSITORY: &str = "https://api.example/repos/acme/charts";
const PAGE: &str = "https://example.test/acme/charts/pull/7";

/// Fields that hold an address of which nobody reads more than that it is one.
fn addresses(names: &str) -> Map<String, Value> {
    let address = |name: &str| {
        (
            name.to_owned(),
            json!(format!("https://api.example/{name}")),
        )
    };
    names.split_whitespace().map(address).collect()
}

fn with(mut all: Map<String, Value>, more: Value) -> Value {
    all.extend(more.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

fn user(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else {
        "User"
    };
    with(
        addresses(
            "avatar_url url html_url followers_url following_url gists_url starred_url subscriptions_url \
             organizations_url repos_url events_url received_events_url",
        ),
        json!({"login": login, "id": 1, "node_id": "U1", "gravatar_id": "", "type": kind, "site_admin": false}),
    )
}

fn repository(name: &str) -> Value {
    let (owner, short) = name.split_once('/').unwrap();
    with(
        addresses(
            "archive_url assignees_url blobs_url branches_url collaborators_url comments_url commits_url compare_url \
             contents_url contributors_url deployments_url downloads_url events_url forks_url git_commits_url \
             git_refs_url git_tags_url hooks_url html_url issue_comment_url issue_events_url issues_url keys_url \
             labels_url languages_url merges_url milestones_url notifications_url pulls_url releases_url \
             stargazers_url statuses_url subscribers_url subscription_url tags_url teams_url trees_url url clone_url \
             git_url ssh_url svn_url mirror_url homepage",
        ),
        json!({
            "id": 2, "node_id": "R2", "name": short, "full_name": name, "owner": user(owner), "private": false,
            "fork": owner != "acme", "description": null, "default_branch": "main", "language": null, "license": null,
            "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
            "open_issues": 1, "open_issues_count": 1, "has_issues": true, "has_projects": true, "has_wiki": true,
            "has_pages": false, "has_downloads": true, "archived": false, "disabled": false,
            "created_at": WHEN, "updated_at": WHEN, "pushed_at": WHEN,
        }),
    )
}

pub(super) fn pull(state: &State) -> Value {
    let branch = |repo: &str, name: &str, sha: &str| {
        let owner = repo.split('/').next().unwrap();
        json!({"label": format!("{owner}:{name}"), "ref": name, "sha": sha, "user": user(owner), "repo": repository(repo)})
    };
    let links: Map<String, Value> = [
        "self",
        "html",
        "issue",
        "comments",
        "review_comments",
        "review_comment",
        "commits",
        "statuses",
    ]
    .into_iter()
    .map(|name| {
        (
            name.to_owned(),
            json!({"href": format!("{REPOSITORY}/{name}")}),
        )
    })
    .collect();
    with(
        addresses(
            "url diff_url patch_url issue_url commits_url review_comments_url review_comment_url comments_url \
             statuses_url",
        ),
        json!({
            "id": 7, "node_id": "P7", "number": 7, "html_url": PAGE, "title": "A change", "body": null,
            "state": if state.open { "open" } else { "closed" }, "draft": state.draft, "locked": false,
            "user": user("dev"), "labels": [], "milestone": null, "assignee": null, "merged": false,
            "mergeable": null, "mergeable_state": "unknown", "merged_by": null, "merged_at": null,
            "closed_at": null, "merge_commit_sha": null, "maintainer_can_modify": false, "auto_merge": null,
            "author_association": "CONTRIBUTOR", "comments": state.summaries.len(),
            "review_comments": state.comments.len(), "commits": 1, "additions": 1, "deletions": 1,
            "changed_files": state.files.len(), "created_at": WHEN, "updated_at": WHEN, "_links": links,
            "head": branch(&state.head_repository, "topic", &state.head),
            "base": branch("acme/charts", "main", &state.base),
        }),
    )
}

pub(super) fn file(file: &File, sha: &str) -> Value {
    let lines = rules::lines(&file.patch);
    let (added, deleted) = (
        lines.iter().filter(|line| line.old.is_none()).count(),
        lines.iter().filter(|line| line.new.is_none()).count(),
    );
    let mut value = with(
        addresses("blob_url raw_url contents_url"),
        json!({
            "sha": sha, "filename": file.path, "status": file.status, "additions": added, "deletions": deleted,
            "changes": added + deleted,
        }),
    );
    if let Some(previous) = &file.previous {
        value["previous_filename"] = json!(previous);
    }
    if file.shown && !file.patch.is_empty() {
        value["patch"] = json!(file.patch.trim_end_matches('\n'));
    }
    value
}

pub(super) fn review_comment(comment: &Comment) -> Value {
    let mut value = json!({
        "url": format!("{REPOSITORY}/pulls/comments/{}", comment.id), "id": comment.id,
        "node_id": format!("C{}", comment.id), "pull_request_review_id": 5, "diff_hunk": "@@ -1 +1 @@",
        "path": comment.path, "commit_id": comment.commit, "original_commit_id": comment.commit,
        "user": user(&comment.login), "body": comment.body, "created_at": WHEN, "updated_at": WHEN,
        "html_url": format!("{PAGE}#discussion_r{}", comment.id), "pull_request_url": format!("{REPOSITORY}/pulls/7"),
        "author_association": "NONE",
        "_links": {"self": {"href": REPOSITORY}, "html": {"href": PAGE}, "pull_request": {"href": REPOSITORY}},
        "subject_type": if comment.on_file { "file" } else { "line" },
    });
    if let Some(first) = comment.reply_to {
        value["in_reply_to_id"] = json!(first);
    }
    if !comment.on_file {
        value["line"] = json!(comment.line);
        value["position"] = json!(comment.line);
        value["original_line"] = json!(comment.original_line);
        value["start_line"] = json!(comment.start_line);
        value["side"] = json!(comment.side);
        if comment.start_line.is_some() {
            value["start_side"] = json!(comment.side);
        }
    }
    value
}

pub(super) fn review(state: &State, id: u64, body: &str) -> Value {
    json!({
        "id": id, "node_id": format!("V{id}"), "user": user(&state.login), "body": body, "state": "COMMENTED",
        "commit_id": state.head, "submitted_at": WHEN, "html_url": format!("{PAGE}#pullrequestreview-{id}"),
        "pull_request_url": format!("{REPOSITORY}/pulls/7"), "author_association": "NONE",
        "_links": {"html": {"href": PAGE}, "pull_request": {"href": REPOSITORY}},
    })
}

pub(super) fn issue_comment((id, login, body): &(u64, String, String)) -> Value {
    json!({
        "id": id, "node_id": format!("I{id}"), "user": user(login), "body": body, "created_at": WHEN,
        "updated_at": WHEN, "url": format!("{REPOSITORY}/issues/comments/{id}"),
        "html_url": format!("{PAGE}#issuecomment-{id}"), "issue_url": format!("{REPOSITORY}/issues/7"),
        "author_association": "NONE",
    })
}

pub(super) fn check_run(run: &Value) -> Value {
    let output = &run["output"];
    json!({
        "id": run["id"], "node_id": "K1", "head_sha": run["head_sha"], "name": run["name"], "external_id": "",
        "url": format!("{REPOSITORY}/check-runs/1"), "html_url": PAGE, "details_url": PAGE,
        "status": run["status"], "conclusion": run["conclusion"], "started_at": WHEN, "completed_at": WHEN,
        "check_suite": {"id": 3}, "app": null, "pull_requests": [],
        "output": {
            "title": output["title"], "summary": output["summary"], "text": null,
            "annotations_count": output["annotations"].as_array().map_or(0, Vec::len),
            "annotations_url": format!("{REPOSITORY}/check-runs/1/annotations"),
        },
    })
}
