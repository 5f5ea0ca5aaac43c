//! The thread that writes the journal, and lets frames enter once they are in it.
//!
//! Invariant: frames enter in the order of their rows, and none before its row is written.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use super::replay::{Replay, WrittenPipeline};
use super::trial::SharedAttempts;
use crate::core::frames::Hold;
use crate::core::guard::panic_reason;
use crate::core::numbers::PipelineIndex;
use crate::resilience::{Entry, Journal, JournalPosition, JournalPositions, ResilienceError};
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queue::{Coming, Waiting};
use crate::runtime::ingress::taken::Origin;
use crate::runtime::panics::IO_THREAD_NAME;
use crate::runtime::parts::{FramesToWrite, JournalOrder};
use crate::runtime::shared::Shared;

/// The max bytes of frames per write: 8 MiB. A single batch may be longer.
const MAX_BYTES_TOGETHER: u64 = 8 * 1024 * 1024;

/// The max bytes that the rows of the journal take: 1 GiB. It is trimmed at each checkpoint. So it grows to this only if
/// a stalled sink delays the checkpoints while other pipelines go on.
pub(crate) const MAX_JOURNAL: u64 = 1024 * 1024 * 1024;

/// The frames of the journal that have entered again.
pub(crate) struct ReplayedFrames {
    /// Their number.
    pub frames: u64,
    /// Resolves when everything made of them is dropped.
    pub done: oneshot::Receiver<()>,
}

