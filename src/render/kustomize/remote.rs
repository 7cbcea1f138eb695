//! Names that lead out of the repository: which of them are git repositories, and how Kustomize takes them apart (v5.8.1).
//!
//! The rules are those of `git.NewRepoSpecFromURL`: a marker (`_git/`, `//`, `.git`) separates the repository from the path in it,
//! else the first two names are the repository, as on GitHub. Nothing is decided here about how a repository is reached.

use crate::snapshot::Want;

/// A directory in a git repository elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// What `git clone` would be given.
    pub(super) url: String,
    /// The directory in it; empty for its root.
    pub(super) directory: String,
    /// A branch, tag or commit; empty for the default branch.
    pub(super) reference: String,
}

impl Remote {
    /// What has to be fetched for it.
    pub(super) fn want(&self) -> Want {
        Want::Git {
            url: self.url.clone(),
            reference: self.reference.clone(),
        }
    }

    /// True if and only if the repository is reached by HTTP, and not by ssh or on the disk.
    pub(super) fn is_http(&self) -> bool {
        self.url.starts_with("https://") || self.url.starts_with("http://")
    }
}

/// Reads the name of a base; `None` for a name that Kustomize takes for a path.
pub(super) fn parse(name: &str) -> Option<Remote> {
    if name.starts_with('/') {
        return None;
    }
    let (address, query) = name.split_once('?').unwrap_or((name, ""));
    let (host, rest) = host(address)?;
    let (repository, directory) = if host.starts_with("file://") {
        marked(rest).unwrap_or((rest.to_owned(), String::new()))
    } else {
        marked(rest).or_else(|| first_two(rest))?
    };
    let directory = directory.strip_prefix('/').unwrap_or(&directory);
    if repository.is_empty() || leaves(directory) {
        return None;
    }
    Some(Remote {
        url: format!("{host}{repository}"),
        directory: directory.to_owned(),
        reference: reference(query),
    })
}

/// True if and only if the name says itself that it is a repository's, so that no web server needs to be asked for a file first.
pub(super) fn is_marked(name: &str) -> bool {
    let address = name.split_once('?').map_or(name, |(address, _)| address);
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    marked(rest).is_some()
}

/// Scheme, user and host, and what follows them.
fn host(address: &str) -> Option<(String, &str)> {
    let address = without_prefix(address, "git::").unwrap_or(address);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let (scheme, rest) = schemes
        .iter()
        .find_map(|scheme| Some((*scheme, without_prefix(address, scheme)?)))
        .unwrap_or(("", address));
    if scheme == "file://" {
        return Some((scheme.to_owned(), rest));
    }
    let (user, rest) = match rest.split_once('@') {
        Some((user, _)) if is_user(user) => rest.split_at(user.len() + 1),
        _ => ("", rest),
    };
    let is_github = ["github.com/", "github.com:"]
        .iter()
        .any(|host| without_prefix(rest, host).is_some());
    let is_scp = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !is_scp {
        return None;
    }
    let slash = rest.find('/');
    let colon = rest.find(':').filter(|_| is_scp);
    let end = match (slash, colon) {
        (None, colon) => colon,
        (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
        (slash, _) => slash,
    };
    let (host, path) = match end {
        Some(end) => rest.split_at(end + 1),
        None => (rest, ""),
    };
    if is_github {
        let host = if scheme == "ssh://" || !user.is_empty() {
            format!("{user}github.com:")
        } else {
            "https://github.com/".to_owned()
        };
        return Some((host, path));
    }
    (!host.is_empty()).then(|| (format!("{scheme}{user}{host}"), path))
}

fn is_user(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))?
}

/// Repository and directory where a marker separates them.
fn marked(path: &str) -> Option<(String, String)> {
    const DELIMITER: &str = "_git/";
    const SUFFIX: &str = ".git";
    if let Some(at) = path.find(DELIMITER) {
        let (before, after) = path.split_at(at + DELIMITER.len());
        let (name, directory) = after.split_once('/').unwrap_or((after, ""));
        return Some((format!("{before}{name}"), directory.to_owned()));
    }
    if let Some((repository, directory)) = path.split_once("//") {
        return Some((repository.to_owned(), directory.to_owned()));
    }
    let at = path.find(SUFFIX)?;
    let (repository, directory) = path.split_at(at + SUFFIX.len());
    Some((repository.to_owned(), directory.to_owned()))
}

