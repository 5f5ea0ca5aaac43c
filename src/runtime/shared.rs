//! What all parts of an engine share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc::UnboundedSender;

use super::clock::StartClock;
use super::durable::Durable;
use super::error::EngineError;
use super::ingress::gate::Gate;
use super::ingress::queues::Queues;
use super::parts::News;
use super::settings::Settings;
use crate::core::observer::Observer;
use crate::core::topology::Topology;

/// What all parts of an engine share: made once, before any of them starts.
pub(super) struct Shared {
    pub topology: Arc<Topology>,
    pub settings: Settings,
    pub observer: Arc<dyn Observer>,
    pub clock: StartClock,
    pub gate: Gate,
    /// Where the frames of each pipeline enter.
    pub queues: Vec<Arc<Queues>>,
    /// `None` if nothing is saved.
    pub durable: Option<Durable>,
    /// Where the supervisor hears of what happens.
    pub news: UnboundedSender<News>,
    /// Turns true when everything has to end at once.
    pub abort: AtomicBool,
    /// Turns true when a worker panics, before anything that it held is dropped.
    pub panicked: Arc<AtomicBool>,
}

impl Shared {
    /// Ends the run with this error.
    pub fn fail(&self, error: EngineError) {
        // A supervisor that is gone has ended the run already.
        let _ = self.news.send(News::Failed(error));
    }
}
