//! Starts the parts of an engine: opens its endpoints, and starts sinks, workers and sources.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::Thread;

use timely::communication::WorkerGuards;
use timely::{CommunicationConfig, Config, WorkerConfig};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::StartClock;
use super::dataflow::Common;
use super::error::EngineError;
use super::gate::Gate;
use super::inlet::{Inlet, Inlets};
use super::request::Request;
use super::settings::Settings;
use super::worker::{self, WorkerNews, WorkerStart};
use crate::core::batch::Output;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::placement::Placement;
use crate::core::topology::Topology;
use crate::endpoints::{
    Endpoint, FileId, Injector, Intake, OpenSink, OpenSource, SinkFailure, read_injected,
};

/// What all parts of an engine share.
pub(super) struct Shared {
    pub topology: Arc<Topology>,
    pub observer: Arc<dyn Observer>,
    pub clock: StartClock,
    pub gate: Arc<Gate>,
    /// Turns true when everything is to end at once.
    pub abort: Arc<AtomicBool>,
}

pub(super) type Sources = Vec<OpenSource>;
pub(super) type Sinks = Vec<Vec<OpenSink>>;

/// Opens every source and every sink, and changes nothing: what cannot start leaves files as they were.
pub(super) async fn open_endpoints(settings: &Settings) -> Result<(Sources, Sinks), EngineError> {
    let mut sources = Vec::new();
    let mut files = Files { read: Vec::new(), written: Vec::new() };
    for (at, endpoint) in settings.sources.iter().enumerate() {
        let failed = |error| EngineError::OpenSource { endpoint: endpoint.clone(), error };
        if *endpoint == Endpoint::Standard
            && settings.sources.iter().take(at).any(|other| other == endpoint)
        {
            // Each would get some of the bytes.
            return Err(failed(io::Error::other("it is another pipeline's input already")));
        }
        let source = OpenSource::open(endpoint, settings.connection_limit).await.map_err(failed)?;
        sources.push(source);
        files.read.extend(file_id(endpoint));
    }
    let mut sinks = Vec::new();
    for endpoints in &settings.sinks {
        let mut of_pipeline = Vec::new();
        for endpoint in endpoints {
            let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
            of_pipeline.push(OpenSink::open(endpoint).await.map_err(failed)?);
            files.claim(endpoint).map_err(failed)?;
        }
        sinks.push(of_pipeline);
    }
    Ok((sources, sinks))
}

/// The files that are read and written.
struct Files {
    read: Vec<FileId>,
    written: Vec<FileId>,
}

impl Files {
    /// Refuses a sink whose file is read, or written by another sink: one would destroy the other.
    fn claim(&mut self, sink: &Endpoint) -> io::Result<()> {
        let Some(file) = file_id(sink) else { return Ok(()) };
        if self.read.contains(&file) {
            return Err(io::Error::other("it is also an input: choose another file"));
        }
        if self.written.contains(&file) {
            return Err(io::Error::other("it is another output already: choose another file"));
        }
        self.written.push(file);
        Ok(())
    }
}

fn file_id(endpoint: &Endpoint) -> Option<FileId> {
    match endpoint {
        Endpoint::File(path) => FileId::of(path),
        Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => None,
    }
}

pub(super) type SinkTasks = JoinSet<Result<(), SinkFailure>>;
type Senders = Vec<Vec<UnboundedSender<Output>>>;

/// Starts the sinks. What is sent to them is written: for each pipeline, one sender a sink.
pub(super) fn start_sinks(io: &Handle, sinks: Sinks, shared: &Shared) -> (SinkTasks, Senders) {
    let mut tasks = JoinSet::new();
    let mut senders = Vec::new();
    for (at, of_pipeline) in sinks.into_iter().enumerate() {
        let start = |sink: OpenSink| {
            let (sender, outputs) = unbounded_channel();
            let (clock, observer) = (Arc::new(shared.clock), Arc::clone(&shared.observer));
            tasks.spawn_on(sink.run(PipelineIndex(at), outputs, clock, observer), io);
            sender
        };
        senders.push(of_pipeline.into_iter().map(start).collect());
    }
    (tasks, senders)
}

