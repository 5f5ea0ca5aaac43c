//! How another thread asks for the figures of a session, while a front end works at it.
//!
//! The thread of the front end answers between two things that it does, so nobody waits for a lock, and nothing is
//! collected while nobody asks.

use std::future::pending;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

use super::Session;
use super::counting::Counting;
use super::top_keys::TopKeys;
use crate::telemetry::{Measured, Readiness};

/// How many questions may wait for the front end.
const MAX_WAITING: usize = 16;

/// A question, with where its answer goes.
enum Question {
    /// With the names of so many partitions.
    Figures(usize, oneshot::Sender<Figures>),
    Readiness(oneshot::Sender<Readiness>),
}

/// The figures of a session.
pub struct Figures {
    /// What the session knows itself.
    pub measured: Measured,
    /// The question to its workers how many partitions they have.
    pub counting: Counting,
    /// The question to them which partitions have the most messages, if that was asked for.
    pub top: Option<TopKeys>,
}

/// How far the front end is.
enum Phase {
    Starting,
    /// It answers questions.
    Answering(Sender<Question>),
    Over,
}

/// Asks. Clones ask the same front end.
#[derive(Clone)]
pub struct Asker(Arc<Mutex<Phase>>);

/// Answers. Its drop says that the run is ending.
pub struct Answerer {
    phase: Arc<Mutex<Phase>>,
    questions: Receiver<Question>,
}

/// A question that waits for its answer.
pub struct Asked(Question);

impl Asker {
    /// Asks a front end that is being started.
    #[must_use]
    pub fn of_one_that_starts() -> Self {
        Self(Arc::new(Mutex::new(Phase::Starting)))
    }

    /// The front end has started: it answers from now on.
    #[must_use]
    pub fn answer(&self) -> Answerer {
        let (ask, questions) = channel(MAX_WAITING);
        *self.0.lock() = Phase::Answering(ask);
        Answerer { phase: Arc::clone(&self.0), questions }
    }

    /// The figures, with the keys of so many partitions: those with the most messages.
    ///
    /// # Errors
    ///
    /// The front end does not answer yet, or does not any more.
    pub async fn figures(&self, keys: usize) -> Result<Figures, Readiness> {
        self.ask(|reply| Question::Figures(keys, reply)).await
    }

    /// Whether messages are taken in, or why not.
    pub async fn readiness(&self) -> Readiness {
        self.ask(Question::Readiness).await.unwrap_or_else(|why| why)
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, Readiness> {
        let ask = match &*self.0.lock() {
            Phase::Starting => return Err(Readiness::Starting),
            Phase::Answering(ask) => ask.clone(),
            Phase::Over => return Err(Readiness::Stopping),
        };
        let (reply, answer) = oneshot::channel();
        // An error says that the front end has just ended, here and below.
        ask.send(question(reply)).await.map_err(|_| Readiness::Stopping)?;
        answer.await.map_err(|_| Readiness::Stopping)
    }
}

impl Answerer {
    /// The next question. Nothing is lost if the future is dropped before it comes.
    pub async fn next(&mut self) -> Asked {
        match self.questions.recv().await {
            Some(question) => Asked(question),
            None => pending().await,
        }
    }
}

/// The next question to a front end, if it answers any.
pub async fn next(answerer: Option<&mut Answerer>) -> Asked {
    match answerer {
        Some(answerer) => answerer.next().await,
        None => pending().await,
    }
}

impl Asked {
    /// Answers it. Who does not wait for the answer any more needs none.
    pub fn answer(self, session: &Session) {
        match self.0 {
            Question::Figures(keys, reply) => {
                let (counting, top) =
                    (Counting::of(&session.engine), TopKeys::of(&session.engine, keys));
                drop(reply.send(Figures { measured: session.measured(), counting, top }));
            }
            Question::Readiness(reply) => drop(reply.send(session.readiness())),
        }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        *self.phase.lock() = Phase::Over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_told_that_the_front_end_starts_or_has_ended() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let asker = Asker::of_one_that_starts();
            assert_eq!(asker.readiness().await, Readiness::Starting);
            assert_eq!(asker.figures(0).await.err(), Some(Readiness::Starting));
            let answerer = asker.answer();
            // The question waits when the front end ends.
            let (told, ()) = tokio::join!(asker.readiness(), async { drop(answerer) });
            assert_eq!(told, Readiness::Stopping);
            assert_eq!(asker.readiness().await, Readiness::Stopping);
        });
    }
}
