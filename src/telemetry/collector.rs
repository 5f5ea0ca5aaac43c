//! The observer of the engine that counts and keeps what snapshots show.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::dead_letter_file::{DeadLetterFile, DeadLetters, LettersNews};
use super::log::Reporter;
use super::measures::counters::Counter;
use super::pipeline_counters::PipelineCounters;
use super::processes::Awaited;
use super::ring::Ring;
use super::safety::{Checkpoints, LastCheckpoint};
use super::snapshot::OutputShown;
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::frames::preview::preview_bytes;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{MAX_WORKERS, PipelineIndex, ProcessIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::batch::Output;
use crate::core::steps::context::Report;
use crate::core::topology::Topology;
use crate::endpoints::Endpoint;

/// How many of the newest traces, outputs, dead letters and events are kept.
pub(crate) const KEPT: usize = 500;

/// How many bytes of dead letters are kept, which are as long as their payloads: 64 MiB.
pub(crate) const DEAD_LETTER_BYTES_KEPT: usize = 64 * 1024 * 1024;

/// Of a batch with more outputs than this, only the newest few are kept to be shown.
const SMALL_BATCH: usize = 128;
const NEWEST_OF_LARGE_BATCH: usize = 16;

/// Counts and keeps what snapshots show.
pub(crate) struct Collector {
    pub pipelines: Vec<PipelineCounters>,
    pub traces: Mutex<Ring<Arc<Trace>>>,
    /// The traces that have begun since they were taken from here.
    pub begun: Mutex<Ring<Arc<Trace>>>,
    /// How many messages were traced, also those whose traces are not kept any more.
    pub traced: Counter,
    pub outputs: Mutex<Ring<Arc<OutputShown>>>,
    pub dead_letters: Mutex<Ring<Arc<DeadLetter>>>,
    pub events: Mutex<Ring<Arc<EngineEvent>>>,
    pub checkpoints: Mutex<Checkpoints>,
    /// Which processes are waited for.
    pub awaited: Mutex<Awaited>,
    /// How many engines of this session have crashed.
    pub crashes: Counter,
    /// How many have begun with what an earlier one had saved.
    pub recoveries: Counter,
    /// `None` without a file for dead letters.
    pub letters: Option<DeadLetters>,
    pub reporter: Reporter,
    changed: AtomicBool,
    pub news: Arc<Notify>,
}

impl Collector {
    pub fn new(topology: &Topology, workers: usize, file: Option<DeadLetterFile>) -> Self {
        let pipelines = topology
            .pipelines()
            .iter()
            .map(|plan| PipelineCounters::new(plan, workers.max(MAX_WORKERS)));
        Self {
            pipelines: pipelines.collect(),
            traces: Mutex::new(Ring::new(KEPT)),
            begun: Mutex::new(Ring::new(KEPT)),
            traced: Counter::default(),
            outputs: Mutex::new(Ring::new(KEPT)),
            dead_letters: Mutex::new(Ring::weighed(KEPT, DEAD_LETTER_BYTES_KEPT, |letter| {
                letter.weight()
            })),
            events: Mutex::new(Ring::new(KEPT)),
            checkpoints: Mutex::default(),
            awaited: Mutex::default(),
            crashes: Counter::default(),
            recoveries: Counter::default(),
            letters: file.map(DeadLetters::new),
            reporter: Reporter::new(topology),
            changed: AtomicBool::new(false),
            news: Arc::new(Notify::new()),
        }
    }

    /// Names the sinks of each pipeline.
    pub fn name_sinks(&mut self, sinks: &[Vec<Endpoint>]) {
        for (pipeline, sinks) in self.pipelines.iter_mut().zip(sinks) {
            pipeline.sinks = sinks.iter().map(|sink| sink.to_string().into()).collect();
        }
    }

    fn counters(&self, pipeline: PipelineIndex) -> Option<&PipelineCounters> {
        let counters = self.pipelines.get(pipeline.0);
        debug_assert!(counters.is_some(), "the engine reports only pipelines of its topology");
        counters
    }

    /// Whether anything has happened since the last call.
    pub fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    fn change(&self) {
        // One notification is enough until the next snapshot.
        if !self.changed.swap(true, Ordering::AcqRel) {
            self.news.notify_one();
        }
    }

    /// Messages that state computations have processed.
    pub fn stateful(&self) -> u64 {
        let workers = self.pipelines.iter().flat_map(|pipeline| &pipeline.workers);
        workers.map(|worker| worker.stateful.get()).sum()
    }

    /// How many dead letters are not in their file and never will be; 0 without a file.
    pub fn letters_lost(&self) -> u64 {
        self.letters.as_ref().map_or(0, DeadLetters::lost)
    }

    /// Keeps the newest letters, and passes all of them to `write` if there is a file.
    fn keep_dead_letters(
        &self,
        letters: Vec<DeadLetter>,
        write: impl FnOnce(&DeadLetters, &[Arc<DeadLetter>]),
    ) {
        self.reporter.dead_letters(letters.iter());
        // Those that the ring would drop at once need not be copied.
        let superfluous =
            if self.letters.is_some() { 0 } else { letters.len().saturating_sub(KEPT) };
        let letters = letters.into_iter().skip(superfluous);
        let letters: Vec<_> = letters.map(|letter| Arc::new(letter.detached())).collect();
        if let Some(file) = &self.letters {
            write(file, &letters);
        }
        let mut ring = self.dead_letters.lock();
        let superfluous = letters.len().saturating_sub(KEPT);
        letters.into_iter().skip(superfluous).for_each(|letter| ring.push(letter));
    }

    /// A process of the engine is killed because somebody asked for it.
    pub fn killed(&self, process: ProcessIndex) {
        self.event(EngineEvent::Cluster(ClusterNews::Killed(process)));
    }

    /// Logs news of the dead letters' file.
    pub fn letters_told(&self, news: LettersNews) {
        self.reporter.letters_told(news);
        self.change();
    }
}

impl Observer for Collector {
    fn processed(&self, pipeline: PipelineIndex, worker: WorkerIndex, report: &mut Report) {
        let Some(of_pipeline) = self.counters(pipeline) else { return };
        let worker = of_pipeline.workers.get(worker.0);
        debug_assert!(worker.is_some(), "there are counters for as many workers as may ever be");
        if let Some(counters) = worker {
            counters.add(report);
        }
        if !report.dead_letters.is_empty() {
            of_pipeline.refuse(&report.dead_letters);
            let letters = report.dead_letters.drain(..).collect();
            self.keep_dead_letters(letters, |file, letters| file.write(letters.iter().cloned()));
        }
        self.change();
    }

    fn trace_started(&self, trace: &Arc<Trace>) {
        self.traces.lock().push(Arc::clone(trace));
        self.begun.lock().push(Arc::clone(trace));
        self.traced.add(1);
    }

    fn written(&self, pipeline: PipelineIndex, output: &Output, at: Timestamp) {
        let Some(counters) = self.counters(pipeline) else { return };
        let count = output.pieces.len();
        let latency = at.since(output.frames.read_at());
        counters.latency.lock().record(latency, count as u64);
        let newest = if count <= SMALL_BATCH { count } else { NEWEST_OF_LARGE_BATCH };
        let (first, last) = output.frames.numbers();
        let endpoint = counters.sinks.get(output.sink.0);
        let endpoint = endpoint.map_or_else(|| "a sink".into(), Arc::clone);
        // If all are traced, there is a trace for each, in their order.
        let traced = output.traces.len() == count;
        let shown = output.pieces.iter().enumerate().skip(count - newest).map(|(piece, bytes)| {
            let trace = output.traces.get(piece).filter(|_| traced);
            let exact = trace.map(|trace| trace.sequence);
            OutputShown {
                pipeline,
                sink: output.sink,
                endpoint: Arc::clone(&endpoint),
                bytes: preview_bytes(bytes),
                length: bytes.len(),
                source: Arc::clone(output.frames.source()),
                first: exact.unwrap_or(first),
                last: exact.unwrap_or(last),
                read_at: output.frames.read_at(),
                at,
            }
        });
        let mut outputs = self.outputs.lock();
        shown.for_each(|output| outputs.push(Arc::new(output)));
        drop(outputs);
        // Counted after they are kept: a reader that sees the count finds the outputs.
        counters.outputs.add(count as u64);
        counters.bytes_out.add(output.pieces.bytes().len() as u64);
        self.change();
    }

    fn finished(&self, pipeline: PipelineIndex, messages: u64, latency: Duration) {
        if let Some(counters) = self.counters(pipeline) {
            counters.latency.lock().record(latency, messages);
        }
    }

    fn dead_letter(&self, pipeline: PipelineIndex, letter: DeadLetter) {
        if let Some(counters) = self.counters(pipeline) {
            counters.broken.add(1);
            counters.broken_bytes.add(letter.bytes.len() as u64);
            counters.set_aside.add(u64::from(letter.cause == Cause::SetAside));
            counters.dropped.add(u64::from(letter.cause == Cause::Dropped));
        }
        // This is the thread of all I/O: it must not block.
        self.keep_dead_letters(vec![letter], |file, letters| {
            letters.iter().cloned().for_each(|letter| file.write_urgently(letter));
        });
        self.change();
    }

    fn settle(&self) {
        if let Some(file) = &self.letters {
            file.settle();
        }
    }

    fn held(&self, pipeline: PipelineIndex, held: bool) {
        if let Some(counters) = self.counters(pipeline) {
            counters.pressure.hold(held);
            self.change();
        }
    }

    fn clients(&self, pipeline: PipelineIndex, process: ProcessIndex, clients: usize) {
        if let Some(counters) = self.counters(pipeline) {
            counters.clients.lock().count(process, clients);
            self.change();
        }
    }

    fn waits(&self) {
        self.change();
    }

    fn event(&self, event: EngineEvent) {
        if let Some(of_pipeline) = event.pipeline().and_then(|pipeline| self.counters(pipeline)) {
            if !of_pipeline.clients.lock().note(&event) {
                return;
            }
            match &event {
                EngineEvent::Listening(_, address) => {
                    let _ = of_pipeline.listening.set(address.as_str().into()); // It listens once.
                }
                EngineEvent::SourceEnded(..) | EngineEvent::GeneratorEnded(_) => {
                    of_pipeline.ended.store(true, Ordering::Release);
                }
                EngineEvent::Sink { sink, endpoint, news, .. } => {
                    of_pipeline.pressure.note(*sink, endpoint, news);
                }
                _ => {}
            }
        }
        self.awaited.lock().note(&event);
        self.reporter.event(&event);
        match event {
            EngineEvent::CheckpointBegun(epoch) => {
                self.checkpoints.lock().begin(epoch, self.stateful());
                return;
            }
            EngineEvent::Checkpointed { epoch, held, took, .. } => {
                let last = LastCheckpoint { whole: Instant::now(), held, took };
                self.checkpoints.lock().complete(epoch, last);
            }
            event => {
                self.crashes.add(u64::from(matches!(event, EngineEvent::Crashed { .. })));
                self.recoveries.add(u64::from(matches!(event, EngineEvent::Recovered(_))));
                self.events.lock().push(Arc::new(event));
            }
        }
        self.change();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::frames::Frames;
    use crate::core::frames::dead_letter::Failure;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::SequenceNumber;
    use crate::core::topology::Application;

    #[test]
    fn the_dead_letters_that_are_kept_are_bounded_and_hold_no_more_than_their_own_bytes() {
        let decode = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
        let application = Application::new("x").pipeline("p", Source::new(decode)).done();
        let collector = Collector::new(&application.build().unwrap(), 1, None);
        let read = Bytes::from([b"\0\0\0\x01a".repeat(600), vec![0; 100_000]].concat());
        let ends = (1..=600).map(|frame| frame * 5).collect();
        let first = SequenceNumber(1);
        let frames =
            Frames::new("s".into(), first, Timestamp(0), 4, Pieces::new(read.clone(), ends, 0));
        let letter = |frame: u32| {
            let failure = Failure {
                pipeline: "p".into(),
                step: "decode".into(),
                cause: Cause::Refused,
                reason: "no".to_owned(),
                key: None,
                at: Timestamp(0),
            };
            DeadLetter::of_frame(&frames, frame, failure)
        };
        collector.keep_dead_letters((0..600).map(letter).collect(), |_, _| {});
        drop(frames);
        assert!(read.is_unique(), "a letter holds all that was read with it");
        let kept = collector.dead_letters.lock();
        let numbers: Vec<_> = kept.newest_first().map(|letter| letter.sequence.0).collect();
        assert_eq!(numbers, (101..=600).rev().collect::<Vec<_>>());
        assert!(kept.newest_first().all(|letter| letter.frame() == b"\0\0\0\x01a"));
    }
}
