//! Addresses as people may see them: which part of one is a user, a password, a token or a signature.
//!
//! People write addresses that no program reads like another one (a password with `@` or `/`, a scheme in capitals), and a secret
//! that was shown cannot be taken back. So this does not read addresses, it hides what may be a secret in one: too much costs a
//! reader a word.

use super::Span;

/// Parameters that are no secrets: those by which Kustomize says what it takes from a repository.
const PLAIN: [&str; 5] = ["ref", "version", "submodules", "timeout", "depth"];

/// An address as it may be shown. Everything before an `@` that may belong to a user is hidden, and every parameter that is not
/// known to be harmless.
pub fn shown(address: &str) -> String {
    let mut text = address.to_owned();
    for span in secrets_of(address, 0).iter().rev() {
        let is_user = span.of(address).ends_with('@');
        let cover = if is_user { "(hidden)@" } else { "(hidden)" };
        text.replace_range(span.start as usize..span.end as usize, cover);
    }
    text
}

/// Where the secrets of the addresses in a text stand, sorted: `user:password@`, and `name=value` behind a question mark.
/// White space ends an address.
pub fn secrets_in(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        if word.contains(":/") || word.contains(":\\/") {
            found.extend(secrets_of(word.trim_end(), start));
        }
        start += word.len();
    }
    found
}

/// The secrets of a word that is an address, or holds some. It begins at `offset`.
fn secrets_of(word: &str, offset: usize) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut after = 0;
    // Whatever stands before the last `@` may belong to a password; so the first address with a user hides the others.
    let named = word
        .find("@sha256:")
        .filter(|&at| is_digest(word.get(at + 8..)));
    let named = named.and_then(|at| word.get(..at)).unwrap_or(word);
    let last = named.rfind('@').unwrap_or_default();
    let user = hosts(word).find(|&(start, end)| {
        let host = word.get(start..end).unwrap_or_default();
        // A colon is that of a port, or stands before a password that holds what would end the host.
        let has_user = host.contains(['@', ':']) || host.contains("%3A") || host.contains("%3a");
        has_user && word.get(start..last).is_some_and(is_secret)
    });
    if let Some((start, _)) = user {
        after = last + 1;
        spans.push(Span::new(offset + start, offset + after));
    }
    let rest = word.get(after..).unwrap_or_default();
    if let Some((before, query)) = rest.split_once('?') {
        let mut start = offset + after + before.len() + 1;
        let query = query.split(['#', '"', '\'', '`']).next();
        for parameter in query.unwrap_or_default().split('&') {
            let name = parameter.split('=').next().unwrap_or_default();
            if !parameter.is_empty() && !PLAIN.contains(&name) {
                spans.push(Span::new(start, start + parameter.len()));
            }
            start += parameter.len() + 1;
        }
    }
    spans
}

/// Where the hosts in a word stand, users and ports included. A word without a scheme may be an address that begins with one, or
/// one whose scheme is misspelt.
fn hosts(word: &str) -> impl Iterator<Item = (usize, usize)> {
    let schemes = word.match_indices(':').filter_map(|(at, _)| {
        // A slash may be escaped, as in JSON.
        let rest = word.get(at + 1..)?;
        let slashes = ["//", "\\/\\/"];
        let slashes = slashes.iter().find(|slashes| rest.starts_with(**slashes))?;
        Some(at + 1 + slashes.len())
    });
    let end = |start: usize| {
        let rest = word.get(start..).unwrap_or_default();
        let end = rest.find(['/', '?', '#', '\\', '"', '\'']);
        end.map_or(word.len(), |end| start + end)
    };
    let bare = (!word.contains("://")).then(|| match word.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => (0, word.len()),
        _ => (0, end(0)),
    });
    schemes.map(move |start| (start, end(start))).chain(bare)
}

