//! HTTP: the only file that knows the HTTP crate, opens sockets and looks at a clock.
//!
//! Every address is checked before it is asked, also where a redirect leads, and what a name resolves to is checked before it is
//! connected to. Sizes, times, redirects and the whole of a run are bounded. No credentials are known here but the tokens that a
//! registry hands to everybody, and those go to that registry only.

use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::reach::Reach;
use super::url::Url;

/// What a run may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For one request with its answer.
    pub request: Duration,
    /// For all of them.
    pub total: Duration,
    /// How many bytes all answers may have.
    pub bytes: u64,
    /// How many requests, redirects included.
    pub requests: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(60),
            total: Duration::from_secs(600),
            bytes: 1 << 30,
            requests: 2_000,
        }
    }
}

/// More redirects than this are not followed.
const MAX_REDIRECTS: usize = 5;

/// A request. It is a GET unless it has a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// Names and values.
    pub(super) headers: Vec<(&'static str, String)>,
    /// A token for the server that was asked first, and for no other.
    pub(super) token: Option<String>,
    /// The media type and the bytes of a POST.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Response {
    /// The status.
    pub(super) status: u16,
    /// Where it came from, redirects followed.
    pub(super) url: Url,
    /// `WWW-Authenticate`.
    pub(super) challenge: Option<String>,
    /// The next page, from `Link`.
    pub(super) next: Option<String>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Response {
    /// The body of a good answer.
    pub(super) fn ok(self) -> Result<Vec<u8>, String> {
        match self.status {
            200..=299 => Ok(self.body),
            401 | 403 => Err(format!(
                "{} answered {}: it is not open to everybody",
                self.url.origin(),
                self.status
            )),
            status => Err(format!("{} answered {status}", self.url.origin())),
        }
    }
}

/// Asks web servers, within limits.
pub(super) struct Client {
    agent: ureq::Agent,
    reach: Reach,
    limits: Limits,
    started: Instant,
    bytes: u64,
    requests: u32,
}

impl Client {
    /// A client that has asked nobody yet.
    pub(super) fn new(reach: &Reach, limits: &Limits) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::WebPki).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What is connected to is the address that was checked; a proxy would look the name up again.
            .proxy(None)
            .tls_config(tls)
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(64 << 10)
            .timeout_connect(Some(Duration::from_secs(15).min(limits.request)))
            .timeout_global(Some(limits.request))
            .build();
        let resolver = Checked {
            reach: reach.clone(),
            names: DefaultResolver::default(),
        };
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::new(), resolver),
            reach: reach.clone(),
            limits: limits.clone(),
            started: Instant::now(),
            bytes: 0,
            requests: 0,
        }
    }

    /// An error where an address may not be asked.
    pub(super) fn allows(&self, url: &Url) -> Result<(), String> {
        self.reach.refuses(url).map_or(Ok(()), Err)
    }

    /// The top of a server: by HTTPS, unless it is named as one that is asked without.
    pub(super) fn reachable(&self, authority: &str) -> Result<Url, String> {
        let https = Url::parse(&format!("https://{authority}/"))?;
        let http = Url::parse(&format!("http://{authority}/"))?;
        let only_http = self.reach.refuses(&https).is_some() && self.reach.refuses(&http).is_none();
        Ok(if only_http { http } else { https })
    }

    /// The body of a good answer to a plain request, which is not longer than `limit` bytes.
    pub(super) fn get(&mut self, url: &Url, limit: usize) -> Result<Vec<u8>, String> {
        self.ask(url, &Request::default(), limit)?.ok()
    }

    /// The answer to a request, redirects followed. The reason of a failure is a clause.
    pub(super) fn ask(
        &mut self,
        url: &Url,
        request: &Request,
        limit: usize,
    ) -> Result<Response, String> {
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            if let Some(why) = self.reach.refuses(&at) {
                return Err(if at == *url {
                    why
                } else {
                    format!("a redirect leads to {}: {why}", at.origin())
                });
            }
            self.spend_request()?;
            let token = request.token.as_ref();
            let token = token.filter(|_| at.origin() == url.origin());
            let (response, next) = self.ask_once(&at, request, token, limit)?;
            match next {
                None => return Ok(response),
                Some(next) => {
                    at = at
                        .join(&next)
                        .map_err(|why| format!("a redirect leads nowhere: {why}"))?;
                }
            }
        }
        Err(format!(
            "{} redirects more than {MAX_REDIRECTS} times",
            url.origin()
        ))
    }

    fn spend_request(&mut self) -> Result<(), String> {
        self.requests += 1;
        if self.requests > self.limits.requests {
            return Err(format!(
                "more than {} requests would be needed",
                self.limits.requests
            ));
        }
        if self.started.elapsed() > self.limits.total {
            let seconds = self.limits.total.as_secs();
            return Err(format!("fetching takes longer than {seconds} seconds"));
        }
        Ok(())
    }

    /// One request, and where it redirects to.
    fn ask_once(
        &mut self,
        url: &Url,
        request: &Request,
        token: Option<&String>,
        limit: usize,
    ) -> Result<(Response, Option<String>), String> {
        let failed = |error: ureq::Error| describe(url, &error, limit, &self.limits);
        let address = url.to_string();
        let mut headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let bearer = token.map(|token| format!("Bearer {token}"));
        if let Some(bearer) = &bearer {
            headers.push(("authorization", bearer));
        }
        let mut answer = match &request.body {
            None => {
                let get = self.agent.get(&address);
                let get = headers
                    .iter()
                    .fold(get, |get, (name, value)| get.header(*name, *value));
                get.call().map_err(failed)?
            }
            Some((media_type, body)) => {
                let post = self
                    .agent
                    .post(&address)
                    .header("content-type", *media_type);
                let post = headers
                    .iter()
                    .fold(post, |post, (name, value)| post.header(*name, *value));
                post.send(body.as_slice()).map_err(failed)?
            }
        };
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let challenge = header("www-authenticate");
        let page = header("link").and_then(|link| next_page(&link));
        let status = answer.status().as_u16();
        let next = matches!(status, 301 | 302 | 303 | 307 | 308)
            .then(|| header("location"))
            .flatten();
        let left = self.limits.bytes.saturating_sub(self.bytes);
        let most = (limit as u64).min(left);
        // What a redirect or an error page says is not read.
        let body = if next.is_some() || !(200..300).contains(&status) {
            Vec::new()
        } else {
            let body = answer.body_mut().with_config().limit(most).read_to_vec();
            body.map_err(|error| describe(url, &error, most as usize, &self.limits))?
        };
        self.bytes += body.len() as u64;
        let response = Response {
            status,
            url: url.clone(),
            challenge,
            next: page,
            body,
        };
        Ok((response, next))
    }
}

