//! What the double answers: the routes that a reviewer uses.

use serde_json::{Value, json};

use super::{Comment, Request, Rights, State, rules, shape};

/// GitHub lists no more files of a pull request.
const FILES: usize = 3000;

/// What others measured: a review with more comments than this is refused.
const PER_REVIEW: usize = 30;

/// This many requests that create are too many for a minute.
const CREATED: usize = 80;

type Answer = (u16, Value);

fn refused(status: u16, message: &str, errors: Value) -> Answer {
    let docs = "https://docs.example";
    (
        status,
        json!({"message": message, "documentation_url": docs, "errors": errors}),
    )
}

fn not_found() -> Answer {
    (
        404,
        json!({"message": "Not Found", "documentation_url": "https://docs.example"}),
    )
}

pub(super) fn handle(state: &mut State, request: &Request<'_>) -> Answer {
    let graphql = if state.prefix.is_empty() {
        "/graphql"
    } else {
        "/api/graphql"
    };
    if request.method == "POST" && request.route == graphql {
        return if state.rights == Rights::Nothing {
            not_found()
        } else {
            asked(state, &request.body)
        };
    }
    let Some(route) = request.route.strip_prefix(state.prefix) else {
        return not_found();
    };
    let Some(rest) = route.strip_prefix("/repos/acme/charts") else {
        return not_found();
    };
    match (request.method, state.rights) {
        (_, Rights::Nothing) => return not_found(),
        ("GET", _) | (_, Rights::Write) => {}
        (_, Rights::Read) => {
            return refused(403, "Resource not accessible by integration", json!([]));
        }
    }
    if request.method == "POST"
        && state.asked.iter().filter(|asked| asked.creates()).count() >= CREATED
    {
        return refused(403, "You have exceeded a secondary rate limit", json!([]));
    }
    match (request.method, rest) {
        ("GET", "/pulls/7") => (200, shape::pull(state)),
        ("GET", "/pulls/7/files") => {
            let files = state.files.iter().take(FILES);
            paged(request, files.map(|file| shape::file(file, &state.head)))
        }
        ("GET", "/pulls/7/comments") => {
            paged(request, state.comments.iter().map(shape::review_comment))
        }
        ("GET", "/issues/7/comments") => {
            paged(request, state.summaries.iter().map(shape::issue_comment))
        }
        ("POST", "/pulls/7/reviews") => review(state, &request.body),
        ("POST", "/pulls/7/comments") => comment(state, &request.body),
        ("POST", "/issues/7/comments") => rules::body(&request.body).unwrap_or_else(|| {
            let body = request.body["body"].as_str().unwrap_or_default();
            let login = state.login.clone();
            state.say(&login, body, None);
            (201, shape::issue_comment(state.summaries.last().unwrap()))
        }),
        ("POST", "/check-runs") => check_run(state, &request.body),
        ("PATCH", rest) => rules::body(&request.body)
            .filter(|_| !rest.starts_with("/check-runs"))
            .unwrap_or_else(|| edit(state, rest, &request.body)),
        _ => not_found(),
    }
}

fn paged(request: &Request<'_>, all: impl Iterator<Item = Value>) -> Answer {
    let size = request.number("per_page", 30).min(100);
    let page: Vec<Value> = all
        .skip((request.number("page", 1) - 1) * size)
        .take(size)
        .collect();
    (200, json!(page))
}

fn review(state: &mut State, body: &Value) -> Answer {
    let comments = body["comments"].as_array().cloned().unwrap_or_default();
    if let Some(refusal) = rules::body(body)
        .into_iter()
        .chain(comments.iter().filter_map(rules::body))
        .next()
    {
        return refusal;
    }
    if comments.len() > PER_REVIEW {
        return refused(
            422,
            "Validation Failed",
            json!(["was submitted too quickly"]),
        );
    }
    // All or nothing, and GitHub does not say which.
    for comment in &comments {
        if let Err(why) = rules::anchored(state, comment) {
            return refused(422, "Unprocessable Entity", json!([why]));
        }
    }
    for comment in &comments {
        keep(state, comment);
    }
    state.reviews += 1;
    let id = state.id();
    (
        200,
        shape::review(state, id, body["body"].as_str().unwrap_or_default()),
    )
}

fn comment(state: &mut State, body: &Value) -> Answer {
    if let Some(refusal) = rules::body(body) {
        return refusal;
    }
    if let Err(why) = rules::anchored(state, body) {
        let error =
            json!([{"resource": "PullRequestReviewComment", "code": "custom", "message": why}]);
        return refused(422, "Validation Failed", error);
    }
    keep(state, body);
    (201, shape::review_comment(state.comments.last().unwrap()))
}

