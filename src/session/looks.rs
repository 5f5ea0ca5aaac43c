//! What those look at that look from another process.

use std::sync::Arc;
use std::time::Duration;

use super::Session;
use super::look::Look;
use super::totals::work;
use crate::telemetry::PartitionView;

impl Session {
    /// A look for one that looks from another process.
    pub(super) fn new_look(&self) -> Look {
        Look::new(self.settings.frame_limit, Arc::clone(&self.collector.news))
    }

    /// Goes on with a look at these partitions. True if something is known that was not.
    pub(super) fn poll(&self, look: &mut Look, view: &PartitionView) -> bool {
        look.poll(&self.engine, view, self.moment())
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub(super) fn next_poll(&self, look: &Look) -> Option<Duration> {
        look.next_poll(&self.engine, work(&self.collector))
    }
}
