//! A moment of a session's past: found by a thread of its own, which does the recorded run again, while the engine goes on.
//!
//! Invariant: nothing here waits for that thread. What it finds it puts down, and notifies the front end.

mod listing;
mod moment;
mod places;
mod replaying;
mod searching;
mod shared;
mod travel;
mod traveller;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use parking_lot::Mutex;

use crate::telemetry::{ChangesShown, PartitionView, PartitionsShown, SearchShown};
pub(super) use moment::Moment;
use places::Place;
pub(super) use places::Places;
use replaying::Replaying;
use shared::{Ask, Shared};
pub(super) use shared::{Opened, Sources, Told, reads_again};
pub use travel::{Travel, Wanted};

/// How many bytes of a run a workbench records: 256 MiB, which are some ten million votes. The oldest are dropped then.
pub const RECORDED: usize = 256 * 1024 * 1024;

/// How many questions may wait for the thread.
const WAITING: u64 = 64;

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
    /// Where was wanted to go last; and what ends the searches for it.
    last: Option<Travel>,
    searches: Vec<Arc<AtomicBool>>,
    /// How many questions were asked.
    asked: u64,
    /// The partitions that were asked for last.
    view: Option<PartitionView>,
    _place: Place,
}

impl Past {
    /// Starts the thread, which finds a moment when it is asked for one.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn begin(sources: Sources, (place, of_thread): (Place, Place)) -> io::Result<Self> {
        let (asks, asked) = mpsc::channel();
        let end = Arc::new(AtomicBool::new(false));
        let news = Arc::clone(&sources.news);
        let shared = Arc::new(Shared { found: Mutex::default(), end, news });
        let shared_there = Arc::clone(&shared);
        let replaying = Replaying { sources, asks: asked, shared: shared_there, place: of_thread };
        thread::Builder::new()
            .name("wallaroo-past".to_owned())
            .spawn(move || replaying.work_to_the_end())?;
        let (last, searches, view) = (None, Vec::new(), None);
        Ok(Self { asks, shared, last, searches, asked: 0, view, _place: place })
    }

    /// Wants another moment. A search for another one ends, unless this is the same once more.
    pub fn go(&mut self, travel: Travel) {
        if self.last.as_ref() != Some(&travel) {
            self.end_searches();
        }
        if travel == Travel::Stay {
            // Nothing is asked for: however often this comes, nothing waits for the thread.
            self.last = Some(travel);
            return;
        }
        let ends = Arc::new(AtomicBool::new(false));
        // Those that are over are held by nobody else.
        self.searches.retain(|ends| Arc::strong_count(ends) > 1);
        self.searches.push(Arc::clone(&ends));
        self.last = Some(travel.clone());
        self.ask(Ask::Go(travel, ends));
    }

    fn end_searches(&mut self) {
        for ends in self.searches.drain(..) {
            ends.store(true, Ordering::Relaxed);
        }
    }

    /// The changes of a partition that were asked for last.
    pub fn changes(&self) -> Option<Arc<ChangesShown>> {
        self.shared.found.lock().changes.clone()
    }

    /// The search that is under way.
    pub fn search(&self) -> Option<SearchShown> {
        self.shared.found.lock().search.clone()
    }

    /// Looks at these partitions from now on.
    pub fn look(&mut self, view: &PartitionView) {
        // What is not asked for now is when this is called again.
        if self.view.as_ref() != Some(view) && self.takes_more() {
            self.view = Some(view.clone());
            self.ask(Ask::Look(view.clone()));
        }
    }

    /// Whether one more question may wait.
    pub fn takes_more(&self) -> bool {
        self.asked - self.shared.found.lock().answered < WAITING
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
        self.end_searches();
    }
}
