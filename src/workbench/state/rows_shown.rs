//! How many rows there are on the screen: of the partitions, and of the flow.

use super::Workbench;
use crate::telemetry::PartitionView;
use crate::workbench::layout::Pane;

impl Workbench {
    /// Which partitions are to be shown.
    #[must_use]
    pub fn view(&self) -> PartitionView {
        let height = self
            .places()
            .and_then(|places| places.of(Pane::Partitions))
            .map_or(0, |area| area.height);
        // The rule, and the names of the columns.
        let rows = usize::from(height.saturating_sub(2));
        let rows = self.partitions.view(rows, self.pinned_keys());
        PartitionView { opened: self.opened_partition(), wanted: self.wanted_key(), ..rows }
    }

    /// How many rows the flow has if there is room: two for each pipeline, and a lane for each worker.
    pub(super) fn flow_rows(&self) -> u16 {
        let workers = self.snapshot.workers.len();
        let rows = match (self.topology.pipelines().len(), self.topology.states().is_empty()) {
            (pipelines, true) => 2 * pipelines,
            // Two lanes are apart, so that the steps are between them.
            (1, false) if workers == 2 => 3,
            (1, false) => workers.max(2),
            (pipelines, false) => 2 * pipelines + workers,
        };
        u16::try_from(rows).unwrap_or(u16::MAX)
    }
}