fn keep(state: &mut State, body: &Value) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let line = body["line"].as_u64();
    let comment = Comment {
        id: state.id(),
        reply_to: None,
        login: state.login.clone(),
        body: text("body"),
        path: text("path"),
        on_file: body["subject_type"] == "file",
        side: text("side"),
        line,
        start_line: body["start_line"].as_u64(),
        original_line: line.unwrap_or(1),
        commit: state.head.clone(),
        resolved: false,
        text: rules::anchored(state, body).unwrap_or_default(),
    };
    state.comments.push(comment);
}

/// GitHub takes fifty annotations a request, and adds those of later requests.
fn check_run(state: &mut State, body: &Value) -> Answer {
    if let Some(refusal) = annotations(body) {
        return refusal;
    }
    let id = state.id();
    let mut run = body.clone();
    run["id"] = json!(id);
    let answer = shape::check_run(&run);
    state.check_runs.push(run);
    (201, answer)
}

fn annotations(body: &Value) -> Option<Answer> {
    let all = body["output"]["annotations"].as_array().map_or(0, Vec::len);
    let summary = body["output"]["summary"].as_str().unwrap_or_default();
    let wrong = if all > 50 {
        "Only 50 annotations are allowed"
    } else if summary.len() > 65_535 {
        "summary is too long"
    } else {
        return None;
    };
    Some(refused(422, "Invalid request", json!([wrong])))
}

fn edit(state: &mut State, rest: &str, body: &Value) -> Answer {
    let id: u64 = rest
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or_default();
    let text = body["body"].as_str().unwrap_or_default();
    if rest.starts_with("/check-runs/") {
        if let Some(refusal) = annotations(body) {
            return refusal;
        }
        let Some(run) = state.check_runs.iter_mut().find(|run| run["id"] == id) else {
            return not_found();
        };
        let more = body["output"]["annotations"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        run["output"]["annotations"]
            .as_array_mut()
            .unwrap()
            .extend(more);
        return (200, shape::check_run(run));
    }
    let (login, on_lines) = (state.login.clone(), rest.starts_with("/pulls/"));
    let mut comments = state.comments.iter_mut().filter(|_| on_lines);
    if let Some(comment) = comments.find(|c| c.id == id && c.login == login) {
        text.clone_into(&mut comment.body);
        return (200, shape::review_comment(comment));
    }
    let mut summaries = state.summaries.iter_mut().filter(|_| !on_lines);
    match summaries.find(|(known, by, _)| *known == id && *by == login) {
        Some(summary) => {
            text.clone_into(&mut summary.2);
            (200, shape::issue_comment(summary))
        }
        None => not_found(),
    }
}

/// The two documents that Plimsoll sends to the GraphQL interface.
fn asked(state: &mut State, body: &Value) -> Answer {
    let query = body["query"].as_str().unwrap_or_default();
    let variables = &body["variables"];
    if query.starts_with("mutation") {
        let id = variables["thread"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('T')
            .parse();
        let may = state.may_resolve;
        return match state.comments.iter_mut().find(|c| Ok(c.id) == id && may) {
            Some(comment) => {
                comment.resolved = true;
                let thread = json!({"thread": {"isResolved": true}});
                (200, json!({"data": {"resolveReviewThread": thread}}))
            }
            None => {
                let error = json!([{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]);
                (200, json!({"data": null, "errors": error}))
            }
        };
    }
    if variables["number"] != 7 || variables["owner"] != "acme" || variables["name"] != "charts" {
        let error = json!([{"type": "NOT_FOUND", "message": "Could not resolve to a PullRequest"}]);
        return (200, json!({"data": null, "errors": error}));
    }
    const PAGE: usize = 100;
    let after: usize = variables["after"]
        .as_str()
        .and_then(|a| a.parse().ok())
        .unwrap_or_default();
    let threads: Vec<&Comment> = state
        .comments
        .iter()
        .filter(|c| c.reply_to.is_none())
        .collect();
    let nodes: Vec<Value> = threads
        .iter()
        .skip(after)
        .take(PAGE)
        .map(|comment| {
            json!({
                "id": format!("T{}", comment.id), "isResolved": comment.resolved,
                "viewerCanResolve": state.may_resolve,
                "comments": {"nodes": [{"databaseId": comment.id}]},
            })
        })
        .collect();
    let more = after + PAGE < threads.len();
    let page = json!({"hasNextPage": more, "endCursor": more.then(|| (after + PAGE).to_string())});
    let threads = json!({"pageInfo": page, "nodes": nodes});
    let data = json!({
        "viewer": {"login": state.login},
        "repository": {"pullRequest": {"reviewThreads": threads}},
    });
    (200, json!({"data": data}))
}
