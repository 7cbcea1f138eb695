//! A web server in this process, whose answers a test decides.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a server was asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Path and query.
    pub(super) target: String,
    /// The `Host` header.
    pub(super) host: String,
    /// The `Authorization` header.
    pub(super) authorization: Option<String>,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// What it answers.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    pause: Duration,
}

impl Reply {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            pause: Duration::ZERO,
        }
    }

    pub(super) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::ok("an error page")
        }
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self::status(302).header("location", to)
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Half of the body comes only after a while.
    pub(super) fn slowly(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

/// A server that runs as long as the process.
pub(super) struct Server {
    /// `http://127.0.0.1:…`
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(super) fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let asked = read(&mut stream);
                    seen.lock().unwrap().push(asked.clone());
                    // The client may have gone away by now, as the limits have it.
                    let _ = write(&mut stream, &answer(&asked));
                });
            }
        });
        Self { url, asked }
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Host and port.
    pub(super) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}

fn read(stream: &mut impl Read) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut asked = Asked::default();
    let mut length = 0;
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    asked.target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "host" => value.clone_into(&mut asked.host),
            "authorization" => asked.authorization = Some(value.to_owned()),
            _ => {}
        }
    }
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body).unwrap();
    asked
}

fn write(stream: &mut impl Write, reply: &Reply) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {} Status\r\nConnection: close\r\nContent-Length: {}\r\n",
        reply.status,
        reply.body.len()
    )?;
    for (name, value) in &reply.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    stream.write_all(b"\r\n")?;
    let (first, second) = reply.body.split_at(reply.body.len() / 2);
    stream.write_all(first)?;
    stream.flush()?;
    std::thread::sleep(reply.pause);
    stream.write_all(second)?;
    stream.flush()
}
