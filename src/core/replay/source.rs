//! What a recording is read from: memory or a file.

use super::error::ReplayError;
use super::recording::{Base, SavedState};
use super::script::Script;
use crate::core::numbers::Epoch;
use crate::core::topology::Topology;

/// What a chapter is, without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChapterInfo {
    /// The checkpoint that ends it.
    pub epoch: Epoch,
    /// How many messages entered.
    pub messages: u64,
}

/// A message that was taken back, where it is in the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBackIn {
    /// Its number, from 1. `None` if the recording does not have it any more.
    pub message: Option<u64>,
    /// The chapter in which it is taken back.
    pub chapter: usize,
}

/// What a timeline reads.
pub trait Recording {
    /// The partitions at the beginning.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn base(&self) -> Result<Base, ReplayError>;

    /// The chapters, in order.
    fn chapters(&self) -> &[ChapterInfo];

    /// The messages that were taken back, in the order in which they were.
    fn taken_back(&self) -> &[TakenBackIn] {
        &[]
    }

    /// A chapter with its frames.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a file has other frames now.
    fn script(&self, chapter: usize, topology: &Topology) -> Result<Script, ReplayError>;

    /// The partitions that the checkpoint at the end of a chapter saved.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    fn changed(&self, chapter: usize) -> Result<Vec<SavedState>, ReplayError>;
}
