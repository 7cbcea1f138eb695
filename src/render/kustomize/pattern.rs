//! Patterns that select resources, read as Go's `regexp` reads them.

use regex::Regex;

pub(super) use crate::render::helm::functions::re2::compile;

/// A pattern that a whole text must fit. Most of them are plain words, for which no expression is compiled.
#[derive(Debug, Clone)]
pub(super) enum Whole {
    /// The word itself.
    Word(String),
    /// Anything else.
    Pattern(Regex),
}

impl Whole {
    /// Reads a pattern of Go. Why it is none is worded as Go words it.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
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
