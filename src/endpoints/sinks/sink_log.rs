//! What a sink tells the engine's observer of itself.

use std::future::Future;
use std::io;
use std::sync::Arc;

use crate::core::clock::Clock;
use crate::core::event::EngineEvent;
use crate::core::frames::trace::{Hop, HopEvent};
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::batch::Output;
use crate::endpoints::backoff::patiently;
use crate::endpoints::endpoint::Endpoint;

/// What a sink tells the engine's observer of itself.
pub(crate) struct SinkLog<'engine> {
    pub pipeline: PipelineIndex,
    /// The sink's endpoint as text.
    pub name: String,
    pub observer: &'engine dyn Observer,
    clock: &'engine (dyn Clock + Send + Sync),
    /// The step's and the sink's name in traces.
    in_traces: (Arc<str>, Arc<str>),
}

impl<'engine> SinkLog<'engine> {
    pub fn new(
        pipeline: PipelineIndex,
        endpoint: &Endpoint,
        observer: &'engine dyn Observer,
        clock: &'engine (dyn Clock + Send + Sync),
    ) -> Self {
        let name = endpoint.to_string();
        let in_traces = ("sink".into(), name.as_str().into());
        Self { pipeline, name, observer, clock, in_traces }
    }

    /// An output has been given to the system.
    pub fn written(&self, output: &Output) {
        let now = self.clock.now();
        let (step, name) = &self.in_traces;
        for trace in &output.traces {
            trace.push(Hop {
                step: Arc::clone(step),
                worker: WorkerIndex::default(),
                at: now,
                event: HopEvent::Written(Arc::clone(name)),
            });
        }
        self.observer.written(self.pipeline, output, now);
    }

    /// It can be written.
    pub fn ready(&self) {
        self.observer.event(EngineEvent::SinkReady(self.pipeline, self.name.clone()));
    }

    /// Its file is not the one that was opened any more.
    pub fn astray(&self, what: &str) {
        let (name, what) = (self.name.clone(), what.to_owned());
        self.observer.event(EngineEvent::SinkAstray(self.pipeline, name, what));
    }

    /// There is no receiver.
    pub fn waiting(&self, reason: &io::Error) {
        let (name, reason) = (self.name.clone(), reason.to_string());
        self.observer.event(EngineEvent::SinkWaiting(self.pipeline, name, reason));
    }

    /// The receiver is gone.
    pub fn lost(&self, reason: &io::Error) {
        let (name, reason) = (self.name.clone(), reason.to_string());
        self.observer.event(EngineEvent::SinkLost(self.pipeline, name, reason));
    }

    /// What the receiver has acknowledged cannot be known.
    pub fn unconfirmed(&self, reason: &io::Error) {
        let (name, reason) = (self.name.clone(), reason.to_string());
        self.observer.event(EngineEvent::SinkUnconfirmed(self.pipeline, name, reason));
    }

    /// Outputs wait, and none has been taken for a while.
    pub fn stalled(&self) {
        self.observer.event(EngineEvent::SinkStalled(self.pipeline, self.name.clone()));
    }

    /// All outputs are acknowledged, and the receiver does not close its end.
    pub fn closing(&self) {
        self.observer.event(EngineEvent::SinkClosing(self.pipeline, self.name.clone()));
    }

    /// Waits for a write, and tells where it takes long, and when that is over.
    pub async fn stalls<T>(&self, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let mut stalled = false;
        let tell = || {
            stalled = true;
            self.stalled();
        };
        let written = patiently(write, tell).await;
        if stalled && written.is_ok() {
            self.ready();
        }
        written
    }
}
