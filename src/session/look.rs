//! What one front end looks at: rows of partitions, and what its typed message would do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::runtime::Engine;
use crate::telemetry::ahead::AheadWatch;
use crate::telemetry::partitions::{PartitionView, PartitionWatch, PartitionsShown};
use crate::telemetry::{Draft, Foreseen};

/// How much has happened to an engine, for those that look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// A count that grows whenever a message changes a partition.
    pub work: u64,
    /// A count that grows whenever partitions have changed without a message.
    pub disturbed: u64,
}

/// What one front end looks at.
pub(super) struct Look {
    partitions: PartitionWatch,
    ahead: AheadWatch,
    disturbed: u64,
}

impl Look {
    /// Looks at nothing. `frame_limit` is the longest payload in bytes, and `news` is notified when there is
    /// something new.
    pub fn new(frame_limit: u64, news: Arc<Notify>) -> Self {
        let ahead = AheadWatch::new(frame_limit, news);
        Self { partitions: PartitionWatch::default(), ahead, disturbed: 0 }
    }

    /// Looks from now on at what this message would do, or at none.
    pub fn look_ahead(&mut self, draft: Option<Draft>) {
        self.ahead.watch(draft);
    }

    /// Asks for everything again, because it has changed without a message.
    pub fn ask_anew(&mut self) {
        self.partitions.ask_anew();
        self.ahead.look_anew();
    }

    /// Goes on, for a front end that shows `view`. True if something is known that was not.
    pub fn poll(&mut self, engine: &Engine, view: &PartitionView, moment: Moment) -> bool {
        if std::mem::replace(&mut self.disturbed, moment.disturbed) != moment.disturbed {
            self.ask_anew();
        }
        let rows = self.partitions.poll(engine, view, moment.work);
        let ahead = self.ahead.poll(engine, moment.work);
        rows || ahead
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub fn next_poll(&self, engine: &Engine, work: u64) -> Option<Duration> {
        let rows = self.partitions.next_poll(engine.now(), work);
        let ahead = self.ahead.next_poll(engine, work);
        [rows, ahead].into_iter().flatten().min()
    }

    /// Whether it is still being found out what the message would do.
    pub fn is_looking_ahead(&self, engine: &Engine, work: u64) -> bool {
        self.ahead.is_at_work(engine, work)
    }

    /// The rows.
    pub fn partitions(&self, work: u64) -> PartitionsShown {
        self.partitions.shown(work)
    }

    /// What the message would do.
    pub fn foreseen(&self) -> Option<Arc<Foreseen>> {
        self.ahead.shown()
    }
}
