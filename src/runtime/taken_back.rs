//! What came of taking a message back, and who may do it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::application::Key;

/// What came of taking a message back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenBackAnswer {
    /// It is done.
    Done,
    /// A message has entered meanwhile, or anything else has happened that a recording has.
    Meanwhile,
    /// The engine recovers: messages may be missing that it will process again.
    Recovers,
    /// The state of this partition cannot be saved: it would become what was saved of it before.
    Unsaved {
        /// The state's name.
        state: Arc<str>,
        /// The partition's key.
        key: Key,
    },
}

/// Taken once: by who does something, or by who does not wait for it any more.
#[derive(Debug, Clone, Default)]
pub struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Takes it. False if it was taken before.
    #[must_use]
    pub fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}
