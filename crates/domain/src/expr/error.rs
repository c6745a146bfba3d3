//! What is wrong with a condition.

use std::ops::Range;

/// One thing wrong with a condition. All of a condition's errors are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// Where, in bytes of the source; always on character boundaries and inside the source.
    pub span: Range<usize>,
    /// What was found and what was expected.
    pub message: String,
}

impl ExprError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}
