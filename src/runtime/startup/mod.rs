//! Starts the parts of an engine in their order: nothing outside changes before all of them can start.

pub(super) mod connections;
pub(super) mod endpoints;

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};

use super::clock::StartClock;
use super::engine::Engine;
use super::error::EngineError;
use super::ingress::gate::Gate;
use super::ingress::queues::Queues;
use super::parts::{Base, CheckpointOrder, JournalOrder, News, Shared};
use super::recovery::checkpointer::Checkpointer;
use super::recovery::journal_writer::{
    JournalWriter, MAX_JOURNAL, ReplayedFrames, WrittenPipeline,
};
use super::recovery::saved_names::SavedNames;
use super::recovery::trial::SharedAttempts;
use super::settings::Settings;
use super::shutdown::{Resilient, Supervisor};
use super::workers::{Crew, CrewPlan};
use crate::core::event::{EngineEvent, Recovered};
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::Intake;
use crate::resilience::{
    Attempts, Checkpoint, Directory, Durability, Journal, Position, ResilienceSettings,
    journal_positions, open_journal,
};
use endpoints::{
    begin_at, intakes, io_runtime, open_endpoints, queues, sink_channels, start_sinks,
    start_sources,
};

/// What an earlier run has left.
struct Saved {
    directory: Directory,
    journal: Journal,
    attempts: Attempts,
}

/// The parts of an engine that see to it that nothing is lost.
pub(super) struct Safety {
    pub checkpointer: UnboundedSender<CheckpointOrder>,
    pub journal: Sender<JournalOrder>,
    /// Turns true when the journal's thread must not wait for room any more.
    pub gone: watch::Sender<bool>,
    pub thread: JoinHandle<()>,
    /// Ends when the checkpointer has let go of the directory.
    pub kept: mpsc::Receiver<()>,
    pub task: tokio::task::AbortHandle,
    /// Set when everything is back; to nothing where nothing was saved.
    pub recovered: Arc<OnceLock<Option<Recovered>>>,
    /// Whether an earlier run had used the directory.
    pub continues: bool,
}

/// Starts an engine.
pub(super) fn launch(
    topology: Arc<Topology>,
    settings: &Settings,
    observer: Arc<dyn Observer>,
    clock: StartClock,
) -> Result<Engine, EngineError> {
    let start = Instant::now();
    let io = io_runtime()?;
    let (mut sources, mut sinks) = io.block_on(open_endpoints(settings, &*observer))?;
    let (checkpoint, saved) = open(settings.resilience.as_ref(), &topology)?;
    let shared = Shared {
        topology,
        observer,
        clock,
        gate: Arc::new(Gate::open()),
        abort: Arc::new(AtomicBool::new(false)),
        panicked: Arc::new(AtomicBool::new(false)),
    };
    if settings.paused {
        shared.gate.pause();
    }
    let opened = (&mut sources, &mut sinks);
    let positions = &checkpoint.positions;
    let names = SavedNames::new(settings);
    let others = io.block_on(begin_at(positions, &shared, &names, opened))?;
    let (journal, orders) = mpsc::channel();
    let to_journal = saved.is_some().then_some(&journal);
    let queues = queues(&shared.topology, settings.workers.get(), &names, to_journal);
    let known: Vec<_> =
        positions.iter().filter(|position| !others.contains(position)).cloned().collect();
    for queues in &queues {
        queues.begin_at(&known);
    }
    let (senders, receivers) = sink_channels(&shared.topology);
    let (tell, news) = unbounded_channel();
    let plan = CrewPlan {
        shared: shared.clone(),
        queues: queues.clone(),
        senders: senders.clone(),
        precreate: settings.precreate,
        sample_every: settings.sample_every,
        news: tell.clone(),
        saves: saved.is_some(),
    };
    let (crew, base) = plan.start(settings.workers, &checkpoint)?;
    let crew = Arc::new(RwLock::new(crew));
    let prepared = saved.map(|saved| Prepared::new(saved, settings.workers)).transpose()?;

    let sync = settings.resilience.as_ref().is_some_and(|set| set.durability == Durability::Power);
    let sinks = start_sinks(io.handle(), sinks, receivers, &shared, sync);
    let (stop, stopped) = watch::channel(false);
    let intakes = intakes(settings, &shared, &queues, &stopped);
    // Before what is new comes what an earlier run had read.
    let (begin, may_begin) = watch::channel(prepared.is_none());
    let (sources, injectors) =
        start_sources(io.handle(), sources, intakes.clone(), settings, &may_begin);
    let safety = match prepared {
        None => None,
        Some(prepared) => Some(prepared.start(Launch {
            io: &io,
            settings,
            shared: &shared,
            checkpoint,
            others,
            names,
            base,
            crew: &crew,
            plan,
            tell,
            queues: &queues,
            intakes,
            journal,
            orders,
            begin,
            start,
        })?),
    };
    let (publish, outcome) = watch::channel(None);
    let resilient = safety.as_ref().map(|safety| Resilient {
        journal: safety.journal.clone(),
        checkpointer: safety.checkpointer.clone(),
    });
    let supervisor = Supervisor {
        shared: shared.clone(),
        sources,
        sinks,
        senders,
        queues,
        news,
        workers: settings.workers.get(),
        resilient,
        stop: stop.clone(),
        outcome: publish,
    };
    io.spawn(supervisor.run());
    Ok(Engine {
        shared,
        injectors: Mutex::new(injectors),
        crew,
        safety,
        stop,
        outcome,
        io: Some(io),
    })
}

