//! Where sources hand over their frames.
//!
//! Invariant: what is in flight is bounded. Frames wait here for the budget, and give their share back when everything
//! made of them is dropped. So a stalled sink stops its pipeline's sources, which is reported.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::budget::Budget;
use crate::core::clock::Clock;
use crate::core::frames::assembler::{Assembler, Broken};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::framing::Framing;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::{Frames, Hold};
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::observer::Observer;
use crate::endpoints::backoff::{PATIENCE, patiently};

/// The max number of frames per batch: enough to make the cost of a batch negligible.
pub(super) const MAX_FRAMES: usize = 4096;

/// A stream of frames whose order is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Its number in its pipeline.
    pub number: u64,
    /// Whether it can be read again from any frame on, as a file can.
    pub again: bool,
}

/// Takes the frames of the sources. The runtime implements it: endpoints do not know workers.
pub trait Delivery: Send + Sync {
    /// Takes frames of a connection. If `trace_all`, each of them is traced.
    fn deliver(&self, connection: Connection, frames: Frames, trace_all: bool);

    /// From now on, fetches frames of a connection itself when it wants some, until there are none.
    fn fetch_from(&self, connection: Connection, source: Weak<dyn Fetch>);
}

/// A source that can be read without waiting for another program.
pub trait Fetch: Send + Sync {
    /// Gives the next frames to `enter`, once, before later ones can be delivered. Does nothing if there are none. When there
    /// are more, they are delivered, or the delivery is asked again to fetch them.
    fn fetch(&self, enter: &mut dyn FnMut(Frames));
}

/// Where the sources of one pipeline hand over their frames.
pub struct Intake {
    /// The pipeline's index in its topology.
    pub pipeline: PipelineIndex,
    /// The pipeline's name.
    pub name: Arc<str>,
    /// How the pipeline's frames are cut.
    pub framing: Arc<dyn Framing>,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// The time at which frames are read.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Takes the frames.
    pub delivery: Arc<dyn Delivery>,
    /// Gets events and dead letters.
    pub observer: Arc<dyn Observer>,
    /// Becomes true when the sources should stop reading.
    pub stop: watch::Receiver<bool>,
    /// What has entered; of a new intake, the default.
    pub entered: Entered,
}

/// The number that the last frame of a pipeline was given. It outlives a crash on purpose, so that a number never
/// names two messages.
pub type LastNumber = Arc<AtomicU64>;

/// What has entered a pipeline: how much of its budget is taken, and the last numbers given.
pub struct Entered {
    budget: Arc<Budget>,
    frames: LastNumber,
    connections: AtomicU64,
}

impl Default for Entered {
    fn default() -> Self {
        Self::after(LastNumber::default())
    }
}

impl Entered {
    /// Nothing has entered, and the numbers go on.
    pub fn after(frames: LastNumber) -> Self {
        Self { budget: Budget::new(), frames, connections: AtomicU64::new(0) }
    }
}

impl Intake {
    /// The pipeline's budget.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.entered.budget
    }

    /// A new connection. `again` says whether it can be read again from any frame on.
    pub fn connect(&self, again: bool) -> Connection {
        Connection { number: self.entered.connections.fetch_add(1, Ordering::Relaxed), again }
    }

    /// An assembler of this pipeline's frames, for a source that begins at this byte.
    pub fn assembler(&self, from: u64) -> Assembler {
        Assembler::new(Arc::clone(&self.framing), self.frame_limit, MAX_FRAMES).from(from)
    }

    /// Hands over frames as soon as the budget has room for them.
    pub async fn deliver(
        &self,
        source: &Arc<str>,
        connection: Connection,
        cut: Pieces,
        read_at: Timestamp,
        trace_all: bool,
    ) {
        self.deliver_telling(source, connection, cut, read_at, trace_all, |_| ()).await;
    }

    /// The same. Tells `entered` how many bytes a portion has, as soon as it is handed over: if this is dropped, all
    /// portions that are handed over have been told, and no other.
    pub(super) async fn deliver_telling(
        &self,
        source: &Arc<str>,
        connection: Connection,
        mut cut: Pieces,
        read_at: Timestamp,
        trace_all: bool,
        mut entered: impl FnMut(usize),
    ) {
        while let Some(portion) = cut.take_first(self.portion()) {
            let bytes = portion.bytes().len();
            let frames = self.admit(source, portion, read_at).await;
            self.delivery.deliver(connection, frames, trace_all);
            entered(bytes);
        }
    }

    /// Numbers frames as soon as the budget has room for them.
    pub async fn admit(&self, source: &Arc<str>, portion: Pieces, read_at: Timestamp) -> Frames {
        let mut held = None;
        let wait = || held = Some(Held::new(self));
        let share = self.entered.budget.take(portion.bytes().len());
        let share = patiently(PATIENCE, share, wait).await;
        drop(held);
        self.number(source, portion, read_at, share)
    }

    /// How many bytes of frames should enter together.
    pub(super) fn portion(&self) -> usize {
        self.entered.budget.portion()
    }

    /// Numbers frames if there is room for them now; else gives them back.
    pub(super) fn try_admit(
        &self,
        source: &Arc<str>,
        portion: Pieces,
        read_at: Timestamp,
    ) -> Result<Frames, Pieces> {
        match self.entered.budget.try_take(portion.bytes().len()) {
            Some(share) => Ok(self.number(source, portion, read_at, share)),
            None => Err(portion),
        }
    }

    fn number(
        &self,
        source: &Arc<str>,
        portion: Pieces,
        read_at: Timestamp,
        share: Arc<dyn Hold>,
    ) -> Frames {
        let count = portion.len() as u64;
        let first = SequenceNumber(self.entered.frames.fetch_add(count, Ordering::Relaxed) + 1);
        let wrapping = self.framing.wrapping();
        Frames::new(Arc::clone(source), first, read_at, wrapping, portion).with_hold(share)
    }

    /// Makes bytes that are not a whole frame a dead letter.
    pub fn broken(&self, source: &Arc<str>, broken: Broken) {
        let sequence = SequenceNumber(self.entered.frames.fetch_add(1, Ordering::Relaxed) + 1);
        let (pipeline, source) = (Arc::clone(&self.name), Arc::clone(source));
        let letter = DeadLetter::of_broken(pipeline, source, broken, sequence, self.clock.now());
        self.observer.dead_letter(self.pipeline, letter);
    }

    /// Makes bytes at which no frame can be found a dead letter. Returns the reason.
    pub(super) fn no_frame(&self, source: &Arc<str>, broken: Broken) -> String {
        let reason = broken.reason.clone();
        self.broken(source, broken);
        reason
    }

    /// Returns when the sources should stop.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // An error means that the engine is gone, which is a stop too.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Reports a source that waits for the budget, until it is dropped.
struct Held<'intake>(&'intake Intake);

impl<'intake> Held<'intake> {
    fn new(intake: &'intake Intake) -> Self {
        intake.observer.held(intake.pipeline, true);
        Self(intake)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.observer.held(self.0.pipeline, false);
    }
}
