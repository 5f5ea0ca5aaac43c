//! Opens an engine's sources and sinks, and starts their tasks.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connections::fit_connections;
use crate::core::event::EngineEvent;
use crate::core::numbers::{PipelineIndex, SinkIndex};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::{
    Endpoint, FileId, Injector, Intake, OpenSink, OpenSource, SinkOrder, is_inside, read_injected,
};
use crate::resilience::{Position, ResilienceError};
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queues::Queues;
use crate::runtime::panics::IO_THREAD_NAME;
use crate::runtime::parts::{JournalOrder, Senders, Shared, SinkTasks, SourceTasks};
use crate::runtime::recovery::saved_names::SavedNames;
use crate::runtime::settings::Settings;

/// The threads that move bytes.
pub(crate) fn io_runtime() -> Result<Runtime, EngineError> {
    // One thread moves bytes as fast as many workers take them; a second one would be woken for
    // nothing by every read and write.
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(IO_THREAD_NAME)
        .enable_all()
        .build()
        .map_err(|error| EngineError::Threads(error.to_string()))
}

pub(crate) type Sources = Vec<OpenSource>;
pub(crate) type Sinks = Vec<Vec<OpenSink>>;

/// Refuses a source and a sink in the resilience directory: what is saved there would be destroyed, or
/// taken for damaged.
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

/// How long a file may take to open before that is said.
const OPENING: Duration = Duration::from_secs(1);

