//! What a run that saves can be asked for: the orders to its journal writer and its checkpointer.

use std::num::NonZeroUsize;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::error::EngineError;
use super::parts::{CheckpointOrder, FramesToWrite, JournalOrder};
use crate::core::event::Recovered;
use crate::resilience::JournalPositions;

/// A run that saves has one, and each part that asks for something a clone of it. It is decided once, at
/// the start, whether a run has it. An order to a part that is gone is dropped: that part has failed, and
/// the engine ends with its error.
#[derive(Clone)]
pub(super) struct Durable {
    journal: Sender<JournalOrder>,
    checkpointer: UnboundedSender<CheckpointOrder>,
    /// Whether what sinks report has to be on the disk.
    pub sync: bool,
    /// Whether an earlier run had used the directory.
    pub continues: bool,
    /// Set when everything is back; to `None` if nothing was saved.
    pub recovered: Arc<OnceLock<Option<Recovered>>>,
}

/// Where the orders arrive.
pub(super) struct Orders {
    pub journal: Receiver<JournalOrder>,
    pub checkpointer: UnboundedReceiver<CheckpointOrder>,
}

impl Durable {
    pub fn new(sync: bool, continues: bool) -> (Self, Orders) {
        let (journal, journal_orders) = mpsc::channel();
        let (checkpointer, checkpoint_orders) = unbounded_channel();
        let orders = Orders { journal: journal_orders, checkpointer: checkpoint_orders };
        (Self { journal, checkpointer, sync, continues, recovered: Arc::default() }, orders)
    }

    /// Has frames written to the journal; then they enter.
    pub fn write(&self, frames: FramesToWrite) {
        let _ = self.journal.send(JournalOrder::Write(frames));
    }

    /// Says that all that is made of the replayed frames has left.
    pub fn replayed(&self) {
        let _ = self.journal.send(JournalOrder::Replayed);
    }

    /// Has the journal drop what a whole checkpoint has left behind.
    pub fn trim(&self, positions: JournalPositions) {
        let _ = self.journal.send(JournalOrder::Trim(positions));
    }

    /// Has all that was read written to the journal. The answer comes when it has entered.
    pub fn stop_reading(&self) -> oneshot::Receiver<()> {
        let (reply, done) = oneshot::channel();
        let _ = self.journal.send(JournalOrder::Done(reply));
        done
    }

    /// Has the last checkpoint made. The answer comes when it counts.
    pub fn save_last(&self) -> oneshot::Receiver<()> {
        let (reply, done) = oneshot::channel();
        let _ = self.checkpointer.send(CheckpointOrder::Finish(reply));
        done
    }

    /// Goes on with another number of workers. The answer comes when they work.
    pub fn set_workers(&self, workers: NonZeroUsize) -> Result<oneshot::Receiver<()>, EngineError> {
        let (reply, done) = oneshot::channel();
        let order = CheckpointOrder::SetWorkers(workers, reply);
        self.checkpointer.send(order).map_err(|_| EngineError::Ended)?;
        Ok(done)
    }

    /// Ends the journal writer, whatever waits.
    pub fn stop_journal(&self) {
        let _ = self.journal.send(JournalOrder::Stop);
    }
}
