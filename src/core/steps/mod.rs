//! The steps of a pipeline, each of which takes and gives whole batches.
//!
//! A *flow* gives typed messages; a *segment* is a flow with an end, which sends batches to other
//! workers or bytes to sinks. Segments are what the test driver and the runtime run:
//!
//! ```text
//! decode  compute*  partition | exchange | state  compute*  partition | .. | state  compute*  encode
//! `------ segment ----------'              `----- segment ----------'        `----- segment -------'
//! ```

pub mod batch;
mod compute;
pub mod context;
mod decode;
mod encode;
mod partition;
mod setup;
mod spread;
mod state;

use std::sync::Arc;

use super::frames::Frames;
use batch::{Item, Outlet, Payload};
use context::Context;

pub(crate) use compute::{ComputeStep, OutputOf};
pub(crate) use decode::DecodeStep;
pub(crate) use encode::{DoneEnd, EncodeBatch, EncodeEnd, EncodeStep};
pub(crate) use partition::PartitionEnd;
pub use setup::{SharedPartitions, WorkerSetup};
pub(crate) use spread::{ReceiveStep, SpreadEnd};
pub(crate) use state::{StateOutputOf, StateStep};

/// How many messages a buffer that is used again keeps memory for: more than nearly all batches have.
const KEPT: usize = 16 * 1024;

/// Empties a buffer that is used again. What memory only a batch of unusual length needed is given back.
fn empty<M>(buffer: &mut Vec<Item<M>>) {
    buffer.clear();
    buffer.shrink_to(KEPT);
}

/// Steps that end in messages of one type.
pub(crate) trait Flow<M> {
    /// Processes a batch and appends the messages to `output`.
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        output: &mut Vec<Item<M>>,
    );
}

/// The steps between two exchanges, on one worker.
pub trait Segment {
    /// Processes a batch.
    fn run(
        &mut self,
        frames: &Arc<Frames>,
        payload: Payload,
        context: &mut Context<'_>,
        outlet: &mut Outlet,
    );
}
