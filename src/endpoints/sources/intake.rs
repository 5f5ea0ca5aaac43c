//! Where sources hand over their frames.
//!
//! Invariant: what is in flight is bounded. Frames wait here for the budget, and give their share back when everything
//! made of them is dropped. So a stalled sink stops its pipeline's sources, which is reported.

use std::net::SocketAddr;
use std::pin::Pin;
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
use crate::core::numbers::{PipelineIndex, ProcessIndex, SequenceNumber, Timestamp};
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

    /// Resolves when one client more may be accepted: what is kept of those that have left is bounded.
    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Where the number of a process stands in those of its connections: no two processes number a connection alike.
const PROCESS_BITS: u32 = 48;

/// The number of a connection that is the `nth` one of a process. Those of each process are spread over all slots, and
/// the first ones of several processes have several slots.
fn number(process: ProcessIndex, nth: u64) -> u64 {
    let process = process.0 as u64;
    (process << PROCESS_BITS) + nth + process
}

impl Connection {
    /// An `nth` that is above that of this connection.
    pub(crate) fn nth_after(self) -> u64 {
        (self.number & ((1 << PROCESS_BITS) - 1)) + 1
    }
}

/// The name of a client: with its process, unless that is process 0.
pub(super) fn client(process: ProcessIndex, peer: SocketAddr) -> Arc<str> {
    match process {
        ProcessIndex(0) => peer.to_string().into(),
        process => format!("{peer} at process {process}").into(),
    }
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
    /// The process that reads.
    pub process: ProcessIndex,
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
    /// Nothing has entered, and the first connection is the `nth` one of its process.
    pub(crate) fn after_connections(nth: u64) -> Self {
        Self { connections: AtomicU64::new(nth), ..Self::default() }
    }

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
        let nth = self.entered.connections.fetch_add(1, Ordering::Relaxed);
        Connection { number: number(self.process, nth), again }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_processes_number_a_connection_alike_and_those_of_each_have_all_slots() {
        let mut numbers = BTreeSet::new();
        for process in (0..64).map(ProcessIndex) {
            for nth in 0..100 {
                let number = number(process, nth);
                assert!(numbers.insert(number));
                let connection = Connection { number, again: false };
                assert!((nth + 1..=nth + 64).contains(&connection.nth_after()));
            }
            let slots = (0..64).map(|nth| number(process, nth) % 64);
            assert_eq!(slots.collect::<BTreeSet<_>>().len(), 64, "the journal has 64 slots");
        }
        let first = (0..8).map(|process| number(ProcessIndex(process), 0) % 64);
        assert_eq!(first.collect::<BTreeSet<_>>().len(), 8, "they do not share a slot");
        assert!((0..100).all(|nth| number(ProcessIndex(0), nth) == nth));
    }

    #[test]
    fn a_client_is_named_with_its_process_unless_that_is_the_first() {
        let peer = SocketAddr::from(([10, 0, 0, 9], 4000));
        assert_eq!(*client(ProcessIndex(0), peer), *"10.0.0.9:4000");
        assert_eq!(*client(ProcessIndex(2), peer), *"10.0.0.9:4000 at process 2");
    }
}
