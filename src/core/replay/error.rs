//! Why a recording cannot be replayed.

use thiserror::Error;

use super::schedule::NoEntry;
use crate::application::Key;
use crate::core::numbers::{Epoch, WorkerIndex};

/// What an author can do if the same input gives something else.
const OTHER: &str = "The application differs from the one that was recorded, or its code is not a function of message \
                     and state: it reads a clock, uses randomness, or goes through a HashMap in its order";

/// A recording cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// The schedule is damaged.
    #[error(transparent)]
    Damaged(#[from] NoEntry),
    /// Frames enter at another segment than the first of their pipeline.
    #[error(
        "the recording is of an application with other steps: frames of another pipeline enter at its segment {stage}"
    )]
    NoEntry {
        /// The number of the segment.
        stage: usize,
    },
    /// The schedule names a segment that the application does not have.
    #[error("the recording is of an application with more steps: this one has no segment {stage}")]
    NoStage {
        /// The number of the segment.
        stage: usize,
    },
    /// The recording names a pipeline that the application does not have.
    #[error(
        "the recording is of an application with more pipelines: this one has no pipeline {pipeline}"
    )]
    NoPipeline {
        /// The number of the pipeline.
        pipeline: usize,
    },
    /// The schedule names a state that the application does not have.
    #[error("the recording is of an application with more states: this one has no state {state}")]
    NoState {
        /// The number of the state, in the order of the names.
        state: usize,
    },
    /// A partition of the base does not fit the application.
    #[error("partition `{key}` of state `{state}` is not one of this application: {reason}")]
    OtherState {
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
        /// Why.
        reason: String,
    },
    /// A state cannot be saved.
    #[error("partition `{key}` of state `{state}` cannot be saved: {reason}")]
    NotSaved {
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
        /// Why.
        reason: String,
    },
    /// A state of a branch does not fit the application.
    #[error("partition `{key}` of state `{state}` cannot have this state: {reason}")]
    NotSet {
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
        /// Why.
        reason: String,
    },
    /// An edit of a branch is of a message that is not recorded.
    #[error("the recording has no message {message} that could be edited")]
    NoMessage {
        /// The number of the message in the recording.
        message: u64,
    },
    /// Frames were to enter a pipeline whose source makes its messages itself.
    #[error("pipeline `{pipeline}` makes its messages itself: none can be put in or edited there")]
    MakesItsMessages {
        /// The pipeline's name.
        pipeline: String,
    },
    /// A worker processed a batch that nobody sends now.
    #[error(
        "worker {worker} was sent a batch that is not sent in the replay (entry at byte {at}). {OTHER}"
    )]
    NoBatch {
        /// The worker.
        worker: WorkerIndex,
        /// Where the entry begins in the worker's schedule.
        at: usize,
    },
    /// A partition is another one than a checkpoint saved.
    #[error("at checkpoint {epoch}, partition `{key}` of state `{state}` {what}. {OTHER}")]
    Differs {
        /// The checkpoint.
        epoch: Epoch,
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
        /// How they differ.
        what: &'static str,
    },
    /// Nobody waits for it any more.
    #[error("the replay was ended before it was done")]
    Ended,
    /// The recording cannot be read.
    #[error("{0}")]
    NotRead(String),
    /// A worker is sent a batch of other frames now.
    #[error("segment {stage} is sent a batch of other frames than when it was recorded. {OTHER}")]
    OtherBatch {
        /// The number of the segment.
        stage: usize,
    },
    /// A batch takes more pieces now.
    #[error("a batch of segment {stage} becomes more messages than when it was recorded. {OTHER}")]
    Longer {
        /// The number of the segment.
        stage: usize,
    },
    /// A batch takes fewer pieces now.
    #[error("a batch of segment {stage} becomes fewer messages than when it was recorded. {OTHER}")]
    Shorter {
        /// The number of the segment.
        stage: usize,
    },
    /// Something is left at a checkpoint at which nothing was.
    #[error("worker {worker} has messages left at a checkpoint at which it had none. {OTHER}")]
    Left {
        /// The worker.
        worker: WorkerIndex,
    },
    /// A batch between processes cannot be read.
    #[error("a batch for segment {stage} cannot be read as it was sent. {OTHER}")]
    Unreadable {
        /// The number of the segment.
        stage: usize,
    },
}
