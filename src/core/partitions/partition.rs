//! One partition in its table, and what a checkpoint takes of it.

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

/// One key's state.
#[derive(Debug)]
pub struct Partition<S> {
    /// The key.
    pub key: Key,
    /// The state.
    pub state: S,
    /// Messages that it has processed.
    pub messages: u64,
    /// When it was created; `None` if it was recovered.
    pub created: Option<Timestamp>,
    /// Whether its first message created it.
    pub dynamic: bool,
    /// Whether a change since the last checkpoint asked to be saved.
    pub to_save: bool,
    /// Whether it has changed since it was saved, by changes that did not ask to be.
    pub(super) touched: bool,
    /// Whether computations may touch it.
    pub health: Health,
}

impl<S: State> Partition<S> {
    /// Collects the partition for a checkpoint. From now on it has no changes. If its state cannot be saved,
    /// it is poisoned and what was saved before stays: one bad state must not end the run.
    pub(super) fn take_changes(&mut self, place: u32, longest: usize, collected: &mut Collected) {
        (self.to_save, self.touched) = (false, false);
        let value = guarded(|| match saved::encode(&self.state)? {
            value if value.len() > longest => {
                Err(format!("it takes {} bytes, and the limit is {longest}", value.len()))
            }
            value => Ok(value),
        });
        match value {
            Ok(value) => collected.saved.push(SavedPartition {
                place,
                key: self.key.clone(),
                dynamic: self.dynamic,
                messages: self.messages,
                poisoned: self.health == Health::Poisoned,
                value,
            }),
            // A panic may have left such a state, and was reported then.
            Err(_) if self.health == Health::Poisoned => {}
            Err(reason) => {
                self.health = Health::Poisoned;
                collected.unsaved.push(Unsaved { key: self.key.clone(), reason });
            }
        }
    }
}
