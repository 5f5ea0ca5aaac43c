//! The smallest input of a recording with which something happens.
//!
//! [`find_first`] replays the recording as it was, to the first message to which it happens, and notes which messages have
//! been at which keys. [`smallest`] then makes the input until there smaller: each candidate runs in a
//! [`TestDriver`](crate::core::test_driver::TestDriver), from the beginning, with the partitions that are left of the base.
//! So whatever it finds happens again in a test. [`lived()`] runs the result once more, and makes that test.
//!
//! [`exact()`] makes a test of what was seen, of no more messages than that depends on.
//!
//! A driver has one worker, and nobody revives partitions in it. What needs several workers or a revival does not happen in
//! it, and that is told ([`ShrinkError::NotReproduced`]).

mod base;
mod exact;
mod first;
mod framed;
mod lived;
mod probe;
mod search;
mod sought;
mod state_of;
mod words;

use std::ops::ControlFlow;

use bytes::Bytes;

pub use base::BasePartition;
pub use exact::{Exact, ExactError, Of, Wanted, exact};
pub use first::{FindError, FirstFound, find_first};
pub use framed::FramesOf;
pub use lived::{Lived, lived};
pub use search::{Found, SearchError, SearchState, SoFar, search};
use sought::Same;
pub use sought::{Sought, Watching, first_step};

use super::shrink::{self, Input, ShrinkError, Slice, simpler_payloads};
use crate::core::numbers::PipelineIndex;
use crate::core::test_driver::RestoreError;
use crate::core::topology::Topology;
use probe::Prober;

/// The smallest input that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Smallest {
    /// The messages that are left, in the order in which they enter.
    pub messages: Vec<SmallestMessage>,
    /// The partitions that are needed before the first message.
    pub base: Vec<BasePartition>,
    /// How many candidates were run.
    pub probes: u64,
    /// Whether nothing smaller is left to be tried.
    pub complete: bool,
}

/// A message of the smallest input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallestMessage {
    /// Its number in the recording, from 1.
    pub number: u64,
    /// The pipeline that it enters.
    pub pipeline: PipelineIndex,
    /// The payload of its frame.
    pub payload: Bytes,
    /// Whether the payload is simpler than the one that was recorded.
    pub is_simpler: bool,
}

/// Makes the input until the first message smaller, as long as it still happens at a step of that name and, if the message
/// became a dead letter there, for the same cause.
///
/// # Errors
///
/// It does not happen in a driver, a partition of the base does not fit the application, or the search was stopped before
/// anything was found.
pub fn smallest(
    topology: &Topology,
    first: &FirstFound,
    sought: &dyn Sought,
    watching: &dyn Watching,
) -> Result<Smallest, ShrinkError<RestoreError>> {
    let FirstFound { messages, base, touched, found, .. } = first;
    let sought = &Same { sought, found };
    let prober = Prober { topology, base, sought, watching };
    let mut tried = 0;
    let mut slice = None;
    for part in touched.parts(messages.len()) {
        tried += 1;
        let is_near = |at: &usize| base.get(*at).is_some_and(|(_, one)| part.has(&one.key));
        let near: Vec<usize> = (0..base.len()).filter(is_near).collect();
        let chosen = part.messages.iter().filter_map(|at| messages.get(*at));
        let chosen = chosen.map(|message| (message.pipeline, &message.payload));
        let happened = prober.run(chosen, near.iter().copied()).map_err(ShrinkError::Probe)?;
        if happened.is_some() {
            slice = Some(Slice { messages: part.messages, base: near });
            break;
        }
    }
    let input = Input { messages, base: base.len(), slice };
    let watch = &mut |progress: &shrink::Progress| {
        watching.shrinks(progress);
        if watching.goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let shrunk = shrink::shrink(&input, &prober, &simpler_payloads, watch)?;
    let left = shrunk.messages.into_iter().map(|left| {
        let recorded = messages.get(left.original);
        SmallestMessage {
            number: first.numbers.get(left.original).copied().unwrap_or_default(),
            pipeline: left.message.pipeline,
            is_simpler: recorded.is_none_or(|recorded| recorded.payload != left.message.payload),
            payload: left.message.payload,
        }
    });
    Ok(Smallest {
        messages: left.collect(),
        base: shrunk.base.iter().filter_map(|at| base.get(*at).cloned()).collect(),
        probes: tried + shrunk.probes,
        complete: shrunk.complete,
    })
}
