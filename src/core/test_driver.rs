//! Runs an application on one thread with a logical clock, for its author's tests.

mod error;
mod kept;
mod restored;
mod running;
mod seen;

use std::collections::VecDeque;
use std::sync::Arc;

use super::clock::Clock;
use super::frames::Frames;
use super::frames::assembler::{Assembler, SourceEnd};
use super::frames::framing::DEFAULT_FRAME_LIMIT;
use super::numbers::PipelineIndex;
use super::replay::machine::Workers;
use super::steps::WorkerSetup;
use super::topology::Topology;
pub use error::{GenerateError, NoSuchPipeline, PushError, RestoreError};
use kept::Kept;
use running::{RunningSource, find_pipeline};

/// How many frames are cut at once: cutting them one by one takes quadratic time.
const MAX_FRAMES_PER_CUT: usize = 256;

/// Runs an application on one thread: push bytes, step, and read what came of them.
///
/// ```
/// use wallaroo::{Application, Key, Out, Reason, Sink, Source, TestDriver};
///
/// let topology = Application::new("count")
///     .pipeline("words", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()))))
///     .to_state_partition(
///         |_: Vec<u8>, count: &mut u64| { *count += 1; (Some(*count), true) },
///         |_: &Key| 0,
///         "counts",
///         |word: &Vec<u8>| word.clone(),
///     )
///     .to_sink(Sink::new(|count: &u64, output: &mut Out<'_>| output.byte(*count as u8)))
///     .build()?;
///
/// let mut driver = TestDriver::new(&topology);
/// driver.push("words", b"\0\0\0\x02hi")?;
/// driver.push_message("words", b"hi")?;
/// driver.run();
/// assert_eq!(driver.outputs("words")?, [[1], [2]]);
/// assert_eq!(driver.partitions("counts")[0].value, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TestDriver {
    /// By pipeline.
    sources: Vec<RunningSource>,
    waiting: VecDeque<(PipelineIndex, Frames)>,
    worker: Workers,
    kept: Kept,
}

impl TestDriver {
    /// A driver for this application, without declared partitions.
    pub fn new(topology: &Topology) -> Self {
        Self::start(topology, WorkerSetup::alone(false))
    }

