//! Requests to GitHub: the door to octocrab, retries, and limits.
//!
//! octocrab's own retries are off, because they repeat a POST that may have been carried out. Here, what can be repeated
//! without harm is repeated; a POST only where GitHub said that it did nothing. Waiting has a budget for the whole run.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use octocrab::Octocrab;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How long a connection, and then an answer, may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often what can be repeated is tried.
const TRIES: u32 = 4;

/// What GitHub asks to wait where a secondary limit names no time.
const UNNAMED_WAIT: Duration = Duration::from_secs(60);

/// The largest answer that is read.
const MOST_BYTES: usize = 64 << 20;

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// GitHub did not do it, and said why.
    #[error("GitHub answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// A limit holds for longer than this run may wait.
    #[error("GitHub's rate limit asks to wait {} s more", .0.as_secs())]
    Limited(Duration),
    /// There was no answer, or one that does not say whether it was done.
    #[error("GitHub gave no answer: {0}")]
    Unanswered(String),
    /// The answer has another shape than GitHub describes.
    #[error("GitHub's answer to `{route}` cannot be read: {why}")]
    Shape {
        /// What was asked.
        route: String,
        /// Why it cannot be read.
        why: String,
    },
}

impl Failure {
    /// The HTTP status, where GitHub refused.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// A request that was sent, for counting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `GET`, `POST` or `PATCH`.
    pub method: &'static str,
    /// The route, without the host.
    pub route: String,
    /// The status of the answer; 0 without one.
    pub status: u16,
}

/// A connection to GitHub with one token.
pub struct Client {
    rest: Octocrab,
    /// octocrab puts the path of its base before every route, also before that of a whole address, and on an Enterprise
    /// server the GraphQL interface does not lie below the other one: hence a base of its own.
    graphql: Octocrab,
    graphql_route: String,
    runtime: tokio::runtime::Runtime,
    budget: Cell<Duration>,
    /// Everything that was sent, in order.
    sent: RefCell<Vec<Sent>>,
}

struct Answer {
    status: u16,
    retry_after: Option<u64>,
    /// No request is left until this moment, in seconds since 1970.
    exhausted_until: Option<u64>,
    date: Option<u64>,
    body: String,
}

