//! HTTP: the only file that knows the HTTP crate, opens sockets and looks at a clock.
//!
//! Every address is checked before it is asked, also where a redirect leads, and what a name resolves to is checked before it is
//! connected to. Sizes, times, redirects, repetitions and the whole of a run are bounded. A login or a token goes to the server
//! that was asked first and to no other, and a login only to a server that somebody who is trusted has named: which repositories are
//! read with it is chosen by a change under review.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::Settings;
use super::login::{Authorization, Login, Logins};
use super::reach::{Reach, is_never_asked, is_public};
use super::url::{Scheme, Url};

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

/// A server that is busy is asked again this many times: as often as by Helm.
const MAX_REPETITIONS: u32 = 5;

/// The longest time that a busy server is waited for.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Authorities of certificates that are trusted beside those that are built in.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<Certificate<'static>>);

impl Authorities {
    /// Takes the certificates in a text in PEM, and says how many they were. The reason of a failure is a clause.
    pub fn add(&mut self, pem: &[u8]) -> Result<usize, String> {
        let before = self.0.len();
        for item in parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => self.0.push(certificate),
                Ok(_) => {}
                Err(_) => return Err("it holds what is no certificate".to_owned()),
            }
        }
        Ok(self.0.len() - before)
    }

    fn roots(&self) -> RootCerts {
        if self.0.is_empty() {
            return RootCerts::WebPki;
        }
        let built_in = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let built_in = built_in.map(|der| Certificate::from_der(der).to_owned());
        built_in.chain(self.0.iter().cloned()).into()
    }
}

/// Why a run could keep something from another one: what was asked because of its list of hosts, and what with a login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rights {
    /// The servers that only a run that names them may ask.
    pub(super) named: BTreeSet<String>,
    /// The servers that were told a login.
    pub(super) logins: BTreeSet<String>,
}