/// Repository and directory where the repository is two names long.
fn first_two(path: &str) -> Option<(String, String)> {
    let mut parts = path.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let directory = parts.next().unwrap_or_default();
    Some((format!("{owner}/{name}"), directory.to_owned()))
}

/// True if and only if the directory leads out of the repository.
fn leaves(directory: &str) -> bool {
    let mut depth = 0_usize;
    for part in directory.split('/') {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

/// `ref`, else `version`. A query that Go cannot read says nothing.
fn reference(query: &str) -> String {
    let Some(pairs) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(pair)
        .collect::<Option<Vec<_>>>()
    else {
        return String::new();
    };
    let first = |wanted: &str| {
        let found = pairs.iter().find(|(key, _)| key == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let reference = first("ref");
    if reference.is_empty() {
        first("version")
    } else {
        reference
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    if text.contains(';') {
        return None;
    }
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    Some((unescape(key)?, unescape(value)?))
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return None;
                }
                out.push(u8::from_str_radix(digits, 16).ok()?);
            }
            byte => out.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_kustomize_does() {
        let check = |name: &str, url: &str, directory: &str, reference: &str| {
            let expected = Remote {
                url: url.to_owned(),
                directory: directory.to_owned(),
                reference: reference.to_owned(),
            };
            assert_eq!(parse(name), Some(expected), "{name}");
        };
        let github = "https://github.com/org/repo";
        check("github.com/org/repo", github, "", "");
        check("GitHub.com/org/repo?ref=v1", github, "", "v1");
        check("github.com:org/repo/a/b", github, "a/b", "");
        check("http://github.com/org/repo//a?ref=x", github, "a", "x");
        check(
            "https://me@github.com/org/repo",
            "me@github.com:org/repo",
            "",
            "",
        );
        check(
            "git@github.com/org/repo/a",
            "git@github.com:org/repo",
            "a",
            "",
        );
        check(
            "ssh://git@github.com/org/repo",
            "git@github.com:org/repo",
            "",
            "",
        );
        check(
            "https://github.com/org/repo.git/a?ref=1",
            "https://github.com/org/repo.git",
            "a",
            "1",
        );
        check(
            "git::https://git.example.com/org/repo//a/b?version=v1&ref=v2&timeout=1s",
            "https://git.example.com/org/repo",
            "a/b",
            "v2",
        );
        check(
            "https://git.example.com/group/sub/repo.git//a?version=v1",
            "https://git.example.com/group/sub/repo.git",
            "a",
            "v1",
        );
        check(
            "https://git.example.com/a/b/c/d",
            "https://git.example.com/a/b",
            "c/d",
            "",
        );
        check(
            "https://me@dev.azure.com/org/project/_git/repo/a/b",
            "https://me@dev.azure.com/org/project/_git/repo",
            "a/b",
            "",
        );
        check(
            "git@git.example.com:7999/org/repo.git//a",
            "git@git.example.com:7999/org/repo.git",
            "a",
            "",
        );
        check("file:///srv/repo.git", "file:///srv/repo.git", "", "");
        check("file:///srv/repo//a", "file:///srv/repo", "a", "");
        check("github.com/org/repo?ref=a%2Fb+c", github, "", "a/b c");
        check("github.com/org/repo?ref=a;b", github, "", "");
        check("github.com/org/repo?ref=%zz", github, "", "");
        check("github.com/org/repo//a/../b", github, "a/../b", "");
    }

    #[test]
    fn other_names_are_paths() {
        for name in [
            "/tmp",
            "org/repo",
            "../base",
            "base",
            "gh:org/repo",
            "htxxxtp://github.com/",
            "ssh://git.example.com",
            "https://github.com/org",
            "https://example.com",
            "git::___",
            "github.com/org/repo//../a",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_marker_says_that_a_name_is_a_repository() {
        assert!(is_marked("https://github.com/org/repo//a?ref=x"));
        assert!(is_marked("https://github.com/org/repo.git"));
        assert!(!is_marked("https://example.com/a/b.yaml"));
        assert!(!is_marked("https://github.com/org/repo?ref=a//b"));
    }
}
