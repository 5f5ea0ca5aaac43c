//! What goes on in an engine that comes after another one.

use std::sync::Arc;

use super::clock::StartClock;
use crate::core::frames::pins::Pins;
use crate::core::topology::Topology;
use crate::endpoints::{Injector, LastNumber};

/// What goes on in an engine that comes after another one: time, the numbers of messages, pinned keys, and
/// what was injected and has not entered.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub(super) clock: StartClock,
    /// The last number of each pipeline's frames.
    pub(super) numbers: Vec<LastNumber>,
    pub(super) pins: Arc<Pins>,
    /// Of each pipeline, or none if nothing could be injected.
    pub(super) injectors: Vec<Injector>,
}

impl Earlier {
    /// Of the first engine: nothing goes on.
    pub(super) fn none(topology: &Topology) -> Self {
        let numbers = topology.pipelines().iter().map(|_| LastNumber::default()).collect();
        let clock = StartClock::start();
        Self { clock, numbers, pins: Arc::default(), injectors: Vec::new() }
    }
}
