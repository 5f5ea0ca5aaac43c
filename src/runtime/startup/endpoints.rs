//! Opens an engine's sources and sinks, and starts their tasks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::core::event::EngineEvent;
use crate::core::numbers::{PipelineIndex, SinkIndex};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::{
    Delivery, Endpoint, Entered, FileId, Intake, OpenSink, OpenSource, SinkTask, is_inside,
    patiently,
};
use crate::runtime::durable::Durable;
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queues::Queues;
use crate::runtime::panics::IO_THREAD_NAME;
use crate::runtime::parts::{Senders, SinkTasks};
use crate::runtime::recovery::saved_names::SavedNames;
use crate::runtime::settings::Settings;
use crate::runtime::shared::Shared;

/// The threads that read and write.
pub(crate) fn io_runtime() -> Result<Runtime, EngineError> {
    // One thread reads and writes as fast as many workers process. A second one would be woken for nothing by
    // every read and write.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(IO_THREAD_NAME)
        .enable_all()
        .build()
        .map_err(|error| EngineError::Threads(error.to_string()))
}

/// The open sources and sinks of an engine, before they begin.
pub(crate) struct Endpoints {
    /// Per pipeline, its source.
    pub sources: Vec<OpenSource>,
    /// Per pipeline, its sinks.
    pub sinks: Vec<Vec<OpenSink>>,
}

/// Refuses settings of another application: a pipeline would have no source or no sink.
fn refuse_other_settings(settings: &Settings, topology: &Topology) -> Result<(), EngineError> {
    let of_topology = topology.pipelines().iter().map(|plan| plan.sinks.len());
    let fits = settings.sources.len() == topology.pipelines().len()
        && settings.sinks.iter().map(Vec::len).eq(of_topology);
    if fits { Ok(()) } else { Err(EngineError::OtherTopology) }
}

/// Refuses a source or a sink in the resilience directory: the saved state would be destroyed, or would look
/// damaged.
fn refuse_saved_files(settings: &Settings) -> Result<(), EngineError> {
    let Some(resilience) = &settings.resilience else { return Ok(()) };
    let saved = |endpoint: &Endpoint| matches!(endpoint, Endpoint::File(path) if is_inside(path, &resilience.directory));
    let error = || io::Error::other("it is in the resilience directory: choose another place");
    if let Some(endpoint) = settings.sources.iter().find(|endpoint| saved(endpoint)).cloned() {
        return Err(EngineError::OpenSource { endpoint, error: error() });
    }
    match settings.sinks.iter().flatten().find(|endpoint| saved(endpoint)).cloned() {
        Some(endpoint) => Err(EngineError::OpenSink { endpoint, error: error() }),
        None => Ok(()),
    }
}

/// How long opening a file may take before it is reported.
const OPENING: Duration = Duration::from_secs(1);

/// Opens every source and every sink, and changes no file.
pub(crate) async fn open_endpoints(
    settings: &Settings,
    topology: &Topology,
    observer: &dyn Observer,
) -> Result<Endpoints, EngineError> {
    refuse_other_settings(settings, topology)?;
    refuse_saved_files(settings)?;
    // A named pipe waits for its other end.
    let waits = |at: usize, endpoint: &Endpoint, other: &'static str| {
        if let Endpoint::File(path) = endpoint {
            let path = path.display().to_string();
            observer.event(EngineEvent::Opening(PipelineIndex(at), path, other.into()));
        }
    };
    let mut sources = Vec::new();
    let mut files = Files { read: Vec::new(), written: Vec::new() };
    for (at, endpoint) in settings.sources.iter().enumerate() {
        let failed = |error| EngineError::OpenSource { endpoint: endpoint.clone(), error };
        if *endpoint == Endpoint::Standard
            && settings.sources.iter().take(at).any(|other| other == endpoint)
        {
            // Each source would get only some of the bytes.
            return Err(failed(io::Error::other("it is another pipeline's input already")));
        }
        let open = OpenSource::open(endpoint, settings.connection_limit);
        let opened = patiently(OPENING, open, || waits(at, endpoint, "writes to")).await;
        sources.push(opened.map_err(failed)?);
        files.read.extend(file_id(endpoint));
    }
    let mut sinks = Vec::new();
    for (at, endpoints) in settings.sinks.iter().enumerate() {
        let mut of_pipeline = Vec::new();
        for endpoint in endpoints {
            let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
            let open = OpenSink::open(endpoint);
            let opened = patiently(OPENING, open, || waits(at, endpoint, "reads")).await;
            let sink = opened.map_err(failed)?;
            files.claim(endpoint).and_then(|()| sink.claim()).map_err(failed)?;
            of_pipeline.push(sink);
        }
        sinks.push(of_pipeline);
    }
    Ok(Endpoints { sources, sinks })
}

/// The files that are read and written.
struct Files {
    read: Vec<FileId>,
    written: Vec<FileId>,
}

impl Files {
    /// Refuses a sink whose file is read or is written by another sink: the file would be destroyed.
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

/// Begins with the sinks. Returns where their outputs go, and what they do beside the workers.
pub(crate) fn begin_sinks(sinks: Vec<Vec<OpenSink>>, shared: &Shared) -> (Senders, Vec<SinkTask>) {
    let sync = shared.durable.as_ref().is_some_and(|durable| durable.sync);
    let mut tasks = Vec::new();
    let senders = sinks.into_iter().enumerate().map(|(at, sinks)| {
        let of_pipeline = sinks.into_iter().enumerate().map(|(index, sink)| {
            let (clock, observer) = (Arc::new(shared.clock), Arc::clone(&shared.observer));
            let (pipeline, index) = (PipelineIndex(at), SinkIndex(index));
            let (to_sink, task) = sink.begin(pipeline, index, clock, observer, sync);
            tasks.extend(task);
            to_sink
        });
        of_pipeline.collect()
    });
    (senders.collect(), tasks)
}

/// Starts what the sinks do beside the workers.
pub(crate) fn start_sinks(io: &Handle, tasks: Vec<SinkTask>) -> SinkTasks {
    let mut started = JoinSet::new();
    for task in tasks {
        started.spawn_on(task, io);
    }
    started
}

/// The queues of the pipelines.
pub(crate) fn queues(
    topology: &Topology,
    settings: &Settings,
    names: &SavedNames,
    durable: Option<&Durable>,
) -> impl Iterator<Item = Queues> {
    let plans = topology.pipelines().iter().zip(&names.sources).enumerate();
    plans.map(move |(at, (plan, file))| {
        let (name, file, workers) = (Arc::clone(&plan.name), file.clone(), settings.workers.get());
        let shared = plan.keeps_order_by_key();
        Queues::new(PipelineIndex(at), name, file, workers, durable.cloned(), shared)
    })
}

/// The intakes of the pipelines.
pub(crate) fn intakes(shared: &Shared, stopped: &watch::Receiver<bool>) -> Vec<Arc<Intake>> {
    let plans = shared.topology.pipelines().iter().zip(&shared.queues).zip(&shared.numbers);
    let intakes = plans.enumerate().map(|(at, ((plan, queues), number))| {
        Arc::new(Intake {
            pipeline: PipelineIndex(at),
            name: Arc::clone(&plan.name),
            framing: Arc::clone(&plan.source.framing),
            frame_limit: shared.settings.frame_limit,
            clock: Arc::new(shared.clock),
            delivery: Arc::clone(queues) as Arc<dyn Delivery>,
            observer: Arc::clone(&shared.observer),
            stop: stopped.clone(),
            entered: Entered::after(Arc::clone(number)),
        })
    });
    intakes.collect()
}