/// Held by the replayed frames: its drop resolves `ReplayedFrames::done`.
struct UntilLeft(#[expect(dead_code, reason = "its drop is what counts")] oneshot::Sender<()>);

impl Hold for UntilLeft {}

/// The state of the journal writer's thread.
pub(crate) struct JournalWriter {
    pub journal: Journal,
    pub attempts: SharedAttempts,
    pub orders: Receiver<JournalOrder>,
    /// The max bytes that the rows of the journal take.
    pub longest: u64,
    /// Orders that were put off.
    pub put_off: VecDeque<JournalOrder>,
    pub pipelines: Vec<WrittenPipeline>,
    pub io: Handle,
    /// Becomes true when the thread must not wait for the budget any more.
    pub gone: watch::Receiver<bool>,
    pub shared: Arc<Shared>,
}

impl JournalWriter {
    /// Starts the thread. First it replays the journal from these positions on, and then reports the number of
    /// frames.
    pub fn start(
        self,
        positions: JournalPositions,
        replayed: oneshot::Sender<ReplayedFrames>,
    ) -> io::Result<JoinHandle<()>> {
        let run = move || {
            let shared = Arc::clone(&self.shared);
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(&positions, replayed)));
            let failure = match outcome {
                Ok(Ok(())) => return,
                Ok(Err(error)) => EngineError::Resilience(error),
                Err(panic) => EngineError::Threads(panic_reason(panic)),
            };
            shared.fail(failure);
        };
        thread::Builder::new().name(IO_THREAD_NAME.to_owned()).spawn(run)
    }

    fn run(
        mut self,
        positions: &JournalPositions,
        replayed: oneshot::Sender<ReplayedFrames>,
    ) -> Result<(), ResilienceError> {
        // The last run may have been killed after its last checkpoint, before it trimmed the journal.
        self.trim(positions)?;
        let (hold, done) = oneshot::channel::<()>();
        let Some(frames) = self.replay(positions, Arc::new(UntilLeft(hold)))? else {
            return Ok(());
        };
        // Rows of pipelines that the application does not have stay, and must not stop the others.
        self.longest += self.journal.room();
        // The receiver is gone if the engine is ending.
        let _ = replayed.send(ReplayedFrames { frames, done });
        while let Some(order) = self.next() {
            match order {
                JournalOrder::Write(first) => self.write(first)?,
                JournalOrder::Trim(positions) => self.trim(&positions)?,
                JournalOrder::Replayed if self.attempts.panicked() => {}
                JournalOrder::Replayed => self.attempts.lock().finish()?,
                JournalOrder::Done(reply) => drop(reply.send(())),
                JournalOrder::Stop => return self.write_put_off(),
            }
        }
        Ok(())
    }

    /// Writes what the sources gave before the stop, also if the journal has its max length: it would be lost, and the
    /// budgets bound it.
    fn write_put_off(&mut self) -> Result<(), ResilienceError> {
        while let Some(order) = self.put_off.pop_front() {
            if let JournalOrder::Write(first) = order {
                self.write(first)?;
            }
        }
        Ok(())
    }

    /// The next order. `None` if no more come. While the journal has its max length, orders to write are put
    /// off, and so their sources wait.
    fn next(&mut self) -> Option<JournalOrder> {
        let is_urgent = |order: &JournalOrder| {
            matches!(order, JournalOrder::Trim(_) | JournalOrder::Replayed | JournalOrder::Stop)
        };
        while self.journal.room() >= self.longest {
            if let Some(at) = self.put_off.iter().position(is_urgent) {
                return self.put_off.remove(at);
            }
            self.put_off.push_back(self.orders.recv().ok()?);
        }
        self.put_off.pop_front().or_else(|| self.orders.recv().ok())
    }

    /// Lets the frames after these positions enter again. Returns their number; `None` if the engine ends
    /// meanwhile.
    fn replay(
        &self,
        positions: &JournalPositions,
        hold: Arc<dyn Hold>,
    ) -> Result<Option<u64>, ResilienceError> {
        let Some(first) = self.journal.replay_after(0, positions)? else { return Ok(Some(0)) };
        let care = self.attempts.lock().begin()?;
        let Self { pipelines, attempts, io, gone, .. } = self;
        let replay = Replay { pipelines, attempts, io, gone, care, hold };
        replay.begin();
        let (mut frames, mut next) = (0, Some(first));
        while let Some(found) = next {
            let row = found.row;
            frames += found.pieces.len() as u64 - found.done;
            if replay.row(found)?.is_none() {
                return Ok(None);
            }
            next = self.journal.replay_after(row, positions)?;
        }
        Ok(Some(frames))
    }

    fn trim(&mut self, positions: &JournalPositions) -> Result<(), ResilienceError> {
        self.journal.trim(positions)?;
        self.tell_length();
        self.attempts.lock().forget(|row| self.journal.is_live(row))
    }

    fn tell_length(&self) {
        if let Some(durable) = &self.shared.durable {
            durable.set_journal_bytes(self.journal.bytes());
        }
    }

    /// Writes frames, together with the others that wait.
    fn write(&mut self, first: FramesToWrite) -> Result<(), ResilienceError> {
        let mut bytes = first.frames.byte_length();
        let mut batch = vec![first];
        while bytes < MAX_BYTES_TOGETHER {
            match self.put_off.pop_front().or_else(|| self.orders.try_recv().ok()) {
                Some(JournalOrder::Write(more)) => {
                    bytes += more.frames.byte_length();
                    batch.push(more);
                }
                Some(other) => {
                    self.put_off.push_front(other);
                    break;
                }
                None => break,
            }
        }
        let mut entries = Vec::with_capacity(batch.len());
        for FramesToWrite { pipeline, slot, frames, .. } in &batch {
            let name = &pipeline_at(&self.pipelines, *pipeline).name;
            entries.push(Entry { pipeline: name, slot: *slot, frames });
        }
        let first_row = self.journal.append(&entries)?;
        self.tell_length();
        for (row, write) in (first_row..).zip(batch) {
            let FramesToWrite { pipeline, slot, frames, trace_all } = write;
            let origin = Origin::Journal(JournalPosition { row, frames: 0 });
            let waiting = Waiting { slot, frames, trace_all, origin, coming: Coming::New };
            pipeline_at(&self.pipelines, pipeline).queues.push(waiting);
        }
        Ok(())
    }
}

/// The pipeline of some frames. It must not be skipped: then other frames would get their rows.
fn pipeline_at(pipelines: &[WrittenPipeline], index: PipelineIndex) -> &WrittenPipeline {
    match pipelines.get(index.0) {
        Some(pipeline) => pipeline,
        None => unreachable!("frames are of a pipeline of the topology"),
    }
}
