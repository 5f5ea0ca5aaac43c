//! A worker: a thread that owns some of the partitions.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::thread::{self, Thread};

use timely::worker::Worker;
use tokio::sync::mpsc::UnboundedSender;

use super::dataflow::{Built, Common, Lane, build};
use super::query::{Desk, Request, SaveRequest};
use crate::core::guard::panic_reason;
use crate::core::numbers::{Epoch, PipelineIndex, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::steps::WorkerSetup;
use crate::core::topology::Topology;
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queue::Queue;
use crate::runtime::parts::{Base, News, Restored, ToSink};

/// What a worker is given when it starts.
pub(crate) struct WorkerStart {
    pub topology: Arc<Topology>,
    pub placement: Placement,
    pub precreate: bool,
    pub common: Common,
    /// The checkpoint that it begins with.
    pub epoch: Epoch,
    /// Whether checkpoints are made.
    pub saves: bool,
    /// One a pipeline.
    pub queues: Vec<Arc<Queue>>,
    /// For each pipeline, one a sink.
    pub sinks: Vec<Vec<ToSink>>,
    pub requests: Receiver<Request>,
    /// Partitions to begin with, until there are no more.
    pub restored: Receiver<Vec<Restored>>,
    pub ready: Sender<Result<Ready, EngineError>>,
    pub news: UnboundedSender<News>,
    pub abort: Arc<AtomicBool>,
    /// Set where the worker panics.
    pub panicked: Arc<AtomicBool>,
}

/// A worker that is ready: wake it through its thread.
pub(crate) struct Ready {
    pub worker: WorkerIndex,
    pub thread: Thread,
    /// The partitions that it began with, as it has placed them.
    pub base: Base,
}

/// Runs a worker to its end. A panic (of the engine: an author's panics are caught a message at a
/// time) ends this worker's dataflows, and the engine then ends the others.
pub(crate) fn run(worker: &mut Worker, start: WorkerStart) {
    let (index, news, ready) = (start.common.worker.0, start.news.clone(), start.ready.clone());
    let panicked = Arc::clone(&start.panicked);
    let outcome = catch_unwind(AssertUnwindSafe(|| work(worker, start)));
    if let Err(panic) = outcome {
        panicked.store(true, Ordering::Release);
        let failed = || EngineError::Worker { worker: index, reason: panic_reason(panic) };
        drop_dataflows(worker);
        // Nobody waits for its readiness any more where it was ready.
        if let Err(unsent) = ready.send(Err(failed()))
            && let Err(error) = unsent.0
        {
            let _ = news.send(News::Failed(error));
        }
    }
}

fn work(worker: &mut Worker, start: WorkerStart) {
    let WorkerStart { topology, placement, precreate, common, queues, sinks, .. } = start;
    let mut setup = WorkerSetup::new(common.worker, placement, precreate);
    let segments = topology.segments(&mut setup);
    let mut desk = Desk::new(setup.into_tables().collect());
    let base = match desk.restore(&start.restored) {
        Ok(base) => base,
        Err(error) => {
            let _ = start.ready.send(Err(EngineError::Resilience(error)));
            return;
        }
    };
    if start.saves {
        desk.remember_changes();
    }

    let epoch = Rc::new(Cell::new(start.epoch));
    let plans = topology.pipelines().iter().zip(segments).zip(queues.iter().zip(sinks));
    let mut lanes: Vec<(Built, Arc<Queue>)> = Vec::new();
    for (at, ((plan, segments), (queue, sinks))) in plans.enumerate() {
        queue.attach();
        let queue = Arc::clone(queue);
        let lane = Lane {
            index: PipelineIndex(at),
            name: Arc::clone(&plan.name),
            segments,
            queue: Arc::clone(&queue),
            sinks,
            epoch: Rc::clone(&epoch),
        };
        lanes.extend(build(worker, lane, &common).map(|built| (built, queue)));
    }
    let ready = Ready { worker: common.worker, thread: thread::current(), base };
    let _ = start.ready.send(Ok(ready));
    drop(start.ready);

    let mut drained = false;
    let mut saving: Option<SaveRequest> = None;
    loop {
        loop {
            match start.requests.try_recv() {
                Ok(Request::Save(save)) => {
                    // Nothing is admitted now, so nothing more can come of earlier epochs.
                    epoch.set(save.epoch);
                    for (built, _) in &lanes {
                        built.activator.activate();
                    }
                    saving = Some(save);
                }
                Ok(Request::Look(look)) => desk.take(look),
                Err(TryRecvError::Empty) => break,
                // The engine is gone, or goes on without this worker.
                Ok(Request::Leave) | Err(TryRecvError::Disconnected) => {
                    return drop_dataflows(worker);
                }
            }
        }
        if start.abort.load(Ordering::Acquire) {
            return drop_dataflows(worker);
        }
        let is_done = |save: &mut SaveRequest| {
            lanes.iter().all(|(built, _)| !built.processed.less_than(&save.epoch.0))
        };
        if let Some(save) = saving.take_if(is_done) {
            let changed = desk.take_changed(save.extent);
            save.reply(changed);
        }
        let scanning = desk.work();
        for (built, queue) in &lanes {
            if !queue.is_idle(&common.gate) {
                built.activator.activate();
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
            lanes.clear();
            let _ = start.news.send(News::Drained);
        }
    }
}

fn drop_dataflows(worker: &mut Worker) {
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
}
