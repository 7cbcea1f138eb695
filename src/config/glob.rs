//! Patterns of paths, as `exclude` and `ignore` hold them.
//!
//! They read like those of a `.gitignore`: `*` and `?` stop at a slash, `**` does not; a pattern without a slash matches
//! a name at any depth; a pattern that matches a directory covers everything in it. There is no `!`.

use regex::Regex;

use crate::text::RepoPath;

/// A pattern of paths.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    regex: Regex,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// It is empty.
    #[error("a pattern is empty")]
    Empty,
    /// It begins with `!`.
    #[error("a pattern cannot take back what another one matches")]
    Negated,
    /// A `[` is never closed, or what stands in it makes no sense.
    #[error("the brackets of a pattern do not fit")]
    Brackets,
}

impl Glob {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Self, GlobError> {
        let pattern = text.trim_start_matches("./").trim_end_matches('/');
        if pattern.is_empty() {
            return Err(GlobError::Empty);
        }
        if pattern.starts_with('!') {
            return Err(GlobError::Negated);
        }
        let anchored = pattern.contains('/');
        let pattern = pattern.trim_start_matches('/');
        let mut regex = String::from(if anchored { r"\A" } else { r"\A(?:.*/)?" });
        let mut rest = pattern;
        while let Some(next) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("**/") {
                regex.push_str("(?:.*/)?");
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix("**") {
                regex.push_str(".*");
                rest = after;
                continue;
            }
            let mut taken = next.len_utf8();
            match next {
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' => {
                    let end = rest.find(']').ok_or(GlobError::Brackets)?;
                    let inside = rest.get(1..end).unwrap_or_default();
                    let (negated, inside) = match inside.strip_prefix(['!', '^']) {
                        Some(inside) => (true, inside),
                        None => (false, inside),
                    };
                    if inside.is_empty() {
                        return Err(GlobError::Brackets);
                    }
                    regex.push_str(if negated { "[^/" } else { "[" });
                    for character in inside.chars() {
                        if character == '-' {
                            regex.push('-');
                        } else {
                            regex.push_str(&regex::escape(&character.to_string()));
                        }
                    }
                    regex.push(']');
                    taken = end + 1;
                }
                '\\' => {
                    let literal = rest.chars().nth(1).unwrap_or('\\');
                    regex.push_str(&regex::escape(&literal.to_string()));
                    taken = (taken + literal.len_utf8()).min(rest.len());
                }
                other => regex.push_str(&regex::escape(&other.to_string())),
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        regex.push_str(r"(?:/.*)?\z");
        let regex = regex::RegexBuilder::new(&regex)
            .dot_matches_new_line(true)
            .build()
            .map_err(|_| GlobError::Brackets)?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// True if and only if the pattern matches `path` or a directory around it.
    pub fn covers(&self, path: &RepoPath) -> bool {
        self.regex.is_match(path.as_str())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_like_those_of_gitignore() {
        let check = |pattern: &str, yes: &[&str], no: &[&str]| {
            let glob = Glob::new(pattern).unwrap();
            let covers = |path: &&&str| glob.covers(&RepoPath::new(path).unwrap());
            assert_eq!(
                yes.iter().find(|path| !covers(path)),
                None,
                "{pattern} should match"
            );
            assert_eq!(no.iter().find(covers), None, "{pattern} should not match");
        };
        check(
            "legacy/**",
            &["legacy/a", "legacy/a/b"],
            &["legacy", "x/legacy/a"],
        );
        check(
            "legacy",
            &["legacy/a/b", "x/legacy/c", "legacy"],
            &["legacy2/a"],
        );
        check("/docs/", &["docs/a.md"], &["x/docs/a.md", "docs2"]);
        check("*.md", &["a.md", "b/c.md", "x.md/y"], &["a.mdx"]);
        check("a/*/c", &["a/b/c", "a/b/c/d"], &["a/c", "a/b/b/c"]);
        check("a/**/c", &["a/c", "a/b/b/c"], &["b/a/c", "a/cc"]);
        check("**/test?", &["test1", "a/test2/x"], &["test", "a/test12"]);
        check("[a-c]x[!0]", &["axb"], &["dxb", "ax0"]);
        check("a.b(c)+\\*", &["a.b(c)+*"], &["aXb(c)+*", "a.b(c)+x"]);
        for wrong in ["", "/", "!x", "[a", "[]", "[z-a]"] {
            assert!(Glob::new(wrong).is_err(), "{wrong}");
        }
    }
}
