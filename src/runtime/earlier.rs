//! What goes on in an engine that comes after another one.

use std::sync::Arc;

use super::clock::StartClock;
use crate::core::frames::pins::Pins;
use crate::core::topology::Topology;
use crate::endpoints::LastNumber;

/// What goes on in an engine that comes after another one: time, the numbers of messages, and pinned keys.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub(super) clock: StartClock,
    /// The last number of each pipeline's frames.
    pub(super) numbers: Vec<LastNumber>,
    pub(super) pins: Arc<Pins>,
}

impl Earlier {
    /// Of the first engine: nothing goes on.
    pub(super) fn none(topology: &Topology) -> Self {
        let numbers = topology.pipelines().iter().map(|_| LastNumber::default()).collect();
        Self { clock: StartClock::start(), numbers, pins: Arc::default() }
    }
}
