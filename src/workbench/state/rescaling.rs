//! What the user is told of another number of workers.

use std::sync::Arc;

use super::Workbench;
use super::windows::victims::workers_in_words;
use crate::core::event::EngineEvent;
use crate::telemetry::Snapshot;
use crate::workbench::words;

impl Workbench {
    /// Tells the user when the number of workers has changed.
    pub(super) fn note_workers(&mut self, snapshot: &Snapshot) {
        let is_change = |event: &&Arc<_>| matches!(***event, EngineEvent::WorkersChanged { .. });
        let newest = snapshot.events.iter().find(is_change);
        if newest == self.workers_changed.as_ref() {
            return;
        }
        self.workers_changed = newest.cloned();
        let Some(EngineEvent::WorkersChanged { from, to, partitions, moved, .. }) =
            newest.map(Arc::as_ref)
        else {
            return;
        };
        if self.notices.shown().is_some_and(|notice| notice.bad) {
            return;
        }
        let all = words::counted(*partitions as u64, "partition");
        let to = workers_in_words(*to, snapshot.processes.as_ref());
        let moved = words::exact(*moved as u64);
        self.remark(format!("{to} instead of {from}: {moved} of {all} moved"), false);
    }
}
