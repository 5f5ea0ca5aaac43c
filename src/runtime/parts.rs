//! The orders and news that the parts of an engine send each other.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::error::EngineError;
use crate::core::frames::Frames;
use crate::core::numbers::PipelineIndex;
use crate::core::partitions::saved::SavedPartition;
use crate::endpoints::{SinkFailure, ToSink};
use crate::resilience::{JournalPositions, SavedState, Slot};

/// What the journal writer is asked for.
pub(super) enum JournalOrder {
    /// Write these frames, then let them enter.
    Write(FramesToWrite),
    /// All that is made of the replayed frames has left.
    Replayed,
    /// Drop what a whole checkpoint has left behind.
    Trim(JournalPositions),
    /// Say when all that was asked for before is done.
    Done(oneshot::Sender<()>),
    /// End, whatever waits.
    Stop,
}

/// Frames that are to be written.
pub(super) struct FramesToWrite {
    pub pipeline: PipelineIndex,
    pub slot: Slot,
    pub frames: Frames,
    pub trace_all: bool,
}

/// What the checkpointer is asked for.
pub(super) enum CheckpointOrder {
    /// Go on with this many workers.
    SetWorkers(NonZeroUsize, oneshot::Sender<()>),
    /// Make the last checkpoint, and end.
    Finish(oneshot::Sender<()>),
}

pub(super) type SinkTasks = JoinSet<Result<(), SinkFailure>>;

/// For each pipeline, one a sink.
pub(super) type Senders = Vec<Vec<ToSink>>;

pub(super) type SourceTasks = JoinSet<io::Result<()>>;

/// How a run ended; `None` while it has not.
pub(super) type Outcome = Option<Result<(), Arc<EngineError>>>;

/// What the parts of an engine tell the supervisor.
pub(super) enum News {
    /// A worker's inputs have all ended, and everything has been passed on.
    Drained,
    /// This many new workers take the place of all others, which are gone.
    Replaced(usize),
    /// Something failed that the engine cannot do without.
    Failed(EngineError),
}

/// A partition to begin with.
pub(super) struct Restored {
    pub state: Arc<str>,
    pub partition: SavedPartition,
    /// The file that held it.
    pub path: Arc<Path>,
}

/// What each worker has been given back, for its own file.
pub(super) type Base = Vec<SavedState>;
