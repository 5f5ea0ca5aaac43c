//! Why a text is no condition.

use thiserror::Error;

/// Why a text is no condition, and at which character.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("at character {}: {sentence}", column + 1)]
pub struct ExpressionError {
    /// How many characters of the text are before the one that is wrong; all of them if its end is.
    pub column: usize,
    /// What is wrong, and what to do.
    pub sentence: String,
}

impl ExpressionError {
    pub(super) fn new(column: usize, sentence: impl Into<String>) -> Self {
        Self { column, sentence: sentence.into() }
    }
}
