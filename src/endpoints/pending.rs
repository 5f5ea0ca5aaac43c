//! The outputs that a sink writes next.
//!
//! Invariant: an output is kept, and holds its frames' room, until it is written.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::sink_log::SinkLog;
use crate::core::batch::Output;
use crate::core::clock::Clock;
use crate::core::numbers::WorkerIndex;
use crate::core::trace::{Hop, HopEvent};

/// How many of the workers' batches are written together: few enough to keep latency low.
const BATCHES: usize = 16;

/// How much memory for joined bytes is kept to be used again.
const KEPT: usize = 1024 * 1024;

/// The outputs that a sink writes next.
pub(super) struct Pending<'engine> {
    outputs: UnboundedReceiver<Output>,
    taken: Vec<Output>,
    /// The bytes of `taken`, where there are several: a write is a system call, and of a file a trip to
    /// another thread.
    joined: Vec<u8>,
    clock: &'engine (dyn Clock + Send + Sync),
    log: &'engine SinkLog<'engine>,
    /// The step's and the sink's name in traces.
    step: Arc<str>,
    name: Arc<str>,
}

impl<'engine> Pending<'engine> {
    pub fn new(
        outputs: UnboundedReceiver<Output>,
        clock: &'engine (dyn Clock + Send + Sync),
        log: &'engine SinkLog<'engine>,
    ) -> Self {
        let (taken, joined) = (Vec::with_capacity(BATCHES), Vec::new());
        let (step, name) = ("sink".into(), log.name.as_str().into());
        Self { outputs, taken, joined, clock, log, step, name }
    }

    /// Whether nothing is to be written as far as is known.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Waits for outputs, where those before are written. False where no more will come. Where it is
    /// not waited for to the end, nothing is lost.
    pub async fn fill(&mut self) -> bool {
        if self.taken.is_empty() {
            self.outputs.recv_many(&mut self.taken, BATCHES).await;
            if self.taken.len() > 1 {
                self.joined.clear();
                self.joined.shrink_to(KEPT);
                self.taken.iter().for_each(|output| self.joined.extend_from_slice(&output.bytes));
            }
        }
        !self.taken.is_empty()
    }

    /// What is to be written.
    pub fn bytes(&self) -> &[u8] {
        match self.taken.as_slice() {
            [output] => &output.bytes,
            _ => &self.joined,
        }
    }

    /// It is written. Dropping the outputs makes room for new frames.
    pub fn written(&mut self) {
        let now = self.clock.now();
        for output in self.taken.drain(..) {
            for trace in &output.traces {
                trace.push(Hop {
                    step: Arc::clone(&self.step),
                    worker: WorkerIndex::default(),
                    at: now,
                    event: HopEvent::Written(Arc::clone(&self.name)),
                });
            }
            self.log.observer.written(self.log.pipeline, &output, now);
        }
    }
}
