//! The newest traced messages of each partition. Busy partitions do not push out those of quiet ones.
//!
//! Invariant: what is kept is bounded in partitions, in messages per partition, and in bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::application::Key;
use crate::core::frames::trace::Trace;

/// How many traced messages of a partition are kept, beside the first one.
const KEPT: usize = 8;

/// The max number of partitions.
const PARTITIONS: usize = 256;

/// The max bytes of all of them: 32 MiB.
const BYTES: usize = 32 * 1024 * 1024;

/// The max number of messages on their way to partitions.
const ON_THE_WAY: usize = 500;

/// The traced messages of one partition.
#[derive(Debug, Default)]
struct History {
    first: Option<Arc<Trace>>,
    /// The newest ones, the oldest first.
    newest: VecDeque<Arc<Trace>>,
    /// When it was added to or looked at.
    used: u64,
}

impl History {
    fn weight(&self) -> usize {
        self.first.iter().chain(&self.newest).map(|trace| trace.weight()).sum()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Histories {
    by_key: HashMap<Key, History>,
    /// Messages that may come to more partitions, with the number of their hops that were looked at.
    on_the_way: VecDeque<(Arc<Trace>, usize)>,
    clock: u64,
}

impl Histories {
    /// Takes traces that have begun, and looks to which partitions those that are known have come.
    pub fn note(&mut self, begun: impl IntoIterator<Item = Arc<Trace>>) {
        self.on_the_way.extend(begun.into_iter().map(|trace| (trace, 0)));
        let mut on_the_way = std::mem::take(&mut self.on_the_way);
        let mut added = false;
        for (trace, seen) in &mut on_the_way {
            let (keys, hops) = trace.keys_since(*seen);
            *seen = hops;
            for key in keys {
                self.add(key, trace);
                added = true;
            }
        }
        let old = on_the_way.len().saturating_sub(ON_THE_WAY);
        on_the_way.drain(..old);
        self.on_the_way = on_the_way;
        if added {
            self.make_room();
        }
    }

    /// The first and the newest traced messages of a partition, which is looked at: the newest first.
    pub fn of(&mut self, key: &Key) -> (Option<Arc<Trace>>, Vec<Arc<Trace>>) {
        self.clock += 1;
        let Some(history) = self.by_key.get_mut(key) else { return (None, Vec::new()) };
        history.used = self.clock;
        (history.first.clone(), history.newest.iter().rev().cloned().collect())
    }

    fn add(&mut self, key: Key, trace: &Arc<Trace>) {
        self.clock += 1;
        let history = self.by_key.entry(key).or_default();
        history.used = self.clock;
        // A message may come to a partition several times.
        if history.newest.back().is_some_and(|newest| Arc::ptr_eq(newest, trace)) {
            return;
        }
        history.first.get_or_insert_with(|| Arc::clone(trace));
        history.newest.push_back(Arc::clone(trace));
        if history.newest.len() > KEPT {
            history.newest.pop_front();
        }
    }

    fn make_room(&mut self) {
        let mut bytes: usize = self.by_key.values().map(History::weight).sum();
        while self.by_key.len() > PARTITIONS || (bytes > BYTES && self.by_key.len() > 1) {
            let oldest = self.by_key.iter().min_by_key(|(_, history)| history.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            if let Some(history) = self.by_key.remove(&oldest) {
                bytes = bytes.saturating_sub(history.weight());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::frames::trace::{Hop, HopEvent};
    use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};

    fn trace(number: u64) -> Arc<Trace> {
        let frame = vec![0; 100];
        let sequence = SequenceNumber(number);
        Arc::new(Trace::new("p".into(), "s".into(), sequence, &frame, Timestamp(0)))
    }

    fn comes_to(trace: &Trace, key: &str) {
        let event = HopEvent::Partitioned { key: Key::from(key), owner: WorkerIndex(0) };
        let (step, worker) = ("by".into(), WorkerIndex(0));
        trace.push(Hop { step, worker, at: Timestamp(0), event });
    }

    fn numbers(histories: &mut Histories, key: &str) -> (Option<u64>, Vec<u64>) {
        let (first, newest) = histories.of(&Key::from(key));
        let number = |trace: &Arc<Trace>| trace.sequence.0;
        (first.as_ref().map(number), newest.iter().map(number).collect())
    }

    #[test]
    fn a_quiet_partition_keeps_its_message_however_many_a_busy_one_has() {
        let mut histories = Histories::default();
        let quiet = trace(1);
        histories.note([Arc::clone(&quiet)]);
        // It comes to its partition later.
        comes_to(&quiet, "Z");
        for number in 2..2000 {
            let busy = trace(number);
            comes_to(&busy, "a");
            histories.note([busy]);
        }
        assert_eq!(numbers(&mut histories, "Z"), (Some(1), vec![1]));
        assert_eq!(numbers(&mut histories, "a"), (Some(2), (1992..2000).rev().collect()));
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_looked_at_stays() {
        let mut histories = Histories::default();
        for number in 0..3 * PARTITIONS as u64 {
            let one = trace(number);
            comes_to(&one, &number.to_string());
            histories.note([one]);
            assert_eq!(numbers(&mut histories, "0").0, Some(0));
        }
        assert_eq!(histories.by_key.len(), PARTITIONS);
        assert!(histories.on_the_way.len() <= ON_THE_WAY);
        assert_eq!(numbers(&mut histories, "1"), (None, Vec::new()));
    }

    #[test]
    fn a_message_that_comes_to_a_partition_twice_is_one_message() {
        let mut histories = Histories::default();
        let one = trace(7);
        comes_to(&one, "the");
        comes_to(&one, "the");
        histories.note([one]);
        assert_eq!(numbers(&mut histories, "the"), (Some(7), vec![7]));
    }
}
