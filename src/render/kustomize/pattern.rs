//! Patterns as Go's `regexp` reads them, where Rust's `regex` is stricter: a brace that repeats nothing is a brace.

use regex::{Error, Regex};

/// A pattern that a whole text must fit. Most of them are plain words, for which no expression is compiled.
#[derive(Debug, Clone)]
pub(super) enum Whole {
    /// The word itself.
    Word(String),
    /// Anything else.
    Pattern(Regex),
}

impl Whole {
    /// Reads a pattern of Go.
    pub(super) fn new(pattern: &str) -> Result<Self, Error> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        if pattern.chars().all(is_plain) {
            return Ok(Self::Word(pattern.to_owned()));
        }
        compile(&format!("^(?:{pattern})$")).map(Self::Pattern)
    }

    /// True if and only if all of `text` fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => word == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

/// Compiles a pattern of Go.
pub(super) fn compile(pattern: &str) -> Result<Regex, Error> {
    Regex::new(&translate(pattern))
}

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let escaped = after.chars().next();
                out.push('\\');
                out.extend(escaped);
                rest = after
                    .get(escaped.map_or(0, char::len_utf8)..)
                    .unwrap_or_default();
                continue;
            }
            '[' if in_class && !after.starts_with(':') => out.push_str("\\["),
            '[' => {
                out.push('[');
                if !in_class {
                    in_class = true;
                    let negated = after.strip_prefix('^');
                    out.push_str(if negated.is_some() { "^" } else { "" });
                    let inner = negated.unwrap_or(after);
                    // A bracket that stands first in a class is one of its characters.
                    let first = inner.strip_prefix(']');
                    out.push_str(if first.is_some() { "\\]" } else { "" });
                    rest = first.unwrap_or(inner);
                    continue;
                }
            }
            ']' => {
                // The end of `[:alpha:]` is not the end of the class around it.
                in_class = in_class && out.ends_with(':');
                out.push(']');
            }
            '{' if !in_class && !is_repetition(after) => out.push_str("\\{"),
            '&' | '~' | '-' if in_class && after.starts_with(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        rest = after;
    }
    out
}

/// True if and only if a brace is followed by `n}`, `n,}` or `n,m}`.
fn is_repetition(after: &str) -> bool {
    let Some((inside, _)) = after.split_once('}') else {
        return false;
    };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(
                compile(pattern).map(|regex| regex.is_match(text)).ok(),
                Some(expected),
                "{pattern}"
            );
        };
        check(r"^\${CLUSTER_NAME}$", "${CLUSTER_NAME}", true);
        check("^a{2}$", "aa", true);
        check("^[[a]+$", "[a", true);
        check("^[]a]+$", "]a", true);
        check("^[[:alpha:]]+$", "abc", true);
        check("^(?:web-.*)$", "web-1", true);
    }
}
