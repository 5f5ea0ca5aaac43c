//! An observer that remembers everything.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use wallaroo::core::event::EngineEvent;
use wallaroo::core::frames::dead_letter::DeadLetter;
use wallaroo::core::frames::trace::Trace;
use wallaroo::core::numbers::{PipelineIndex, Timestamp, WorkerIndex};
use wallaroo::core::observer::Observer;
use wallaroo::core::steps::batch::Output;
use wallaroo::core::steps::context::Report;

use crate::support::waiting::LIMIT;

/// An observer that remembers everything.
#[derive(Default)]
pub struct Recorder {
    recorded: Mutex<Recorded>,
    changed: Condvar,
}

/// What an engine has told.
#[derive(Default, Clone)]
pub struct Recorded {
    /// The sums of all reports; their dead letters are in `dead_letters`.
    pub counts: Counts,
    /// Frames taken, by pipeline.
    pub frames: Vec<u64>,
    /// The outputs of each pipeline's sinks in the order of their writing.
    pub outputs: Vec<Vec<Vec<u8>>>,
    /// Messages that pipelines without a sink have finished.
    pub finished: u64,
    /// Messages that could not be processed.
    pub dead_letters: Vec<DeadLetter>,
    /// The traces that have begun.
    pub traces: Vec<Arc<Trace>>,
    /// The pipelines whose sources wait for room, once for each source.
    pub held: Vec<PipelineIndex>,
    /// What happened to sources and sinks.
    pub events: Vec<EngineEvent>,
}

/// What reports count.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    pub frames: u64,
    pub bytes: u64,
    pub filtered: u64,
    pub created: u64,
    pub saved: u64,
    pub stateful: u64,
    pub steps: Vec<u64>,
}

impl Counts {
    /// Adds what a report counts.
    pub fn add(&mut self, report: &Report) {
        self.frames += report.frames;
        self.bytes += report.bytes;
        self.filtered += report.filtered;
        self.created += report.created;
        self.saved += report.saved;
        self.stateful += report.stateful;
        self.steps.resize(self.steps.len().max(report.steps.len()), 0);
        for (sum, count) in self.steps.iter_mut().zip(&report.steps) {
            *sum += count;
        }
    }
}

impl Recorder {
    /// What has been told so far.
    pub fn recorded(&self) -> Recorded {
        self.look(Recorded::clone)
    }

    /// Looks at what has been told so far.
    pub fn look<T>(&self, look: impl FnOnce(&Recorded) -> T) -> T {
        look(&self.recorded.lock().unwrap())
    }

    /// Frames taken so far, of all pipelines.
    pub fn frames(&self) -> u64 {
        self.look(|recorded| recorded.counts.frames)
    }

    /// Waits until what has been told is as wanted; `what` says in words how that is.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Recorded) -> bool) {
        let recorded = self.recorded.lock().unwrap();
        let (_locked, wait) =
            self.changed.wait_timeout_while(recorded, LIMIT, |recorded| !wanted(recorded)).unwrap();
        assert!(!wait.timed_out(), "waited {LIMIT:?} for {what}");
    }

    /// The address at which the engine's only TCP source listens.
    pub fn address(&self) -> String {
        let events = self.recorded().events;
        let listening = events.iter().find_map(|event| match event {
            EngineEvent::Listening(_, address) => Some(address.clone()),
            _ => None,
        });
        listening.unwrap()
    }

    fn record(&self, change: impl FnOnce(&mut Recorded)) {
        change(&mut self.recorded.lock().unwrap());
        self.changed.notify_all();
    }
}

/// The entry of a pipeline, made if there is none.
fn of_pipeline<T: Default + Clone>(entries: &mut Vec<T>, pipeline: PipelineIndex) -> &mut T {
    entries.resize(entries.len().max(pipeline.0 + 1), T::default());
    &mut entries[pipeline.0]
}

impl Observer for Recorder {
    fn processed(&self, pipeline: PipelineIndex, _: WorkerIndex, report: &mut Report) {
        self.record(|recorded| {
            recorded.counts.add(report);
            *of_pipeline(&mut recorded.frames, pipeline) += report.frames;
            recorded.dead_letters.append(&mut report.dead_letters);
        });
    }

    fn trace_started(&self, trace: &Arc<Trace>) {
        self.record(|recorded| recorded.traces.push(Arc::clone(trace)));
    }

    fn written(&self, pipeline: PipelineIndex, output: &Output, _: Timestamp) {
        let outputs: Vec<_> = output.pieces.iter().map(<[u8]>::to_vec).collect();
        self.record(|recorded| of_pipeline(&mut recorded.outputs, pipeline).extend(outputs));
    }

    fn finished(&self, _: PipelineIndex, messages: u64, _: Duration) {
        self.record(|recorded| recorded.finished += messages);
    }

    fn dead_letter(&self, _: PipelineIndex, letter: DeadLetter) {
        self.record(|recorded| recorded.dead_letters.push(letter));
    }

    fn held(&self, pipeline: PipelineIndex, held: bool) {
        self.record(|recorded| {
            let place = recorded.held.iter().position(|other| *other == pipeline);
            match place {
                Some(place) if !held => drop(recorded.held.remove(place)),
                _ => recorded.held.push(pipeline),
            }
        });
    }

    fn waits(&self) {
        self.record(|_| {});
    }

    fn event(&self, event: EngineEvent) {
        self.record(|recorded| recorded.events.push(event));
    }
}
