//! GitHub's wire formats: what is read, only the fields that are needed; what is sent, exactly.

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(super) struct WirePull {
    pub(super) state: String,
    #[serde(default)]
    pub(super) draft: bool,
    pub(super) head: WireRef,
    pub(super) base: WireRef,
    #[serde(default)]
    pub(super) html_url: String,
}

#[derive(Deserialize)]
pub(super) struct WireRef {
    pub(super) sha: String,
    #[serde(rename = "ref", default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) repo: Option<WireRepo>,
}

#[derive(Deserialize)]
pub(super) struct WireRepo {
    pub(super) full_name: String,
}

#[derive(Deserialize)]
pub(super) struct WireFile {
    pub(super) filename: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) previous_filename: Option<String>,
    #[serde(default)]
    pub(super) patch: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireUser {
    pub(super) login: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
}

#[derive(Deserialize)]
pub(super) struct WireComment {
    pub(super) id: u64,
    /// Absent for an account that is gone.
    #[serde(default)]
    pub(super) user: Option<WireUser>,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) in_reply_to_id: Option<u64>,
    /// The file, for a comment on the difference.
    #[serde(default)]
    pub(super) path: Option<String>,
    /// Null once the comment is outdated, whatever the description says; absent for a comment on a file.
    #[serde(default)]
    pub(super) line: Option<u32>,
    #[serde(default)]
    pub(super) start_line: Option<u32>,
    #[serde(default)]
    pub(super) side: Option<String>,
    #[serde(default)]
    pub(super) subject_type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireReview {
    #[serde(default)]
    pub(super) html_url: String,
}

#[derive(Deserialize)]
pub(super) struct WireCreated {
    pub(super) id: u64,
}

#[derive(Deserialize)]
pub(super) struct Viewer {
    pub(super) viewer: Login,
    #[serde(default)]
    pub(super) repository: Option<ViewedRepository>,
}

#[derive(Deserialize)]
pub(super) struct Login {
    pub(super) login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewedRepository {
    pub(super) pull_request: Option<ViewedPull>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewedPull {
    pub(super) review_threads: ViewedThreads,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewedThreads {
    pub(super) page_info: PageInfo,
    pub(super) nodes: Vec<ViewedThread>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewedThread {
    pub(super) id: String,
    pub(super) is_resolved: bool,
    pub(super) viewer_can_resolve: bool,
    pub(super) comments: ViewedComments,
}

#[derive(Deserialize)]
pub(super) struct ViewedComments {
    pub(super) nodes: Vec<ViewedComment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewedComment {
    pub(super) database_id: Option<u64>,
}

/// Who asks, and the threads of a pull request: what the REST interface does not tell.
pub(super) const THREADS: &str = "query($owner: String!, $name: String!, $number: Int!, $after: String) { viewer { login } repository(owner: $owner, name: $name) { pullRequest(number: $number) { reviewThreads(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id isResolved viewerCanResolve comments(first: 1) { nodes { databaseId } } } } } } }";

/// Closes a thread.
pub(super) const RESOLVE: &str = "mutation($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } } }";

#[derive(Serialize)]
pub(super) struct NewReview<'a> {
    pub(super) commit_id: &'a str,
    pub(super) event: &'static str,
    pub(super) body: String,
    pub(super) comments: Vec<NewLineComment<'a>>,
}

/// A comment on lines.
#[derive(Serialize)]
pub(super) struct NewLineComment<'a> {
    pub(super) path: &'a str,
    pub(super) body: &'a str,
    pub(super) line: u32,
    pub(super) side: &'static str,
    // GitHub refuses a start that is the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_side: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct NewFileComment<'a> {
    pub(super) commit_id: &'a str,
    pub(super) path: &'a str,
    pub(super) body: &'a str,
    pub(super) subject_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) body: &'a str,
}

#[derive(Serialize)]
pub(super) struct NewCheckRun<'a> {
    pub(super) name: &'a str,
    pub(super) head_sha: &'a str,
    pub(super) status: &'static str,
    pub(super) conclusion: &'static str,
    pub(super) output: CheckOutput<'a>,
}

#[derive(Serialize)]
pub(super) struct CheckRunUpdate<'a> {
    pub(super) output: CheckOutput<'a>,
}

#[derive(Serialize)]
pub(super) struct CheckOutput<'a> {
    pub(super) title: &'a str,
    pub(super) summary: &'a str,
    pub(super) annotations: Vec<CheckAnnotation<'a>>,
}

#[derive(Serialize)]
pub(super) struct CheckAnnotation<'a> {
    pub(super) path: &'a str,
    pub(super) start_line: u32,
    pub(super) end_line: u32,
    pub(super) annotation_level: &'static str,
    pub(super) title: &'a str,
    pub(super) message: &'a str,
}
