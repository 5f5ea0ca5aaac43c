//! Follows a run to its end: all sources end, then all workers drain, then the last checkpoint is made,
//! then all sinks end; or something fails, and everything ends at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};

use super::error::EngineError;
use super::ingress::queues::Queues;
use super::parts::{
    CheckpointOrder, JournalOrder, News, Outcome, Senders, Shared, SinkTasks, SourceTasks,
};

/// What the supervisor follows.
pub(super) struct Supervisor {
    pub shared: Shared,
    pub sources: SourceTasks,
    pub sinks: SinkTasks,
    /// While it is held, sinks do not end.
    pub senders: Senders,
    pub queues: Vec<Arc<Queues>>,
    pub news: UnboundedReceiver<News>,
    pub workers: usize,
    pub resilient: Option<Resilient>,
    pub stop: watch::Sender<bool>,
    pub outcome: watch::Sender<Outcome>,
}

/// The parts that see to it that nothing is lost.
pub(super) struct Resilient {
    pub journal: Sender<JournalOrder>,
    pub checkpointer: UnboundedSender<CheckpointOrder>,
}

/// What the supervisor waits for. Each stage begins when the one before is over.
enum Stage {
    Reading,
    /// The journal writes what had been read.
    Journaling(oneshot::Receiver<()>),
    Draining,
    /// The last checkpoint is made.
    Saving(oneshot::Receiver<()>),
    Writing,
    /// Something has failed, and will say so.
    Failing,
}

impl Supervisor {
    /// Follows the run and publishes its outcome.
    pub async fn run(mut self) {
        let outcome = self.follow().await;
        if outcome.is_err() {
            self.stop.send_replace(true);
            self.shared.abort.store(true, Ordering::Release);
            self.queues.iter().for_each(|queues| queues.wake());
        }
        self.outcome.send_replace(Some(outcome.map_err(Arc::new)));
    }

    async fn follow(&mut self) -> Result<(), EngineError> {
        let mut stage = Stage::Reading;
        let mut working = self.workers;
        loop {
            stage = self.advance(stage, working);
            if matches!(stage, Stage::Writing) && self.sinks.is_empty() {
                return Ok(());
            }
            let waiting = match &mut stage {
                Stage::Journaling(done) | Stage::Saving(done) => Some(done),
                Stage::Reading | Stage::Draining | Stage::Writing | Stage::Failing => None,
            };
            let waits = waiting.is_some();
            let done = async {
                match waiting {
                    Some(done) => done.await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => match news {
                    News::Drained => working = working.saturating_sub(1),
                    News::Replaced(workers) => working = workers,
                    News::Failed(error) => return Err(error),
                },
                Some(sink) = self.sinks.join_next() => match sink {
                    Ok(result) => result?,
                    Err(panic) => return Err(EngineError::Threads(panic.to_string())),
                },
                Some(source) = self.sources.join_next() => match source {
                    Ok(result) => result.map_err(EngineError::Source)?,
                    Err(panic) => return Err(EngineError::Threads(panic.to_string())),
                },
                done = done, if waits => stage = match stage {
                    Stage::Journaling(_) if done => self.drain(),
                    Stage::Saving(_) if done => self.close_sinks(),
                    _ => Stage::Failing,
                },
                else => return Err(EngineError::Ended),
            }
        }
    }

    /// Goes on to the next stage where this one is over.
    fn advance(&mut self, stage: Stage, working: usize) -> Stage {
        match (stage, &self.resilient) {
            (Stage::Reading, Some(resilient)) if self.sources.is_empty() => {
                let (reply, done) = oneshot::channel();
                let _ = resilient.journal.send(JournalOrder::Done(reply));
                Stage::Journaling(done)
            }
            (Stage::Reading, None) if self.sources.is_empty() => self.drain(),
            (Stage::Draining, Some(resilient)) if working == 0 => {
                let (reply, done) = oneshot::channel();
                let _ = resilient.checkpointer.send(CheckpointOrder::Finish(reply));
                Stage::Saving(done)
            }
            (Stage::Draining, None) if working == 0 => self.close_sinks(),
            (stage, _) => stage,
        }
    }

    fn drain(&self) -> Stage {
        self.queues.iter().for_each(|queues| queues.close());
        Stage::Draining
    }

    fn close_sinks(&mut self) -> Stage {
        self.senders.clear();
        Stage::Writing
    }
}
