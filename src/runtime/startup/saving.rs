//! Opens the resilience directory, and starts what saves this run: the journal writer and the checkpointer.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::core::event::{EngineEvent, Recovered};
use crate::core::topology::Topology;
use crate::endpoints::Intake;
use crate::resilience::{
    Attempts, Checkpoint, Directory, Durability, Journal, NewGeneration, Position,
    ResilienceSettings, journal_positions, open_journal,
};
use crate::runtime::durable::{Durable, Orders};
use crate::runtime::error::EngineError;
use crate::runtime::parts::{Base, Senders};
use crate::runtime::recovery::checkpointer::Checkpointer;
use crate::runtime::recovery::history::{self, History, Opened};
use crate::runtime::recovery::journal_writer::{JournalWriter, MAX_JOURNAL, ReplayedFrames};
use crate::runtime::recovery::replay::WrittenPipeline;
use crate::runtime::recovery::saved_names::SavedNames;
use crate::runtime::recovery::trial::SharedAttempts;
use crate::runtime::shared::Shared;
use crate::runtime::shutdown::Saving;
use crate::runtime::workers::Workers;

/// The saved state of an earlier run, and the orders to the parts that save this one.
pub(super) struct Saved {
    pub durable: Durable,
    orders: Orders,
    directory: Directory,
    history: Opened,
    journal: Journal,
    attempts: Attempts,
    interval: Duration,
}

/// The parts of a run that exist already.
pub(super) struct Parts<'a> {
    pub io: &'a Handle,
    pub shared: &'a Arc<Shared>,
    pub workers: &'a Arc<RwLock<Workers>>,
    pub senders: &'a Senders,
}

/// What a run begins with.
pub(super) struct Begins {
    pub checkpoint: Checkpoint,
    /// The recovered partitions of each worker.
    pub base: Vec<Base>,
    /// Positions of sources and sinks that this run does not have.
    pub others: Vec<Position>,
    pub names: SavedNames,
    /// The time at which the start began.
    pub since: Instant,
    /// Becomes true when the replay is done.
    pub sources_may_begin: watch::Sender<bool>,
}

impl Saved {
    /// Opens and locks the directory, and reads the checkpoint to begin with.
    pub fn open(
        settings: &ResilienceSettings,
        topology: &Topology,
    ) -> Result<(Checkpoint, Self), EngineError> {
        let ResilienceSettings { directory, durability, interval, history } = settings;
        let directory = Directory::take(directory, topology.name(), *durability)?;
        let checkpoint = Checkpoint::find(&directory)?;
        let opened = history::open(&directory, history.as_ref(), topology, checkpoint.epoch);
        let journal = open_journal(&directory, &checkpoint)?;
        let attempts = Attempts::open(&directory)?;
        // Also without a checkpoint: a run that was killed before its first one may have written dead letters.
        let continues = !directory.is_new();
        let (durable, orders) = Durable::new(*durability == Durability::Power, continues);
        let interval = *interval;
        Ok((
            checkpoint,
            Self { durable, orders, directory, history: opened, journal, attempts, interval },
        ))
    }

    /// Makes the files of this run's generation, which do not count yet.
    pub fn begin_generation(
        &mut self,
        workers: NonZeroUsize,
    ) -> Result<NewGeneration, EngineError> {
        Ok(self.directory.begin_generation(workers.get() as u64)?)
    }

