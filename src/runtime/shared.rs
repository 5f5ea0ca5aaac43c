//! The data that all parts of an engine share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use super::clock::StartClock;
use super::durable::Durable;
use super::error::EngineError;
use super::ingress::gate::Gate;
use super::ingress::queues::Queues;
use super::parts::News;
use super::processes::clients::entering::Entering;
use super::settings::Settings;
use crate::core::frames::pins::Pins;
use crate::core::frames::trace_budget::TraceBudget;
use crate::core::observer::Observer;
use crate::core::topology::Topology;
use crate::endpoints::LastNumber;

/// The data that all parts of an engine share. It is made once, before any of them starts.
pub(super) struct Shared {
    pub topology: Arc<Topology>,
    pub settings: Settings,
    pub observer: Arc<dyn Observer>,
    pub clock: StartClock,
    pub gate: Arc<Gate>,
    /// How many more messages of each pipeline's source may be traced; empty if none are.
    pub traces: Vec<TraceBudget>,
    /// Whether those may be traced now.
    pub tracing: AtomicBool,
    /// The pinned keys.
    pub pins: Arc<Pins>,
    /// The last number of each pipeline's frames.
    pub numbers: Vec<LastNumber>,
    /// The queues of each pipeline.
    pub queues: Vec<Arc<Queues>>,
    /// Where frames of clients of other processes enter; `None` if there is one process.
    pub entering: Option<Arc<Entering>>,
    /// `None` if nothing is saved.
    pub durable: Option<Durable>,
    /// Told if workers have noted much since the last checkpoint, so that the next one is due.
    pub much_recorded: Arc<Notify>,
    /// Reports to the supervisor.
    pub news: UnboundedSender<News>,
    /// Becomes true when another process was asked to stop the run.
    pub stop_asked: AtomicBool,
    /// Becomes true when everything has to end at once.
    pub abort: AtomicBool,
    /// Becomes true when a worker panics or finds that it cannot go on, before anything that it held is dropped.
    pub panicked: Arc<AtomicBool>,
}

impl Shared {
    /// Whether what workers do is recorded.
    pub fn records(&self) -> bool {
        let file = self.settings.resilience.as_ref().is_some_and(|saved| saved.history.is_some());
        self.durable.is_some() && (file || self.settings.recorded.is_some())
    }

    /// Ends the run with this error.
    pub fn fail(&self, error: EngineError) {
        // If the supervisor is gone, the run has ended already.
        let _ = self.news.send(News::Failed(error));
    }

    /// Ends the run because a worker was given what cannot be. What workers hold does not count as done from now on.
    pub fn contradict(&self, what: &'static str) {
        self.panicked.store(true, Ordering::Release);
        self.fail(EngineError::Contradiction(what));
    }
}
