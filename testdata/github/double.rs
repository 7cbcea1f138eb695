//! A GitHub on loopback that keeps state: one pull request, its comments, and faults to order.
//!
//! It answers only what Plimsoll asks, refuses as GitHub refuses (`github.md`, section 1.1), and counts what creates.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What goes wrong with the next request that fits.
#[derive(Clone)]
pub struct Fault {
    /// `POST`, and the end of the route.
    pub method: &'static str,
    pub route: &'static str,
    pub status: u16,
    /// It is carried out all the same.
    pub done: bool,
    pub retry_after: Option<u64>,
}

#[derive(Default)]
pub struct State {
    pub head: String,
    /// The lines of `a.yaml` that are in the difference.
    pub hunk: std::ops::Range<u64>,
    pub comments: Vec<Value>,
    pub summaries: Vec<Value>,
    pub resolved: Vec<String>,
    pub faults: VecDeque<Fault>,
    pub may_resolve: bool,
    /// Method and route of everything that was asked.
    pub asked: Vec<String>,
    next: u64,
}

#[derive(Clone)]
pub struct Double {
    pub url: String,
    pub state: Arc<Mutex<State>>,
}

impl Double {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            head: "a".repeat(40),
            hunk: 1..20,
            next: 100,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = answer(&shared, stream.unwrap());
            }
        });
        Self { url, state }
    }

    /// How many requests created something, or tried to.
    pub fn creating(&self) -> usize {
        let state = self.state.lock().unwrap();
        let creates = |asked: &&String| asked.starts_with("POST") && !asked.ends_with("/graphql");
        state.asked.iter().filter(creates).count()
    }

    pub fn fail(&self, fault: Fault) {
        self.state.lock().unwrap().faults.push_back(fault);
    }
}

fn answer(state: &Mutex<State>, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut words = first.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (route, query) = target.split_once('?').unwrap_or((target, ""));

    let mut state = state.lock().unwrap();
    state.asked.push(format!("{method} {route}"));
    let fault = match state.faults.front() {
        Some(fault) if fault.method == method && route.ends_with(fault.route) => {
            state.faults.pop_front()
        }
        _ => None,
    };
    let mut extra = String::new();
    let (status, value) = match &fault {
        Some(fault) if !fault.done => (
            fault.status,
            json!({"message": "Resource not accessible by integration"}),
        ),
        _ => handle(&mut state, method, route, query, &body),
    };
    let (status, value) = match fault {
        Some(fault) => {
            if let Some(seconds) = fault.retry_after {
                extra = format!("Retry-After: {seconds}\r\n");
            }
            (fault.status, if fault.done { json!({}) } else { value })
        }
        None => (status, value),
    };
    let text = value.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}Connection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

fn handle(state: &mut State, method: &str, route: &str, query: &str, body: &Value) -> (u16, Value) {
    let me = json!({"login": "plimsoll[bot]", "type": "Bot"});
    let later_page = !query.is_empty() && !query.ends_with("page=1");
    match (method, route.trim_start_matches("/repos/acme/charts")) {
        ("GET", "/pulls/7") => (
            200,
            json!({
                "state": "open", "draft": false, "html_url": "https://example.test/7",
                "head": {"sha": state.head, "ref": "topic", "repo": {"full_name": "acme/charts"}},
                "base": {"sha": "b", "ref": "main", "repo": {"full_name": "acme/charts"}},
            }),
        ),
        ("GET", "/pulls/7/comments") if later_page => (200, json!([])),
        ("GET", "/pulls/7/comments") => (200, json!(state.comments)),
        ("GET", "/issues/7/comments") if later_page => (200, json!([])),
        ("GET", "/issues/7/comments") => (200, json!(state.summaries)),
        ("POST", "/graphql")
            if body["query"]
                .as_str()
                .unwrap_or_default()
                .starts_with("mutation") =>
        {
            state.resolved.push(
                body["variables"]["thread"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
            (
                200,
                json!({"data": {"resolveReviewThread": {"thread": {"isResolved": true}}}}),
            )
        }
        ("POST", "/graphql") => {
            let threads: Vec<Value> = state.comments.iter().filter(|c| c["in_reply_to_id"].is_null()).map(|c| json!({
                "id": format!("T{}", c["id"]), "isResolved": false, "viewerCanResolve": state.may_resolve,
                "comments": {"nodes": [{"databaseId": c["id"]}]},
            })).collect();
            (
                200,
                json!({"data": {"viewer": {"login": "plimsoll[bot]"}, "repository": {"pullRequest": {"reviewThreads": {
                "pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": threads}}}}}),
            )
        }
        ("POST", "/pulls/7/reviews") => {
            let comments = body["comments"].as_array().cloned().unwrap_or_default();
            // All or nothing, and GitHub does not say which.
            if !comments.iter().all(|comment| anchored(state, comment)) {
                return (
                    422,
                    json!({"message": "Unprocessable Entity", "errors": ["Pull request review thread line must be part of the diff"]}),
                );
            }
            for comment in comments {
                keep(state, &comment, &me);
            }
            (
                200,
                json!({"id": 1, "html_url": "https://example.test/7#review"}),
            )
        }
        ("POST", "/pulls/7/comments") => {
            if body["subject_type"] != "file" && !anchored(state, body) {
                return (
                    422,
                    json!({"message": "Validation Failed", "errors": [{"message": "line must be part of the diff"}]}),
                );
            }
            (201, keep(state, body, &me))
        }
        ("POST", "/issues/7/comments") => {
            state.next += 1;
            let comment = json!({"id": state.next, "user": me, "body": body["body"]});
            state.summaries.push(comment.clone());
            (201, comment)
        }
        ("PATCH", rest) => {
            let id: u64 = rest
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .parse()
                .unwrap_or_default();
            let all = state.comments.iter_mut().chain(&mut state.summaries);
            for comment in all {
                if comment["id"] == id {
                    comment["body"] = body["body"].clone();
                    return (200, comment.clone());
                }
            }
            (404, json!({"message": "Not Found"}))
        }
        _ => (404, json!({"message": "Not Found"})),
    }
}

fn anchored(state: &State, comment: &Value) -> bool {
    let inside = |line: &Value| line.as_u64().is_some_and(|line| state.hunk.contains(&line));
    let start = &comment["start_line"];
    let precedes = start.is_null() || (inside(start) && start.as_u64() < comment["line"].as_u64());
    comment["path"] == "a.yaml" && inside(&comment["line"]) && precedes
}

fn keep(state: &mut State, comment: &Value, me: &Value) -> Value {
    state.next += 1;
    let mut kept = comment.clone();
    kept["id"] = json!(state.next);
    kept["user"] = me.clone();
    state.comments.push(kept.clone());
    kept
}
