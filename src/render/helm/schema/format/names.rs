//! Pointers, identifiers, URIs and versions.

use super::hosts::{ipv6, parse_address};
use super::{quoted_char, refuse};
use crate::render::helm::functions::urls;
use crate::render::helm::schema::address::{decode, parse, quoted, raw_authority, raw_path};

pub(super) fn json_pointer(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return refuse("not starting with /");
    }
    for step in text.split('/').skip(1) {
        let mut rest = step;
        while let Some((_, after)) = rest.split_once('~') {
            if !after.starts_with(['0', '1']) {
                return refuse("~ must be followed by 0 or 1");
            }
            rest = after;
        }
    }
    Ok(())
}

pub(super) fn relative_json_pointer(text: &str) -> Result<(), String> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - rest.len();
    if digits == 0 {
        return refuse("must start with non-negative integer");
    }
    if digits > 1 && text.starts_with('0') {
        return refuse("starts with zero");
    }
    if rest == "#" {
        Ok(())
    } else {
        json_pointer(rest)
    }
}

pub(super) fn uuid(text: &str) -> Result<(), String> {
    let lengths = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != lengths.len() {
        return refuse("must have 5 elements");
    }
    for (index, (group, length)) in groups.into_iter().zip(lengths).enumerate() {
        if group.len() != length {
            let nth = index + 1;
            return refuse(format!("element {nth} must be {length} characters long"));
        }
        if let Some(c) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return refuse(format!("non-hex character {}", quoted_char(c)));
        }
    }
    Ok(())
}

/// What Go 1.27 asks of the host of a URL beyond what Go asked before: brackets hold an address of version 6 and nothing is
/// before them, and what is behind the first colon is a port.
pub(super) fn strict_host(text: &str) -> Result<(), String> {
    let Some(authority) = raw_authority(text).filter(|_| parse(text).is_ok()) else {
        return Ok(());
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let refuse = |why: String| Err(format!("parse {}: {why}", quoted(text)));
    match host.rfind('[') {
        Some(0) => {
            let inner = host.get(1..).and_then(|rest| rest.rsplit_once(']'));
            let address = decode(inner.map_or("", |(address, _)| address)).unwrap_or_default();
            match parse_address(&address) {
                Err(why) => refuse(format!("invalid host: {why}")),
                Ok(()) if !address.contains(':') => refuse("invalid IP-literal".to_owned()),
                Ok(()) => Ok(()),
            }
        }
        Some(_) => refuse("invalid IP-literal".to_owned()),
        None => match host.find(':').and_then(|colon| host.get(colon..)) {
            Some(port) if !port.bytes().skip(1).all(|b| b.is_ascii_digit()) => {
                refuse(format!("invalid port {} after host", quoted(port)))
            }
            _ => Ok(()),
        },
    }
}

fn url(text: &str) -> Result<urls::Url, String> {
    let url = parse(text)?;
    let host = urls::hostname(&url.host);
    if host.contains(':') {
        if !url.host.contains('[') || !url.host.contains(']') {
            return refuse("ipv6 address not enclosed in brackets");
        }
        ipv6(host).map_err(|why| format!("invalid ipv6 address: {why}"))?;
    }
    Ok(url)
}

pub(super) fn uri(text: &str) -> Result<(), String> {
    if url(text)?.scheme.is_empty() {
        return refuse("relative url");
    }
    Ok(())
}

pub(super) fn uri_reference(text: &str) -> Result<(), String> {
    if text.contains('\\') {
        return refuse("contains \\");
    }
    url(text).map(drop)
}

pub(super) fn uri_template(text: &str) -> Result<(), String> {
    let url = url(text)?;
    let raw = raw_path(text);
    // Go keeps the path as it is written only where it would write it otherwise, and nothing else is looked at.
    if urls::escape_path(&url.path) == raw {
        return Ok(());
    }
    for step in raw.split('/') {
        let step = decode(step).map_err(|why| format!("percent decode failed: {why}"))?;
        let mut is_open = false;
        for brace in step.chars().filter(|c| matches!(c, '{' | '}')) {
            if is_open == (brace == '{') {
                return refuse("nested curly braces");
            }
            is_open = !is_open;
        }
        if is_open {
            return refuse("no matching closing brace");
        }
    }
    Ok(())
}

pub(super) fn semver(text: &str) -> Result<(), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    if let Some(build) = build {
        if build.is_empty() {
            return refuse("build is empty");
        }
        for part in build.split('.') {
            if part.is_empty() {
                return refuse("build identifier is empty");
            }
            if let Some(c) = part.chars().find(|c| !is_part(*c)) {
                let c = quoted_char(c);
                return refuse(format!("invalid character {c} in build identifier"));
            }
        }
    }
    let (core, release) = match text.split_once('-') {
        Some((core, release)) => (core, Some(release)),
        None => (text, None),
    };
    for part in release.into_iter().flat_map(|release| release.split('.')) {
        if part.is_empty() {
            return refuse("pre-release identifier is empty");
        }
        if let Some(c) = part.chars().find(|c| !is_part(*c)) {
            let c = quoted_char(c);
            return refuse(format!("invalid character {c} in pre-release identifier"));
        }
        let is_number = part.bytes().all(|b| b.is_ascii_digit());
        if is_number && part.len() > 1 && part.starts_with('0') {
            return refuse("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return refuse("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.into_iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return refuse(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return refuse(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return refuse(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
