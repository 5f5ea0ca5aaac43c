//! The batches that workers take in a script.

use std::collections::HashMap;

use crate::core::numbers::{SequenceNumber, WorkerIndex};
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::{Begun, Entries, Entry, StageIndex};
use crate::core::replay::script::Script;

/// A batch: the worker that takes it, at which stage, who sends it, and the first number of its frames.
type BatchName = (usize, StageIndex, WorkerIndex, SequenceNumber);

/// The batches that workers will take, and how many times.
#[derive(Default)]
pub(super) struct Expected(HashMap<BatchName, u32>);

impl Expected {
    /// Those of a script.
    pub fn of(script: &Script) -> Result<Self, ReplayError> {
        let mut all = HashMap::new();
        for (worker, part) in script.workers.iter().enumerate() {
            for entry in Entries::new(&part.schedule) {
                if let Some(name) = name(worker, &entry?) {
                    *all.entry(name).or_default() += 1;
                }
            }
        }
        Ok(Self(all))
    }

    /// A worker has taken what an entry says, or has left it out.
    pub fn pass(&mut self, worker: usize, entry: &Entry) {
        if self.0.is_empty() {
            return;
        }
        if let Some(count) = name(worker, entry).and_then(|name| self.0.get_mut(&name)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Whether a worker will take a batch.
    pub fn has(&self, name: &BatchName) -> bool {
        self.0.get(name).is_some_and(|count| *count > 0)
    }
}

fn name(worker: usize, entry: &Entry) -> Option<BatchName> {
    match entry {
        Entry::Run { stage, begun: Begun::Routed { from, first }, .. } => {
            Some((worker, *stage, *from, *first))
        }
        Entry::Run { .. } | Entry::Revived { .. } | Entry::TakenBack { .. } => None,
    }
}
