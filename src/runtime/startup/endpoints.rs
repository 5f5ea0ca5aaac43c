//! Opens an engine's sources and sinks, and starts their tasks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::core::event::EngineEvent;
use crate::core::numbers::{PipelineIndex, ProcessIndex, SinkIndex, SinkPlace};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::{
    Delivery, Endpoint, Entered, FileId, Intake, OpenSink, OpenSource, SinkTask, ToSink, is_inside,
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
    /// Per pipeline, its sinks; `None` of one that an earlier pipeline has.
    pub sinks: Vec<Vec<Option<OpenSink>>>,
}

/// Refuses settings of another application: a pipeline would have no source or no sink, or an endpoint that it does
/// not read, or a sink that it shares another endpoint than others.
fn refuse_other_settings(settings: &Settings, topology: &Topology) -> Result<(), EngineError> {
    let of_topology = topology.pipelines().iter().map(|plan| plan.sinks.len());
    let fits = settings.sources.len() == topology.pipelines().len()
        && settings.sinks.iter().map(Vec::len).eq(of_topology);
    if !fits {
        return Err(EngineError::OtherTopology);
    }
    let mut sources = topology.pipelines().iter().zip(&settings.sources);
    let nothing = sources
        .find(|(plan, endpoint)| plan.source.makes_its_messages() && **endpoint != Endpoint::Null);
    if let Some((plan, _)) = nothing {
        return Err(EngineError::NothingToRead(Arc::clone(&plan.name)));
    }
    for (plan, endpoints) in topology.pipelines().iter().zip(&settings.sinks) {
        for (sink, endpoint) in plan.sinks.iter().zip(endpoints) {
            let Some(first) = sink.same_as else { continue };
            let of_first = settings.sinks.get(first.pipeline.0);
            if of_first.and_then(|sinks| sinks.get(first.sink.0)) != Some(endpoint) {
                let first = topology.pipelines().get(first.pipeline.0).unwrap_or(plan);
                let (pipeline, first) = (Arc::clone(&plan.name), Arc::clone(&first.name));
                return Err(EngineError::TwoEndpoints { pipeline, first });
            }
        }
    }
    Ok(())
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
    for (at, (endpoint, plan)) in settings.sources.iter().zip(topology.pipelines()).enumerate() {
        if let Some(has) = &plan.source.has {
            sources.push(OpenSource::Generator(Arc::clone(has), 0));
            continue;
        }
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
    for (at, (endpoints, plan)) in settings.sinks.iter().zip(topology.pipelines()).enumerate() {
        let mut of_pipeline = Vec::new();
        for (endpoint, sink) in endpoints.iter().zip(&plan.sinks) {
            if sink.same_as.is_some() {
                of_pipeline.push(None);
                continue;
            }
            let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
            let open = OpenSink::open(endpoint);
            let opened = patiently(OPENING, open, || waits(at, endpoint, "reads")).await;
            let sink = opened.map_err(failed)?;
            files.claim(endpoint).and_then(|()| sink.claim()).map_err(failed)?;
            of_pipeline.push(Some(sink));
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
pub(crate) fn begin_sinks(
    sinks: Vec<Vec<Option<OpenSink>>>,
    shared: &Shared,
) -> (Senders, Vec<SinkTask>) {
    let sync = shared.durable.as_ref().is_some_and(|durable| durable.sync);
    let (mut senders, mut tasks): (Senders, _) = (Vec::new(), Vec::new());
    for (at, sinks) in sinks.into_iter().enumerate() {
        let mut of_pipeline = Vec::new();
        for (index, sink) in sinks.into_iter().enumerate() {
            let place = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(index) };
            let Some(sink) = sink else {
                let first = shared.topology.first_place(place);
                let of_first = senders.get(first.pipeline.0).and_then(|of| of.get(first.sink.0));
                let Some(of_first) = of_first else {
                    unreachable!("a sink that is not open is one of an earlier pipeline")
                };
                of_pipeline.push(ToSink::clone(of_first));
                continue;
            };
            let (clock, observer) = (Arc::new(shared.clock), Arc::clone(&shared.observer));
            let (to_sink, task) = sink.begin(place, clock, observer, sync);
            tasks.extend(task);
            of_pipeline.push(to_sink);
        }
        senders.push(of_pipeline);
    }
    (senders, tasks)
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
            process: ProcessIndex(0),
            stop: stopped.clone(),
            entered: Entered::after(Arc::clone(number)),
        })
    });
    intakes.collect()
}
