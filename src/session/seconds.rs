//! The seconds of the charts, and when a session has something to do next.

use std::time::Duration;

use super::totals::{self, totals, traced, work};
use super::{COUNTED_LINES, RECOVERY_LOOK, Session};
use crate::telemetry::throughput::Throughput;

impl Session {
    /// Ends the seconds that have passed. True if a chart changes.
    pub(super) fn roll(&mut self) -> bool {
        self.traced.roll(self.engine.now(), traced(&self.collector));
        let was_flat = self.throughput.seconds().all(|count| count == 0);
        if !self.throughput.roll(self.engine.now(), totals(&self.collector).messages_in) {
            return false;
        }
        for pipeline in &self.collector.pipelines {
            pipeline.latency.lock().roll();
        }
        let now = self.engine.now();
        self.worker_throughput.resize_with(self.engine.workers(), Throughput::default);
        for (worker, throughput) in self.worker_throughput.iter_mut().enumerate() {
            throughput.roll(now, totals::of_worker(&self.collector, worker));
        }
        !was_flat || self.throughput.last() > 0
    }

    /// When [`refresh`](Self::refresh) should be called again, if nothing else happens: `None` where
    /// only news can change anything.
    #[must_use]
    pub fn next_refresh(&self) -> Option<Duration> {
        let look = self.look.next_poll(&self.engine, work(&self.collector));
        [look, self.next_update()].into_iter().flatten().min()
    }

    /// The same for [`update`](Self::update).
    pub(super) fn next_update(&self) -> Option<Duration> {
        let now = self.engine.now();
        let counted = totals(&self.collector).messages_in;
        let moving = counted > 0 && self.throughput.seconds().any(|count| count > 0);
        let uncounted = counted != self.throughput.counted();
        let second = (moving || uncounted).then(|| self.throughput.until_next(now));
        let back = self.engine.is_recovering().then_some(RECOVERY_LOOK);
        let log = self.collector.reporter.holds().then_some(COUNTED_LINES);
        let load = self.next_look_at_load(now);
        [second, back, log, load].into_iter().flatten().min()
    }
}