    /// Starts the journal writer, which replays first, and the checkpointer. The sources begin after the replay.
    pub fn start(
        self,
        generation: NewGeneration,
        Parts { io, shared, workers, senders }: Parts<'_>,
        intakes: Vec<Arc<Intake>>,
        begins: Begins,
    ) -> Result<Saving, EngineError> {
        let Self { durable, orders, directory, history, journal, attempts, interval } = self;
        let Begins { checkpoint, base, others, names, since, sources_may_begin } = begins;
        let found = found(&checkpoint, &base);
        let (gone, gone_told) = watch::channel(false);
        let may_begin = sources_may_begin.subscribe();
        let writer = JournalWriter {
            journal,
            attempts: SharedAttempts::new(attempts, Arc::clone(&shared.panicked)),
            orders: orders.journal,
            longest: MAX_JOURNAL,
            put_off: VecDeque::new(),
            pipelines: written_pipelines(shared, intakes),
            io: io.clone(),
            gone: gone_told,
            shared: Arc::clone(shared),
        };
        let (replayed, replaying) = oneshot::channel();
        let journal_writer = writer
            .start(journal_positions(&checkpoint.positions), replayed)
            .map_err(|error| EngineError::Threads(error.to_string()))?;
        let begun = let_sources_begin(
            Arc::clone(shared),
            durable.clone(),
            found,
            (replaying, since),
            sources_may_begin,
        );
        io.spawn(begun);
        let (keeps, kept) = mpsc::channel();
        let checkpointer = Checkpointer {
            shared: Arc::clone(shared),
            durable,
            workers: Arc::clone(workers),
            senders: senders.clone(),
            interval,
            worked: Duration::ZERO,
            epoch: checkpoint.epoch,
            busy: checkpoint.epoch,
            generation: generation.generation,
            files: generation.files,
            history: History::of(shared, history),
            may_begin,
            unsaved: BTreeSet::new(),
            directory,
            others,
            sinks: names.sinks,
            keeps,
        };
        let (positions, orders) = (checkpoint.positions, orders.checkpointer);
        let task = io.spawn(checkpointer.run(base, positions, orders));
        let (checkpointer, shared) = (task.abort_handle(), Arc::clone(shared));
        io.spawn(async move {
            if let Err(error) = task.await
                && error.is_panic()
            {
                shared.fail(EngineError::Threads(error.to_string()));
            }
        });
        Ok(Saving { gone, journal_writer, checkpointer, kept })
    }
}

fn written_pipelines(shared: &Shared, intakes: Vec<Arc<Intake>>) -> Vec<WrittenPipeline> {
    let pipelines = intakes.into_iter().zip(&shared.queues).map(|(intake, queues)| {
        let (name, queues) = (Arc::clone(&intake.name), Arc::clone(queues));
        WrittenPipeline { name, intake, queues }
    });
    pipelines.collect()
}

/// What was recovered from a checkpoint, without the journal.
fn found(checkpoint: &Checkpoint, base: &[Base]) -> Recovered {
    let restored = || base.iter().flatten().flat_map(|(_, partitions)| partitions);
    Recovered {
        epoch: checkpoint.epoch,
        workers: checkpoint.workers(),
        partitions: restored().count(),
        messages: restored().map(|partition| partition.messages).sum(),
        frames: 0,
        took: Duration::ZERO,
    }
}

/// Reports the recovery when the journal is read. Lets the sources begin when everything made of its frames is
/// dropped.
async fn let_sources_begin(
    shared: Arc<Shared>,
    durable: Durable,
    found: Recovered,
    (replaying, since): (oneshot::Receiver<ReplayedFrames>, Instant),
    begin: watch::Sender<bool>,
) {
    let Ok(ReplayedFrames { frames, done }) = replaying.await else { return };
    let found = Recovered { frames, took: since.elapsed(), ..found };
    let found = (found.epoch.0 > 0 || frames > 0).then_some(found);
    let is_first = durable.recovered.set(found.clone()).is_ok();
    debug_assert!(is_first, "the journal is replayed once");
    if let Some(found) = found {
        shared.observer.event(EngineEvent::Recovered(found));
    }
    // The sources begin only now: if a client sends a message because of an output that it has seen, its message
    // must not enter before the frame that made the output.
    // An error says it: the sender is dropped with the last of them.
    let _ = done.await;
    if shared.abort.load(Ordering::Acquire) {
        // Workers that end at once drop frames that they have not processed: the replay was not finished.
        return;
    }
    durable.replayed();
    begin.send_replace(true);
}
