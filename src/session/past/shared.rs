//! What a session and the thread of its past tell each other.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::moment::Moment;
use super::travel::Travel;
use crate::core::replay::from_memory::ReadAgain;
use crate::core::replay::memory::RecordedInMemory;
use crate::core::topology::Topology;
use crate::telemetry::{PartitionView, PartitionsShown};

/// What the thread is asked for.
pub(super) enum Ask {
    /// Another moment.
    Go(Travel),
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
    pub recorded: Arc<RecordedInMemory>,
    /// Reads frames of files again.
    pub read: ReadAgain,
    /// Told when the recording has what has happened until now.
    pub saved: Receiver<()>,
    /// Notified when something is found.
    pub news: Arc<Notify>,
}
