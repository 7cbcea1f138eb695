//! Texts parsed by regorus, and why one is not taken.

use regorus::Source;
use regorus::unstable::{Module, Parser};

use super::LENGTHS;

/// A text that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The line, from 1.
    pub(super) line: usize,
    /// Why, as a clause.
    pub(super) why: String,
}

/// Parses a module of one version of Rego.
pub(super) fn parse(path: &str, text: &str, is_v1: bool) -> Result<Module, Refused> {
    let refused = |error: &dyn std::fmt::Display| Refused::from_message(&format!("{error:#}"));
    let source = Source::from_contents_with_limits(
        path.to_owned(),
        text.to_owned(),
        LENGTHS.max_file_bytes,
        LENGTHS.max_lines,
    )
    .map_err(|error| refused(&error))?;
    let mut parser = Parser::new(&source).map_err(|error| refused(&error))?;
    parser.set_max_col(LENGTHS.max_col);
    if is_v1 {
        parser.enable_rego_v1().map_err(|error| refused(&error))?;
    }
    parser.parse().map_err(|error| refused(&error))
}

impl Refused {
    /// Reads regorus' way of showing an error: `--> FILE:LINE:COLUMN`, an excerpt, and `error: …`.
    pub(super) fn from_message(message: &str) -> Self {
        let line = message
            .lines()
            .find_map(|line| {
                let mut parts = line.trim().strip_prefix("--> ")?.rsplit(':');
                let _column = parts.next();
                parts.next()?.parse().ok()
            })
            .unwrap_or(1);
        Self {
            line,
            why: super::first_line(message),
        }
    }
}