/// A request. It is a GET unless it has a body.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// Names and values.
    pub(super) headers: Vec<(&'static str, String)>,
    /// For the server that was asked first, and for no other.
    pub(super) authorization: Option<Authorization>,
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
    /// The digest of the content, as a registry tells it.
    pub(super) digest: Option<String>,
    /// How long a busy server wants to be left alone, in seconds.
    retry_after: Option<u64>,
    /// What could be done about a server that wants to know who asks.
    hint: String,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Response {
    /// The body of a good answer, when `what` was asked for.
    pub(super) fn ok(self, what: impl fmt::Display) -> Result<Vec<u8>, String> {
        let origin = self.url.origin();
        match self.status {
            200..=299 => Ok(self.body),
            status @ (401 | 403) => Err(format!(
                "{origin} answered {status} for {what}: it is not open to everybody, and {}",
                self.hint
            )),
            status => Err(format!("{origin} answered {status} for {what}")),
        }
    }

    /// How long to wait before a busy server is asked again; `None` where that would not help.
    fn pause(&self, repetition: u32) -> Option<Duration> {
        let is_busy = matches!(self.status, 408 | 429) || self.status >= 500;
        let wanted = match self.retry_after {
            Some(seconds) => Duration::from_secs(seconds),
            None => Duration::from_millis(200) * 2_u32.saturating_pow(repetition),
        };
        (is_busy && repetition < MAX_REPETITIONS).then_some(wanted.min(MAX_PAUSE))
    }
}

/// Asks web servers, within limits.
pub(super) struct Client {
    agent: ureq::Agent,
    reach: Reach,
    limits: Limits,
    logins: Logins,
    has_proxy: bool,
    rights: Rights,
    /// The servers whose address turned out to be a private one.
    private: Arc<Mutex<BTreeSet<String>>>,
    started: Instant,
    bytes: u64,
    requests: u32,
}

impl Client {
    /// A client that has asked nobody yet.
    pub(super) fn new(reach: &Reach, settings: &Settings) -> Self {
        let limits = &settings.limits;
        let roots = settings.authorities.roots();
        let tls = TlsConfig::builder().root_certs(roots).build();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What is connected to is the address that was checked; a proxy would look the name up again, where nobody can see
            // whether it leads into a private network.
            .proxy(None)
            .tls_config(tls)
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(64 << 10)
            .timeout_connect(Some(Duration::from_secs(15).min(limits.request)))
            .timeout_global(Some(limits.request))
            .build();
        let private = Arc::default();
        let resolver = Checked {
            reach: reach.clone(),
            private: Arc::clone(&private),
            names: DefaultResolver::default(),
        };
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::new(), resolver),
            reach: reach.clone(),
            limits: limits.clone(),
            logins: settings.logins.clone(),
            has_proxy: settings.has_proxy,
            rights: Rights::default(),
            private,
            started: Instant::now(),
            bytes: 0,
            requests: 0,
        }
    }

    /// An error where an address may not be asked.
    pub(super) fn allows(&self, url: &Url) -> Result<(), String> {
        self.reach.refuses(url).map_or(Ok(()), Err)
    }

    /// What the run needed so far.
    pub(super) fn rights(&self) -> &Rights {
        &self.rights
    }

    /// True if and only if this run may do what another one did.
    pub(super) fn has(&self, rights: &Rights) -> bool {
        let is_named = |server: &String| Url::parse(server).is_ok_and(|url| self.reach.names(&url));
        let has_login = |server: &String| Url::parse(server).is_ok_and(|url| self.logins.has(&url));
        rights.named.iter().all(is_named) && rights.logins.iter().all(has_login)
    }

    /// The login for a repository of a registry, if it may be told.
    pub(super) fn login_of_registry(&self, server: &Url, repository: &str) -> Option<Login> {
        let login = self.logins.of_registry(server, repository);
        login.filter(|_| self.reach.names(server)).cloned()
    }

    /// The login for a chart repository, if it may be told.
    pub(super) fn login_of_repository(&self, repository: &Url) -> Option<Authorization> {
        let login = self.logins.of_repository(repository)?;
        self.reach.names(repository).then(|| login.basic())?
    }

    /// The top of a server: by HTTPS, unless it is named as one that is asked without.
    pub(super) fn reachable(&self, authority: &str) -> Result<Url, String> {
        let https = Url::parse(&format!("https://{authority}/"))?;
        let http = Url::parse(&format!("http://{authority}/"))?;
        let only_http = self.reach.refuses(&https).is_some() && self.reach.refuses(&http).is_none();
        Ok(if only_http { http } else { https })
    }

    /// The body of a good answer to a plain request, which is not longer than `limit` bytes.
    pub(super) fn get(&mut self, url: &Url, what: &str, limit: usize) -> Result<Vec<u8>, String> {
        self.ask(url, &Request::default(), limit)?.ok(what)
    }

    /// As [`Client::ask`], again and again where the server is busy.
    pub(super) fn ask_patiently(
        &mut self,
        url: &Url,
        request: &Request,
        limit: usize,
    ) -> Result<Response, String> {
        let mut repetition = 0;
        loop {
            let answer = self.ask(url, request, limit)?;
            match answer.pause(repetition) {
                Some(pause) if self.started.elapsed() + pause < self.limits.total => {
                    std::thread::sleep(pause);
                    repetition += 1;
                }
                _ => return Ok(answer),
            }
        }
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
            let is_same = at.origin() == url.origin();
            // What is sent may be a token, so it goes nowhere else either.
            if request.body.is_some() && !is_same {
                return Err(format!(
                    "a redirect of what is sent leads to {}",
                    at.origin()
                ));
            }
            let authorization = request.authorization.as_ref().filter(|_| is_same);
            let (response, next) = self.ask_once(&at, request, authorization, limit)?;
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
        authorization: Option<&Authorization>,
        limit: usize,
    ) -> Result<(Response, Option<String>), String> {
        let failed = |error: ureq::Error| self.describe(url, &error, limit);
        let address = url.wire();
        let mut headers: Vec<(&str, &str)> = request
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.extend(authorization.map(|value| ("authorization", value.header())));
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
        let digest = header("docker-content-digest");
        let retry_after = header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
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
            body.map_err(|error| self.describe(url, &error, most as usize))?
        };
        self.bytes += body.len() as u64;
        let origin = url.origin();
        if url.scheme == Scheme::Http || self.private().contains(&origin) {
            self.rights.named.insert(origin);
        }
        let response = Response {
            status,
            url: url.clone(),
            challenge,
            next: page,
            digest,
            retry_after,
            hint: self.hint(url, authorization.is_some_and(Authorization::is_personal)),
            body,
        };
        Ok((response, next))
    }

    /// Notes that a server was told who asks: with another login it might answer another way.
    pub(super) fn used_login(&mut self, server: &Url) {
        self.rights.logins.insert(server.origin());
        self.rights.named.insert(server.origin());
    }

    /// What could be done where a server wants to know who asks.
    fn hint(&self, server: &Url, was_told: bool) -> String {
        let host = server.as_host();
        if was_told {
            "it does not accept the login".to_owned()
        } else if self.logins.has(server) && !self.reach.names(server) {
            format!(
                "your login is used only where `--allow-host {host}` or `network.allow` names the host"
            )
        } else if let Some(program) = self.logins.program(server) {
            format!(
                "your logins are kept by the program `docker-credential-{program}`, which Plimsoll does not run"
            )
        } else {
            "there is no login for it in your configuration of Helm or Docker".to_owned()
        }
    }

    fn private(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        // Each change is an insertion, so a thread that panicked left nothing half done.
        self.private.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn describe(&self, url: &Url, error: &ureq::Error, limit: usize) -> String {
        let origin = url.origin();
        let told = error.to_string();
        let proxy = if self.has_proxy {
            ". Your environment names a proxy, and Plimsoll uses none: what a name leads to could not be checked there"
        } else {
            ""
        };
        match error {
            ureq::Error::Timeout(_) => format!(
                "{origin} takes longer than {} seconds to answer{proxy}",
                self.limits.request.as_secs_f32()
            ),
            ureq::Error::BodyExceedsLimit(_) => format!("{origin} sends more than {limit} bytes"),
            ureq::Error::HostNotFound => format!("there is no host {}{proxy}", url.host),
            ureq::Error::Other(why) => why.to_string(),
            _ if told.contains("UnknownIssuer") => format!(
                "{origin} has a certificate of an authority that is not trusted: name the file of its own authority in `SSL_CERT_FILE`"
            ),
            _ if told.contains("InvalidContentType") => format!(
                "{origin} does not encrypt: `--allow-host http://{0}` or `network.allow` would have it asked without",
                url.as_host()
            ),
            ureq::Error::Io(why) => format!("{origin} cannot be reached: {why}{proxy}"),
            ureq::Error::BadUri(_) => format!("{origin} has no address that can be asked"),
            other => format!("{origin} cannot be asked: {other}"),
        }
    }
}

