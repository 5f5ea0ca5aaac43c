//! Reports of one sink to the engine's observer.

use std::future::Future;
use std::io;
use std::sync::Arc;

use crate::core::clock::Clock;
use crate::core::event::{EngineEvent, SinkNews};
use crate::core::frames::trace::{Hop, HopEvent};
use crate::core::numbers::{SinkPlace, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::batch::Output;
use crate::endpoints::backoff::{PATIENCE, patiently};
use crate::endpoints::endpoint::Endpoint;

/// What a sink tells the engine's observer of itself.
pub struct SinkLog {
    /// Which sink it is, of the first pipeline that has it.
    place: SinkPlace,
    /// The sink's endpoint as text.
    endpoint: Arc<str>,
    observer: Arc<dyn Observer>,
    clock: Arc<dyn Clock + Send + Sync>,
    /// The step's name in traces.
    step: Arc<str>,
}

impl SinkLog {
    /// The log of this sink.
    pub fn new(
        place: SinkPlace,
        endpoint: &Endpoint,
        observer: Arc<dyn Observer>,
        clock: Arc<dyn Clock + Send + Sync>,
    ) -> Self {
        let (endpoint, step) = (endpoint.to_string().into(), "sink".into());
        Self { place, endpoint, observer, clock, step }
    }

    /// An output has been given to the system.
    pub(super) fn written(&self, output: &Output) {
        let now = self.clock.now();
        for trace in &output.traces {
            trace.push(Hop {
                step: Arc::clone(&self.step),
                worker: WorkerIndex::default(),
                at: now,
                event: HopEvent::Written(Arc::clone(&self.endpoint)),
            });
        }
        self.observer.written(output.pipeline, output, now);
    }

    /// Tells what happened to the sink.
    pub(super) fn tell(&self, news: SinkNews) {
        self.observer.event(EngineEvent::Sink {
            pipeline: self.place.pipeline,
            sink: self.place.sink,
            endpoint: Arc::clone(&self.endpoint),
            news,
        });
    }

    /// Waits for a write. Reports if it takes long, and when that is over.
    pub(super) async fn stalls<T>(
        &self,
        write: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let mut stalled = false;
        let tell = || {
            stalled = true;
            self.tell(SinkNews::Stalled);
        };
        let written = patiently(PATIENCE, write, tell).await;
        if stalled && written.is_ok() {
            self.tell(SinkNews::Ready);
        }
        written
    }
}
