//! What the processes of an engine say to each other beside the data.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::clients::came::{Came, Clients};
use super::figures::Figures;
use super::marks::Mark;
use super::round_end::RoundEnd;
use crate::application::Key;
use crate::cluster::loans::Notice;
use crate::cluster::side::How;
use crate::core::foresight::{Copies, StateKey};
use crate::core::frames::pins::Pin;
use crate::core::numbers::{Epoch, PipelineIndex, ProcessIndex, Timestamp, WorkerIndex};
use crate::core::partitions::query::{PartitionCount, Revival, RowQuery, RowWindow};
use crate::core::partitions::row::whole::Whole;
use crate::core::partitions::saved::{Extent, SavedPartition, Unsaved};
use crate::core::partitions::sent::FilterSent;
use crate::resilience::SavedState;

/// What one process says to another.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// Process 0 begins a round.
    Begin(Begin),
    /// Process 0 has partitions for a worker to begin with.
    Restore { worker: WorkerIndex, together: RestoredTogether },
    /// Process 0 has no more of them.
    Restored,
    /// Process 0 asks a worker to save.
    Save { worker: WorkerIndex, epoch: Epoch, extent: Extent },
    /// Process 0 asks a worker something.
    Ask { worker: WorkerIndex, question: u64, ask: Ask },
    /// Process 0 has taken the rows that answer this question so far, and wants more.
    More(u64),
    /// Process 0 wants no more of them.
    Enough(u64),
    /// Process 0 lets the sources begin.
    Open,
    /// Process 0 stops the sources.
    Close,
    /// What clients have sent of a pipeline has entered, up to this number.
    Entered(PipelineIndex, u64),
    /// Process 0 ends the round.
    Leave(RoundEnd),
    /// A worker has given partitions of a state these places, in the order in which it got them.
    Placed { worker: WorkerIndex, state: Arc<str>, places: Vec<u32> },
    /// A worker is ready. It has placed all that it was given.
    Ready(WorkerIndex),
    /// A process has lost another one, and leaves.
    Lost(ProcessIndex, How),
    /// A process has lost a connection of its workers, and leaves.
    Disconnected,
    /// A process cannot start its workers or go on.
    Failed(String),
    /// A worker has processed all that was admitted before the checkpoint.
    Processed(WorkerIndex),
    /// A part of the schedule of a worker, if that is recorded. All of it comes before what the worker saves.
    Schedule { worker: WorkerIndex, bytes: Bytes },
    /// A part of what a worker saves.
    Changed {
        worker: WorkerIndex,
        saved: Vec<SavedState>,
        unsaved: Vec<(Arc<str>, Unsaved)>,
        /// This is the last part.
        is_all: bool,
    },
    /// An answer to a question.
    Answer { question: u64, answer: Answer },
    /// The answer to a question is longer than a message may be.
    Unanswered(u64),
    /// A worker's inputs have ended, and everything is processed.
    Drained,
    /// What has happened at a process.
    Figures(Figures),
    /// Something has come from a client.
    Came(Came),
    /// Somebody has asked this process to stop the run.
    Stop,
    /// What has happened to frames that are lent.
    Notices(Vec<Notice>),
    /// All notices of before are on their way.
    Mark(Mark),
}

/// What a process has to know before its workers start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Begin {
    /// The number of workers of each process.
    pub workers: NonZeroUsize,
    /// Whether the partitions of declared keys exist from the start.
    pub precreate: bool,
    /// Whether the run saves.
    pub saves: bool,
    /// Whether it is recorded.
    pub records: bool,
    /// The checkpoint that it begins with.
    pub epoch: Epoch,
    /// The time at process 0.
    pub now: Timestamp,
    /// The pinned keys.
    pub pins: Arc<[Pin]>,
    /// The clients of the process.
    pub clients: Clients,
}

/// Partitions of one state out of one file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RestoredTogether {
    pub state: Arc<str>,
    pub path: Arc<Path>,
    pub partitions: Vec<SavedPartition>,
}

/// What a worker is asked about its partitions: a [`Query`](crate::runtime::workers::query::Query) without the reply.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    Rows { state: Arc<str>, query: RowQuery<FilterSent> },
    Counts,
    Row { state: Arc<str>, key: Key },
    Export,
    Copies(Arc<[StateKey]>),
    Revive { state: Arc<str>, key: Key },
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Rows(RowWindow),
    Counts(Vec<PartitionCount>),
    Row(Option<Box<Whole>>),
    /// Some of all rows; none if there are no more.
    Exported(Vec<Whole>),
    Copies(Copies),
    Revived(Revival),
}
