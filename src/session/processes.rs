//! The processes of a session's engine.

use super::Session;
use crate::core::figures::counted;
use crate::core::numbers::ProcessIndex;
use crate::telemetry::ProcessesShown;

impl Session {
    /// The processes that run the engine together; `None` if there is one.
    pub(super) fn processes(&self) -> Option<ProcessesShown> {
        let named = self.settings.processes();
        if named.len() < 2 {
            return None;
        }
        let workers_each = self.engine.workers() / named.len();
        let awaited = self.collector.awaited.lock();
        Some(ProcessesShown {
            named,
            workers_each,
            awaited: awaited.processes.clone(),
            holds_checkpoint: awaited.holds_checkpoint,
            are_children: self.settings.has_children(),
        })
    }

    /// Kills another process of the engine, as `kill -9` does: the engine is lost with it, and its owner may start it
    /// again. False if it cannot be killed from here.
    pub fn kill_process(&self, process: ProcessIndex) -> bool {
        let killed = self.engine.kill_process(process);
        if killed {
            self.collector.killed(process);
        }
        killed
    }

    /// So many workers, in each process if there are several.
    pub(super) fn workers_in_words(&self, each: usize) -> String {
        let workers = counted(each as u64, "worker");
        match self.settings.processes().len() {
            0 | 1 => workers,
            processes => format!("{workers} in each of {processes} processes"),
        }
    }
}
