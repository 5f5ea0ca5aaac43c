//! The orders and news that the parts of an engine send each other.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::error::EngineError;
use super::taken_back::{Claim, TakenBackAnswer};
use crate::core::frames::Frames;
use crate::core::numbers::{Epoch, PipelineIndex};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::recording::TakenBack;
use crate::endpoints::{Injector, Loader, SinkFailure, ToSink};
use crate::resilience::{JournalPositions, SavedState, Slot};

/// An order to the journal writer.
pub(super) enum JournalOrder {
    /// Write these frames, then let them enter.
    Write(FramesToWrite),
    /// Everything made of the replayed frames is dropped.
    Replayed,
    /// Drop the rows that a whole checkpoint covers.
    Trim(JournalPositions),
    /// Answer when all earlier orders are done.
    Done(oneshot::Sender<()>),
    /// End, also if orders wait.
    Stop,
}

/// Frames to be written to the journal.
pub(super) struct FramesToWrite {
    pub pipeline: PipelineIndex,
    pub slot: Slot,
    pub frames: Frames,
    pub trace_all: bool,
}

/// An order to the checkpointer.
pub(super) enum CheckpointOrder {
    /// Go on with this many workers.
    SetWorkers(NonZeroUsize, oneshot::Sender<()>),
    /// Make a checkpoint now, if anything has changed since the last one.
    Save(mpsc::Sender<()>),
    /// Take a message back.
    TakeBack(TakeBack),
    /// Make the last checkpoint, and end.
    Finish(oneshot::Sender<()>),
}

/// An order to take a message back: to go on with other partitions.
pub(super) struct TakeBack {
    /// The message.
    pub message: TakenBack,
    /// The partitions that would be others without it, or would not be.
    pub put_back: Vec<SavedState>,
    /// The checkpoint of which they are. If anything has happened since, nothing is done.
    pub after: Epoch,
    /// Taken before it is done, unless nobody waits for it any more.
    pub claim: Claim,
    /// Told what came of it; if it is done, when that counts.
    pub done: mpsc::Sender<TakenBackAnswer>,
}

pub(super) type SinkTasks = JoinSet<Result<(), SinkFailure>>;

/// For each pipeline, one sender per sink.
pub(super) type Senders = Vec<Vec<ToSink>>;

pub(super) type SourceTasks = JoinSet<io::Result<()>>;

/// The tasks that let messages enter.
#[derive(Default)]
pub(super) struct Entrances {
    /// The run lasts until all of them have ended.
    pub sources: SourceTasks,
    /// These may end when the sources have ended: they are stopped then.
    pub guests: SourceTasks,
}

/// How a run ended. `None` while it runs.
pub(super) type Outcome = Option<Result<(), Arc<EngineError>>>;

/// The reports of an engine's parts to the supervisor.
pub(super) enum News {
    /// A worker's inputs have ended, and everything is processed.
    Drained,
    /// All workers were replaced by this many new ones.
    Replaced(usize),
    /// Another process was asked to stop the run.
    Stop,
    /// A part has failed without which the engine cannot go on.
    Failed(EngineError),
}

/// A recovered partition.
pub(super) struct Restored {
    pub state: Arc<str>,
    pub partition: SavedPartition,
    /// The file in which it was saved.
    pub path: Arc<Path>,
}

/// The recovered partitions of each worker, for its new file.
pub(super) type Base = Vec<SavedState>;

/// How a program gives messages to the pipelines of an engine.
#[derive(Default)]
pub(super) struct Inlets {
    /// Per pipeline, for messages of its own.
    pub injectors: Vec<Injector>,
    /// Per pipeline, for generated ones; `None` if it has no generator.
    pub loaders: Vec<Option<Loader>>,
}

impl Inlets {
    /// Stops the sources. What was injected before is read, and nothing is injected later.
    pub fn stop(inlets: &Mutex<Self>, stop: &watch::Sender<bool>) {
        let _locked = inlets.lock();
        stop.send_replace(true);
    }
}
