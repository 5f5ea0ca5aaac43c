//! A moment of a session's past: found by a thread of its own, which does the recorded run again, while the engine goes on.
//!
//! Invariant: nothing here waits for that thread. What it finds it puts down, and notifies the front end.

mod moment;
mod replaying;
mod shared;
mod travel;
mod traveller;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use parking_lot::Mutex;

use crate::telemetry::{PartitionView, PartitionsShown};
pub(super) use moment::Moment;
use replaying::Replaying;
use shared::{Ask, Shared};
pub(super) use shared::{Sources, Told};
pub use travel::Travel;

/// How many bytes of a run a workbench records: 256 MiB, which are some ten million votes. The oldest are dropped then.
pub const RECORDED: usize = 256 * 1024 * 1024;

/// What has happened.
pub(super) struct News {
    /// Whether something was found.
    pub changed: bool,
    /// What the user has to be told.
    pub told: Vec<Told>,
    /// Whether it is over: the thread has failed, or there is no such moment and none was shown before.
    pub is_over: bool,
}

/// A moment of a session's past. Its drop ends the thread.
pub(super) struct Past {
    asks: Sender<Ask>,
    shared: Arc<Shared>,
    /// How many questions were asked.
    asked: u64,
    /// The partitions that were asked for last.
    view: Option<PartitionView>,
}

impl Past {
    /// Starts the thread, which finds a moment when it is asked for one.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn begin(sources: Sources) -> io::Result<Self> {
        let (asks, asked) = mpsc::channel();
        let end = Arc::new(AtomicBool::new(false));
        let news = Arc::clone(&sources.news);
        let shared = Arc::new(Shared { found: Mutex::default(), end, news });
        let replaying = Replaying { sources, asks: asked, shared: Arc::clone(&shared) };
        thread::Builder::new()
            .name("wallaroo-past".to_owned())
            .spawn(move || replaying.work_to_the_end())?;
        Ok(Self { asks, shared, asked: 0, view: None })
    }

    /// Wants another moment.
    pub fn go(&mut self, travel: Travel) {
        self.ask(Ask::Go(travel));
    }

    /// Looks at these partitions from now on.
    pub fn look(&mut self, view: &PartitionView) {
        if self.view.as_ref() != Some(view) {
            self.view = Some(view.clone());
            self.ask(Ask::Look(view.clone()));
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.asked += 1;
        // A thread that has ended has said why.
        let _ = self.asks.send(ask);
    }

    /// What has happened since this was asked last.
    pub fn news(&self) -> News {
        let mut found = self.shared.found.lock();
        News {
            changed: std::mem::take(&mut found.changed),
            told: std::mem::take(&mut found.told),
            is_over: found.ended || (found.moment.is_none() && found.answered == self.asked),
        }
    }

    /// Whether another moment is being found, or other rows.
    pub fn is_busy(&self) -> bool {
        self.shared.found.lock().answered < self.asked
    }

    /// The moment that was found last, with the partitions that were asked for last.
    pub fn found(&self) -> Option<(Arc<Moment>, PartitionsShown)> {
        let found = self.shared.found.lock();
        let moment = Arc::clone(found.moment.as_ref()?);
        let mut partitions = found.partitions.clone()?;
        partitions.up_to_date = found.answered == self.asked;
        Some((moment, partitions))
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
    }
}
