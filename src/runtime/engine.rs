//! The engine: starts a topology, takes requests while it runs, and ends.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;

use bytes::Bytes;
use timely::communication::WorkerGuards;
use timely::{CommunicationConfig, Config, WorkerConfig};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::StartClock;
use super::dataflow::Common;
use super::error::EngineError;
use super::gate::{Gate, RunState};
use super::inlet::{Inlet, Inlets};
use super::quiet::IO_THREAD_NAME;
use super::request::Request;
use super::settings::Settings;
use super::supervisor::{Outcome, Supervisor};
use super::worker::{self, WorkerNews, WorkerStart};
use crate::core::batch::Output;
use crate::core::clock::Clock;
use crate::core::numbers::{PipelineIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::partition_query::{RowQuery, RowWindow};
use crate::core::partition_table::PartitionRow;
use crate::core::placement::Placement;
use crate::core::topology::Topology;
use crate::endpoints::{Endpoint, Intake, OpenSink, OpenSource, read_injected};

/// A topology that runs. Dropping it ends the run at once, whatever is in flight.
pub struct Engine {
    topology: Arc<Topology>,
    clock: StartClock,
    gate: Arc<Gate>,
    injectors: Mutex<Vec<UnboundedSender<Bytes>>>,
    requests: Vec<mpsc::Sender<Request>>,
    threads: Vec<Thread>,
    stop: watch::Sender<bool>,
    abort: Arc<AtomicBool>,
    outcome: watch::Receiver<Outcome>,
    io: Option<Runtime>,
    guards: Option<WorkerGuards<()>>,
}

impl Engine {
    /// Opens all sources and sinks, starts the workers, and begins to read.
    ///
    /// # Errors
    ///
    /// A source or a sink cannot be opened, or threads cannot be started.
    pub fn start(
        topology: Arc<Topology>,
        settings: &Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, EngineError> {
        // One thread moves bytes as fast as many workers take them; a second one would be woken for
        // nothing by every read and write.
        let io = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(IO_THREAD_NAME)
            .enable_all()
            .build()
            .map_err(|error| EngineError::Threads(error.to_string()))?;
        let (sources, sinks) = io.block_on(open_endpoints(settings, &*observer))?;

        let clock = StartClock::start();
        let gate = Arc::new(Gate::open());
        let abort = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = watch::channel(false);
        let (sink_tasks, senders) = start_sinks(&io, sinks, clock, &observer);

        let pipelines = topology.pipelines().len();
        let workers = settings.workers.get();
        let inlets: Vec<Vec<Arc<Inlet>>> =
            (0..pipelines).map(|_| (0..workers).map(|_| Arc::default()).collect()).collect();
        let plan = WorkersPlan {
            topology: &topology,
            settings,
            observer: &observer,
            clock,
            gate: &gate,
            abort: &abort,
            inlets: &inlets,
            senders,
        };
        let (guards, requests, mut news) = start_workers(plan)?;
        let threads = await_ready(&mut news, workers, &abort)?;

        let mut source_tasks = JoinSet::new();
        let mut injectors = Vec::new();
        for (at, (source, inlets)) in sources.into_iter().zip(&inlets).enumerate() {
            let Some(plan) = topology.pipelines().get(at) else { break };
            let intake = Arc::new(Intake::new(
                PipelineIndex(at),
                Arc::clone(&plan.name),
                Arc::clone(&plan.source.framing),
                settings.frame_limit,
                Arc::new(clock),
                Arc::new(Inlets(inlets.clone())),
                Arc::clone(&observer),
                stopped.clone(),
            ));
            source.announce(&intake);
            if settings.injectable {
                let (injector, injected) = unbounded_channel();
                injectors.push(injector);
                let intake = Arc::clone(&intake);
                let read = async move {
                    read_injected(injected, intake).await;
                    Ok(())
                };
                source_tasks.spawn_on(read, io.handle());
            }
            source_tasks.spawn_on(source.run(intake), io.handle());
        }

        let (publish, outcome) = watch::channel(None);
        let supervisor = Supervisor {
            sources: source_tasks,
            sinks: sink_tasks,
            inlets: inlets.into_iter().flatten().collect(),
            news,
            workers,
            stop: stop.clone(),
            abort: Arc::clone(&abort),
            outcome: publish,
        };
        io.spawn(supervisor.run());
        Ok(Self {
            topology,
            clock,
            gate,
            injectors: Mutex::new(injectors),
            requests,
            threads,
            stop,
            abort,
            outcome,
            io: Some(io),
            guards: Some(guards),
        })
    }

    /// What runs.
    #[must_use]
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// How many workers run it.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.threads.len()
    }

    /// The time since the start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Gives bytes to a pipeline as if its source had read them. They may be anything: bytes at the
    /// end that are no whole frame become a dead letter.
    ///
    /// # Errors
    ///
    /// The engine is ending, or was not started to be injected into.
    pub fn inject(&self, pipeline: PipelineIndex, bytes: Bytes) -> Result<(), EngineError> {
        let injectors = self.injectors.lock().unwrap_or_else(PoisonError::into_inner);
        let injector = injectors.get(pipeline.0).ok_or(EngineError::Ended)?;
        injector.send(bytes).map_err(|_| EngineError::Ended)
    }

    /// Takes no more frames. What is in flight goes on to its end.
    pub fn pause(&self) {
        self.gate.pause();
    }

    /// Takes frames again.
    pub fn resume(&self) {
        self.gate.resume(self.clock.now());
        self.wake();
    }

    /// Takes one message, now or as soon as one comes. Pauses first where the engine runs.
    pub fn step(&self) {
        self.gate.step();
        self.wake();
    }

    /// What the engine is doing.
    #[must_use]
    pub fn run_state(&self) -> RunState {
        self.gate.run_state()
    }

    fn wake(&self) {
        self.threads.iter().for_each(Thread::unpark);
    }

    fn ask<T>(&self, request: impl Fn(mpsc::Sender<T>) -> Request) -> Receiver<T> {
        let (reply, replies) = mpsc::channel();
        for worker in &self.requests {
            // A worker that is gone gives no reply: its sender is dropped with the request.
            let _ = worker.send(request(reply.clone()));
        }
        self.wake();
        replies
    }

    /// Asks every worker for rows of a state. Each sends one window, or none where it has ended;
    /// [`merge`](crate::core::partition_query::merge) puts them together.
    #[must_use]
    pub fn rows(&self, state: &Arc<str>, query: &RowQuery) -> Receiver<RowWindow> {
        self.ask(|reply| Request::Rows { state: Arc::clone(state), query: query.clone(), reply })
    }

    /// All partitions of all states, sorted by state and key. Waits for the workers.
    #[must_use]
    pub fn export(&self) -> Vec<PartitionRow> {
        let mut rows: Vec<_> =
            self.ask(|reply| Request::Export { reply }).iter().flatten().collect();
        rows.sort_by(|one, two| (&one.state, &one.key).cmp(&(&two.state, &two.key)));
        rows
    }

    /// Stops reading. What has been read goes on to its end, and then the run has ended.
    pub fn stop(&self) {
        self.injectors.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.stop.send_replace(true);
        self.resume();
    }

    /// How the run ended; `None` while it has not.
    #[must_use]
    pub fn outcome(&self) -> Option<Result<(), Arc<EngineError>>> {
        self.outcome.borrow().clone()
    }

    /// Waits until the run has ended.
    ///
    /// # Errors
    ///
    /// Why it could not go on.
    pub fn wait(&self) -> Result<(), Arc<EngineError>> {
        let mut outcome = self.outcome.clone();
        let ended = self
            .io
            .as_ref()
            .map(|io| io.block_on(async { outcome.wait_for(Option::is_some).await.ok()?.clone() }));
        ended.flatten().unwrap_or(Err(Arc::new(EngineError::Ended)))
    }

    /// Waits until the run has ended, or until `interrupted` says that it should not be waited for.
    pub async fn ended(&self) {
        let _ = self.outcome.clone().wait_for(Option::is_some).await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.abort.store(true, Ordering::Release);
        self.wake();
        if let Some(guards) = self.guards.take() {
            // A worker that panicked has told so already.
            drop(guards.join());
        }
        if let Some(io) = self.io.take() {
            // Not waited for: a read from a terminal or a pipe may never return.
            io.shutdown_background();
        }
    }
}

type Sources = Vec<OpenSource>;
type Sinks = Vec<Vec<OpenSink>>;

async fn open_endpoints(
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<(Sources, Sinks), EngineError> {
    let mut sources = Vec::new();
    for endpoint in &settings.sources {
        let source = OpenSource::open(endpoint)
            .await
            .map_err(|error| EngineError::OpenSource { endpoint: endpoint.clone(), error })?;
        sources.push(source);
    }
    let mut sinks = Vec::new();
    for endpoints in &settings.sinks {
        let mut of_pipeline = Vec::new();
        for endpoint in endpoints {
            let sink = match refuse_source(endpoint, &settings.sources) {
                Ok(()) => OpenSink::open(endpoint, observer).await,
                Err(error) => Err(error),
            };
            of_pipeline.push(
                sink.map_err(|error| EngineError::OpenSink { endpoint: endpoint.clone(), error })?,
            );
        }
        sinks.push(of_pipeline);
    }
    Ok((sources, sinks))
}

/// Refuses a sink whose file is also a source: to open it would empty it before it is read.
fn refuse_source(sink: &Endpoint, sources: &[Endpoint]) -> io::Result<()> {
    // What is no plain file, such as a terminal, may well be both.
    let file = |endpoint: &Endpoint| match endpoint {
        Endpoint::File(path) if path.is_file() => path.canonicalize().ok(),
        _ => None,
    };
    let sink = file(sink);
    if sink.is_some() && sources.iter().any(|source| file(source) == sink) {
        return Err(io::Error::other("it is also an input: choose another file"));
    }
    Ok(())
}

type SinkTasks = JoinSet<Result<(), crate::endpoints::SinkFailure>>;

fn start_sinks(
    io: &Runtime,
    sinks: Sinks,
    clock: StartClock,
    observer: &Arc<dyn Observer>,
) -> (SinkTasks, Vec<Vec<UnboundedSender<Output>>>) {
    let mut tasks = JoinSet::new();
    let mut senders = Vec::new();
    for (at, of_pipeline) in sinks.into_iter().enumerate() {
        let start = |sink: OpenSink| {
            let (sender, outputs) = unbounded_channel();
            let run = sink.run(PipelineIndex(at), outputs, Arc::new(clock), Arc::clone(observer));
            tasks.spawn_on(run, io.handle());
            sender
        };
        senders.push(of_pipeline.into_iter().map(start).collect());
    }
    (tasks, senders)
}

/// What workers are started with.
struct WorkersPlan<'a> {
    topology: &'a Arc<Topology>,
    settings: &'a Settings,
    observer: &'a Arc<dyn Observer>,
    clock: StartClock,
    gate: &'a Arc<Gate>,
    abort: &'a Arc<AtomicBool>,
    /// For each pipeline, one a worker.
    inlets: &'a [Vec<Arc<Inlet>>],
    /// For each pipeline, one a sink.
    senders: Vec<Vec<UnboundedSender<Output>>>,
}

type Workers = (WorkerGuards<()>, Vec<mpsc::Sender<Request>>, UnboundedReceiver<WorkerNews>);

fn start_workers(plan: WorkersPlan<'_>) -> Result<Workers, EngineError> {
    let workers: NonZeroUsize = plan.settings.workers;
    let (tell, news) = unbounded_channel();
    let mut requests = Vec::new();
    let mut starts = Vec::new();
    for worker in 0..workers.get() {
        let (request, requested) = mpsc::channel();
        requests.push(request);
        let common = Common {
            worker: WorkerIndex(worker),
            clock: Arc::new(plan.clock),
            observer: Arc::clone(plan.observer),
            gate: Arc::clone(plan.gate),
            sample_every: plan.settings.sample_every,
        };
        let of_worker = |inlets: &Vec<Arc<Inlet>>| inlets.get(worker).map(Arc::clone);
        starts.push(Mutex::new(Some(WorkerStart {
            topology: Arc::clone(plan.topology),
            placement: Placement::new(workers),
            precreate: plan.settings.precreate,
            common,
            inlets: plan.inlets.iter().filter_map(of_worker).collect(),
            sinks: plan.senders.clone(),
            requests: requested,
            news: tell.clone(),
            abort: Arc::clone(plan.abort),
        })));
    }
    let config = Config {
        communication: CommunicationConfig::Process(workers.get()),
        worker: WorkerConfig::default(),
    };
    let guards = timely::execute(config, move |timely| {
        let start = starts.get(timely.index());
        let start =
            start.and_then(|start| start.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(start) = start {
            worker::run(timely, start);
        }
    })
    .map_err(EngineError::Threads)?;
    Ok((guards, requests, news))
}

/// Waits for every worker's word that it is ready. Where one fails instead, the others end too.
fn await_ready(
    news: &mut UnboundedReceiver<WorkerNews>,
    workers: usize,
    abort: &AtomicBool,
) -> Result<Vec<Thread>, EngineError> {
    let mut threads: Vec<(WorkerIndex, Thread)> = Vec::new();
    let mut failure = None;
    for _ in 0..workers {
        match news.blocking_recv() {
            Some(WorkerNews::Ready(worker, thread)) => threads.push((worker, thread)),
            Some(WorkerNews::Failed(worker, reason)) => {
                failure = Some(EngineError::Worker { worker: worker.0, reason });
            }
            Some(WorkerNews::Drained) | None => failure = Some(EngineError::Ended),
        }
    }
    threads.sort_by_key(|(worker, _)| *worker);
    let threads: Vec<Thread> = threads.into_iter().map(|(_, thread)| thread).collect();
    match failure {
        None => Ok(threads),
        Some(error) => {
            abort.store(true, Ordering::Release);
            threads.iter().for_each(Thread::unpark);
            Err(error)
        }
    }
}
