//! How many partitions there are: a question to the workers, of which each answers when it has finished its batch.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::core::partitions::query::PartitionCount;
use crate::runtime::Engine;

/// A question how many partitions there are, to all workers.
pub struct Counting {
    answers: Receiver<Vec<PartitionCount>>,
    workers: usize,
}

/// What workers have answered.
pub struct Counted {
    /// How many partitions each of them has, of each state.
    pub partitions: Vec<PartitionCount>,
    /// Whether all of them have answered.
    pub is_whole: bool,
}

impl Counting {
    /// Asks the workers of an engine.
    pub(super) fn of(engine: &Engine) -> Self {
        Self { answers: engine.partition_counts(), workers: engine.workers() }
    }

    /// Waits so long for the answers.
    #[must_use]
    pub fn wait(self, patience: Duration) -> Counted {
        let answers = gathered(&self.answers, self.workers, patience);
        let is_whole = answers.len() == self.workers;
        Counted { partitions: answers.into_iter().flatten().collect(), is_whole }
    }
}

/// The answers of so many workers that come within this time.
pub(super) fn gathered<T>(answers: &Receiver<T>, workers: usize, patience: Duration) -> Vec<T> {
    let start = Instant::now();
    let next = || answers.recv_timeout(patience.saturating_sub(start.elapsed())).ok();
    std::iter::from_fn(next).take(workers).collect()
}

impl Counted {
    /// How many partitions there are in all, and how many of them messages created.
    #[must_use]
    pub fn total(&self) -> (usize, usize) {
        let all = self.partitions.iter().map(|count| count.partitions).sum();
        (all, self.partitions.iter().map(|count| count.dynamic).sum())
    }
}
