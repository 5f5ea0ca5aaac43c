//! The orders to the journal writer and the checkpointer of a run that saves.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::error::EngineError;
use super::parts::{CheckpointOrder, FramesToWrite, JournalOrder, TakeBack};
use crate::core::event::Recovered;
use crate::resilience::JournalPositions;

/// Sends orders to the journal writer and the checkpointer. A run that saves has one, and each part that sends
/// orders has a clone; whether there is one is decided once, at the start. An order to a part that is gone is
/// dropped, because that part has failed and the engine ends with its error.
#[derive(Clone)]
pub(super) struct Durable {
    journal: Sender<JournalOrder>,
    checkpointer: UnboundedSender<CheckpointOrder>,
    /// Whether a sink syncs its file before it answers a report.
    pub sync: bool,
    /// Whether an earlier run has used the directory.
    pub continues: bool,
    /// Set when the recovery is complete; to `None` if nothing was saved.
    pub recovered: Arc<OnceLock<Option<Recovered>>>,
    /// The bytes of all frames in the journal.
    journal_bytes: Arc<AtomicU64>,
}

/// The receivers of the orders.
pub(super) struct Orders {
    pub journal: Receiver<JournalOrder>,
    pub checkpointer: UnboundedReceiver<CheckpointOrder>,
}

impl Durable {
    pub fn new(sync: bool, continues: bool) -> (Self, Orders) {
        let (journal, journal_orders) = mpsc::channel();
        let (checkpointer, checkpoint_orders) = unbounded_channel();
        let orders = Orders { journal: journal_orders, checkpointer: checkpoint_orders };
        let (recovered, journal_bytes) = (Arc::default(), Arc::default());
        (Self { journal, checkpointer, sync, continues, recovered, journal_bytes }, orders)
    }

    /// How many bytes of frames the journal has.
    pub fn journal_bytes(&self) -> u64 {
        self.journal_bytes.load(Ordering::Relaxed)
    }

    /// The journal has this many bytes of frames from now on.
    pub fn set_journal_bytes(&self, bytes: u64) {
        self.journal_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Writes frames to the journal. They enter when they are written.
    pub fn write(&self, frames: FramesToWrite) {
        let _ = self.journal.send(JournalOrder::Write(frames));
    }

    /// Everything made of the replayed frames is dropped.
    pub fn replayed(&self) {
        let _ = self.journal.send(JournalOrder::Replayed);
    }

    /// Drops the rows of the journal that a whole checkpoint covers.
    pub fn trim(&self, positions: JournalPositions) {
        let _ = self.journal.send(JournalOrder::Trim(positions));
    }

    /// Writes everything that was read to the journal. The answer comes when it has entered.
    pub fn stop_reading(&self) -> oneshot::Receiver<()> {
        let (reply, done) = oneshot::channel();
        let _ = self.journal.send(JournalOrder::Done(reply));
        done
    }

    /// Makes the last checkpoint. The answer comes when it counts.
    pub fn save_last(&self) -> oneshot::Receiver<()> {
        let (reply, done) = oneshot::channel();
        let _ = self.checkpointer.send(CheckpointOrder::Finish(reply));
        done
    }

    /// Makes a checkpoint now, if anything has changed since the last one. The answer comes when it counts.
    pub fn save(&self) -> Receiver<()> {
        let (reply, done) = mpsc::channel();
        let _ = self.checkpointer.send(CheckpointOrder::Save(reply));
        done
    }

    /// Takes a message back. False comes if something has happened meanwhile, and nothing if the run ends before.
    pub fn take_back(&self, order: TakeBack) {
        let _ = self.checkpointer.send(CheckpointOrder::TakeBack(order));
    }

    /// Goes on with another number of workers. The answer comes when they run.
    pub fn set_workers(&self, workers: NonZeroUsize) -> Result<oneshot::Receiver<()>, EngineError> {
        let (reply, done) = oneshot::channel();
        let order = CheckpointOrder::SetWorkers(workers, reply);
        self.checkpointer.send(order).map_err(|_| EngineError::Ended)?;
        Ok(done)
    }

    /// Ends the journal writer, also if orders wait.
    pub fn stop_journal(&self) {
        let _ = self.journal.send(JournalOrder::Stop);
    }
}
