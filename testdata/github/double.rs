//! A GitHub on loopback that keeps state: one pull request with its files, comments, threads, check runs; a token with
//! its rights; limits; and faults to order.
//!
//! It answers what a reviewer asks, in GitHub's full shapes (`double/shape.rs`), refuses as GitHub refuses
//! (`double/rules.rs`), and counts. In CI a proxy stands before it that judges its answers and our requests by GitHub's
//! own description: with `DOUBLE_LISTEN=ADDRESS` and `DOUBLE_PROXY=URL` a double listens there and is reached there.

mod routes;
mod rules;
mod shape;

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub(crate) use rules::File;

/// The token that the double knows.
pub(crate) const TOKEN: &str = "secret-token";

/// What goes wrong with the next request that fits.
#[derive(Clone)]
pub(crate) struct Fault {
    /// `POST`, and the end of the route.
    pub method: &'static str,
    pub route: &'static str,
    pub status: u16,
    /// GitHub's words, where they matter.
    pub message: &'static str,
    /// It is carried out all the same.
    pub done: bool,
    /// More lines of the answer's head.
    pub headers: String,
}

impl Fault {
    pub(crate) fn new(route: &'static str, status: u16) -> Self {
        Self {
            method: "POST",
            route,
            status,
            message: "",
            done: false,
            headers: String::new(),
        }
    }
}

/// A request, and how it was answered.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub method: String,
    pub route: String,
    pub status: u16,
    pub body: Value,
}

impl Asked {
    /// It created something, or tried to.
    pub(crate) fn creates(&self) -> bool {
        self.method == "POST" && !self.route.ends_with("/graphql")
    }

    /// It changed something that was there.
    pub(crate) fn changes(&self) -> bool {
        self.method == "PATCH" || self.mutates()
    }

    fn mutates(&self) -> bool {
        self.route.ends_with("/graphql")
            && self.body["query"]
                .as_str()
                .is_some_and(|query| query.starts_with("mutation"))
    }
}

/// A comment on lines or on a file.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: u64,
    pub reply_to: Option<u64>,
    pub login: String,
    pub body: String,
    pub path: String,
    pub on_file: bool,
    pub side: String,
    /// Where it stands now; `None` once the lines it stood on are no longer in the difference.
    pub line: Option<u64>,
    pub start_line: Option<u64>,
    pub original_line: u64,
    pub commit: String,
    pub resolved: bool,
    /// The text of its last line.
    pub text: String,
}

/// What the token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    Write,
    Read,
    /// It does not even see the repository.
    Nothing,
}

pub(crate) struct State {
    pub login: String,
    pub rights: Rights,
    pub may_resolve: bool,
    pub open: bool,
    pub draft: bool,
    pub head_repository: String,
    pub head: String,
    pub base: String,
    pub files: Vec<File>,
    pub comments: Vec<Comment>,
    pub reviews: usize,
    pub summaries: Vec<(u64, String, String)>,
    pub check_runs: Vec<Value>,
    pub faults: VecDeque<Fault>,
    pub asked: Vec<Asked>,
    /// Each request is printed.
    pub loud: bool,
    /// REST lies below this, as on an Enterprise server.
    prefix: &'static str,
    next: u64,
}

impl State {
    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A comment of somebody on the pull request.
    pub(crate) fn say(&mut self, login: &str, body: &str, reply_to: Option<u64>) {
        let id = self.id();
        let Some(first) = self
            .comments
            .iter()
            .find(|c| Some(c.id) == reply_to)
            .cloned()
        else {
            self.summaries.push((id, login.to_owned(), body.to_owned()));
            return;
        };
        self.comments.push(Comment {
            id,
            reply_to,
            login: login.to_owned(),
            body: body.to_owned(),
            ..first
        });
    }
}

pub(crate) struct Double {
    /// The REST interface.
    pub api: String,
    /// The GraphQL interface.
    pub graphql: String,
    pub state: Arc<Mutex<State>>,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Double {
    /// One like github.com.
    pub(crate) fn start() -> Self {
        let listen = std::env::var("DOUBLE_LISTEN").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
        Self::listen(&listen, "", std::env::var("DOUBLE_PROXY").ok())
    }

    /// One like an Enterprise server. GitHub's description has no such paths, so nothing stands before it.
    pub(crate) fn enterprise() -> Self {
        Self::listen("127.0.0.1:0", "/api/v3", None)
    }

    fn listen(address: &str, prefix: &'static str, proxy: Option<String>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            login: "github-actions[bot]".to_owned(),
            rights: Rights::Write,
            may_resolve: false,
            open: true,
            draft: false,
            head_repository: "acme/charts".to_owned(),
            head: "a".repeat(40),
            base: "b".repeat(40),
            files: Vec::new(),
            comments: Vec::new(),
            reviews: 0,
            summaries: Vec::new(),
            check_runs: Vec::new(),
            faults: VecDeque::new(),
            asked: Vec::new(),
            loud: false,
            prefix,
            next: 100,
        }));
        let stop = Arc::new(AtomicBool::new(false));
        let (shared, stopped) = (Arc::clone(&state), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let _ = answer(&shared, stream.unwrap());
            }
        });
        let direct = format!("http://{address}");
        let graphql = match prefix {
            "" => format!("{direct}/graphql"),
            _ => format!("{direct}/api/graphql"),
        };
        Self {
            api: proxy.unwrap_or_else(|| format!("{direct}{prefix}")),
            graphql,
            state,
            address,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state.lock().unwrap().faults.push_back(fault);
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Waits for ever.
    pub(crate) fn serve(mut self) {
        let _ = self.thread.take().unwrap().join();
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a request says.
struct Request<'a> {
    method: &'a str,
    route: &'a str,
    query: &'a str,
    body: Value,
}

impl Request<'_> {
    fn number(&self, name: &str, otherwise: usize) -> usize {
        let value = self
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or(otherwise)
    }
}

fn answer(state: &Mutex<State>, mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let (mut length, mut authorised) = (0, false);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => authorised = value.trim() == format!("Bearer {TOKEN}"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = first.split(' ');
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let (route, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request {
        method,
        route,
        query,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };

    let mut state = state.lock().unwrap();
    let fits = |fault: &Fault| fault.method == method && route.ends_with(fault.route);
    let fault = match state.faults.iter().position(fits) {
        Some(at) => state.faults.remove(at),
        None => None,
    };
    let (status, value) = match &fault {
        Some(fault) if !fault.done => {
            let limited = fault.headers.to_lowercase().contains("retry-after");
            let message = match fault.status {
                _ if !fault.message.is_empty() => fault.message,
                403 if limited => "You have exceeded a secondary rate limit",
                403 => "Resource not accessible by integration",
                404 => "Not Found",
                422 => "Validation Failed",
                _ => "Server Error",
            };
            (
                fault.status,
                json!({"message": message, "documentation_url": "https://docs.example"}),
            )
        }
        _ if !authorised => (401, json!({"message": "Bad credentials"})),
        _ => routes::handle(&mut state, &request),
    };
    let (status, value, headers) = match fault {
        Some(fault) if fault.done => (
            fault.status,
            json!({"message": "Server Error"}),
            fault.headers,
        ),
        Some(fault) => (status, value, fault.headers),
        None => (status, value, String::new()),
    };
    if state.loud {
        println!("{method} {route} {status}");
    }
    state.asked.push(Asked {
        method: method.to_owned(),
        route: route.to_owned(),
        status,
        body: request.body,
    });
    drop(state);
    let text = value.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    )
}