/// The address in `<…>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    (parameters.contains("rel=\"next\"") || parameters.contains("rel=next"))
        .then(|| address.to_owned())
}

fn describe(url: &Url, error: &ureq::Error, limit: usize, limits: &Limits) -> String {
    let origin = url.origin();
    match error {
        ureq::Error::Timeout(_) => format!(
            "{origin} takes longer than {} seconds to answer",
            limits.request.as_secs_f32()
        ),
        ureq::Error::BodyExceedsLimit(_) => {
            format!("{origin} sends more than {limit} bytes")
        }
        ureq::Error::HostNotFound => format!("there is no host {}", url.host),
        ureq::Error::Other(why) => why.to_string(),
        ureq::Error::Io(why) => format!("{origin} cannot be reached: {why}"),
        other => format!("{origin} cannot be asked: {other}"),
    }
}

/// Resolves names and leaves out the addresses that may not be connected to.
#[derive(Debug)]
struct Checked {
    reach: Reach,
    names: DefaultResolver,
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let url = Url::parse(&uri.to_string()).map_err(|why| ureq::Error::Other(why.into()))?;
        let found = self.names.resolve(uri, config, timeout)?;
        let mut admitted = self.empty();
        for address in &found {
            if self.reach.admits(&url, address.ip()) {
                admitted.push(*address);
            }
        }
        if admitted.is_empty() {
            let why = format!(
                "{} is a host of a private network, which is asked only where it is named as one that may be",
                url.host
            );
            return Err(ureq::Error::Other(why.into()));
        }
        Ok(admitted)
    }
}
