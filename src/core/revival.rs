//! Giving a poisoned partition back to its computations.
//!
//! Its state stays as the panic left it: only a person can say whether it is still good, and whoever
//! revives it has seen it.

/// What came of asking to revive a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revival {
    /// There is no such partition.
    NotFound,
    /// It was not poisoned: nothing has changed.
    WasGood,
    /// It takes messages again, with its state as it was.
    Revived,
}
