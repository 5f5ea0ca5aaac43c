//! The processes that run an engine together, for front ends.

use std::num::NonZeroUsize;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::core::event::{ClusterNews, EngineEvent, ProcessNamed};
use crate::core::numbers::{ProcessIndex, WorkerIndex};

/// The processes that run an engine together. Each has the same number of workers, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessesShown {
    /// All of them, in order: at least two.
    pub named: Vec<ProcessNamed>,
    /// How many workers each has.
    pub workers_each: NonZeroUsize,
    /// Those that are waited for: nothing goes on without them.
    pub awaited: Vec<ProcessNamed>,
    /// The one for which a checkpoint has been waiting for a while.
    pub holds_checkpoint: Option<ProcessIndex>,
    /// Whether all but the first are its children, which can be killed.
    pub are_children: bool,
}

impl ProcessesShown {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.named.len()
    }

    /// The process of a worker.
    #[must_use]
    pub fn of(&self, worker: WorkerIndex) -> ProcessIndex {
        worker.process(self.workers_each)
    }

    /// The workers of a process.
    #[must_use]
    pub fn workers(&self, process: ProcessIndex) -> Range<usize> {
        let first = process.0 * self.workers_each.get();
        first..first + self.workers_each.get()
    }
}

/// Who is waited for, by the news.
#[derive(Debug, Default)]
pub(crate) struct Awaited {
    pub processes: Vec<ProcessNamed>,
    pub holds_checkpoint: Option<ProcessIndex>,
}

impl Awaited {
    /// Takes an event, if it says who is waited for or no longer is.
    pub fn note(&mut self, event: &EngineEvent) {
        match event {
            EngineEvent::Cluster(ClusterNews::Awaited(processes)) => {
                self.processes.clone_from(processes);
            }
            EngineEvent::Cluster(ClusterNews::Met(_)) => self.processes.clear(),
            EngineEvent::Cluster(ClusterNews::CheckpointWaits(_, process)) => {
                self.holds_checkpoint = Some(*process);
            }
            EngineEvent::CheckpointBegun(_) | EngineEvent::Crashed { .. } => {
                self.holds_checkpoint = None;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::Epoch;

    #[test]
    fn a_worker_is_of_the_process_that_has_it() {
        let named =
            (0..3).map(|process| ProcessNamed { process: ProcessIndex(process), address: None });
        let processes = ProcessesShown {
            named: named.collect(),
            workers_each: NonZeroUsize::new(2).unwrap(),
            awaited: Vec::new(),
            holds_checkpoint: None,
            are_children: false,
        };
        let of = |worker| processes.of(WorkerIndex(worker)).0;
        assert_eq!([of(0), of(1), of(2), of(3), of(4), of(5)], [0, 0, 1, 1, 2, 2]);
        for process in (0..3).map(ProcessIndex) {
            assert!(
                processes
                    .workers(process)
                    .all(|worker| processes.of(WorkerIndex(worker)) == process)
            );
        }
    }

    #[test]
    fn who_is_waited_for_is_known_until_it_has_come() {
        let mut awaited = Awaited::default();
        let two = vec![ProcessNamed { process: ProcessIndex(2), address: Some("c:7100".into()) }];
        awaited.note(&EngineEvent::Cluster(ClusterNews::Awaited(two.clone())));
        assert_eq!(awaited.processes, two);
        awaited.note(&EngineEvent::Cluster(ClusterNews::Met(3)));
        assert_eq!(awaited.processes, []);
        awaited
            .note(&EngineEvent::Cluster(ClusterNews::CheckpointWaits(Epoch(7), ProcessIndex(1))));
        assert_eq!(awaited.holds_checkpoint, Some(ProcessIndex(1)));
        awaited.note(&EngineEvent::CheckpointBegun(Epoch(7)));
        assert_eq!(awaited.holds_checkpoint, None);
    }
}
