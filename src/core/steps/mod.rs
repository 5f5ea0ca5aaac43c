//! The steps of a pipeline, which work off a batch in pieces.
//!
//! A *flow* gives typed messages; a *segment* is a flow with an end, which sends batches to other
//! workers or bytes to sinks. Segments are what the test driver and the runtime run:
//!
//! ```text
//! decode  compute*  partition | exchange | state  compute*  partition | .. | state  compute*  encode
//! `------ segment ----------'              `----- segment ----------'        `----- segment -------'
//! ```
//!
//! A caller begins a batch in a segment and asks for its next piece until the batch is done. A piece is about
//! [`PIECE`] messages at each step, so that what a frame becomes never exists all at once: the memory
//! of a piece is used again for the next. What is sent on is gathered over the pieces of a batch, and is
//! sent when it is as much as may go together or when the batch is done.
//!
//! A worker is often the owner of messages that it has made itself. If the segment behind is the pipeline's last, they
//! do not wait for the exchange: the worker runs both segments as one, a piece at a time.

pub mod batch;
mod compute;
pub mod context;
mod decode;
pub mod ends;
mod input;
mod keys;
mod mailbox;
mod outgoing;
mod setup;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::frames::Frames;
use batch::{Item, Payload, Produced};
use context::Context;

pub(crate) use compute::{ComputeStep, OutputOf};
pub(crate) use decode::DecodeStep;
pub(crate) use ends::{
    DoneEnd, EncodeBatch, EncodeEnd, EncodeStep, Joined, PartitionEnd, ReceiveStep, SpreadEnd,
};
pub(crate) use input::Input;
pub(crate) use keys::Keys;
pub use setup::{SharedPartitions, WorkerSetup};
pub(crate) use state::{Code, StateOutputOf, StateStep};

/// How many messages a step gives at a time, more or less: so few that they stay in the processor's first
/// cache from step to step.
pub const PIECE: usize = 512;

/// How many messages are sent together at most, to a worker or to a sink.
const MAX_TOGETHER: usize = 8 * 1024;

/// Whether more comes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Ask again.
    More,
    /// The batch has been worked off.
    Done,
}

/// Steps that end in messages of one type.
pub(crate) trait Flow<M> {
    /// Begins with a batch, when the one before is done. Returns how many messages will come of it as far
    /// as that is known: how much memory to reserve.
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) -> usize;

    /// Appends the batch's next messages to `output`: about a piece of them, or fewer, or none.
    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        output: &mut Vec<Item<M>>,
    ) -> Progress;
}

/// The steps between two exchanges, on one worker.
pub trait Segment {
    /// Begins with a batch, when the one before is done.
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>);

    /// Works on the batch's next piece. The frames are those that it was begun with.
    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress;

    /// Sends what is still gathered of the batch, when it is done.
    fn finish(&mut self, frames: &Arc<Frames>, context: &mut Context<'_>, produced: &mut Produced);

    /// Says whether the messages that stay on this worker go into the mailbox that it shares with the next segment.
    /// Returns false if it has none.
    fn join(&mut self, joined: bool) -> bool {
        let _ = joined;
        false
    }

    /// Says whether this worker's own messages of the next batch may go on at once. If not, they are sent like those of
    /// others. Returns whether they will.
    fn own_at_once(&mut self, at_once: bool) -> bool {
        let _ = at_once;
        false
    }
}