impl Client {
    /// Opens a connection. `api` is the REST interface (`https://api.github.com`, `https://HOST/api/v3`), `graphql` the
    /// other one, `waits` how long the whole run may wait for limits and repetitions.
    pub fn new(api: &str, graphql: &str, token: &str, waits: Duration) -> Result<Self, Failure> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::Unanswered(format!("no connection to `{api}` can be made: {error}"))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| wrong(&error))?;
        let entered = runtime.enter();
        let connect = |base: &str| {
            Octocrab::builder()
                .base_uri(base.trim_end_matches('/'))
                .map_err(|_| wrong(&"it is no address"))?
                .personal_token(token.to_owned())
                .set_connect_timeout(Some(TIMEOUT))
                .set_read_timeout(Some(TIMEOUT))
                .build()
                .map_err(|error| wrong(&error))
        };
        let path = graphql
            .find("://")
            .and_then(|scheme| Some(scheme + 3 + graphql.get(scheme + 3..)?.find('/')?))
            .ok_or_else(|| wrong(&"the GraphQL interface is no address"))?;
        let (host, route) = graphql.split_at(path);
        let (rest, graphql) = (connect(api)?, connect(host)?);
        drop(entered);
        Ok(Self {
            rest,
            graphql,
            graphql_route: route.to_owned(),
            runtime,
            budget: Cell::new(waits),
            sent: RefCell::default(),
        })
    }

    /// Everything that was sent so far, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    /// Reads.
    pub(super) fn get<R: DeserializeOwned>(&self, route: &str) -> Result<R, Failure> {
        read(route, &self.repeated("GET", route, None)?)
    }

    /// Reads every page of a list, up to `most` pages of a hundred. The flag tells whether that was all.
    pub(super) fn pages<R: DeserializeOwned>(
        &self,
        route: &str,
        most: usize,
    ) -> Result<(Vec<R>, bool), Failure> {
        const PAGE: usize = 100;
        let mut all = Vec::new();
        for page in 1..=most {
            // Following the links of the answer would lose the token on other hosts than github.com.
            let mut some: Vec<R> = self.get(&format!("{route}?per_page={PAGE}&page={page}"))?;
            let count = some.len();
            all.append(&mut some);
            if count < PAGE {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    /// Changes what is there. Twice is as good as once.
    pub(super) fn patch<R: DeserializeOwned>(
        &self,
        route: &str,
        body: &impl Serialize,
    ) -> Result<R, Failure> {
        read(route, &self.repeated("PATCH", route, Some(&json(body)))?)
    }

    /// Creates, and never twice: where GitHub does not say whether it did, the caller has to look.
    pub(super) fn post<R: DeserializeOwned>(
        &self,
        route: &str,
        body: &impl Serialize,
    ) -> Result<R, Failure> {
        read(route, &self.limited("POST", route, Some(&json(body)))?)
    }

    /// Asks the GraphQL interface for what can be asked twice.
    pub(super) fn graphql<R: DeserializeOwned>(
        &self,
        query: &str,
        variables: &impl Serialize,
    ) -> Result<R, Failure> {
        #[derive(serde::Deserialize)]
        struct Envelope<R> {
            data: Option<R>,
            #[serde(default)]
            errors: Vec<Value>,
        }
        let route = &self.graphql_route;
        let body = serde_json::json!({ "query": query, "variables": variables });
        let text = self.repeated("POST", route, Some(&body))?;
        let envelope: Envelope<R> = read(route, &text)?;
        match envelope.data {
            Some(data) if envelope.errors.is_empty() => Ok(data),
            _ => Err(Failure::Refused {
                status: 200,
                message: envelope
                    .errors
                    .iter()
                    .map(words)
                    .collect::<Vec<_>>()
                    .join("; "),
            }),
        }
    }

    /// Sends until there is an answer that says something, within the budget.
    fn repeated(
        &self,
        method: &'static str,
        route: &str,
        body: Option<&Value>,
    ) -> Result<String, Failure> {
        let mut pause = Duration::from_secs(1);
        for _ in 1..TRIES {
            match self.limited(method, route, body) {
                Err(Failure::Unanswered(_)) if self.wait(pause) => pause *= 2,
                other => return other,
            }
        }
        self.limited(method, route, body)
    }

    /// Sends, and waits out rate limits within the budget: a request that a limit refused was not carried out.
    fn limited(
        &self,
        method: &'static str,
        route: &str,
        body: Option<&Value>,
    ) -> Result<String, Failure> {
        let mut pause = UNNAMED_WAIT;
        loop {
            let answer = self.once(method, route, body)?;
            match answer.status {
                200..300 => return Ok(answer.body),
                500.. => {
                    return Err(Failure::Unanswered(format!(
                        "it answered {}",
                        answer.status
                    )));
                }
                _ => {}
            }
            let message = message(&answer.body);
            let Some(wait) = answer.limit(&message, pause) else {
                return Err(Failure::Refused {
                    status: answer.status,
                    message,
                });
            };
            if !self.wait(wait) {
                return Err(Failure::Limited(wait));
            }
            pause *= 2;
        }
    }

    /// Waits, unless that is more than what is left of the budget.
    pub(super) fn wait(&self, pause: Duration) -> bool {
        let Some(left) = self.budget.get().checked_sub(pause) else {
            return false;
        };
        self.budget.set(left);
        self.runtime
            .block_on(async { tokio::time::sleep(pause).await });
        true
    }

    fn once(
        &self,
        method: &'static str,
        route: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let crab = if route == self.graphql_route {
            &self.graphql
        } else {
            &self.rest
        };
        let work = async {
            let response = match (method, body) {
                ("PATCH", body) => crab._patch(route, body).await,
                ("POST", body) => crab._post(route, body).await,
                (_, _) => crab._get(route).await,
            }
            .map_err(|error| Failure::Unanswered(source_of(&error)))?;
            let header = |name: &str| {
                let value = response.headers().get(name)?.to_str().ok()?;
                value.trim().parse::<u64>().ok()
            };
            let none_left = header("x-ratelimit-remaining") == Some(0);
            let date = response.headers().get("date").and_then(|v| v.to_str().ok());
            let mut answer = Answer {
                status: response.status().as_u16(),
                retry_after: header("retry-after"),
                exhausted_until: header("x-ratelimit-reset").filter(|_| none_left),
                date: date.and_then(seconds),
                body: String::new(),
            };
            if header("content-length").is_some_and(|bytes| bytes > MOST_BYTES as u64) {
                return Err(Failure::Shape {
                    route: route.to_owned(),
                    why: "it is too large".to_owned(),
                });
            }
            answer.body = crab
                .body_to_string(response)
                .await
                .map_err(|error| Failure::Unanswered(source_of(&error)))?;
            Ok(answer)
        };
        let answer = self.runtime.block_on(work);
        self.sent.borrow_mut().push(Sent {
            method,
            route: route.to_owned(),
            status: answer.as_ref().map_or(0, |answer| answer.status),
        });
        answer
    }
}

impl Answer {
    /// How long to wait, where a limit is what refused the request (GitHub's documentation of rate limits).
    fn limit(&self, message: &str, unnamed: Duration) -> Option<Duration> {
        if !matches!(self.status, 403 | 429) {
            return None;
        }
        if let Some(seconds) = self.retry_after {
            return Some(Duration::from_secs(seconds));
        }
        if let Some(until) = self.exhausted_until {
            let now = self
                .date
                .unwrap_or(until.saturating_sub(UNNAMED_WAIT.as_secs()));
            return Some(Duration::from_secs(until.saturating_sub(now) + 1));
        }
        let secondary = message.contains("secondary rate limit") || message.contains("abuse");
        (self.status == 429 || secondary).then_some(unnamed)
    }
}

/// The `date` of an answer (`Sat, 28 Nov 2026 13:14:03 GMT`) in seconds since 1970; the server's clock, not ours.
fn seconds(date: &str) -> Option<u64> {
    let mut parts = date.split(' ').skip(1);
    let day: u64 = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = months.find(month)? as u64 / 3 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(str::parse::<u64>);
    let (h, m, s) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    // Days since 1970 of a date of the Gregorian calendar whose years begin in March.
    let (y, m0) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m0 * 153 + 2) / 5 + day - 1;
    Some(days.checked_sub(719_468)? * 86_400 + h * 3600 + m * 60 + s)
}

fn json(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}

fn read<R: DeserializeOwned>(route: &str, text: &str) -> Result<R, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Shape {
        route: route.to_owned(),
        why: error.to_string(),
    })
}

