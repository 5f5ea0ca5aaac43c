//! The counts of one pipeline: of its endpoints, its steps and all workers.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::clients::Clients;
use super::measures::counters::{ByCause, Counter, WorkerCounters};
use super::measures::latency::Latency;
use super::pressure::Pressure;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::topology::PipelinePlan;

/// The counts of one pipeline.
pub(crate) struct PipelineCounters {
    /// The address at which its source listens, once it does.
    pub listening: OnceLock<Arc<str>>,
    /// Where it listens at each process, and for how many clients.
    pub clients: Mutex<Clients>,
    /// Whether all of its source is read.
    pub ended: AtomicBool,
    /// One for each worker that there may ever be: their number changes while others count.
    pub workers: Vec<WorkerCounters>,
    /// Messages that each step could not process.
    pub refused: Vec<ByCause>,
    steps: Vec<Arc<str>>,
    pub broken: Counter,
    pub broken_bytes: Counter,
    /// How many of the broken ones are frames of the journal that were set aside.
    pub set_aside: Counter,
    /// How many of the broken ones are messages that a person has dropped before they entered.
    pub dropped: Counter,
    pub outputs: Counter,
    pub bytes_out: Counter,
    pub latency: Mutex<Latency>,
    pub pressure: Pressure,
    /// The names of its sinks' endpoints.
    pub sinks: Vec<Arc<str>>,
}

impl PipelineCounters {
    /// The counts of a pipeline, with those of as many workers.
    pub fn new(plan: &PipelinePlan, workers: usize) -> Self {
        Self {
            listening: OnceLock::new(),
            clients: Mutex::default(),
            ended: AtomicBool::new(false),
            workers: (0..workers).map(|_| WorkerCounters::new(plan.steps.len())).collect(),
            refused: plan.steps.iter().map(|_| ByCause::default()).collect(),
            steps: plan.steps.iter().map(|step| Arc::clone(&step.name)).collect(),
            broken: Counter::default(),
            broken_bytes: Counter::default(),
            set_aside: Counter::default(),
            dropped: Counter::default(),
            outputs: Counter::default(),
            bytes_out: Counter::default(),
            latency: Mutex::new(Latency::new()),
            pressure: Pressure::default(),
            sinks: Vec::new(),
        }
    }

    /// How many messages the step at a place has given.
    pub fn given(&self, at: usize) -> u64 {
        let of_worker = |worker: &WorkerCounters| {
            debug_assert!(at < worker.steps.len(), "each step has its counters");
            worker.steps.get(at).map(Counter::get).unwrap_or_default()
        };
        self.workers.iter().map(of_worker).sum()
    }

    /// Counts letters at the steps that they name.
    pub fn refuse(&self, letters: &[DeadLetter]) {
        for letter in letters {
            let step = self.steps.iter().position(|step| *step == letter.step);
            if let Some(counters) = step.and_then(|step| self.refused.get(step)) {
                counters.add(letter.cause);
            }
        }
    }
}
