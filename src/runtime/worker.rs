//! A worker: a thread that owns some of the partitions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::{self, Thread};

use timely::scheduling::Activator;
use timely::worker::Worker;
use tokio::sync::mpsc::UnboundedSender;

use super::dataflow::{Common, Lane, build};
use super::inlet::Inlet;
use super::request::{Desk, Request};
use crate::core::batch::Output;
use crate::core::guard::panic_reason;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::placement::Placement;
use crate::core::steps::WorkerSetup;
use crate::core::topology::Topology;

/// What a worker is given when it starts.
pub(super) struct WorkerStart {
    pub topology: Arc<Topology>,
    pub placement: Placement,
    pub precreate: bool,
    pub common: Common,
    /// One a pipeline.
    pub inlets: Vec<Arc<Inlet>>,
    /// For each pipeline, one a sink.
    pub sinks: Vec<Vec<UnboundedSender<Output>>>,
    pub requests: Receiver<Request>,
    pub news: UnboundedSender<WorkerNews>,
    pub abort: Arc<AtomicBool>,
}

/// What a worker tells the engine.
pub(super) enum WorkerNews {
    /// It is ready; wake it through its thread.
    Ready(WorkerIndex, Thread),
    /// All its inputs have ended and everything has been passed on.
    Drained,
    /// It has panicked.
    Failed(WorkerIndex, String),
}

/// Runs a worker to its end. A panic (of the engine: an author's panics are caught a message at a
/// time) ends this worker's dataflows, and the engine then ends the others.
pub(super) fn run(worker: &mut Worker, start: WorkerStart) {
    let (index, news) = (start.common.worker, start.news.clone());
    let outcome = catch_unwind(AssertUnwindSafe(|| work(worker, start)));
    if let Err(panic) = outcome {
        let _ = news.send(WorkerNews::Failed(index, panic_reason(panic)));
        drop_dataflows(worker);
    }
}

fn work(worker: &mut Worker, start: WorkerStart) {
    let WorkerStart { topology, placement, precreate, common, inlets, sinks, .. } = start;
    let mut setup = WorkerSetup::new(common.worker, placement, precreate);
    let segments = topology.segments(&mut setup);
    let mut desk = Desk::new(setup.into_tables().collect());

    let plans = topology.pipelines().iter().zip(segments).zip(inlets.iter().zip(sinks));
    let mut entrances: Vec<(Activator, Arc<Inlet>)> = Vec::new();
    for (at, ((plan, segments), (inlet, sinks))) in plans.enumerate() {
        inlet.attach(thread::current());
        let inlet = Arc::clone(inlet);
        let lane = Lane {
            index: PipelineIndex(at),
            name: Arc::clone(&plan.name),
            segments,
            inlet: Arc::clone(&inlet),
            sinks,
        };
        entrances.extend(build(worker, lane, &common).map(|activator| (activator, inlet)));
    }
    let _ = start.news.send(WorkerNews::Ready(common.worker, thread::current()));

    let mut drained = false;
    loop {
        loop {
            match start.requests.try_recv() {
                Ok(request) => desk.take(request),
                Err(TryRecvError::Empty) => break,
                // The engine is gone.
                Err(TryRecvError::Disconnected) => return drop_dataflows(worker),
            }
        }
        if start.abort.load(Ordering::Acquire) {
            return drop_dataflows(worker);
        }
        let scanning = desk.work();
        for (activator, inlet) in &entrances {
            if !inlet.is_idle(&common.gate) {
                activator.activate();
            }
        }
        match (worker.has_dataflows(), scanning) {
            (true, true) => drop(worker.step()),
            (true, false) => drop(worker.step_or_park(None)),
            (false, true) => {}
            (false, false) => thread::park(),
        }
        if !drained && !worker.has_dataflows() {
            drained = true;
            entrances.clear();
            let _ = start.news.send(WorkerNews::Drained);
        }
    }
}

fn drop_dataflows(worker: &mut Worker) {
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
}
