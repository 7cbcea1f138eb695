//! Values into text, byte for byte as go-yaml prints them.
use super::Value;

/// Why a value cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EmitError {
    /// What, as a clause.
    pub message: String,
}

/// Prints `value`.
pub fn emit(_value: &Value) -> Result<String, EmitError> {
    Err(EmitError {
        message: "printing is not there yet".to_owned(),
    })
}
