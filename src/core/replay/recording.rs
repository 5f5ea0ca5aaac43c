//! What a recording consists of.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::schedule::{Entries, Entry, append};
use crate::application::Key;
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp};
use crate::core::partitions::saved::SavedPartition;

/// The partitions of a state that a checkpoint saved.
pub type SavedState = (Arc<str>, Vec<SavedPartition>);

/// The workers of a chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// How many, of all processes together.
    pub workers: NonZeroUsize,
    /// How many each process had: messages between processes go as bytes.
    pub of_each_process: NonZeroUsize,
    /// Whether the partitions of declared keys exist from the start.
    pub precreate: bool,
}

impl Crew {
    /// One worker.
    pub const ALONE: Self =
        Self { workers: NonZeroUsize::MIN, of_each_process: NonZeroUsize::MIN, precreate: false };

    /// The workers of the process that has this one.
    pub fn neighbours(&self, worker: usize) -> Range<usize> {
        let first = worker - worker % self.of_each_process;
        first..first + self.of_each_process.get()
    }

    /// Whether they were in several processes.
    pub fn is_cluster(&self) -> bool {
        self.of_each_process < self.workers
    }
}

/// All partitions at a checkpoint: what a recording begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The checkpoint.
    pub epoch: Epoch,
    /// By the name of the state.
    pub partitions: Vec<SavedState>,
}

/// What happened between two checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// The checkpoint that ends it.
    pub epoch: Epoch,
    /// The workers.
    pub crew: Crew,
    /// What each of them did.
    pub workers: Vec<WorkerLog>,
}

impl Chapter {
    /// How many messages entered.
    pub fn messages(&self) -> u64 {
        self.workers.iter().flat_map(|log| &log.entered).map(|entered| entered.count).sum()
    }

    /// The number of a message in the chapter, from 1, given its number in its pipeline. `None` if it did not enter. A
    /// [`Script`](super::script::Script) has its messages in the same order.
    pub fn number_of(&self, pipeline: PipelineIndex, sequence: SequenceNumber) -> Option<u64> {
        let all = || self.workers.iter().flat_map(|log| &log.entered);
        let place = |entered: &Entered| {
            let place = sequence.0.checked_sub(entered.first.0)?;
            (entered.pipeline == pipeline && place < entered.count).then_some(place)
        };
        let (own, place) = all().find_map(|entered| Some((entered, place(entered)?)))?;
        let before = all().filter(|entered| entered.order() < own.order());
        Some(before.map(|entered| entered.count).sum::<u64>() + place + 1)
    }

    /// The chapter in which a message is taken back.
    pub fn of_taken_back(
        epoch: Epoch,
        crew: Crew,
        TakenBack { pipeline, sequence }: TakenBack,
    ) -> Self {
        let mut workers = vec![WorkerLog::default(); crew.workers.get()];
        if let Some(first) = workers.first_mut() {
            append(&mut first.schedule, &Entry::TakenBack { pipeline, sequence });
        }
        Self { epoch, crew, workers }
    }

    /// The message that is taken back in it; `None` if it is another chapter.
    pub fn taken_back(&self) -> Option<TakenBack> {
        match Entries::new(&self.workers.first()?.schedule).next()? {
            Ok(Entry::TakenBack { pipeline, sequence }) => Some(TakenBack { pipeline, sequence }),
            Ok(Entry::Run { .. } | Entry::Revived { .. }) | Err(_) => None,
        }
    }

    /// About how many bytes it takes in memory.
    pub fn weight(&self) -> usize {
        self.workers.iter().map(WorkerLog::weight).sum()
    }
}

/// A message that a person took back: from its chapter on, all partitions are as they would be without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TakenBack {
    /// The message's pipeline.
    pub pipeline: PipelineIndex,
    /// Its number there.
    pub sequence: SequenceNumber,
}

/// What a worker did in a chapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerLog {
    /// What it ran in which order: see [`schedule`](super::schedule).
    pub schedule: Vec<u8>,
    /// The frames that it took, in the order in which it took them.
    pub entered: Vec<Entered>,
}

impl WorkerLog {
    /// Whether it did nothing.
    pub fn is_empty(&self) -> bool {
        self.schedule.is_empty() && self.entered.is_empty()
    }

    fn weight(&self) -> usize {
        let frames = self.entered.iter().map(|entered| match &entered.content {
            Content::Frames(pieces) => pieces.bytes().len() + size_of_val(pieces.ends()),
            Content::File { .. } | Content::Numbers { .. } => 0,
        });
        self.schedule.len() + size_of_val(self.entered.as_slice()) + frames.sum::<usize>()
    }
}

/// Frames that a worker took together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Their pipeline.
    pub pipeline: PipelineIndex,
    /// The name of their source or connection.
    pub source: Arc<str>,
    /// The number of the first.
    pub first: SequenceNumber,
    /// When they were read, or when the engine went on after a pause.
    pub read_at: Timestamp,
    /// How many frames.
    pub count: u64,
    /// What is in them.
    pub content: Content,
}

/// What is in frames that were taken, or where it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The frames themselves, and their offset in their source.
    Frames(Pieces),
    /// So many bytes from this offset of their source, which is a file.
    File {
        /// The offset of the first byte.
        offset: u64,
        /// How many bytes.
        length: u64,
        /// The CRC-32 (IEEE 802.3) of the bytes.
        checksum: u32,
    },
    /// Messages that their source makes, from this number on.
    Numbers {
        /// The number of the first message.
        from: u64,
    },
}

impl Entered {
    /// What says which of two enters first in a recording.
    fn order(&self) -> (Timestamp, PipelineIndex, SequenceNumber) {
        (self.read_at, self.pipeline, self.first)
    }

    /// The frames again, if their bytes are here. `None` if they have to be read from a file first.
    pub fn frames(&self, wrapping: Wrapping) -> Option<Frames> {
        match &self.content {
            Content::Frames(pieces) => Some(self.with(pieces.clone(), wrapping)),
            Content::Numbers { from } => {
                Some(self.with(Pieces::of_numbers(*from, self.count), Wrapping::Number))
            }
            Content::File { .. } => None,
        }
    }

    /// The frames, of which these are the bytes.
    pub fn with(&self, pieces: Pieces, wrapping: Wrapping) -> Frames {
        Frames::new(Arc::clone(&self.source), self.first, self.read_at, wrapping, pieces)
    }
}

/// The name of a partition in a recording.
pub type PartitionName = (Arc<str>, Key);
