//! The processes of a session's engine.

use std::num::NonZeroUsize;

use super::Session;
use crate::core::numbers::ProcessIndex;
use crate::telemetry::ProcessesShown;

impl Session {
    /// The processes that run the engine together; `None` if there is one.
    pub(super) fn processes(&self) -> Option<ProcessesShown> {
        let named = self.settings.processes();
        if named.len() < 2 {
            return None;
        }
        let workers_each = NonZeroUsize::new(self.engine.workers() / named.len())?;
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
        let cluster = self.settings.cluster.as_ref();
        let children = cluster.and_then(|cluster| cluster.children());
        let killed = children.is_some_and(|children| children.kill(process));
        if killed {
            self.collector.killed(process);
        }
        killed
    }
}
