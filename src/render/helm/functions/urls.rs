//! `urlParse` and `urlJoin`: Go's `net/url`, as far as the two show it.

use super::{Result, fail};
use crate::render::helm::format::quote_lossless;
use crate::render::helm::function::Type::{Map as MapOf, String as Str};
use crate::render::helm::function::{Context, FunctionError, Signature, map, text};
use crate::render::helm::value::{Map, Value};

pub(super) const TABLE: &[Signature] = &[
    Signature::new("urlParse", &[Str], |c, a| {
        let given = text(a, 0);
        let given = given.lossy();
        let url = parse(&given).map_err(|why| {
            FunctionError::new(format!(
                "unable to parse url: parse {}: {why}",
                quote_lossless(given.as_bytes())
            ))
        })?;
        let origin = c.union(a);
        let map = Map::new();
        let hostname = hostname(&url.host).to_owned();
        for (key, value) in [
            ("scheme", url.scheme),
            ("host", url.host),
            ("hostname", hostname),
            ("path", url.path),
            ("query", url.query),
            ("opaque", url.opaque),
            ("fragment", url.fragment),
            ("userinfo", url.user.unwrap_or_default()),
        ] {
            map.set(key, origin, Value::string(value, origin));
        }
        Ok(Value::map(map, origin))
    }),
    Signature::new("urlJoin", &[MapOf], join),
];

/// A URL as Go takes it apart.
#[derive(Default)]
pub(in crate::render::helm) struct Url {
    pub(in crate::render::helm) scheme: String,
    opaque: String,
    /// As it is shown again, escaped.
    user: Option<String>,
    pub(in crate::render::helm) host: String,
    pub(in crate::render::helm) path: String,
    query: String,
    fragment: String,
}

fn join(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let parts = map(arguments, 0).unwrap_or_default();
    let part = |key: &str| -> std::result::Result<String, FunctionError> {
        match parts.get(key) {
            None => Ok(String::new()),
            Some(value) => match value.as_text() {
                Some(text) => Ok(text.lossy().into_owned()),
                None => fail(format!(
                    "unable to parse {key} key, must be of type string, but {} found",
                    value.kind()
                )),
            },
        }
    };
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (query, opaque, fragment) = (part("query")?, part("opaque")?, part("fragment")?);
    let user = part("userinfo")?;
    let user = if user.is_empty() {
        None
    } else {
        let parsed = parse(&format!("proto://{user}@host")).map_err(|why| {
            FunctionError::new(format!("unable to parse userinfo in dict: {why}"))
        })?;
        parsed.user
    };
    let mut out = String::new();
    if !scheme.is_empty() {
        out.push_str(&scheme);
        out.push(':');
    }
    if opaque.is_empty() {
        if !host.is_empty() || user.is_some() || (!scheme.is_empty() && !path.is_empty()) {
            out.push_str("//");
            if let Some(user) = user {
                out.push_str(&user);
                out.push('@');
            }
            out.push_str(&escape(&host, |b| b"-_.~!$&'()*+,;=:[]<>\"".contains(&b)));
        }
        let escaped = escape_path(&path);
        if !escaped.is_empty() && !escaped.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        if out.is_empty() {
            // A colon in the first segment would read as a scheme.
            let first = escaped.split('/').next().unwrap_or_default();
            if first.contains(':') {
                out.push_str("./");
            }
        }
        out.push_str(&escaped);
    } else {
        out.push_str(&opaque);
    }
    if !query.is_empty() {
        out.push('?');
        out.push_str(&query);
    }
    if !fragment.is_empty() {
        out.push('#');
        out.push_str(&escape(&fragment, |b| b"-_.~!$&'()*+,;=:@/?".contains(&b)));
    }
    let mut all: Vec<Value> = parts
        .entries()
        .into_iter()
        .map(|(_, entry)| entry.value)
        .collect();
    all.extend(arguments.iter().cloned());
    super::mixed(context, &all, out)
}

pub(in crate::render::helm) fn escape_path(path: &str) -> String {
    escape(path, |b| b"-_.~$&+,/:;=@!'()*[]".contains(&b))
}

fn escape(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::new();
    for &b in text.as_bytes() {
        if b.is_ascii_alphanumeric() || keep(b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

fn unescape(text: &str, host: bool) -> std::result::Result<String, String> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if b == b'%' {
            let digits = text.get(at + 1..at + 3);
            match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                Some(byte) if !host || byte >= 0x80 || byte == b'%' => {
                    out.push(byte);
                    at += 3;
                }
                _ => {
                    let end = text.len().min(at + 3);
                    let part = text.get(at..end).unwrap_or("%");
                    return Err(format!("invalid URL escape {part:?}"));
                }
            }
            continue;
        }
        let refused = host
            && b < 0x80
            && !b.is_ascii_alphanumeric()
            && !b"-_.~!$&'()*+,;=:[]<>\"".contains(&b);
        if refused {
            return Err(format!(
                "invalid character {:?} in host name",
                char::from(b).to_string()
            ));
        }
        out.push(b);
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The parts of a URL, or Go's words for why it is none.
pub(in crate::render::helm) fn parse(whole: &str) -> std::result::Result<Url, String> {
    let (body, fragment) = whole.split_once('#').unwrap_or((whole, ""));
    let mut url = Url {
        fragment: unescape(fragment, false)?,
        ..Url::default()
    };
    if body.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    if body == "*" {
        url.path = "*".to_owned();
        return Ok(url);
    }
    let mut rest = body;
    if let Some(end) =
        body.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
        && body.get(end..).is_some_and(|after| after.starts_with(':'))
    {
        let scheme = body.get(..end).unwrap_or_default();
        if scheme.is_empty() {
            return Err("missing protocol scheme".to_owned());
        }
        if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
            url.scheme = scheme.to_ascii_lowercase();
            rest = body.get(end + 1..).unwrap_or_default();
        } else {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if let Some((before, query)) = rest.split_once('?') {
        rest = before;
        url.query = query.to_owned();
    }
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(url);
        }
        let first = rest.split('/').next().unwrap_or_default();
        if first.contains(':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    if let Some(after) = rest.strip_prefix("//")
        && (!url.scheme.is_empty() || !after.starts_with('/'))
    {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at(end);
        rest = path;
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((user, host)) => {
                let plain = user.bytes().all(|b| {
                    b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b) || b >= 0x80
                });
                if !plain {
                    return Err("net/url: invalid userinfo".to_owned());
                }
                let keep = |b: u8| b"-_.~$&+,;=!'()*".contains(&b);
                let shown = match user.split_once(':') {
                    None => escape(&unescape(user, false)?, keep),
                    Some((name, password)) => format!(
                        "{}:{}",
                        escape(&unescape(name, false)?, keep),
                        escape(&unescape(password, false)?, keep)
                    ),
                };
                url.user = Some(shown);
                host
            }
        };
        let port = match host.strip_prefix('[') {
            Some(inner) => match inner.rsplit_once(']') {
                Some((_, port)) => port,
                None => return Err("missing ']' in host".to_owned()),
            },
            None => host
                .rfind(':')
                .and_then(|colon| host.get(colon..))
                .unwrap_or(""),
        };
        let valid = port.is_empty()
            || port
                .strip_prefix(':')
                .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        if !valid {
            return Err(format!("invalid port {port:?} after host"));
        }
        url.host = unescape(host, true)?;
    }
    url.path = unescape(rest, false)?;
    Ok(url)
}

pub(in crate::render::helm) fn hostname(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or_default();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}