/// Opens a source or sink, and says where that takes long: only a pipe does.
async fn patiently<T>(
    open: impl Future<Output = T>,
    observer: &dyn Observer,
    (at, endpoint, other): (usize, &Endpoint, &'static str),
) -> T {
    let mut open = pin!(open);
    tokio::select! {
        biased;
        opened = &mut open => return opened,
        () = sleep(OPENING) => {}
    }
    if let Endpoint::File(path) = endpoint {
        let path = path.display().to_string();
        observer.event(EngineEvent::Opening(PipelineIndex(at), path, other));
    }
    open.await
}

/// Opens every source and every sink, and changes nothing: what cannot start leaves files as they were.
pub(crate) async fn open_endpoints(
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<(Sources, Sinks), EngineError> {
    refuse_saved_files(settings)?;
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
        let open = OpenSource::open(endpoint, settings.connection_limit);
        let opened = patiently(open, observer, (at, endpoint, "writes to")).await;
        sources.push(opened.map_err(failed)?);
        files.read.extend(file_id(endpoint));
    }
    let mut sinks = Vec::new();
    for (at, endpoints) in settings.sinks.iter().enumerate() {
        let mut of_pipeline = Vec::new();
        for endpoint in endpoints {
            let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
            let opened =
                patiently(OpenSink::open(endpoint), observer, (at, endpoint, "reads")).await;
            let sink = opened.map_err(failed)?;
            files.claim(endpoint).and_then(|()| sink.claim()).map_err(failed)?;
            of_pipeline.push(sink);
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

type Receivers = Vec<Vec<UnboundedReceiver<SinkOrder>>>;

/// Where sinks will get their orders from.
pub(crate) fn sink_channels(topology: &Topology) -> (Senders, Receivers) {
    let of_pipeline = |sinks: usize| (0..sinks).map(|_| unbounded_channel()).unzip();
    topology.pipelines().iter().map(|plan| of_pipeline(plan.sinks.len())).unzip()
}

/// Starts the sinks: what is sent to them is written. With `sync`, what they report is on the disk.
pub(crate) fn start_sinks(
    io: &Handle,
    sinks: Sinks,
    receivers: Receivers,
    shared: &Shared,
    sync: bool,
) -> SinkTasks {
    let mut tasks = JoinSet::new();
    for (at, (sinks, receivers)) in sinks.into_iter().zip(receivers).enumerate() {
        for (index, (sink, orders)) in sinks.into_iter().zip(receivers).enumerate() {
            let (clock, observer) = (Arc::new(shared.clock), Arc::clone(&shared.observer));
            let (pipeline, index) = (PipelineIndex(at), SinkIndex(index));
            tasks.spawn_on(sink.run(pipeline, index, orders, clock, observer, sync), io);
        }
    }
    tasks
}

/// Where the pipelines' frames enter.
pub(crate) fn queues(
    topology: &Topology,
    workers: usize,
    names: &SavedNames,
    journal: Option<&Sender<JournalOrder>>,
) -> Vec<Arc<Queues>> {
    let plans = topology.pipelines().iter().enumerate();
    let queues = |(at, plan): (usize, &crate::core::topology::PipelinePlan)| {
        let (name, journal) = (Arc::clone(&plan.name), journal.cloned());
        let file = names.sources.get(at).cloned().flatten();
        Arc::new(Queues::new(PipelineIndex(at), name, file, workers, journal))
    };
    plans.map(queues).collect()
}

/// Where the pipelines' sources hand over what they read.
pub(crate) fn intakes(
    settings: &Settings,
    shared: &Shared,
    queues: &[Arc<Queues>],
    stopped: &watch::Receiver<bool>,
) -> Vec<Arc<Intake>> {
    let plans = shared.topology.pipelines().iter().zip(queues).enumerate();
    let intakes = plans.map(|(at, (plan, queues))| {
        Arc::new(Intake::new(
            PipelineIndex(at),
            Arc::clone(&plan.name),
            Arc::clone(&plan.source.framing),
            settings.frame_limit,
            Arc::new(shared.clock),
            Arc::clone(queues) as Arc<dyn crate::endpoints::Delivery>,
            Arc::clone(&shared.observer),
            stopped.clone(),
        ))
    });
    intakes.collect()
}

/// Starts the sources, and those that inject where the settings ask for it. They begin to read when
/// `begin` turns true.
pub(crate) fn start_sources(
    io: &Handle,
    mut sources: Sources,
    intakes: Vec<Arc<Intake>>,
    settings: &Settings,
    begin: &watch::Receiver<bool>,
) -> (SourceTasks, Vec<Injector>) {
    fit_connections(settings, &mut sources, &intakes);
    let mut tasks = JoinSet::new();
    let mut injectors = Vec::new();
    for (source, intake) in sources.into_iter().zip(intakes) {
        source.announce(&intake);
        if settings.injectable {
            let (injector, injected) = Injector::new();
            injectors.push(injector);
            let (intake, begin) = (Arc::clone(&intake), begin.clone());
            let read = async move {
                begun(begin).await;
                read_injected(injected, intake).await;
                Ok(())
            };
            tasks.spawn_on(read, io);
        }
        let begin = begin.clone();
        let read = async move {
            begun(begin).await;
            source.run(intake).await
        };
        tasks.spawn_on(read, io);
    }
    (tasks, injectors)
}

async fn begun(mut begin: watch::Receiver<bool>) {
    // An error says that the engine is gone, and then nothing is read anyway.
    let _ = begin.wait_for(|begin| *begin).await;
}

/// Lets sources and sinks begin where a checkpoint had ended. Returns the positions of those that are
/// not among them, and that a later run may have again: not of files that this one writes anew.
pub(crate) async fn begin_at(
    positions: &[Position],
    shared: &Shared,
    names: &SavedNames,
    (sources, sinks): (&mut Sources, &mut Sinks),
) -> Result<Vec<Position>, EngineError> {
    let mut others = Vec::new();
    let pipelines = shared.topology.pipelines();
    let index = |name: &Arc<str>| pipelines.iter().position(|plan| plan.name == *name);
    for position in positions {
        let known = match position {
            Position::Journal { pipeline, .. } => index(pipeline).is_some(),
            Position::Source { pipeline, endpoint, offset } => {
                let at = index(pipeline);
                let name = at.and_then(|at| names.sources.get(at)?.as_deref());
                match at.and_then(|at| sources.get_mut(at)) {
                    Some(source) if name == Some(endpoint) => {
                        begin_source(source, endpoint, *offset).await?;
                        true
                    }
                    _ => false,
                }
            }
            Position::Sink { pipeline, sink, endpoint, offset } => {
                let number = usize::try_from(*sink).unwrap_or(usize::MAX);
                let place = index(pipeline);
                let ours = place
                    .and_then(|at| names.sinks.get(at)?.get(number))
                    .filter(|ours| ours.to_string() == *endpoint);
                let open = place.and_then(|at| sinks.get_mut(at)?.get_mut(number));
                match (ours, open) {
                    (Some(ours), Some(open)) => begin_sink(open, ours, *offset)?,
                    _ => false,
                }
            }
        };
        if !known && !names.are_overwritten(position) {
            others.push(position.clone());
        }
    }
    Ok(others)
}

async fn begin_source(
    source: &mut OpenSource,
    endpoint: &str,
    offset: u64,
) -> Result<(), EngineError> {
    let Some((_, length)) = source.file().await.map_err(EngineError::Source)? else {
        return Ok(());
    };
    if length < offset {
        let path = PathBuf::from(endpoint);
        return Err(ResilienceError::OtherFile { path, length, position: offset }.into());
    }
    source.begin_at(offset).await.map_err(EngineError::Source)
}

fn begin_sink(sink: &mut OpenSink, endpoint: &Endpoint, offset: u64) -> Result<bool, EngineError> {
    let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
    let (Some(length), Endpoint::File(path)) = (sink.file().map_err(failed)?, endpoint) else {
        return Ok(false);
    };
    if length < offset {
        let path = path.clone();
        return Err(ResilienceError::OtherFile { path, length, position: offset }.into());
    }
    sink.begin_at(offset);
    Ok(true)
}
