//! A worker: a thread that owns some of the partitions.

use std::cell::Cell;
use std::mem;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::{self, Thread};
use std::time::Duration;

use timely::worker::Worker as Timely;

use super::common::Common;
use super::dataflow::{Built, WorkerPipeline, build};
use super::query::{Request, SaveRequest, Tables};
use super::recorder::Recorder;
use crate::core::guard::panic_reason;
use crate::core::numbers::{Epoch, PipelineIndex, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::replay::schedule::StageIndex;
use crate::core::steps::{Segment, WorkerSetup};
use crate::resilience::ResilienceError;
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queue::Queue;
use crate::runtime::parts::{Base, News, Restored, Senders};
use crate::runtime::processes::neighbours::Neighbours;
use crate::runtime::shared::Shared;

/// What Timely's panic says if a thread that reads a connection to another process has ended.
const POISONED: &str = "MergeQueue poisoned";

/// The wait of a worker that has panicked, before it says so: its panic may be that another process is lost.
const LOST_FIRST: Duration = Duration::from_secs(1);

/// What a worker is given when it starts.
pub(crate) struct WorkerSpec {
    pub index: WorkerIndex,
    /// Over the workers of all processes.
    pub placement: Placement,
    pub shared: Arc<Shared>,
    /// The checkpoint that it begins with.
    pub epoch: Epoch,
    /// Whether it remembers what has changed.
    pub saves: bool,
    /// Whether what it does is recorded.
    pub records: bool,
    /// What processes owe each other; `None` if there is one.
    pub neighbours: Option<Arc<Neighbours>>,
    pub senders: Senders,
    pub requests: Receiver<Request>,
    /// Partitions to begin with, until there are no more.
    pub restored: Receiver<Vec<Restored>>,
    pub ready: TellReady,
}

/// Is told once of each worker that it is ready, or why it cannot be.
pub(crate) type TellReady = Arc<dyn Fn(Result<Ready, EngineError>) + Send + Sync>;

/// A worker that is ready.
pub(crate) struct Ready {
    pub worker: WorkerIndex,
    /// To wake it, if it is one of this process.
    pub thread: Option<Thread>,
    /// The partitions that it began with, as it has placed them.
    pub base: Base,
}

/// Runs a worker to its end. A panic (of the engine: an author's panic costs one message) ends this
/// worker's dataflows, and the engine then ends the others.
pub(crate) fn run(timely: &mut Timely, spec: WorkerSpec) {
    let (index, shared, ready) = (spec.index, Arc::clone(&spec.shared), Arc::clone(&spec.ready));
    let is_alone = spec.neighbours.is_none();
    let mut is_ready = false;
    let outcome = catch_unwind(AssertUnwindSafe(|| work(timely, spec, &mut is_ready)));
    if outcome.is_err() {
        shared.panicked.store(true, Ordering::Release);
    }
    let dropped = catch_unwind(AssertUnwindSafe(|| drop_dataflows(timely)));
    if let Err(panic) = outcome.and(dropped) {
        let reason = panic_reason(panic);
        let error = if !is_alone && reason.contains(POISONED) {
            EngineError::Disconnected
        } else {
            EngineError::Worker { worker: index.0, reason }
        };
        if is_ready {
            if !is_alone {
                // If another process is lost, that is heard elsewhere, and says more.
                thread::sleep(LOST_FIRST);
            }
            // Not through `ready`, to which nobody listens any more: the error would be lost.
            shared.fail(error);
        } else {
            ready(Err(error));
        }
    }
}

fn work(timely: &mut Timely, spec: WorkerSpec, is_ready: &mut bool) {
    let ready = Arc::clone(&spec.ready);
    match Worker::start(timely, spec) {
        Ok((mut worker, base)) => {
            let thread = Some(thread::current());
            *is_ready = true;
            ready(Ok(Ready { worker: worker.index, thread, base }));
            drop(ready);
            while worker.turn(timely).is_continue() {}
        }
        Err(error) => ready(Err(EngineError::Resilience(error))),
    }
}

/// A worker that works.
struct Worker {
    index: WorkerIndex,
    shared: Arc<Shared>,
    tables: Tables,
    /// The dataflows of the pipelines, until all of them have ended.
    dataflows: Vec<(Built, Arc<Queue>)>,
    /// The checkpoint that was begun last.
    epoch: Rc<Cell<Epoch>>,
    requests: Receiver<Request>,
    /// A checkpoint that waits until all that came before it is processed.
    saving: Option<SaveRequest>,
    drained: bool,
}

impl Worker {
    /// Takes the partitions to begin with, and builds the dataflows.
    fn start(timely: &mut Timely, spec: WorkerSpec) -> Result<(Self, Base), ResilienceError> {
        let (mut setup, saves) = (setup(&spec), spec.saves);
        let much = &spec.shared.much_recorded;
        let recorder = spec.records.then(|| Rc::new(Recorder::new(Arc::clone(much))));
        let WorkerSpec { index, shared, epoch, senders, requests, restored, neighbours, .. } = spec;
        let segments = shared.topology.segments(&mut setup);
        let mut tables = Tables::new(setup.into_tables().collect(), recorder.clone());
        let base = tables.restore(&restored)?;
        if saves {
            tables.remember_changes();
        }
        let (dataflows, epoch) = (Vec::new(), Rc::new(Cell::new(epoch)));
        let (saving, drained) = (None, false);
        let mut worker =
            Self { index, shared, tables, dataflows, epoch, requests, saving, drained };
        worker.build_dataflows(timely, segments, senders, (neighbours, recorder));
        Ok((worker, base))
    }

    fn build_dataflows(
        &mut self,
        timely: &mut Timely,
        segments: Vec<Vec<Box<dyn Segment>>>,
        senders: Senders,
        (neighbours, recorder): (Option<Arc<Neighbours>>, Option<Rc<Recorder>>),
    ) {
        let Self { index, shared, epoch, dataflows, .. } = self;
        let workers = timely.peers();
        // Each process has queues for its own workers.
        let place = neighbours.as_ref().map_or(index.0, |neighbours| neighbours.place_of(*index));
        let shared_with = Arc::clone(shared);
        let common = Common { worker: *index, workers, shared: shared_with, neighbours, recorder };
        let mut first = StageIndex(0);
        let pipelines = shared.topology.pipelines().iter().zip(&shared.queues);
        for (at, (((plan, queues), segments), sinks)) in
            pipelines.zip(segments).zip(senders).enumerate()
        {
            let Some(queue) = queues.queue(place) else {
                unreachable!("a pipeline has a queue for each worker")
            };
            queue.attach();
            let next = StageIndex(first.0 + segments.len());
            let pipeline = WorkerPipeline {
                index: PipelineIndex(at),
                first: mem::replace(&mut first, next),
                name: Arc::clone(&plan.name),
                segments,
                queue: Arc::clone(&queue),
                shares_queue: plan.keeps_order_by_key(),
                sinks,
                epoch: Rc::clone(epoch),
            };
            let Some(built) = build(timely, pipeline, &common) else {
                unreachable!("a pipeline has one segment at least")
            };
            dataflows.push((built, queue));
        }
    }

    /// Takes requests, and runs the dataflows once. Waits if there is nothing to do.
    fn turn(&mut self, timely: &mut Timely) -> ControlFlow<()> {
        self.take_requests()?;
        if self.shared.abort.load(Ordering::Acquire) {
            return ControlFlow::Break(());
        }
        self.save_if_processed();
        let scanning = self.tables.work();
        for (built, queue) in &self.dataflows {
            if built.takes.get() && !queue.is_idle(&self.shared.gate) {
                built.activator.activate();
            }
        }
        match (timely.has_dataflows(), scanning) {
            (true, true) => drop(timely.step()),
            (true, false) => drop(timely.step_or_park(None)),
            (false, true) => {}
            (false, false) => thread::park(),
        }
        if !self.drained && !timely.has_dataflows() {
            self.drained = true;
            self.dataflows.clear();
            // If the supervisor is gone, it has already ended the run.
            let _ = self.shared.news.send(News::Drained);
        }
        ControlFlow::Continue(())
    }

    /// Takes all waiting requests. Stops early if the worker has to end.
    fn take_requests(&mut self) -> ControlFlow<()> {
        loop {
            match self.requests.try_recv() {
                Ok(Request::Save(save)) => {
                    // Nothing is admitted now, so nothing more can come of earlier epochs.
                    self.epoch.set(save.epoch);
                    for (built, _) in &self.dataflows {
                        built.activator.activate();
                    }
                    debug_assert!(self.saving.is_none(), "one checkpoint is made at a time");
                    self.saving = Some(save);
                }
                Ok(Request::Query(query)) => self.tables.take(query),
                Err(TryRecvError::Empty) => return ControlFlow::Continue(()),
                // The engine is gone, or goes on without this worker.
                Ok(Request::Leave) | Err(TryRecvError::Disconnected) => {
                    return ControlFlow::Break(());
                }
            }
        }
    }

    /// Begins to collect what has changed, if all that came before the checkpoint is processed.
    fn save_if_processed(&mut self) {
        let Self { dataflows, tables, saving, .. } = self;
        let is_processed = |save: &mut SaveRequest| {
            dataflows.iter().all(|(built, _)| !built.processed.less_than(&save.epoch.0))
        };
        if let Some(save) = saving.take_if(is_processed) {
            tables.begin_collecting(save);
        }
    }
}

/// The setup of a worker, which says what it sends as bytes and from where outputs leave.
fn setup(spec: &WorkerSpec) -> WorkerSetup {
    let setup = WorkerSetup::new(spec.index, spec.placement, spec.shared.settings.precreate);
    match &spec.neighbours {
        None => setup,
        Some(neighbours) if neighbours.writes() => setup.with_local(neighbours.local()),
        Some(neighbours) => setup.with_local(neighbours.local()).with_outputs_of_last(),
    }
}

fn drop_dataflows(timely: &mut Timely) {
    for dataflow in timely.installed_dataflows() {
        timely.drop_dataflow(dataflow);
    }
}
