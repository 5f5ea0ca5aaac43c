//! What goes on in an engine that comes after another one.

use super::clock::StartClock;
use crate::core::topology::Topology;
use crate::endpoints::LastNumber;

/// What goes on in an engine that comes after another one: time, and the numbers of messages.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub(super) clock: StartClock,
    /// The last number of each pipeline's frames.
    pub(super) numbers: Vec<LastNumber>,
}

impl Earlier {
    /// Of the first engine: both begin.
    pub(super) fn none(topology: &Topology) -> Self {
        let numbers = topology.pipelines().iter().map(|_| LastNumber::default()).collect();
        Self { clock: StartClock::start(), numbers }
    }
}
