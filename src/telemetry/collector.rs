//! Watches the engine: the observer behind every snapshot.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::counters::{Counter, WorkerCounters};
use super::dead_letter_file::DeadLetterFile;
use super::latency::Latency;
use super::log::Reporter;
use super::ring::Ring;
use super::snapshot::OutputShown;
use crate::core::batch::Output;
use crate::core::context::Report;
use crate::core::dead_letter::DeadLetter;
use crate::core::event::EngineEvent;
use crate::core::numbers::{PipelineIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::preview::preview_bytes;
use crate::core::topology::Topology;
use crate::core::trace::Trace;

/// How many of the newest traces, outputs, dead letters and events are kept.
const KEPT: usize = 500;

/// How many bytes of dead letters are kept, which are as long as their payloads: 64 MiB.
const DEAD_LETTER_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// Of a batch with more outputs than this, only the newest few are kept to be shown.
const SMALL_BATCH: usize = 128;
const NEWEST_OF_LARGE_BATCH: usize = 16;

/// What is known of one pipeline.
pub(super) struct PipelineCounters {
    /// Where its source listens, once it does.
    pub listening: OnceLock<Arc<str>>,
    pub workers: Vec<WorkerCounters>,
    pub broken: Counter,
    pub broken_bytes: Counter,
    pub outputs: Counter,
    pub bytes_out: Counter,
    pub latency: Mutex<Latency>,
}

/// Watches the engine.
pub(super) struct Collector {
    pub pipelines: Vec<PipelineCounters>,
    pub traces: Mutex<Ring<Arc<Trace>>>,
    pub outputs: Mutex<Ring<OutputShown>>,
    pub dead_letters: Mutex<Ring<Arc<DeadLetter>>>,
    pub events: Mutex<Ring<EngineEvent>>,
    pub dead_letter_file: Mutex<Option<DeadLetterFile>>,
    pub reporter: Reporter,
    changed: AtomicBool,
    pub news: Arc<Notify>,
}

/// Locks; a panic elsewhere while locked leaves counters that are still good enough to show.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Collector {
    pub fn new(topology: &Topology, workers: usize, file: Option<DeadLetterFile>) -> Self {
        let pipelines = topology.pipelines().iter().map(|plan| PipelineCounters {
            listening: OnceLock::new(),
            workers: (0..workers).map(|_| WorkerCounters::new(plan.steps.len())).collect(),
            broken: Counter::default(),
            broken_bytes: Counter::default(),
            outputs: Counter::default(),
            bytes_out: Counter::default(),
            latency: Mutex::new(Latency::new()),
        });
        Self {
            pipelines: pipelines.collect(),
            traces: Mutex::new(Ring::new(KEPT)),
            outputs: Mutex::new(Ring::new(KEPT)),
            dead_letters: Mutex::new(Ring::weighed(KEPT, DEAD_LETTER_BYTES_KEPT, |letter| {
                letter.weight()
            })),
            events: Mutex::new(Ring::new(KEPT)),
            dead_letter_file: Mutex::new(file),
            reporter: Reporter::new(topology),
            changed: AtomicBool::new(false),
            news: Arc::new(Notify::new()),
        }
    }

    /// Whether anything has happened since the last call.
    pub fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    fn change(&self) {
        // Telling once is enough until somebody has looked.
        if !self.changed.swap(true, Ordering::AcqRel) {
            self.news.notify_one();
        }
    }

    fn keep_dead_letters(&self, letters: impl Iterator<Item = DeadLetter>) {
        let letters: Vec<_> = letters.map(Arc::new).collect();
        if let Some(file) = &mut *lock(&self.dead_letter_file) {
            file.write(letters.iter().map(|letter| &**letter));
        }
        self.reporter.dead_letters(letters.iter().map(|letter| &**letter));
        let mut ring = lock(&self.dead_letters);
        for letter in letters {
            ring.push(letter);
        }
    }
}

impl Observer for Collector {
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        let Some(counters) = self.pipelines.get(pipeline.0) else { return };
        if let Some(counters) = counters.workers.get(worker.0) {
            counters.add(report);
        }
        if !report.dead_letters.is_empty() {
            self.keep_dead_letters(report.dead_letters.drain(..));
        }
        self.change();
    }

    fn trace_started(&self, trace: &Arc<Trace>) {
        lock(&self.traces).push(Arc::clone(trace));
    }

    fn written(&self, pipeline: PipelineIndex, output: &Output, at: Timestamp) {
        let Some(counters) = self.pipelines.get(pipeline.0) else { return };
        let count = output.ends.len();
        counters.outputs.add(count as u64);
        counters.bytes_out.add(output.bytes.len() as u64);
        let latency = at.since(output.frames.read_at());
        lock(&counters.latency).record(latency, count as u64);
        let newest = if count <= SMALL_BATCH { count } else { NEWEST_OF_LARGE_BATCH };
        let shown: Vec<OutputShown> = output
            .newest_first()
            .take(newest)
            .map(|bytes| OutputShown { pipeline, sink: output.sink, bytes: preview_bytes(bytes) })
            .collect();
        let mut outputs = lock(&self.outputs);
        shown.into_iter().rev().for_each(|output| outputs.push(output));
        drop(outputs);
        self.change();
    }

    fn finished(&self, pipeline: PipelineIndex, messages: u64, latency: Duration) {
        if let Some(counters) = self.pipelines.get(pipeline.0) {
            lock(&counters.latency).record(latency, messages);
        }
    }

    fn dead_letter(&self, pipeline: PipelineIndex, letter: DeadLetter) {
        if let Some(counters) = self.pipelines.get(pipeline.0) {
            counters.broken.add(1);
            counters.broken_bytes.add(letter.bytes.len() as u64);
        }
        self.keep_dead_letters(std::iter::once(letter));
        self.change();
    }

    fn event(&self, event: EngineEvent) {
        if let EngineEvent::Listening(pipeline, address) = &event
            && let Some(pipeline) = self.pipelines.get(pipeline.0)
        {
            // A source listens once, so nothing is ever lost here.
            let _ = pipeline.listening.set(address.as_str().into());
        }
        self.reporter.event(&event);
        lock(&self.events).push(event);
        self.change();
    }
}