/// The inlets of an engine: for each pipeline, one a worker.
pub(super) type AllInlets = Vec<Vec<Arc<Inlet>>>;

pub(super) type SourceTasks = JoinSet<io::Result<()>>;

/// Starts the sources, and those that inject where the settings ask for it.
pub(super) fn start_sources(
    io: &Handle,
    sources: Sources,
    settings: &Settings,
    shared: &Shared,
    inlets: &AllInlets,
    stopped: &watch::Receiver<bool>,
) -> (SourceTasks, Vec<Injector>) {
    let mut tasks = JoinSet::new();
    let mut injectors = Vec::new();
    let pipelines = shared.topology.pipelines().iter().zip(sources).zip(inlets);
    for (at, ((plan, source), inlets)) in pipelines.enumerate() {
        let intake = Arc::new(Intake::new(
            PipelineIndex(at),
            Arc::clone(&plan.name),
            Arc::clone(&plan.source.framing),
            settings.frame_limit,
            Arc::new(shared.clock),
            Arc::new(Inlets(inlets.clone())),
            Arc::clone(&shared.observer),
            stopped.clone(),
        ));
        source.announce(&intake);
        if settings.injectable {
            let (injector, injected) = Injector::new();
            injectors.push(injector);
            let intake = Arc::clone(&intake);
            let read = async move {
                read_injected(injected, intake).await;
                Ok(())
            };
            tasks.spawn_on(read, io);
        }
        tasks.spawn_on(source.run(intake), io);
    }
    (tasks, injectors)
}

/// The workers of an engine.
pub(super) struct Workers {
    pub guards: WorkerGuards<()>,
    pub threads: Vec<Thread>,
    pub requests: Vec<mpsc::Sender<Request>>,
    pub news: UnboundedReceiver<WorkerNews>,
}

/// Starts the workers, and waits until all of them are ready.
pub(super) fn start_workers(
    settings: &Settings,
    shared: &Shared,
    inlets: &AllInlets,
    senders: &Senders,
) -> Result<Workers, EngineError> {
    let workers = settings.workers;
    let (tell, mut news) = unbounded_channel();
    let mut requests = Vec::new();
    let mut starts = Vec::new();
    for worker in 0..workers.get() {
        let (request, requested) = mpsc::channel();
        requests.push(request);
        let common = Common {
            worker: WorkerIndex(worker),
            clock: Arc::new(shared.clock),
            observer: Arc::clone(&shared.observer),
            gate: Arc::clone(&shared.gate),
            sample_every: settings.sample_every,
        };
        let of_worker = |inlets: &Vec<Arc<Inlet>>| inlets.get(worker).map(Arc::clone);
        starts.push(Mutex::new(Some(WorkerStart {
            topology: Arc::clone(&shared.topology),
            placement: Placement::new(workers),
            precreate: settings.precreate,
            common,
            inlets: inlets.iter().filter_map(of_worker).collect(),
            sinks: senders.clone(),
            requests: requested,
            news: tell.clone(),
            abort: Arc::clone(&shared.abort),
        })));
    }
    let config = Config {
        communication: CommunicationConfig::Process(workers.get()),
        worker: WorkerConfig::default(),
    };
    let guards = timely::execute(config, move |timely| {
        let start = starts.get(timely.index());
        let take = |start: &Mutex<Option<WorkerStart>>| {
            start.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        if let Some(start) = start.and_then(take) {
            worker::run(timely, start);
        }
    })
    .map_err(EngineError::Threads)?;
    let threads = await_ready(&mut news, workers.get(), &shared.abort)?;
    Ok(Workers { guards, threads, requests, news })
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