/// True for what begins as the digest of an image.
fn is_digest(text: Option<&str>) -> bool {
    let digits = text.and_then(|text| text.get(..64));
    digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// True for what stands before an `@`, unless it is the user of everybody's git, or says only where a secret is put in.
fn is_secret(user: &str) -> bool {
    let last = user.rsplit(':').next().unwrap_or_default();
    let is_placeholder = ["${", "$(", "<", "{{"]
        .iter()
        .any(|mark| last.starts_with(mark))
        || last.ends_with("}}");
    let is_git = user == "git" || user.starts_with("git@");
    !user.is_empty() && !is_git && !is_placeholder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_hidden() {
        let check = |address: &str, expected: &str| {
            assert_eq!(shown(address), expected, "{address}");
        };
        for secret in [
            "me:s3cr3t",
            "s3cr3t",
            ":s3cr3t",
            "s3cr3t:",
            "me:s3cr3t@pass",
            "s3c@r3t:x",
            "me:s3/cr3t",
            "me:12/s3cr3t",
            "me:s3?cr3t",
            "me:s3#cr3t",
            "me%3As3cr3t",
            "me%3as3cr3t",
            "me:s3\"cr3t",
            "git:s3cr3t",
            "me:s3:cr3t",
            "me:s3&cr3t=x",
            "me:s3c\\r3t",
            "me:s3 cr\n3t",
        ] {
            for scheme in ["https", "HTTPS", "oci", "git::https", "ssh", "x+y-z.1"] {
                let expected = format!("{scheme}://(hidden)@host.example/charts");
                check(
                    &format!("{scheme}://{secret}@host.example/charts"),
                    &expected,
                );
            }
        }
        check("me:s3cr3t@host/x", "(hidden)@host/x");
        check("https//me:s3cr3t@host/x", "(hidden)@host/x");
        check("https:/me:s3cr3t@host/x", "(hidden)@host/x");
        check("s3cr3t@host/x?ref=v1", "(hidden)@host/x?ref=v1");
        check("https://h/c?sig=s3cr3t", "https://h/c?(hidden)");
        check(
            "https://h/c?ref=v1&token=s3cr3t&timeout=1",
            "https://h/c?ref=v1&(hidden)&timeout=1",
        );
        check(
            "https://me:a@h/c?token=s3cr3t",
            "https://(hidden)@h/c?(hidden)",
        );
        check("h/c?s3cr3t", "h/c?(hidden)");
        for plain in [
            "",
            "@name",
            "alias:name",
            "https://host",
            "https://host:8080/a?ref=main&submodules=false",
            "https://host/path@v1/x.yaml",
            "oci://[::1]:5000/charts",
            "git@github.com:org/repo?ref=v1",
            "ssh://git@github.com/org/repo",
            "../base",
            "../base@v2/x.yaml",
            "https://<user>:<password>@host",
            "https://me:${PASSWORD}@host",
        ] {
            check(plain, plain);
        }
        let digest = "0123456789abcdef".repeat(4);
        let image = format!("oci://h:5000/x:1.2@sha256:{digest}");
        check(&image, &image);
        check(
            &format!("oci://me:s3cr3t@h/x@sha256:{digest}"),
            &format!("oci://(hidden)@h/x@sha256:{digest}"),
        );
        check(
            "https://me:s3cr3t@sha256:443/",
            "https://(hidden)@sha256:443/",
        );
    }

    #[test]
    fn addresses_are_found_in_a_text() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = secrets_in(text).iter().map(|span| span.of(text)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("a: b\nc: d@e ?f=g\n", &[]);
        check("url: HTTPS://me:s3cr3t@h/x # y@z\n", &["me:s3cr3t@"]);
        check(
            "[\"https://h/?sig=abc\", \"https://h?a=b&ref=c\"]",
            &["sig=abc", "a=b"],
        );
        check("a,https://b/x,https://me:pw@c", &["me:pw@"]);
        check("url: \"https:\\/\\/me:pw@h\\/x\"", &["me:pw@"]);
        check("postgres://{{ .u }}:{{ .p }}@h/x", &[]);
        // This takes no longer than it is long.
        let many = "a://".repeat(1 << 20);
        assert_eq!(secrets_in(&many).len(), 0);
        assert_eq!(secrets_in(&format!("{many}me:x@h")).len(), 1);
    }
}
