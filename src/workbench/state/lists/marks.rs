//! Marks that disappear after some seconds: of new partitions, and of those that have another owner.

use std::time::Duration;

use crate::core::numbers::Timestamp;
use crate::workbench::state::Workbench;

/// How long a new partition is marked.
pub(in crate::workbench) const NEW_FOR: Duration = Duration::from_secs(2);

/// How long a partition's former owner is shown.
pub(in crate::workbench) const MOVED_FOR: Duration = Duration::from_secs(5);

impl Workbench {
    /// When the mark of a new partition is to be taken away: never while the screen is frozen.
    pub(in crate::workbench) fn next_mark(&self) -> Option<Duration> {
        if self.frozen {
            return None;
        }
        let uptime = self.snapshot.uptime;
        let left = |since: Timestamp, shown: Duration| {
            let end = Duration::from_nanos(since.0) + shown;
            end.checked_sub(uptime).filter(|left| !left.is_zero())
        };
        let rows = self.snapshot.partitions.rows.iter();
        rows.flat_map(|row| {
            let created = row.row.created.filter(|_| row.row.dynamic);
            let new = created.map(|created| (created, NEW_FOR));
            new.into_iter().chain(row.moved.map(|(_, since)| (since, MOVED_FOR)))
        })
        .filter_map(|(since, shown)| left(since, shown))
        .min()
    }

    /// Whether a moment is at most `limit` ago.
    pub(in crate::workbench) fn is_recent(&self, moment: Timestamp, limit: Duration) -> bool {
        self.snapshot.uptime < Duration::from_nanos(moment.0) + limit
    }

    /// Whether a mark will be taken away.
    pub(in crate::workbench) fn has_marks(&self) -> bool {
        self.next_mark().is_some()
    }
}
