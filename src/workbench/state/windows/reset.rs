//! A reset: what is said before it, and what is on the screen after it.

use std::sync::Arc;

use super::question::Question;
use super::reset_files::ResetFiles;
use crate::core::figures::counted;
use crate::telemetry::Snapshot;
use crate::workbench::commands::Command;
use crate::workbench::state::Workbench;
use crate::workbench::state::sideways::ChartCursor;

impl Workbench {
    /// Sets the files that a reset begins anew.
    #[must_use]
    pub fn with_files(self, reset_files: ResetFiles) -> Self {
        Self { reset_files, ..self }
    }

    /// Asks before everything begins anew.
    pub(in crate::workbench::state) fn reset_question(&self) -> Question {
        let Snapshot { totals, partitions, safety, load, pipelines, .. } = &*self.snapshot;
        let mut lost = Vec::new();
        match self.topology.states().len() {
            0 => {}
            1 if partitions.up_to_date => {
                lost.push(counted(partitions.total as u64, "partition"));
            }
            // How many another state has is not known here.
            _ => lost.push("all partitions".to_owned()),
        }
        lost.push(counted(totals.messages_in, "message"));
        lost.push(counted(totals.dead_letters, "dead letter"));
        let mut lines = vec![
            "The application begins anew, with nothing kept.".to_owned(),
            format!("Lost: {}.", lost.join(", ")),
        ];
        if let Some(safety) = safety {
            let directory = safety.directory.display();
            lines.push(format!("Deleted: the checkpoints and the journal in {directory}."));
        }
        let ResetFiles { read, written } = &self.reset_files;
        if !written.is_empty() {
            lines.push(format!("Emptied: {}.", written.join(", ")));
        }
        if !read.is_empty() {
            lines.push(format!("Read again from its first frame: {}.", read.join(", ")));
        }
        if pipelines.iter().any(|pipeline| pipeline.listening.is_some()) {
            lines.push("Connections are closed: clients have to connect again.".to_owned());
        }
        if load.is_some() {
            lines.push("The load ends.".to_owned());
        }
        let workers = counted(self.snapshot.workers.len() as u64, "worker");
        lines.push(format!("Kept: {workers}, the log, and what was typed and sent from here."));
        Question { title: "Begin anew?", lines, command: Command::Reset }
    }

    /// Everything has begun anew: what was selected, opened and frozen is gone.
    pub fn begun_anew(&mut self, snapshot: Snapshot) {
        (self.overlay, self.frozen, self.spotlight) = (None, false, false);
        self.beneath.clear();
        self.partitions.begin_anew();
        self.cursor = ChartCursor::default();
        self.seen.dead_letters = 0;
        self.workers_changed = None;
        self.snapshot = Arc::new(snapshot);
        self.notify("everything has begun anew".to_owned(), false);
    }
}
