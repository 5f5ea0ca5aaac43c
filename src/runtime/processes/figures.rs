//! What happens at the workers of a host, on its way to process 0, where the one observer of the engine is.
//!
//! A host's observer adds up what its workers report, and somebody takes the sum from time to time and sends it. Process 0
//! tells its own observer the same as if the workers were its own.
//!
//! Invariants: what is told is what was reported, each count once, whenever it is taken. What waits is bounded, however
//! long nobody takes it: counts per pipeline and worker, latencies as a histogram, and the newest events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, ProcessIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::batch::Output;
use crate::core::steps::context::Report;

/// How many events wait to be taken. Of more, the oldest are left out.
const EVENTS: usize = 256;

/// How many bits of a latency are kept: it is within 1 % of the true one.
const LATENCY_BITS: u32 = 7;

/// What has happened at the workers of a host since it was taken last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// What each worker has counted, per pipeline.
    counts: Vec<(PipelineIndex, WorkerIndex, Report)>,
    /// How many messages were finished, with which latency in nanoseconds.
    finished: Vec<(PipelineIndex, u64, u64)>,
    /// How many clients sources have now, of those of which it has changed.
    clients: BTreeMap<PipelineIndex, usize>,
    /// The newest events, the oldest first.
    events: VecDeque<EngineEvent>,
    /// How many older ones there were.
    left_out: u64,
}

impl Figures {
    fn is_empty(&self) -> bool {
        let Self { counts, finished, clients, events, left_out } = self;
        let is_quiet = clients.is_empty() && events.is_empty() && *left_out == 0;
        counts.is_empty() && finished.is_empty() && is_quiet
    }

    /// Tells this process's observer what has happened, as if the workers were here.
    pub fn tell(self, process: ProcessIndex, observer: &dyn Observer) {
        for (pipeline, worker, mut report) in self.counts {
            observer.processed(pipeline, worker, &mut report);
        }
        for (pipeline, nanoseconds, messages) in self.finished {
            observer.finished(pipeline, messages, Duration::from_nanos(nanoseconds));
        }
        for (pipeline, clients) in self.clients {
            observer.clients(pipeline, process, clients);
        }
        if self.left_out > 0 {
            observer.event(EngineEvent::Cluster(ClusterNews::LeftOut(self.left_out)));
        }
        self.events.into_iter().for_each(|event| observer.event(event));
    }
}

/// What a worker has counted, per pipeline.
type Counts = BTreeMap<PipelineIndex, Report>;

/// The observer of a process that only hosts workers.
pub(crate) struct HostObserver {
    /// The first worker of this process.
    first: WorkerIndex,
    /// Each worker has its own, so that no two wait for each other.
    workers: Vec<Mutex<Counts>>,
    /// How many messages of each pipeline were finished with each latency.
    finished: Mutex<BTreeMap<(PipelineIndex, u64), u64>>,
    /// How many clients sources have, of those of which it has changed.
    clients: Mutex<BTreeMap<PipelineIndex, usize>>,
    /// The newest events, and how many are left out.
    events: Mutex<(VecDeque<EngineEvent>, u64)>,
    /// Whether something may wait to be taken.
    waits: AtomicBool,
    news: Notify,
}

impl HostObserver {
    /// Watches so many workers, of which this is the first one.
    pub fn new(first: WorkerIndex, workers: usize) -> Self {
        Self {
            first,
            workers: (0..workers).map(|_| Mutex::default()).collect(),
            finished: Mutex::default(),
            clients: Mutex::default(),
            events: Mutex::default(),
            waits: AtomicBool::new(false),
            news: Notify::new(),
        }
    }

    /// Returns when there may be something to take. Only one may wait at a time.
    pub async fn something_waits(&self) {
        while !self.waits.load(Ordering::Acquire) {
            self.news.notified().await;
        }
    }

    /// What has happened since the last call; `None` if nothing has.
    pub fn take(&self) -> Option<Figures> {
        // First: what is reported from now on is either taken here or said to wait.
        self.waits.store(false, Ordering::SeqCst);
        let mut figures = Figures::default();
        for (at, counts) in self.workers.iter().enumerate() {
            let worker = WorkerIndex(self.first.0 + at);
            let counts = std::mem::take(&mut *counts.lock());
            let of_worker = counts.into_iter().map(|(pipeline, report)| (pipeline, worker, report));
            figures.counts.extend(of_worker);
        }
        let finished = std::mem::take(&mut *self.finished.lock());
        let finished = finished.into_iter();
        figures.finished = finished
            .map(|((pipeline, nanoseconds), messages)| (pipeline, nanoseconds, messages))
            .collect();
        figures.clients = std::mem::take(&mut *self.clients.lock());
        (figures.events, figures.left_out) = std::mem::take(&mut *self.events.lock());
        (!figures.is_empty()).then_some(figures)
    }

    fn change(&self) {
        // One notification is enough until it is taken.
        if !self.waits.swap(true, Ordering::SeqCst) {
            self.news.notify_one();
        }
    }
}

impl Observer for HostObserver {
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        debug_assert!(
            report.dead_letters.is_empty() && report.traces.is_empty(),
            "frames are away on a host: dead letters and traces are made at their home"
        );
        let counts = worker.0.checked_sub(self.first.0).and_then(|at| self.workers.get(at));
        debug_assert!(counts.is_some(), "only workers of this process report here");
        if let Some(counts) = counts {
            counts.lock().entry(pipeline).or_default().add_counts(report);
        }
        self.change();
    }

    fn finished(&self, pipeline: PipelineIndex, messages: u64, latency: Duration) {
        let latency = rounded(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        *self.finished.lock().entry((pipeline, latency)).or_default() += messages;
        self.change();
    }

    fn clients(&self, pipeline: PipelineIndex, _: ProcessIndex, clients: usize) {
        self.clients.lock().insert(pipeline, clients);
        self.change();
    }

    fn event(&self, event: EngineEvent) {
        let mut events = self.events.lock();
        let (newest, left_out) = &mut *events;
        newest.push_back(event);
        if newest.len() > EVENTS {
            newest.pop_front();
            *left_out += 1;
        }
        drop(events);
        self.change();
    }

    fn trace_started(&self, _: &Arc<Trace>) {
        debug_assert!(false, "frames are away on a host: their home begins their traces");
    }

    fn dead_letter(&self, _: PipelineIndex, _: DeadLetter) {
        debug_assert!(false, "bytes of a host's clients that are no frame go to process 0");
    }

    fn written(&self, _: PipelineIndex, _: &Output, _: Timestamp) {
        debug_assert!(false, "a host has no sinks");
    }
}

/// The nearest number with only so many bits that are not zero at its beginning.
fn rounded(number: u64) -> u64 {
    let dropped = (u64::BITS - number.leading_zeros()).saturating_sub(LATENCY_BITS);
    let half = (1 << dropped) >> 1;
    (number.saturating_add(half) >> dropped) << dropped
}

#[cfg(test)]
mod tests;
