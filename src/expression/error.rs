//! Why a text is no condition, and why a row is neither one of which a condition holds nor one of which it does not.

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

/// Why it cannot be said whether a condition holds of a row: a value on which that depends is there, but is not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it cannot be said of {row}: {what}")]
pub struct Unjudged {
    /// The row: what it is, and which.
    pub row: String,
    /// Which value is not known, and why.
    pub what: String,
}
