//! What is saved, lost and recovered, for front ends.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize, Serializer};

use crate::core::event::Recovered;
use crate::core::numbers::Epoch;

/// What is saved, and what was lost and recovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyShown {
    /// The directory of the checkpoints and the journal.
    #[serde(serialize_with = "as_text")]
    pub directory: PathBuf,
    /// Whether files are read or written: they go on at the position of the checkpoint.
    pub files: bool,
    /// The newest whole checkpoint; 0 if there is none yet.
    pub epoch: Epoch,
    /// Messages processed since then.
    pub unsaved: u64,
    /// Whether the recovery is not complete yet.
    pub recovering: bool,
    /// What the engine recovered when it started; `None` if there was nothing.
    pub recovered: Option<Recovered>,
    /// The last crash; `None` if there was none.
    pub crash: Option<Crash>,
}

/// A path that is no text is shown as well as it can be.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// What a crash took out of memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// How many workers had partitions in memory.
    pub workers: usize,
    /// How many partitions.
    pub partitions: usize,
    /// The newest whole checkpoint at that moment.
    pub epoch: Epoch,
    /// Messages processed since that checkpoint.
    pub messages: u64,
    /// How long it took until sources could begin again.
    pub took: Duration,
}

/// The newest checkpoints, and how many messages had been processed before each.
#[derive(Debug, Default)]
pub(crate) struct Checkpoints {
    begun: (Epoch, u64),
    whole: (Epoch, u64),
    last: Option<LastCheckpoint>,
}

/// The last checkpoint of this process that became whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastCheckpoint {
    /// When it was whole.
    pub whole: Instant,
    /// How long nothing could enter.
    pub held: Duration,
    /// How long it took in all.
    pub took: Duration,
}

impl Checkpoints {
    /// A checkpoint has begun after this many messages.
    pub fn begin(&mut self, epoch: Epoch, messages: u64) {
        self.begun = (epoch, messages);
    }

    /// A checkpoint is whole.
    pub fn complete(&mut self, epoch: Epoch, last: LastCheckpoint) {
        self.last = Some(last);
        if self.begun.0 == epoch {
            self.whole = self.begun;
        }
    }

    /// An engine starts again from a checkpoint, after this many messages.
    pub fn restart(&mut self, epoch: Epoch, messages: u64) {
        self.begun = (epoch, messages);
        self.whole = self.begun;
    }

    /// The newest whole checkpoint.
    pub fn newest(&self) -> Epoch {
        self.whole.0
    }

    /// The last one that became whole; `None` if none has.
    pub fn last(&self) -> Option<LastCheckpoint> {
        self.last
    }

    /// How many of these messages no whole checkpoint has.
    pub fn unsaved(&self, messages: u64) -> u64 {
        messages.saturating_sub(self.whole.1)
    }
}
