//! What a session and the thread of its past tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::moment::Moment;
use super::travel::Travel;
use crate::core::replay::from_memory::{MemoryRecording, ReadAgain};
use crate::core::replay::memory::RecordedInMemory;
use crate::core::replay::recording::Crew;
use crate::core::topology::Topology;
use crate::resilience::history::read_again;
use crate::telemetry::{ChangesShown, PartitionView, PartitionsShown, SearchShown};

/// What the thread is asked for.
pub(super) enum Ask {
    /// Another moment. If it is looked for, until this becomes true.
    Go(Travel, Arc<AtomicBool>),
    /// These partitions of it.
    Look(PartitionView),
}

/// A sentence for the user.
pub(in crate::session) struct Told {
    pub text: String,
    /// Whether something is wrong.
    pub bad: bool,
}

/// What the thread has found.
#[derive(Default)]
pub(super) struct Found {
    pub moment: Option<Arc<Moment>>,
    /// `None` until some were looked at.
    pub partitions: Option<PartitionsShown>,
    /// How many questions are answered.
    pub answered: u64,
    pub told: Vec<Told>,
    /// The search that is under way.
    pub search: Option<SearchShown>,
    /// The changes of a partition that were asked for last.
    pub changes: Option<Arc<ChangesShown>>,
    /// Whether there is something that was not looked at.
    pub changed: bool,
    /// Whether the thread has ended.
    pub ended: bool,
}

/// What a session and the thread share.
pub(super) struct Shared {
    pub found: Mutex<Found>,
    /// Becomes true when nobody waits for a moment any more.
    pub end: Arc<AtomicBool>,
    pub news: Arc<Notify>,
}

impl Shared {
    /// Puts something down for the front end.
    pub fn put(&self, put: impl FnOnce(&mut Found)) {
        let mut found = self.found.lock();
        put(&mut found);
        found.changed = true;
        drop(found);
        self.news.notify_one();
    }
}

/// What a replay needs.
pub(in crate::session) struct Sources {
    pub topology: Arc<Topology>,
    /// The workers of now.
    pub crew: Crew,
    pub recorded: Arc<RecordedInMemory>,
    /// Reads frames of files again.
    pub read: ReadAgain,
    /// Told when the recording has what has happened until now.
    pub saved: Receiver<()>,
    /// Notified when something is found.
    pub news: Arc<Notify>,
}

/// Reads frames of files again.
pub(in crate::session) fn reads_again() -> ReadAgain {
    Box::new(|entered, framing| read_again(entered, framing).map_err(|error| error.to_string()))
}

/// The longest wait until the recording has what has happened until now: a checkpoint waits for a sink that is stalled.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is asked in that time whether anybody waits.
const SLICES: u32 = 20;

/// A recording, for one who replays it once.
pub(in crate::session) struct Opened {
    pub topology: Arc<Topology>,
    pub recording: MemoryRecording,
    /// How many messages are not in it any more.
    pub dropped: u64,
    /// What has to be said if something is not in it.
    pub missing: &'static str,
}

impl Sources {
    /// Waits until the recording has what has happened until now, or until this becomes true. False if it has it not yet.
    pub(super) fn wait(&self, end: &AtomicBool) -> bool {
        let waits = || self.saved.recv_timeout(PATIENCE / SLICES) == Err(RecvTimeoutError::Timeout);
        (0..SLICES).any(|_| !end.load(Ordering::Relaxed) && !waits())
    }

    /// Waits until the recording has what has happened until now, and opens it.
    pub fn open(self) -> Opened {
        let waits = self.saved.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        let missing = if waits {
            " (the newest messages are not in the recording yet: a checkpoint waits)"
        } else {
            ""
        };
        let recorded = self.recorded.recorded();
        let dropped = recorded.dropped();
        let recording = MemoryRecording::new(recorded, self.read);
        Opened { topology: self.topology, recording, dropped, missing }
    }
}