/// Opens what an earlier run has left; nothing if nothing is to be saved.
fn open(
    resilience: Option<&ResilienceSettings>,
    topology: &Topology,
) -> Result<(Checkpoint, Option<Saved>), EngineError> {
    let Some(ResilienceSettings { directory, durability, .. }) = resilience else {
        return Ok((Checkpoint::default(), None));
    };
    let directory = Directory::take(directory, topology.name(), *durability)?;
    let checkpoint = Checkpoint::find(&directory)?;
    let journal = open_journal(&directory, &checkpoint)?;
    let attempts = Attempts::open(&directory)?;
    Ok((checkpoint, Some(Saved { directory, journal, attempts })))
}

/// What an earlier run has left, and the files of this one.
struct Prepared {
    saved: Saved,
    generation: crate::resilience::NewGeneration,
}

/// The other parts of an engine that starts.
struct Launch<'a> {
    io: &'a Runtime,
    settings: &'a Settings,
    shared: &'a Shared,
    checkpoint: Checkpoint,
    others: Vec<Position>,
    names: SavedNames,
    base: Vec<Base>,
    crew: &'a Arc<RwLock<Crew>>,
    plan: CrewPlan,
    tell: UnboundedSender<News>,
    queues: &'a [Arc<Queues>],
    intakes: Vec<Arc<Intake>>,
    journal: Sender<JournalOrder>,
    orders: mpsc::Receiver<JournalOrder>,
    begin: watch::Sender<bool>,
    start: Instant,
}

impl Prepared {
    fn new(mut saved: Saved, workers: NonZeroUsize) -> Result<Self, EngineError> {
        let generation = saved.directory.begin_generation(workers.get() as u64)?;
        Ok(Self { saved, generation })
    }

    /// Starts the journal and the checkpointer, and lets the sources begin once the journal is replayed.
    fn start(self, launch: Launch<'_>) -> Result<Safety, EngineError> {
        let Self { saved: Saved { directory, journal, attempts }, generation } = self;
        let Launch { io, settings, shared, checkpoint, others, base, .. } = launch;
        let (gone, gone_told) = watch::channel(false);
        let plans = shared.topology.pipelines().iter();
        let pipelines = plans.zip(launch.intakes).zip(launch.queues);
        let journaling = JournalWriter {
            journal,
            attempts: SharedAttempts::new(attempts, Arc::clone(&shared.panicked)),
            orders: launch.orders,
            longest: MAX_JOURNAL,
            put_off: VecDeque::new(),
            pipelines: pipelines
                .map(|((plan, intake), queues)| WrittenPipeline {
                    name: Arc::clone(&plan.name),
                    intake,
                    queues: Arc::clone(queues),
                })
                .collect(),
            io: io.handle().clone(),
            gone: gone_told,
            news: launch.tell.clone(),
        };
        let (workers, continues) = (checkpoint.workers(), !directory.is_new());
        let positions = checkpoint.positions;
        let (replayed, replaying) = oneshot::channel();
        let thread = journaling
            .start(journal_positions(&positions), replayed)
            .map_err(|error| EngineError::Threads(error.to_string()))?;
        let recovered = Arc::new(OnceLock::new());
        let restored = || base.iter().flatten().flat_map(|(_, partitions)| partitions);
        let found = Recovered {
            epoch: checkpoint.epoch,
            workers,
            partitions: restored().count(),
            messages: restored().map(|partition| partition.messages).sum(),
            frames: 0,
            took: launch.start.elapsed(),
        };
        let (begin, observer) = (launch.begin, Arc::clone(&shared.observer));
        let (told, start) = (Arc::clone(&recovered), launch.start);
        let to_journal = launch.journal.clone();
        io.spawn(async move {
            let Ok(ReplayedFrames { frames, done }) = replaying.await else { return };
            let found = Recovered { frames, took: start.elapsed(), ..found };
            let found = (found.epoch.0 > 0 || frames > 0).then_some(found);
            let _ = told.set(found.clone());
            if let Some(found) = found {
                observer.event(EngineEvent::Recovered(found));
            }
            // Sources not before this: who has seen an output, and sends a message because of it, may do
            // so on another connection, and must not come before what it has seen.
            let _ = done.await;
            // A journal that is gone says itself why.
            let _ = to_journal.send(JournalOrder::Replayed);
            begin.send_replace(true);
        });
        let checkpointer = Checkpointer {
            directory,
            interval: settings.resilience.as_ref().map(|set| set.interval).unwrap_or_default(),
            epoch: checkpoint.epoch,
            generation: generation.generation,
            files: generation.files,
            others,
            sinks: launch.names.sinks,
            journal: launch.journal.clone(),
            crew: Arc::clone(launch.crew),
            plan: launch.plan,
            news: launch.tell.clone(),
        };
        let news = launch.tell;
        let (orders, ordered) = unbounded_channel();
        let (keeps, kept) = mpsc::channel();
        let task = io.spawn(async move {
            // Dropped with everything else that the checkpointer holds.
            let _keeps = keeps;
            checkpointer.run(base, positions, ordered).await;
        });
        let abort = task.abort_handle();
        io.spawn(async move {
            if let Err(error) = task.await
                && error.is_panic()
            {
                let _ = news.send(News::Failed(EngineError::Threads(error.to_string())));
            }
        });
        let (checkpointer, journal, task) = (orders, launch.journal, abort);
        // Not only if a checkpoint counts: a run that was killed before that may have told dead letters.
        Ok(Safety { checkpointer, journal, gone, thread, kept, task, recovered, continues })
    }
}
