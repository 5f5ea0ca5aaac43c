//! What a sink tells the engine's observer of itself.

use std::future::Future;
use std::io;

use super::endpoint::Endpoint;
use super::patience::patiently;
use crate::core::event::EngineEvent;
use crate::core::numbers::PipelineIndex;
use crate::core::observer::Observer;

/// What a sink tells the engine's observer of itself.
pub(super) struct SinkLog<'engine> {
    pub pipeline: PipelineIndex,
    /// The sink's endpoint as text.
    pub name: String,
    pub observer: &'engine dyn Observer,
}

impl<'engine> SinkLog<'engine> {
    pub fn new(
        pipeline: PipelineIndex,
        endpoint: &Endpoint,
        observer: &'engine dyn Observer,
    ) -> Self {
        Self { pipeline, name: endpoint.to_string(), observer }
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

    /// Waits for a write, and tells where it takes long, and when that is over.
    pub async fn stalls<T>(&self, write: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let mut stalled = false;
        let tell = || {
            stalled = true;
            let event = EngineEvent::SinkStalled(self.pipeline, self.name.clone());
            self.observer.event(event);
        };
        let written = patiently(write, tell).await;
        if stalled && written.is_ok() {
            self.ready();
        }
        written
    }
}
