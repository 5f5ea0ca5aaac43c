//! Where a pipeline is held up: what its sinks are doing, and whether its sources wait for room.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::lock::lock;
use crate::core::event::SinkNews;
use crate::core::numbers::SinkIndex;

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

/// Where a pipeline is held up.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    /// How many of those who read for the pipeline have been waiting for room for a while.
    held: AtomicUsize,
    sinks: Mutex<BTreeMap<SinkIndex, SinkShown>>,
}

impl Pressure {
    /// Whether some of what is to be read waits for room.
    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed) > 0
    }

    /// One more waits for room, or one less.
    pub fn hold(&self, held: bool) {
        if held {
            self.held.fetch_add(1, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The sinks are gone; those that come next tell anew.
    pub fn forget_sinks(&self) {
        lock(&self.sinks).clear();
    }

    /// What the sinks are doing, as far as they have told.
    pub fn sinks(&self) -> Vec<SinkShown> {
        lock(&self.sinks).values().cloned().collect()
    }

    /// Takes note of what a sink does from now on.
    pub fn note(&self, sink: SinkIndex, endpoint: &Arc<str>, news: &SinkNews) {
        let state = match news {
            SinkNews::Ready => SinkState::Writing,
            SinkNews::Waiting(_) | SinkNews::Lost(_) => SinkState::Waiting,
            SinkNews::Stalled => SinkState::Stalled,
            SinkNews::Closing => SinkState::Closing,
            SinkNews::Unconfirmed(_) | SinkNews::Astray(_) => return,
        };
        let shown = SinkShown { endpoint: Arc::clone(endpoint), state };
        lock(&self.sinks).insert(sink, shown);
    }
}
