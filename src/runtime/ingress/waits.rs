//! What waits for the workers, for display.

use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// What waits for the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Waits {
    /// How many frames.
    pub frames: u64,
    /// How many of them the journal has, and no checkpoint.
    pub journaled: u64,
    /// Whether there is a file that has not been read to its end.
    pub more_in_file: bool,
}

impl Sum for Waits {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            frames: sum.frames + one.frames,
            journaled: sum.journaled + one.journaled,
            more_in_file: sum.more_in_file || one.more_in_file,
        })
    }
}
