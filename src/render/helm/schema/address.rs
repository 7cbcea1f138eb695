//! Where schemas are: URLs, the fragments behind them, and JSON pointers.

use super::document::Json;
use crate::render::helm::format::quote_lossless;
use crate::render::helm::functions::urls;

/// A schema by its document and its place therein.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) url: String,
    pub(super) pointer: String,
}

impl Place {
    pub(super) fn new(url: &str, pointer: impl Into<String>) -> Self {
        let pointer = pointer.into();
        Self {
            url: url.to_owned(),
            pointer,
        }
    }

    /// The place as messages name it.
    pub(super) fn shown(&self) -> String {
        format!("{}#{}", self.url, encode(&self.pointer))
    }

    /// What is there.
    pub(super) fn find<'d>(&self, document: &'d Json) -> Result<&'d Json, String> {
        let mut here = document;
        for step in self.pointer.split('/').skip(1) {
            let Some(step) = unescape(step) else {
                return Err(format!("invalid json-pointer {}", quoted(&self.shown())));
            };
            let below = match here {
                Json::Object(members) => members.get(&step),
                Json::Array(items) => index(&step).and_then(|index| items.get(index)),
                _ => None,
            };
            let Some(below) = below else {
                let place = quoted(&self.shown());
                return Err(format!("json-pointer in {place} not found"));
            };
            here = below;
        }
        Ok(here)
    }
}

/// An index, which Go also reads with a sign.
fn index(text: &str) -> Option<usize> {
    text.strip_prefix(['+', '-'])
        .unwrap_or(text)
        .parse::<usize>()
        .ok()
        .filter(|index| *index == 0 || !text.starts_with('-'))
}

/// As Go quotes a text.
pub(super) fn quoted(text: &str) -> String {
    quote_lossless(text.as_bytes())
}

/// A step of a pointer.
pub(super) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

fn unescape(step: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = step.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

/// The text before the first `#`, and what is behind it.
pub(super) fn split(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// Undoes percent escapes; fails in Go's words.
pub(super) fn decode(text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let digits = after
            .get(..2)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            let from = text.len() - after.len() - 1;
            let wrong = text
                .as_bytes()
                .get(from..text.len().min(from + 3))
                .unwrap_or_default();
            return Err(format!("invalid URL escape {}", quote_lossless(wrong)));
        };
        out.push(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// A pointer or the name of an anchor as part of a URL.
fn encode(fragment: &str) -> String {
    encode_but(fragment, b"-_.~$&+:=@/")
}

fn encode_but(text: &str, plain: &[u8]) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || plain.contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// A document, and what is referred to within it.
pub(super) struct Reference {
    pub(super) url: String,
    pub(super) fragment: String,
}

impl Reference {
    /// What `reference` means where `base` is the URL of the document.
    pub(super) fn join(base: &str, reference: &str) -> Result<Self, String> {
        let (url, fragment) = split(reference);
        let fragment = decode(fragment)
            .map_err(|why| format!("error in parsing {}: {why}", quoted(reference)))?;
        parse(url).map_err(|why| format!("error in parsing {}: {why}", quoted(url)))?;
        Ok(Self {
            url: resolve(base, url),
            fragment,
        })
    }

    pub(super) fn shown(&self) -> String {
        format!("{}#{}", self.url, encode(&self.fragment))
    }
}

/// A URL taken apart as Go does, or the words of its parser.
pub(super) fn parse(url: &str) -> Result<urls::Url, String> {
    urls::parse(url).map_err(|why| format!("parse {}: {why}", quoted(url)))
}

/// The parts of a URL as they are written, without a fragment.
#[derive(Clone, Copy)]
struct Parts<'u> {
    scheme: &'u str,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
}

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Self {
        let is_scheme = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        };
        let (scheme, rest) = url
            .split_once(':')
            .filter(|(scheme, _)| is_scheme(scheme))
            .unwrap_or(("", url));
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        Self {
            scheme,
            authority,
            path,
            query,
        }
    }

    fn is_opaque(self) -> bool {
        !self.scheme.is_empty() && self.authority.is_none() && !self.path.starts_with('/')
    }

    fn written(self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme.to_ascii_lowercase());
            out.push(':');
        }
        // Go writes the slashes of an authority before every path that has a scheme.
        if self.authority.is_some() || (!self.scheme.is_empty() && !self.is_opaque()) {
            out.push_str("//");
            out.push_str(self.authority.unwrap_or_default());
        }
        if self.is_opaque() {
            out.push_str(self.path);
        } else {
            out.push_str(&escaped(self.path));
        }
        if let Some(query) = self.query {
            out.push('?');
            out.push_str(query);
        }
        out
    }
}

/// A path as Go writes it: as it was written, unless that is no path.
fn escaped(path: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]%/".contains(&b);
    if path.bytes().all(is_plain) {
        return path.to_owned();
    }
    let plain = decode(path).unwrap_or_else(|_| path.to_owned());
    encode_but(&plain, b"-_.~$&+,/:;=@")
}

/// The path of a URL as it is written.
pub(super) fn raw_path(url: &str) -> &str {
    let parts = Parts::of(split(url).0);
    if parts.is_opaque() { "" } else { parts.path }
}

/// The user and host of a URL as they are written.
pub(super) fn raw_authority(url: &str) -> Option<&str> {
    Parts::of(split(url).0).authority
}

fn resolve(base: &str, reference: &str) -> String {
    let (base, given) = (Parts::of(base), Parts::of(reference));
    if given.is_opaque() {
        return given.written();
    }
    if !given.scheme.is_empty() || given.authority.is_some() {
        let scheme = if given.scheme.is_empty() {
            base.scheme
        } else {
            given.scheme
        };
        let path = without_dots(given.path);
        return Parts {
            scheme,
            path: &path,
            ..given
        }
        .written();
    }
    // A URN has no path that another could be relative to.
    if base.is_opaque() {
        let query = given.query.or(base.query.filter(|_| given.path.is_empty()));
        return Parts { query, ..base }.written();
    }
    if given.path.is_empty() {
        let path = without_dots(base.path);
        return Parts {
            query: given.query.or(base.query),
            path: &path,
            ..base
        }
        .written();
    }
    let path = if given.path.starts_with('/') {
        without_dots(given.path)
    } else {
        let folder = base
            .path
            .rfind('/')
            .map_or("", |slash| base.path.get(..=slash).unwrap_or(""));
        without_dots(&format!("{folder}{}", given.path))
    };
    Parts {
        path: &path,
        query: given.query,
        ..base
    }
    .written()
}

fn without_dots(path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let mut steps: Vec<&str> = Vec::new();
    let mut parts = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    steps.pop();
                }
                if is_last {
                    steps.push("");
                }
            }
            part => steps.push(part),
        }
    }
    format!("/{}", steps.join("/"))
}
