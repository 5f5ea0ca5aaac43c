//! Where sources hand over their frames.
//!
//! Invariant: what is in flight is bounded. Every frame waits here for room, and the room is given
//! back when the last thing made of the frame is gone; so a stalled sink stops the sources, and those
//! that read from it are told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::budget::Budget;
use super::stream::StreamEnd;
use crate::core::clock::Clock;
use crate::core::frames::assembler::{Assembler, Broken};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::framing::Framing;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::{Frames, Hold};
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::observer::Observer;
use crate::endpoints::backoff::patiently;

/// How many frames a batch has at the most: enough to make the cost of a batch negligible.
const MAX_FRAMES: usize = 4096;

/// A stream of frames with an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Its number in its pipeline.
    pub number: u64,
    /// Whether it can be read again from any frame on, as a file can.
    pub again: bool,
}

/// Takes the frames that a source has read.
pub trait Delivery: Send + Sync {
    /// Takes frames of a connection. `trace_all` says that somebody wants to see each of them.
    fn deliver(&self, connection: Connection, frames: Frames, trace_all: bool);

    /// Takes frames of a connection itself from now on, whenever it wants some, until there are none.
    fn fetch_from(&self, connection: Connection, source: Weak<dyn Fetch>);
}

/// A source whose frames are had without waiting for somebody else.
pub trait Fetch: Send + Sync {
    /// The next frames. `None` where there are none: when there are more, they are delivered, or the
    /// delivery is asked again to fetch them.
    fn fetch(&self) -> Option<Frames>;
}

/// Where the sources of one pipeline hand over their frames.
pub struct Intake {
    /// The pipeline's place in its topology.
    pub pipeline: PipelineIndex,
    /// The pipeline's name.
    pub name: Arc<str>,
    /// How its frames are cut.
    pub framing: Arc<dyn Framing>,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// The time.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// Who takes the frames.
    pub delivery: Arc<dyn Delivery>,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Turns true when the sources should stop reading.
    pub stop: watch::Receiver<bool>,
    budget: Arc<Budget>,
    frames: AtomicU64,
    connections: AtomicU64,
}

impl Intake {
    /// The intake of a pipeline.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the engine, given once")]
    pub fn new(
        pipeline: PipelineIndex,
        name: Arc<str>,
        framing: Arc<dyn Framing>,
        frame_limit: u64,
        clock: Arc<dyn Clock + Send + Sync>,
        delivery: Arc<dyn Delivery>,
        observer: Arc<dyn Observer>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            pipeline,
            name,
            framing,
            frame_limit,
            clock,
            delivery,
            observer,
            stop,
            budget: Budget::new(),
            frames: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }

    /// A new connection; `again` says whether it can be read again from any frame on.
    pub fn connect(&self, again: bool) -> Connection {
        Connection { number: self.connections.fetch_add(1, Ordering::Relaxed), again }
    }

    /// An assembler of this pipeline's frames, for a source that begins at this byte.
    pub fn assembler(&self, from: u64) -> Assembler {
        Assembler::new(Arc::clone(&self.framing), self.frame_limit, MAX_FRAMES).from(from)
    }

    /// Hands over frames as soon as there is room for them.
    pub async fn deliver(
        &self,
        source: &Arc<str>,
        connection: Connection,
        mut cut: Pieces,
        read_at: Timestamp,
        trace_all: bool,
    ) {
        while let Some(portion) = cut.take_first(self.portion()) {
            let frames = self.admit(source, portion, read_at).await;
            self.delivery.deliver(connection, frames, trace_all);
        }
    }

    /// Numbers frames as soon as there is room for them.
    pub async fn admit(&self, source: &Arc<str>, portion: Pieces, read_at: Timestamp) -> Frames {
        let mut held = None;
        let wait = || held = Some(Held::new(self));
        let share = patiently(self.budget.take(portion.bytes().len()), wait).await;
        drop(held);
        self.number(source, portion, read_at, share)
    }

    /// How many bytes of frames should enter together.
    pub(super) fn portion(&self) -> usize {
        self.budget.portion()
    }

    /// Numbers frames if there is room for them now; else gives them back.
    pub(super) fn try_admit(
        &self,
        source: &Arc<str>,
        portion: Pieces,
        read_at: Timestamp,
    ) -> Result<Frames, Pieces> {
        match self.budget.try_take(portion.bytes().len()) {
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
        let first = SequenceNumber(self.frames.fetch_add(count, Ordering::Relaxed) + 1);
        let header_length = self.framing.header_length();
        Frames::new(Arc::clone(source), first, read_at, header_length, portion).with_hold(share)
    }

    /// Makes bytes that are no frame a dead letter.
    pub fn broken(&self, source: &Arc<str>, broken: Broken) {
        let sequence = SequenceNumber(self.frames.fetch_add(1, Ordering::Relaxed) + 1);
        let (pipeline, source) = (Arc::clone(&self.name), Arc::clone(source));
        let letter = DeadLetter::of_broken(pipeline, source, broken, sequence, self.clock.now());
        self.observer.dead_letter(self.pipeline, letter);
    }

    /// The end of a stream with bytes that are no frame, which become a dead letter.
    pub(super) fn no_frame(&self, source: &Arc<str>, broken: Broken) -> StreamEnd {
        let reason = broken.reason.clone();
        self.broken(source, broken);
        StreamEnd::NoFrame(reason)
    }

    /// Returns when the sources should stop.
    pub async fn stopped(&self) {
        let mut stop = self.stop.clone();
        // An error says that the engine is gone, which is a stop too.
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

/// Somebody who has waited for room for a while, and waits on.
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
