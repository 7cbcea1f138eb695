//! Addresses, read strictly: what two programs could read differently is refused, so that the host that is checked is the host
//! that is reached.

use std::fmt;

use crate::text::address::shown;

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scheme {
    /// `https`
    Https,
    /// `http`
    Http,
}

impl Scheme {
    /// The name before the colon.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port where none is written.
    pub(super) fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// An address on a web server. A user and a password are never part of one; a query may hold a secret, and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// How it is reached.
    pub(super) scheme: Scheme,
    /// A name or an address in lower case; IPv6 in brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// The path; it begins with a slash, and holds no `.` or `..`.
    pub(super) path: String,
    /// What follows the question mark.
    pub(super) query: Option<String>,
}

impl Url {
    /// Reads an absolute address. A user name is left out, as it would be sent to the server.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| "it is no address of a web server".to_owned())?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            // What is longer is no scheme, and may be a secret that was written in a wrong place.
            other if other.len() < 8 => {
                return Err(format!("`{other}` is not a way that Plimsoll fetches by"));
            }
            _ => return Err("it is no address of a web server".to_owned()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let authority = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') || user.contains('%') => {
                return Err(
                    "it holds a password, and Plimsoll sends none that stands in a repository"
                        .to_owned(),
                );
            }
            Some((user, authority))
                if user.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') =>
            {
                authority
            }
            _ => authority,
        };
        let (host, port) = host_and_port(authority, scheme)
            .ok_or_else(|| "its host is not a plain name or address".to_owned())?;
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (tail, None),
        };
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        if !plain(path) || !query.as_deref().is_none_or(plain) {
            return Err("it holds characters that have to be escaped".to_owned());
        }
        Ok(Self {
            scheme,
            host,
            port,
            path: folded(path),
            query,
        })
    }

    /// Resolves a reference, relative or absolute, as RFC 3986 does.
    pub(super) fn join(&self, reference: &str) -> Result<Self, String> {
        let reference = reference.split('#').next().unwrap_or_default();
        let has_scheme = reference.find([':', '/', '?']).is_some_and(|at| {
            reference
                .get(at..)
                .is_some_and(|rest| rest.starts_with(':'))
        });
        if has_scheme {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme.name()));
        }
        let origin = self.origin();
        if reference.starts_with('/') {
            return Self::parse(&format!("{origin}{reference}"));
        }
        if reference.is_empty() {
            return Ok(self.clone());
        }
        if reference.starts_with('?') {
            return Self::parse(&format!("{origin}{}{reference}", self.path));
        }
        let directory = self.path.rfind('/').and_then(|at| self.path.get(..=at));
        Self::parse(&format!("{origin}{}{reference}", directory.unwrap_or("/")))
    }

    /// The address of something below this one, whether or not a slash ends it. The query stays.
    pub(super) fn below(&self, inside: &str) -> Result<Self, String> {
        let mut directory = self.clone();
        directory.query = None;
        if !directory.path.ends_with('/') {
            directory.path.push('/');
        }
        let mut found = directory.join(inside)?;
        if found.origin() == self.origin() && found.query.is_none() {
            found.query.clone_from(&self.query);
        }
        Ok(found)
    }

    /// Scheme, host and port: where a token may be sent.
    pub(super) fn origin(&self) -> String {
        let Self {
            scheme, host, port, ..
        } = self;
        if *port == scheme.port() {
            format!("{}://{host}", scheme.name())
        } else {
            format!("{}://{host}:{port}", scheme.name())
        }
    }

    /// The whole of it, for the wire only.
    pub(super) fn wire(&self) -> String {
        let query = self.query.iter().map(|query| format!("?{query}"));
        let query: String = query.collect();
        format!("{}{}{query}", self.origin(), self.path)
    }

    /// The server as a list of hosts that may be asked names it.
    pub(super) fn as_host(&self) -> String {
        let origin = self.origin();
        origin
            .strip_prefix("https://")
            .unwrap_or(&origin)
            .to_owned()
    }

    /// The last name of the path.
    pub(super) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// The address as people may see it.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.wire()))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// A reference with its spaces and letters of other alphabets escaped, as Go escapes what an index names.
pub(super) fn escaped_reference(reference: &str) -> String {
    reference
        .bytes()
        .map(|byte| match byte {
            b' ' | 0x80.. => format!("%{byte:02X}"),
            byte => char::from(byte).to_string(),
        })
        .collect()
}

/// Host and port; `None` for what is neither a name of letters, digits, dots and dashes nor an address in brackets.
pub(super) fn host_and_port(authority: &str, scheme: Scheme) -> Option<(String, u16)> {
    let (host, port) = match authority.rfind(':') {
        Some(at) if !authority.ends_with(']') => {
            (authority.get(..at)?, Some(authority.get(at + 1..)?))
        }
        _ => (authority, None),
    };
    let port = match port {
        None => scheme.port(),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let is_plain = match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        }
    };
    is_plain.then(|| (host.trim_end_matches('.').to_ascii_lowercase(), port))
}

/// The path with `.` and `..` folded away.
fn folded(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let last = path.rsplit('/').next().unwrap_or_default();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    if matches!(last, "." | "..") {
        parts.push("");
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let check = |text: &str, expected: &str| {
            let found = Url::parse(text).map(|url| url.wire());
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        };
        check("https://Example.com", "https://example.com/");
        check(
            "https://example.com:443/a/../b?c=d#e",
            "https://example.com/b?c=d",
        );
        check("http://me@example.com.:8080/", "http://example.com:8080/");
        check("https://[::1]:1/a//b", "https://[::1]:1/a//b");
        check("https://example.com/a/..", "https://example.com/");
        for wrong in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///a",
            "https://a:b@example.com/",
            "https://example.com:99999/",
            "https://example.com:8o/",
            "https://exa mple.com/",
            "https://example.com\\@evil.com/",
            "https://example.com/a b",
            "https://example.com/\r\nHost: x",
            "https://ex%61mple.com/",
            "https://[::1/",
            "https://éxample.com/",
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        let url = Url::parse("https://TOKEN@h/c?sig=s3cr3t").unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "https://h/c?(hidden) Url(https://h/c?(hidden))"
        );
        assert_eq!(escaped_reference("a b/\u{e9}%20?c"), "a%20b/%C3%A9%20?c");
    }

    #[test]
    fn references_are_resolved() {
        let base = Url::parse("https://example.com/charts/index.yaml?key=1").unwrap();
        let check = |reference: &str, expected: &str| {
            assert_eq!(base.join(reference).unwrap().wire(), expected);
        };
        check("c-1.tgz", "https://example.com/charts/c-1.tgz");
        check("../c-1.tgz?x=y", "https://example.com/c-1.tgz?x=y");
        check("/c-1.tgz", "https://example.com/c-1.tgz");
        check("//other.com/c", "https://other.com/c");
        check("http://other.com/c", "http://other.com/c");
        check("c?u=http://x", "https://example.com/charts/c?u=http://x");
        let repository = Url::parse("https://example.com/charts?key=1").unwrap();
        let below = |inside: &str| repository.below(inside).unwrap().wire();
        assert_eq!(
            below("index.yaml"),
            "https://example.com/charts/index.yaml?key=1"
        );
        assert_eq!(below("https://other.com/c"), "https://other.com/c");
    }
}
