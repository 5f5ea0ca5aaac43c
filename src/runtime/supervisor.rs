//! Follows a run to its end: all sources end, then all workers drain, then all sinks end; or
//! something fails, and everything ends at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::error::EngineError;
use super::inlet::Inlet;
use super::worker::WorkerNews;
use crate::endpoints::SinkFailure;

/// How a run ended; `None` while it has not.
pub(super) type Outcome = Option<Result<(), Arc<EngineError>>>;

/// What the supervisor follows.
pub(super) struct Supervisor {
    pub sources: JoinSet<io::Result<()>>,
    pub sinks: JoinSet<Result<(), SinkFailure>>,
    pub inlets: Vec<Arc<Inlet>>,
    pub news: UnboundedReceiver<WorkerNews>,
    pub workers: usize,
    pub stop: watch::Sender<bool>,
    pub abort: Arc<AtomicBool>,
    pub outcome: watch::Sender<Outcome>,
}

impl Supervisor {
    /// Follows the run and publishes its outcome.
    pub async fn run(mut self) {
        let outcome = self.follow().await;
        if outcome.is_err() {
            self.stop.send_replace(true);
            self.abort.store(true, Ordering::Release);
            self.inlets.iter().for_each(|inlet| inlet.wake());
        }
        self.outcome.send_replace(Some(outcome.map_err(Arc::new)));
    }

    async fn follow(&mut self) -> Result<(), EngineError> {
        let mut reading = true;
        let mut working = self.workers;
        loop {
            if reading && self.sources.is_empty() {
                reading = false;
                self.inlets.iter().for_each(|inlet| inlet.close());
            }
            if working == 0 && self.sinks.is_empty() {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some(news) = self.news.recv(), if working > 0 => match news {
                    WorkerNews::Ready(..) => {}
                    WorkerNews::Drained => working -= 1,
                    WorkerNews::Failed(worker, reason) => {
                        return Err(EngineError::Worker { worker: worker.0, reason });
                    }
                },
                Some(sink) = self.sinks.join_next() => match sink {
                    Ok(result) => result?,
                    Err(panic) => return Err(EngineError::Threads(panic.to_string())),
                },
                Some(source) = self.sources.join_next() => match source {
                    Ok(result) => result.map_err(EngineError::Source)?,
                    Err(panic) => return Err(EngineError::Threads(panic.to_string())),
                },
                else => return Err(EngineError::Ended),
            }
        }
    }
}
