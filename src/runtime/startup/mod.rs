//! Starts an engine. [`start`] is the list of what starts, in its order; `shutdown` is its mirror.
//!
//! No file is changed until every part can start.

pub(super) mod connections;
pub(super) mod endpoints;
mod positions;
mod saving;
mod sources;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use super::earlier::Earlier;
use super::error::EngineError;
use super::ingress::gate::Gate;
use super::parts::News;
use super::processes::clients::entering::Entering;
use super::recovery::saved_names::SavedNames;
use super::settings::Settings;
use super::shared::Shared;
use super::shutdown::{Running, Supervisor};
use super::workers::Workers;
use crate::cluster::Cluster;
use crate::core::frames::trace_budget::TraceBudget;
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::Endpoint;
use crate::resilience::{Checkpoint, Position};
use endpoints::{Endpoints, begin_sinks, intakes, io_runtime, open_endpoints, queues, start_sinks};
use positions::{begin_at, begin_queues_at};
use saving::{Begins, Parts, Saved};
use sources::start_sources;

/// Starts an engine.
pub(super) fn start(
    topology: Arc<Topology>,
    settings: &Settings,
    observer: Arc<dyn Observer>,
    earlier: Option<Earlier>,
) -> Result<Running, EngineError> {
    let since = Instant::now();
    let io = io_runtime()?;

    // Everything is opened, and no file is changed.
    let opened = open(&io, settings, &topology, &*observer)?;

    // The shared data, with the queues, which begin at the checkpoint.
    let (news, told) = unbounded_channel();
    let earlier = earlier.unwrap_or_else(|| Earlier::none(&topology));
    let shared = share(topology, settings, observer, &earlier, &opened, news);
    let Opened { endpoints, checkpoint, mut saved, names, others } = opened;

    // The workers, with the partitions of the checkpoint; then the files that they are saved in.
    let (senders, sinks) = begin_sinks(endpoints.sinks, &shared);
    let (workers, base) = Workers::start(&shared, &senders, settings.workers, &checkpoint)?;
    let workers = Arc::new(RwLock::new(workers));
    let all = settings.all_workers(settings.workers);
    let generation = saved.as_mut().map(|saved| saved.begin_generation(all));
    let generation = generation.transpose()?;

    // The sinks, and the sources, which wait until they may begin.
    let sinks = start_sinks(io.handle(), sinks);
    let (stop, stopped) = watch::channel(false);
    let (begin, may_begin) = watch::channel(false);
    let intakes = intakes(&shared, &stopped);
    let budgets = intakes.iter().map(|intake| Arc::clone(intake.budget())).collect();
    let (entrances, inlets) = start_sources(
        io.handle(),
        endpoints.sources,
        intakes.clone(),
        &shared,
        &may_begin,
        earlier.injectors,
    );

    // The journal writer and the checkpointer. Sources begin at once if there is nothing to replay.
    let parts = Parts { io: io.handle(), shared: &shared, workers: &workers, senders: &senders };
    let begins = Begins { checkpoint, base, others, names, since, sources_may_begin: begin };
    let saving = if let Some((saved, generation)) = saved.zip(generation) {
        Some(saved.start(generation, parts, intakes, begins)?)
    } else {
        begins.sources_may_begin.send_replace(true);
        None
    };

    let inlets = Arc::new(Mutex::new(inlets));

    // The supervisor, which follows the run to its end.
    let (publish, outcome) = watch::channel(None);
    let supervisor = Supervisor {
        shared: Arc::clone(&shared),
        workers: Arc::clone(&workers),
        entrances,
        inlets: Arc::clone(&inlets),
        sinks,
        senders,
        news: told,
        stop: stop.clone(),
        outcome: publish,
    };
    io.spawn(supervisor.run());
    let io = Some(io);
    Ok(Running { shared, inlets, workers, saving, stop, may_begin, budgets, outcome, io })
}

/// The data of all parts.
fn share(
    topology: Arc<Topology>,
    settings: &Settings,
    observer: Arc<dyn Observer>,
    earlier: &Earlier,
    opened: &Opened,
    news: UnboundedSender<News>,
) -> Arc<Shared> {
    let Opened { checkpoint, saved, names, others, .. } = opened;
    let durable = saved.as_ref().map(|saved| saved.durable.clone());
    let gate = if settings.paused { Gate::paused() } else { Gate::open() };
    let gate = Arc::new(gate.with_passes(settings.passes.clone()));
    let queues: Vec<_> = queues(&topology, settings, names, durable.as_ref())
        .map(|queues| Arc::new(queues.telling(&gate, &observer)))
        .collect();
    begin_queues_at(&checkpoint.positions, others, &queues);
    let Earlier { clock, numbers, pins, injectors: _ } = earlier;
    debug_assert_eq!(numbers.len(), queues.len(), "the earlier engine had the same topology");
    let pipelines = topology.pipelines().iter();
    let budgets = |rate| pipelines.map(|_| TraceBudget::new(rate)).collect();
    Arc::new(Shared {
        traces: settings.traces.map_or_else(Vec::new, budgets),
        tracing: AtomicBool::new(true),
        topology,
        settings: settings.clone(),
        observer,
        clock: *clock,
        gate,
        pins: Arc::clone(pins),
        numbers: numbers.clone(),
        queues,
        entering: settings.cluster.as_ref().map(|cluster| entering(settings, cluster)),
        durable,
        news,
        much_recorded: Arc::default(),
        stop_asked: AtomicBool::new(false),
        abort: AtomicBool::new(false),
        panicked: Arc::default(),
    })
}

/// Where frames of clients of the other processes of a cluster enter.
fn entering(settings: &Settings, cluster: &Cluster) -> Arc<Entering> {
    let processes = cluster.members().count();
    let listens = settings.sources.iter().map(|source| matches!(source, Endpoint::Tcp(_)));
    let (frame_limit, connections) = (settings.frame_limit, settings.connection_limit);
    Arc::new(Entering::new(processes, listens, frame_limit, connections))
}

/// Everything that a start has opened.
struct Opened {
    endpoints: Endpoints,
    /// The checkpoint of an earlier run, or an empty one.
    checkpoint: Checkpoint,
    /// `None` if the run does not save.
    saved: Option<Saved>,
    names: SavedNames,
    /// Positions of sources and sinks that this run does not have.
    others: Vec<Position>,
}

/// Opens sources, sinks and the resilience directory.
fn open(
    io: &Runtime,
    settings: &Settings,
    topology: &Topology,
    observer: &dyn Observer,
) -> Result<Opened, EngineError> {
    let mut endpoints = io.block_on(open_endpoints(settings, topology, observer))?;
    let (checkpoint, saved) = match &settings.resilience {
        Some(resilience) => {
            let (checkpoint, saved) = Saved::open(resilience, topology)?;
            (checkpoint, Some(saved))
        }
        None => (Checkpoint::default(), None),
    };
    let names = SavedNames::new(settings, topology);
    let positions = &checkpoint.positions;
    let others = io.block_on(begin_at(positions, topology, &names, &mut endpoints))?;
    Ok(Opened { endpoints, checkpoint, saved, names, others })
}
