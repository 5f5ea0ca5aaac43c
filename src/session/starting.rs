//! A run that starts: what is seen of it until there is a [`Session`](super::Session). One of several processes waits for the
//! others for as long as they do not come.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::status::{STARTING, Status};
use super::view::pipelines_shown;
use crate::core::event::ProcessNamed;
use crate::core::numbers::{Epoch, ProcessIndex, WorkerIndex};
use crate::core::topology::Topology;
use crate::endpoints::Endpoint;
use crate::runtime::{RunState, Settings};
use crate::telemetry::collector::Collector;
use crate::telemetry::latency::Latency;
use crate::telemetry::partitions::PartitionsShown;
use crate::telemetry::snapshot::{Snapshot, Totals, WorkerShown};
use crate::telemetry::{
    LogShown, ProcessesShown, SafetyShown, Throughput, TimeWindow, TracedShown, UndoShown,
};

/// Which processes a run waits for while it starts.
#[derive(Debug, Default)]
pub struct Absent {
    /// `None` until it is known: then all others.
    processes: Mutex<Option<Vec<ProcessIndex>>>,
    news: Notify,
}

impl Absent {
    /// These have not come, and all others have.
    pub fn are(&self, processes: &[ProcessIndex]) {
        *self.processes.lock() = Some(processes.to_vec());
        self.news.notify_one();
    }

    /// This one has come.
    pub fn has_come(&self, process: ProcessIndex) {
        if let Some(processes) = &mut *self.processes.lock() {
            processes.retain(|absent| *absent != process);
        }
        self.news.notify_one();
    }

    /// Returns when others are absent than before.
    pub(super) async fn changed(&self) {
        self.news.notified().await;
    }
}

/// A run that starts.
pub struct Starting {
    topology: Arc<Topology>,
    /// Counts nothing: all figures are zero.
    nothing: Collector,
    since: Instant,
    named: Vec<ProcessNamed>,
    workers_each: NonZeroUsize,
    are_children: bool,
    /// The directory of what is saved, and whether files are read or written.
    saved: Option<(PathBuf, bool)>,
    absent: Arc<Absent>,
    stop: Box<dyn Fn() + Send + Sync>,
}

impl Starting {
    /// A run that starts with these settings. `stop` ends the wait for other processes.
    pub fn new(
        topology: &Arc<Topology>,
        settings: &Settings,
        absent: Arc<Absent>,
        stop: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self::of(topology, settings, settings.processes(), absent, Box::new(stop))
    }

    fn of(
        topology: &Arc<Topology>,
        settings: &Settings,
        named: Vec<ProcessNamed>,
        absent: Arc<Absent>,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let mut endpoints = settings.sources.iter().chain(settings.sinks.iter().flatten());
        let files = endpoints.any(|endpoint| matches!(endpoint, Endpoint::File(_)));
        let saved = settings.resilience.as_ref();
        Self {
            topology: Arc::clone(topology),
            nothing: Collector::new(topology, settings.workers.get(), None),
            since: Instant::now(),
            named,
            workers_each: settings.workers,
            are_children: settings.has_children(),
            saved: saved.map(|saved| (saved.directory.clone(), files)),
            absent,
            stop,
        }
    }

    /// Returns when other processes are waited for than before.
    pub(super) async fn changed(&self) {
        self.absent.changed().await;
    }

    /// Ends the wait for other processes.
    pub(super) fn stop(&self) {
        (self.stop)();
    }

    /// Those that are waited for.
    fn awaited(&self) -> Vec<ProcessNamed> {
        let absent = self.absent.processes.lock();
        let is_absent = |named: &&ProcessNamed| match &*absent {
            Some(absent) => absent.contains(&named.process),
            None => named.process != ProcessIndex(0),
        };
        self.named.iter().filter(is_absent).cloned().collect()
    }

    fn workers(&self) -> usize {
        self.workers_each.get() * self.named.len().max(1)
    }

    /// What is seen of this moment.
    pub(super) fn snapshot(&self) -> Snapshot {
        let latency = Latency::new();
        let worker = |worker| WorkerShown {
            worker: WorkerIndex(worker),
            messages: 0,
            rate: 0,
            partitions: 0,
        };
        let processes = (self.named.len() > 1).then(|| ProcessesShown {
            named: self.named.clone(),
            workers_each: self.workers_each,
            awaited: self.awaited(),
            holds_checkpoint: None,
            are_children: self.are_children,
        });
        let safety = self.saved.clone().map(|(directory, files)| SafetyShown {
            directory,
            files,
            epoch: Epoch(0),
            unsaved: 0,
            recovering: true,
            recovered: None,
            crash: None,
        });
        Snapshot {
            application: Arc::clone(self.topology.name()),
            run_state: RunState::Running,
            starting: true,
            waits: None,
            changing_to: None,
            uptime: self.since.elapsed(),
            totals: Totals::default(),
            throughput: Throughput::default(),
            latencies: TimeWindow::ALL.map(|window| latency.of(window)),
            pipelines: pipelines_shown(&self.topology, &self.nothing),
            workers: (0..self.workers()).map(worker).collect(),
            processes,
            partitions: PartitionsShown::default(),
            pinned: Arc::default(),
            traces: Vec::new(),
            traced: TracedShown::default(),
            outputs: Vec::new(),
            dead_letters: Vec::new(),
            dead_letters_lost: 0,
            safety,
            load: None,
            events: Vec::new(),
            log: LogShown::default(),
            ahead: None,
            breakpoints: Arc::default(),
            past: None,
            undo: UndoShown::default(),
            shrinking: None,
            replaying: false,
            search: None,
            changes: None,
            branch: None,
            away: None,
        }
    }

    /// The figures of this moment.
    pub(super) fn status(&self, viewers: usize) -> Status {
        Status::of(&self.snapshot(), STARTING, viewers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Out, Reason, Sink, Source};
    use crate::core::topology::Application;

    #[test]
    fn who_is_waited_for_is_said_until_all_have_come() {
        let source = Source::new(|bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied()));
        let sink = Sink::new(|_: &u8, _: &mut Out<'_>| {});
        let topology = Application::new("x").pipeline("p", source).to_sink(sink).build();
        let topology = Arc::new(topology.unwrap());
        let workers = NonZeroUsize::new(2).unwrap();
        let settings = Settings { workers, ..Settings::new(&topology) };
        let named = |(process, address): (usize, &str)| ProcessNamed {
            process: ProcessIndex(process),
            address: Some(address.into()),
        };
        let named = ["a:1", "b:1", "c:2"].into_iter().enumerate().map(named).collect();
        let absent = Arc::<Absent>::default();
        let of = (Arc::clone(&absent), Box::new(|| {}));
        let starting = Starting::of(&topology, &settings, named, of.0, of.1);
        let waits_for = || starting.status(0).waiting_for;
        assert_eq!(waits_for(), ["process 1 at b:1", "process 2 at c:2"], "nothing is known yet");
        absent.are(&[ProcessIndex(2)]);
        assert_eq!(waits_for(), ["process 2 at c:2"]);
        absent.has_come(ProcessIndex(2));
        assert!(waits_for().is_empty());
        let status = starting.status(3);
        assert_eq!((status.state.as_str(), status.workers, status.viewers), (STARTING, 6, 3));
    }
}
