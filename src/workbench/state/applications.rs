//! The applications of the program: one is on the screen, others may wait as they are.

/// An application that can be gone on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it shows, in one line.
    pub about: String,
}
