//! What holds a pipeline up: the state of its sinks, and whether its sources wait for the byte budget.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::lock::lock;
use crate::core::event::EngineEvent;
use crate::core::numbers::PipelineIndex;

/// What a sink is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkState {
    /// Outputs are written as they come.
    Writing,
    /// There is no receiver: outputs wait for one.
    Waiting,
    /// Outputs are to be written, and none has been taken for a while.
    Stalled,
    /// The receiver has all outputs, no more will come, and it does not close the connection.
    Closing,
}

/// A sink and what it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkShown {
    /// Its endpoint.
    pub endpoint: Arc<str>,
    /// What it is doing.
    pub state: SinkState,
}

/// What holds a pipeline up.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    /// How many readers of the pipeline have waited for the byte budget for a while.
    held: AtomicUsize,
    sinks: Mutex<Vec<SinkShown>>,
}

impl Pressure {
    /// Whether any reader waits for the byte budget.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed) > 0
    }

    /// One reader more waits for the byte budget, or one less.
    pub fn hold(&self, held: bool) {
        if held {
            self.held.fetch_add(1, Ordering::Relaxed);
        } else {
            let held = self.held.fetch_sub(1, Ordering::Relaxed);
            debug_assert!(held > 0, "who is not held any more was held before");
        }
    }

    /// Forgets all sinks: those of the next engine report again.
    pub fn forget_sinks(&self) {
        lock(&self.sinks).clear();
    }

    /// The sinks that have reported a state.
    pub fn sinks(&self) -> Vec<SinkShown> {
        lock(&self.sinks).clone()
    }

    /// A sink does something else from now on.
    pub fn note(&self, endpoint: &str, state: SinkState) {
        let mut sinks = lock(&self.sinks);
        match sinks.iter_mut().find(|sink| *sink.endpoint == *endpoint) {
            Some(sink) => sink.state = state,
            None => sinks.push(SinkShown { endpoint: endpoint.into(), state }),
        }
    }
}

/// What an event says of a sink: of which pipeline's, and what it is doing from now on.
pub(crate) fn told_of_sink(event: &EngineEvent) -> Option<(PipelineIndex, &str, SinkState)> {
    match event {
        EngineEvent::SinkReady(pipeline, sink) => Some((*pipeline, sink, SinkState::Writing)),
        EngineEvent::SinkWaiting(pipeline, sink, _) | EngineEvent::SinkLost(pipeline, sink, _) => {
            Some((*pipeline, sink, SinkState::Waiting))
        }
        EngineEvent::SinkStalled(pipeline, sink) => Some((*pipeline, sink, SinkState::Stalled)),
        EngineEvent::SinkClosing(pipeline, sink) => Some((*pipeline, sink, SinkState::Closing)),
        _ => None,
    }
}
