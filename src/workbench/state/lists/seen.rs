//! What has been looked at of the lists that ask for a look: their tabs have a badge until then.

/// How many there were when the list was on the screen last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Dead letters.
    pub dead_letters: u64,
    /// Warnings of the log.
    pub warnings: u64,
}
