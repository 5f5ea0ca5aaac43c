//! What holds a pipeline up: the state of its sinks, and whether its sources wait for the byte budget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::core::event::SinkNews;
use crate::core::numbers::SinkIndex;

/// What a sink is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    sinks: Mutex<BTreeMap<SinkIndex, SinkShown>>,
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
            debug_assert!(held > 0, "a reader that no longer waits has waited before");
        }
    }

    /// Forgets all sinks: those of the next engine report again.
    pub fn forget_sinks(&self) {
        self.sinks.lock().clear();
    }

    /// The sinks that have reported a state; of sinks that pipelines share, those of which this is the first.
    pub fn sinks(&self) -> Vec<SinkShown> {
        self.sinks.lock().values().cloned().collect()
    }

    /// A sink, if it has reported a state.
    pub fn sink(&self, sink: SinkIndex) -> Option<SinkShown> {
        self.sinks.lock().get(&sink).cloned()
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
        self.sinks.lock().insert(sink, shown);
    }
}