/// The address in `<…>; rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    (parameters.contains("rel=\"next\"") || parameters.contains("rel=next"))
        .then(|| address.to_owned())
}

/// Resolves names and leaves out the addresses that may not be connected to.
#[derive(Debug)]
struct Checked {
    reach: Reach,
    private: Arc<Mutex<BTreeSet<String>>>,
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
        let mut would_be = false;
        for address in &found {
            if self.reach.admits(&url, address.ip()) {
                admitted.push(*address);
                if !is_public(address.ip()) {
                    let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
                    private.insert(url.origin());
                }
            }
            would_be |= !is_never_asked(address.ip());
        }
        if admitted.is_empty() {
            let host = &url.host;
            let why = if would_be {
                let name = url.as_host();
                format!(
                    "{host} is a host of a private network, which is asked only where `--allow-host {name}` or `network.allow` names it"
                )
            } else {
                format!("{host} is a host that nobody may ask")
            };
            return Err(ureq::Error::Other(why.into()));
        }
        Ok(admitted)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn authorities_are_added_to_those_that_are_built_in() {
        let mut authorities = Authorities::default();
        assert!(matches!(authorities.roots(), RootCerts::WebPki));
        assert_eq!(authorities.add(b"# nothing\n"), Ok(0));
        let der = webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref();
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
        assert_eq!(authorities.add(format!("{pem}{pem}").as_bytes()), Ok(2));
        assert!(authorities.add(pem.replace("END", "X").as_bytes()).is_err());
        match authorities.roots() {
            RootCerts::Specific(roots) => assert!(roots.len() > 100),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_next_page_is_the_one_that_is_called_so() {
        let page = |link: &str| next_page(link);
        assert_eq!(
            page("</v2/x?n=1>; rel=\"next\"").as_deref(),
            Some("/v2/x?n=1")
        );
        assert_eq!(page("</v2/x>; rel=\"prev\""), None);
        assert_eq!(page("x"), None);
    }
}
