//! How much an event matters.

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Routine; for debugging.
    Detail,
    /// Good to know.
    Information,
    /// Something is wrong, and the engine goes on.
    Warning,
}
