//! What a session and the thread that takes a message back share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::telemetry::TakenBackShown;

/// What came of taking a message back, and how many times partitions had processed it.
pub(super) type Outcome = Result<(TakenBackShown, u64), NotTaken>;

/// Why a message was not taken back.
pub(super) enum NotTaken {
    /// In a sentence.
    Said(String),
    /// The engine was gone before it has answered.
    EngineGone,
}

/// What a session and the thread share.
pub(super) struct Shared {
    pub outcome: Mutex<Option<Outcome>>,
    /// Becomes true when nobody waits any more.
    pub end: Arc<AtomicBool>,
    news: Arc<Notify>,
}

impl Shared {
    pub fn new(news: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { outcome: Mutex::default(), end: Arc::default(), news })
    }

    /// Puts down what has come of it.
    pub fn put(&self, outcome: Outcome) {
        *self.outcome.lock() = Some(outcome);
        self.news.notify_one();
    }

    /// Whether nobody waits any more.
    pub fn is_over(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }
}
