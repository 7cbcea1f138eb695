//! Where the parts of a module stand in its text: regorus leaves out quotes, and begins some objects late.

use regorus::unstable::{Expr, LiteralStmt};

use crate::text::LineIndex;

/// From where to where an expression reaches in the text that it was read from.
pub(super) fn range(text: &str, expr: &Expr) -> (usize, usize) {
    let span = expr.span();
    let mut start = span.start as usize;
    if let Expr::Object { .. } = expr {
        // The place of an object of several fields begins at the last of them; only its line and column are where it begins.
        let line = LineIndex::new(text).line(span.line);
        let before = span.col.saturating_sub(1) as usize;
        let written = line.of(text);
        let column = written.char_indices().nth(before).map(|(at, _)| at);
        let brace =
            column.filter(|at| written.get(*at..).is_some_and(|rest| rest.starts_with('{')));
        start = brace.map_or(start, |at| line.start as usize + at);
    }
    let is_quote = |at: usize| matches!(text.as_bytes().get(at), Some(b'"' | b'`'));
    // The place of a text does not hold its quotes.
    let opened = start.checked_sub(1).filter(|before| is_quote(*before));
    (opened.unwrap_or(start), end(text, span.end))
}

/// Where what ends at a place really ends: behind the quote, where it is a text.
pub(super) fn end(text: &str, at: u32) -> usize {
    let at = at as usize;
    let is_quote = matches!(text.as_bytes().get(at), Some(b'"' | b'`'));
    at + usize::from(is_quote)
}

/// Where a statement ends, with what it is asked with.
pub(super) fn end_of(text: &str, statement: &LiteralStmt) -> usize {
    let with = statement.with_mods.iter().map(|with| with.r#as.span().end);
    let last = with.fold(statement.span.end, u32::max);
    end(text, last)
}
