//! Counters that many threads add to.
//!
//! Each worker has its own, so that no two threads write to one; they are added up when read.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::core::frames::dead_letter::Cause;
use crate::core::steps::context::Report;

/// A counter that one thread adds to and others read.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, amount: u64) {
        if amount > 0 {
            self.0.fetch_add(amount, Ordering::Relaxed);
        }
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many dead letters there are of each cause.
#[derive(Debug, Default)]
pub(crate) struct ByCause([Counter; Cause::ALL.len()]);

impl ByCause {
    pub fn add(&self, cause: Cause) {
        let counter = self.each().find(|(of, _)| *of == cause);
        debug_assert!(counter.is_some(), "each cause has its counter");
        if let Some((_, counter)) = counter {
            counter.add(1);
        }
    }

    /// Each cause with its counter.
    pub fn each(&self) -> impl Iterator<Item = (Cause, &Counter)> {
        Cause::ALL.into_iter().zip(&self.0)
    }

    pub fn total(&self) -> u64 {
        self.0.iter().map(Counter::get).sum()
    }
}

/// What one worker has done in one pipeline.
#[derive(Debug, Default)]
pub(crate) struct WorkerCounters {
    pub frames: Counter,
    pub bytes: Counter,
    pub filtered: Counter,
    pub created: Counter,
    pub saved: Counter,
    pub stateful: Counter,
    pub dead_letters: Counter,
    /// Messages that each step gave.
    pub steps: Vec<Counter>,
}

impl WorkerCounters {
    pub fn new(steps: usize) -> Self {
        Self { steps: (0..steps).map(|_| Counter::default()).collect(), ..Self::default() }
    }

    pub fn add(&self, report: &Report) {
        self.frames.add(report.frames);
        self.bytes.add(report.bytes);
        self.filtered.add(report.filtered);
        self.created.add(report.created);
        self.saved.add(report.saved);
        self.stateful.add(report.stateful);
        self.dead_letters.add(report.dead_letters.len() as u64);
        debug_assert!(
            report.steps.len() <= self.steps.len(),
            "a report counts its pipeline's steps"
        );
        for (counter, amount) in self.steps.iter().zip(&report.steps) {
            counter.add(*amount);
        }
    }
}
