//! What a program reads.
use super::{Dialect, Document, SyntaxError, Value};
use crate::origin::Origin;
use crate::text::Span;

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Null.
    Null,
}
/// Resolves.
pub fn resolve_scalar() {}
pub(super) fn document(
    _d: &Document,
    _dialect: Dialect,
    _o: &mut dyn FnMut(Span) -> Origin,
) -> Result<Value, SyntaxError> {
    unimplemented!()
}
