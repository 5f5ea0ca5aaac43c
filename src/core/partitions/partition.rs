//! One partition in its table, and what a checkpoint takes of it.

use std::num::NonZero;

use super::saved::{self, Collected, SavedPartition, Unsaved};
use crate::application::{Key, State};
use crate::core::guard::guarded;
use crate::core::numbers::Timestamp;

/// Whether computations may touch a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// They may.
    Good,
    /// A computation panicked on it, so its state may be half changed.
    Poisoned,
}

/// The time from one checkpoint of a table to the next, from 1.
pub type Round = NonZero<u32>;

/// One key's state. What a look-up compares stands first and what a computation changes last, so that reading both ends
/// brings all of a small partition into the cache.
#[derive(Debug)]
#[repr(C)]
pub struct Partition<S> {
    /// The key.
    pub key: Key,
    /// The state.
    pub state: S,
    /// When it was created; [`RECOVERED`] if it was recovered.
    pub(super) created: Timestamp,
    /// Messages that it has processed.
    pub messages: u64,
    /// The [round](super::table::PartitionTable::round) in which a change asked to be saved that has not been collected.
    pub changed: Option<Round>,
    /// Whether it has changed, by changes that did not ask to be saved, since all changes were saved.
    pub(super) touched: bool,
    /// Whether its first message created it.
    pub dynamic: bool,
    /// Whether computations may touch it.
    pub health: Health,
}

/// The creation time of a recovered partition. An `Option` would take twice the bytes.
pub(super) const RECOVERED: Timestamp = Timestamp(u64::MAX);

impl<S> Partition<S> {
    /// Whether a checkpoint that began before this round has not collected it yet.
    #[inline]
    pub fn is_awaited(&self, now: Round) -> bool {
        self.changed.is_some_and(|changed| changed != now)
    }

    /// Whether a computation may change it in this round.
    #[inline]
    pub fn is_ready(&self, now: Round) -> bool {
        self.health == Health::Good && !self.is_awaited(now)
    }
}

impl<S: State> Partition<S> {
    /// The partition with its state as bytes.
    pub(super) fn as_saved(&self, place: u32, value: Vec<u8>) -> SavedPartition {
        SavedPartition {
            place,
            key: self.key.clone(),
            dynamic: self.dynamic,
            messages: self.messages,
            poisoned: self.health == Health::Poisoned,
            value,
        }
    }

    /// Collects the partition for a checkpoint. From now on it has no changes. If its state cannot be saved,
    /// it is poisoned and what was saved before stays: one bad state must not end the run.
    /// `asked` says whether somebody has asked to save it: if not, it only is not saved.
    pub(super) fn take_changes(
        &mut self,
        place: u32,
        longest: usize,
        asked: bool,
        collected: &mut Collected,
    ) {
        self.changed = None;
        let value = guarded(|| match saved::encode(&self.state)? {
            value if value.len() > longest => {
                Err(format!("it takes {} bytes, and the limit is {longest}", value.len()))
            }
            value => Ok(value),
        });
        match value {
            Ok(value) => collected.saved.push(self.as_saved(place, value)),
            Err(reason) => {
                // A panic may have left such a state, and was reported then. Nobody has asked to save the other ones.
                let is_told = self.health == Health::Good && asked;
                if is_told {
                    self.health = Health::Poisoned;
                }
                collected.unsaved.push(Unsaved { key: self.key.clone(), reason, is_told });
            }
        }
    }
}
