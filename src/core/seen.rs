//! What a trace tells of a message, step by step: what conditions are about.
//!
//! A trace is bounded, and its hops do not say which of the messages of a frame they are of. So some of it may not be
//! known. That is said wherever it is so ([`Gaps`], [`Shown`]), and nothing is guessed: a condition that needs it is
//! neither true nor false.

mod known;
mod search;
mod shown;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::frames::dead_letter::Cause;
use super::numbers::WorkerIndex;
use crate::application::Key;
pub use search::seen_in;
pub use shown::Shown;

/// What a trace tells of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What happened to it, in the order in which it did.
    pub steps: Vec<StepSeen>,
    /// How many hops the trace did not keep: so much more has happened, of which nothing is known.
    pub left_out: usize,
}

/// What happened to a message at a step: a state step, or the step where it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepSeen {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The step's name.
    pub step: Arc<str>,
    /// The worker that ran it.
    pub worker: WorkerIndex,
    /// The key of the partition; `None` if the message had none yet.
    pub key: Option<Key>,
    /// What the decoder made of the frame; `None` if it made nothing.
    pub message: Option<Shown>,
    /// The state before the step; `None` if there was none. A dead letter behind a state step has that step's.
    pub before: Option<Shown>,
    /// The same after the step.
    pub state: Option<Shown>,
    /// Whether the message created the partition.
    pub created: bool,
    /// What was encoded of all that the step sent on. Each is cut at
    /// [`BYTES_LIMIT`](super::frames::preview::BYTES_LIMIT).
    pub outputs: Vec<Vec<u8>>,
    /// Why the message became a dead letter at this step, if it did.
    pub dead: Option<Death>,
    /// How many messages the partition has processed, with this one; `None` if the step has no state.
    pub messages: Option<u64>,
    /// The time from the reading of the frame to the end of the step, in microseconds.
    pub latency_us: u64,
    /// The messages of the partition per second. A trace does not tell: whoever measures it does.
    pub rate: Option<f64>,
    /// The partition's share of all messages, from 0 to 1. A trace does not tell this either.
    pub share: Option<f64>,
    /// What the trace does not tell though it happened.
    pub gaps: Gaps,
}

impl StepSeen {
    /// A step of which nothing is known but that a message was there.
    pub fn at(pipeline: Arc<str>, step: Arc<str>) -> Self {
        Self {
            pipeline,
            step,
            worker: WorkerIndex::default(),
            key: None,
            message: None,
            before: None,
            state: None,
            created: false,
            outputs: Vec::new(),
            dead: None,
            messages: None,
            latency_us: 0,
            rate: None,
            share: None,
            gaps: Gaps::default(),
        }
    }
}

/// Why a message became a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The failure in words.
    pub reason: String,
    /// What kind of failure it is; `None` if the dead letter was not given.
    pub cause: Option<Cause>,
}

/// What a trace does not tell of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Which outputs came of it.
    pub outputs: bool,
    /// Whether the message became a dead letter there.
    pub dead: bool,
    /// Which partition the message had been at.
    pub partition: bool,
}
