//! What a step is given beside its batch: where it runs, the time, and the report that it fills.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::{Key, Reason};
use crate::core::clock::Clock;
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::{Cause, DeadLetter, Failure};
use crate::core::frames::trace::{Hop, HopEvent, Trace};
use crate::core::numbers::{StepIndex, WorkerIndex};

/// What happened while a batch was processed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Frames that entered here.
    pub frames: u64,
    /// Their bytes, headers included; none of messages that their source makes itself.
    pub bytes: u64,
    /// Messages that a decoder dropped on purpose.
    pub filtered: u64,
    /// Partitions that came into being.
    pub created: u64,
    /// State changes that the computation asked to save.
    pub saved: u64,
    /// Messages processed by state computations.
    pub stateful: u64,
    /// Messages that have come to the end of a pipeline without a sink.
    pub ended: u64,
    /// Messages that each step gave, by [`StepIndex`].
    pub steps: Vec<u64>,
    /// Messages that could not be processed. To another process only the counts go.
    #[serde(skip)]
    pub dead_letters: Vec<DeadLetter>,
    /// The traces that began here, because a key is pinned.
    #[serde(skip)]
    pub traces: Vec<Arc<Trace>>,
    /// Whether the bytes of a batch were none: another process has sent others than it should. Messages are lost, so the
    /// run must end.
    pub unreadable: bool,
}

impl Report {
    /// Counts messages that a step gave.
    pub fn count_step(&mut self, step: StepIndex, messages: usize) {
        if self.steps.len() <= step.0 {
            self.steps.resize(step.0 + 1, 0);
        }
        if let Some(count) = self.steps.get_mut(step.0) {
            *count += messages as u64;
        }
    }

    /// Adds the counts of another report, and nothing else of it.
    pub fn add_counts(&mut self, other: &Self) {
        let Self {
            frames,
            bytes,
            filtered,
            created,
            saved,
            stateful,
            ended,
            steps,
            dead_letters: _,
            traces: _,
            unreadable: _,
        } = other;
        self.frames += frames;
        self.bytes += bytes;
        self.filtered += filtered;
        self.created += created;
        self.saved += saved;
        self.stateful += stateful;
        self.ended += ended;
        if self.steps.len() < steps.len() {
            self.steps.resize(steps.len(), 0);
        }
        self.steps.iter_mut().zip(steps).for_each(|(count, messages)| *count += messages);
    }

    /// Empties the report, keeping its memory.
    pub fn clear(&mut self) {
        let Self { steps, dead_letters, .. } = std::mem::take(self);
        *self = Self { steps, dead_letters, ..Self::default() };
        self.steps.clear();
        self.dead_letters.clear();
    }
}

/// What a step is given beside its batch.
pub struct Context<'a> {
    /// The worker that runs the step.
    pub worker: WorkerIndex,
    /// The time.
    pub clock: &'a dyn Clock,
    /// How many messages a step gives at a time, more or less: [`PIECE`](super::PIECE), but in tests.
    pub piece: usize,
    /// What the step fills.
    pub report: &'a mut Report,
}

/// Which step of which pipeline, for traces and dead letters.
#[derive(Debug, Clone)]
pub struct StepName {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The step's name.
    pub step: Arc<str>,
    /// The step's place in the pipeline.
    pub index: StepIndex,
}

impl Context<'_> {
    /// Adds a hop to a frame's trace, if it has one. `event` is called only then.
    pub fn trace(
        &mut self,
        name: &StepName,
        frames: &Frames,
        frame: u32,
        event: impl FnOnce() -> HopEvent,
    ) {
        if let Some(trace) = frames.trace(frame) {
            trace.push(Hop {
                step: Arc::clone(&name.step),
                worker: self.worker,
                at: self.clock.now(),
                event: event(),
            });
        }
    }

    /// Makes a frame a dead letter because an author's code refused it.
    #[cold]
    pub fn refuse(&mut self, name: &StepName, frames: &Frames, frame: u32, reason: &Reason) {
        let reason = reason.as_str().to_owned();
        self.dead_letter(name, frames, frame, None, Cause::Refused, reason);
    }

    /// Makes a frame a dead letter. If the frame is away, that happens at its home.
    pub fn dead_letter(
        &mut self,
        name: &StepName,
        frames: &Frames,
        frame: u32,
        key: Option<Key>,
        cause: Cause,
        reason: String,
    ) {
        self.trace(name, frames, frame, || HopEvent::DeadLetter(reason.clone()));
        let failure = Failure {
            pipeline: Arc::clone(&name.pipeline),
            step: Arc::clone(&name.step),
            cause,
            reason,
            key,
            at: self.clock.now(),
        };
        self.report.dead_letters.extend(frames.dead_letter(frame, failure));
    }
}
