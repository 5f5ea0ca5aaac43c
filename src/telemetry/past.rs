//! Which moment of the past is shown.

use std::sync::Arc;

use crate::core::frames::trace::Trace;

/// A moment of the past, which is shown in the place of now: the end of a message.
#[derive(Debug, Clone)]
pub struct PastShown {
    /// The number of its message, in the order in which messages were read; 0 is the beginning of the run.
    pub message: u64,
    /// The message behind which the recording begins; 0 if it has everything.
    pub first: u64,
    /// The last message of the recording.
    pub last: u64,
    /// What happened to the message; `None` at the beginning.
    pub trace: Option<Arc<Trace>>,
    /// Whether all of its dead letters are counted: otherwise there may have been more.
    pub letters_known: bool,
}

impl PastShown {
    /// How many messages of the recording came after it.
    #[must_use]
    pub fn back(&self) -> u64 {
        self.last.saturating_sub(self.message)
    }
}