    /// The same, but each message goes on as bytes where it would go to the owner of its key, or to any worker: as
    /// between the processes of a cluster. So an author sees what `serde` makes of the messages. One that it refuses is a
    /// dead letter.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use wallaroo::{Application, Key, Reason, Source, TestDriver};
    ///
    /// #[derive(Clone, Serialize, Deserialize)]
    /// struct Ride {
    ///     scooter: u8,
    ///     #[serde(skip)] // In one process nobody sees what this does.
    ///     meters: u64,
    /// }
    ///
    /// let decode = |payload: &[u8]| {
    ///     Ok::<_, Reason>(payload.first().map(|scooter| Ride { scooter: *scooter, meters: 100 }))
    /// };
    /// let topology = Application::new("rides")
    ///     .pipeline("rides", Source::new(decode))
    ///     .to_state_partition(
    ///         |ride: Ride, total: &mut u64| { *total += ride.meters; (None::<u8>, true) },
    ///         |_: &Key| 0,
    ///         "totals",
    ///         |ride: &Ride| ride.scooter,
    ///     )
    ///     .done()
    ///     .build()?;
    /// let mut driver = TestDriver::through_bytes(&topology);
    /// driver.push_message("rides", b"a")?;
    /// driver.run();
    /// assert_eq!(driver.partitions("totals")[0].value, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn through_bytes(topology: &Topology) -> Self {
        Self::start(topology, WorkerSetup::alone(false).with_local(0..0))
    }

    /// A driver for this application. The partitions of declared keys exist from the start.
    pub fn with_declared_partitions(topology: &Topology) -> Self {
        Self::start(topology, WorkerSetup::alone(true))
    }

    fn start(topology: &Topology, setup: WorkerSetup) -> Self {
        Self {
            sources: topology.pipelines().iter().map(RunningSource::new).collect(),
            waiting: VecDeque::new(),
            worker: Workers::alone(topology, setup),
            kept: Kept::new(topology),
        }
    }

    /// Works in pieces of about this many messages.
    #[cfg(test)]
    pub(crate) fn in_pieces_of(self, piece: usize) -> Self {
        Self { worker: self.worker.in_pieces_of(piece), ..self }
    }

    /// Processes all frames, those that were cut together at once.
    #[cfg(test)]
    pub(crate) fn run_batches(&mut self) {
        while let Some((at, frames)) = self.waiting.pop_front() {
            self.process(at, frames);
        }
    }

    /// Has a pipeline's source make its next messages: up to this many. Returns how many it has made; fewer if there are
    /// no more.
    ///
    /// # Errors
    ///
    /// There is no such pipeline, or its source is no [generator](crate::Source::generator).
    pub fn generate(&mut self, pipeline: &str, most: u64) -> Result<u64, GenerateError> {
        let Self { sources, waiting, worker, .. } = self;
        let (at, source) = find_pipeline(sources, pipeline)?;
        let mut made = 0;
        loop {
            let some = (most - made).min(MAX_FRAMES_PER_CUT as u64);
            let frames = source.generate(some, worker.clock().now());
            let frames = frames.ok_or_else(|| GenerateError::NoGenerator(pipeline.to_owned()))?;
            let count = frames.len() as u64;
            if count > 0 {
                waiting.push_back((at, frames));
            }
            made += count;
            if count < some || made == most {
                return Ok(made);
            }
        }
    }

    /// Gives bytes to a pipeline's source. They need not end with a whole frame; after a header that
    /// is too long, the source starts again with the next bytes, as a new connection would.
    ///
    /// # Errors
    ///
    /// There is no such pipeline.
    pub fn push(&mut self, pipeline: &str, bytes: &[u8]) -> Result<(), NoSuchPipeline> {
        let Self { sources, waiting, worker, kept } = self;
        let (at, source) = find_pipeline(sources, pipeline)?;
        let now = worker.clock().now();
        let framing = Arc::clone(&source.framing);
        let mut assembler = source
            .assembler
            .take()
            .unwrap_or_else(|| Assembler::new(framing, DEFAULT_FRAME_LIMIT, MAX_FRAMES_PER_CUT));
        assembler.buffer().extend_from_slice(bytes);
        loop {
            match assembler.cut() {
                Ok(Some(cut)) => waiting.push_back((at, source.frames(cut, now))),
                Ok(None) => {
                    source.assembler = Some(assembler);
                    return Ok(());
                }
                Err(broken) => {
                    kept.dead_letters.push(source.broken(broken, now));
                    return Ok(());
                }
            }
        }
    }

    /// Gives a pipeline's source a message: its payload, to which the header is added.
    ///
    /// # Errors
    ///
    /// There is no such pipeline, or the payload is longer than a header can say.
    pub fn push_message(&mut self, pipeline: &str, payload: &[u8]) -> Result<(), PushError> {
        let (_, source) = find_pipeline(&mut self.sources, pipeline)?;
        let frame = source.framing.frame(payload)?;
        Ok(self.push(pipeline, &frame)?)
    }

    /// Says that a pipeline's source has ended: an incomplete frame becomes a dead letter, and a last line needs no
    /// end.
    ///
    /// # Errors
    ///
    /// There is no such pipeline.
    pub fn end(&mut self, pipeline: &str) -> Result<(), NoSuchPipeline> {
        let Self { sources, waiting, worker, kept } = self;
        let (at, source) = find_pipeline(sources, pipeline)?;
        let now = worker.clock().now();
        let Some(mut assembler) = source.assembler.take() else { return Ok(()) };
        let broken = match assembler.last() {
            Ok(None) => assembler.finish(SourceEnd::Ended),
            Ok(Some(last)) => {
                waiting.push_back((at, source.frames(last, now)));
                None
            }
            Err(broken) => Some(broken),
        };
        kept.dead_letters.extend(broken.map(|broken| source.broken(broken, now)));
        Ok(())
    }

    /// Processes one frame, all the way to the sinks. Returns false if there was none.
    pub fn step(&mut self) -> bool {
        let Some((at, mut waiting)) = self.waiting.pop_front() else { return false };
        let first = waiting.split_to(1);
        if !waiting.is_empty() {
            self.waiting.push_front((at, waiting));
        }
        if let Some(frames) = first {
            self.process(at, frames);
        }
        self.worker.clock().advance(1);
        true
    }

    /// Processes all frames.
    pub fn run(&mut self) {
        while self.step() {}
    }

    fn process(&mut self, pipeline: PipelineIndex, mut frames: Frames) {
        let Self { sources, worker, kept, .. } = self;
        let Some(source) = sources.get(pipeline.0) else { return };
        kept.traces.push(frames.begin_trace(&source.name, 0));
        let processed = worker.process_frames(pipeline, frames, kept);
        debug_assert!(processed.is_ok(), "what the only worker sends can be read by itself");
    }
}