/// What GitHub says in an answer that refuses: its message, and the errors that go with it.
fn message(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return "without a reason".to_owned();
    };
    let mut text = words(&value);
    for error in value
        .get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        text.push_str("; ");
        text.push_str(&words(error));
    }
    text
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => match other.get("message").and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => other.to_string(),
        },
    }
}

/// octocrab's errors say little themselves; what they came from says it.
fn source_of(error: &octocrab::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_seconds() {
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(seconds("Tue, 29 Feb 2000 12:00:01 GMT"), Some(951_825_601));
        assert_eq!(
            seconds("Sat, 28 Nov 2026 13:14:03 GMT"),
            Some(1_795_871_643)
        );
        assert_eq!(seconds("yesterday"), None);
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let answer = |status, retry_after, exhausted_until| Answer {
            status,
            retry_after,
            exhausted_until,
            date: Some(1_000),
            body: String::new(),
        };
        let minute = UNNAMED_WAIT;
        let limit = |answer: Answer, message| answer.limit(message, minute).map(|w| w.as_secs());
        assert_eq!(
            limit(answer(403, None, None), "Resource not accessible"),
            None
        );
        assert_eq!(limit(answer(422, Some(3), None), ""), None);
        assert_eq!(limit(answer(403, Some(3), None), ""), Some(3));
        assert_eq!(limit(answer(403, None, Some(1_030)), ""), Some(31));
        let secondary = "You have exceeded a secondary rate limit.";
        assert_eq!(limit(answer(403, None, None), secondary), Some(60));
        assert_eq!(limit(answer(429, None, None), ""), Some(60));
    }

    #[test]
    fn a_refusal_is_told_in_githubs_words() {
        let body = r#"{"message":"Unprocessable Entity","errors":["line must be part of the diff",{"message":"two"},{"code":"x"}]}"#;
        assert_eq!(
            message(body),
            "Unprocessable Entity; line must be part of the diff; two; {\"code\":\"x\"}"
        );
        assert_eq!(message("<html>"), "without a reason");
    }
}
