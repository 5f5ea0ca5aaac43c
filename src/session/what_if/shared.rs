//! What a session and the thread of its branch share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::telemetry::BranchShown;

/// What a session and the thread share.
pub(super) struct Shared {
    pub shown: Mutex<BranchShown>,
    /// Whether there is something that was not looked at.
    pub changed: AtomicBool,
    /// Becomes true when nobody waits for the branch any more.
    pub end: Arc<AtomicBool>,
    pub news: Arc<Notify>,
}

impl Shared {
    /// Puts something down for the front end.
    pub fn put(&self, put: impl FnOnce(&mut BranchShown)) {
        put(&mut self.shown.lock());
        self.changed.store(true, Ordering::Release);
        self.news.notify_one();
    }
}
