//! A round at a process that hosts workers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::answers::Answers;
use super::clients::served::Served;
use super::figures::HostObserver;
use super::homecoming::tell_home;
use super::marks::Marks;
use super::messages::{Message, RestoredTogether};
use super::neighbours::{FIRST, Neighbours};
use super::round::{Event, Room, Round};
use super::round_end::RoundEnd;
use crate::cluster::side::{Heard, How};
use crate::core::numbers::{ProcessIndex, WorkerIndex};
use crate::runtime::error::EngineError;
use crate::runtime::parts::{News, Restored};
use crate::runtime::shared::Shared;
use crate::runtime::workers::local::{Giver, LocalWorkers};
use crate::runtime::workers::query::{Request, SaveRequest};
use crate::runtime::workers::worker::Ready;

/// How many places are told together.
const PLACES: usize = 256 * 1024;

/// The max wait at the end of a round for workers to finish what they are at.
const LAST_TURN: Duration = Duration::from_secs(10);

/// What happens at a process that hosts workers.
pub(super) enum Happened {
    /// What is heard takes room until it is dealt with.
    Event(Event, Room),
    News(News),
    Ready(Result<Ready, EngineError>),
    /// There are figures to tell.
    Figures,
}

/// What the workers share, and what has been observed of them.
pub(super) struct HostShared {
    pub shared: Arc<Shared>,
    pub observer: Arc<HostObserver>,
}

/// A round at a process that hosts workers.
pub(super) struct Hosted {
    pub round: Arc<Round>,
    pub neighbours: Arc<Neighbours>,
    pub shared: HostShared,
    pub workers: LocalWorkers,
    /// Until all partitions to begin with are given.
    pub givers: Vec<Giver>,
    pub marks: Marks,
    pub answers: Answers,
    pub served: Arc<Served>,
}

impl Hosted {
    /// Does what process 0 says, until it ends the round.
    pub fn follow(mut self, happened: &Receiver<Happened>) -> Result<RoundEnd, EngineError> {
        let ended = loop {
            let next = match next(happened) {
                Ok(next) => next,
                Err(error) => break Err(error),
            };
            let done = match next {
                Happened::Event(Event::Heard(Heard::Said(process, message)), _room) => {
                    self.said(process, message)
                }
                // It has ended the round earlier than this one, and process 0 is about to.
                Happened::Event(Event::Heard(Heard::Left(process)), _) if process != FIRST => {
                    Ok(ControlFlow::Continue(()))
                }
                Happened::Event(event, _) => Err(lost(event)),
                Happened::News(news) => self.news(news),
                Happened::Ready(ready) => self.ready(ready),
                Happened::Figures => {
                    self.tell_figures();
                    Ok(ControlFlow::Continue(()))
                }
            };
            match done {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(end)) => break Ok(end),
                Err(error) => break Err(error),
            }
        };
        self.end(ended)
    }

    /// Ends the workers. What they drop now is not done.
    fn end(self, ended: Result<RoundEnd, EngineError>) -> Result<RoundEnd, EngineError> {
        self.shared.shared.panicked.store(true, Ordering::Release);
        self.shared.shared.abort.store(true, Ordering::Release);
        drop(self.givers);
        // Rows that nobody takes any more hold up their worker.
        drop(self.answers);
        self.workers.wake();
        // If it has failed, nobody waits for Timely's threads, which may wait for a process that is lost.
        let ended = ended?;
        debug_assert!(
            ended != RoundEnd::Over || self.neighbours.close().is_ok(),
            "when a run is over, all that was lent is returned"
        );
        if !self.workers.join_within(LAST_TURN) {
            return Err(EngineError::Threads("a worker does not end".to_owned()));
        }
        Ok(ended)
    }

    fn said(
        &mut self,
        process: ProcessIndex,
        message: Message,
    ) -> Result<ControlFlow<RoundEnd>, EngineError> {
        let refused = |reason: &str| EngineError::Process { process, reason: reason.to_owned() };
        if process != FIRST && !matches!(message, Message::Notices(_) | Message::Mark(_)) {
            return Err(refused("it says what only process 0 may say"));
        }
        match message {
            Message::Restore { worker, together } => self.restore(worker, together),
            Message::Restored => self.givers.clear(),
            Message::Save { worker, epoch, extent } => {
                let (processed, changed) =
                    (self.answers.processed(worker), self.answers.changed(worker));
                let save = SaveRequest { epoch, extent, processed, changed };
                self.request(worker, Request::Save(save));
            }
            Message::Ask { worker, question, ask } => {
                let query = self.answers.query(question, ask);
                self.request(worker, Request::Query(query));
            }
            Message::More(question) => self.answers.more(question),
            Message::Enough(question) => self.answers.enough(question),
            Message::Open => self.served.open(),
            Message::Close => self.served.stop(),
            Message::Entered(pipeline, number) => {
                if !self.served.entered(pipeline, number) {
                    return Err(refused("it has taken what no client has sent"));
                }
            }
            Message::Leave(end) => {
                // First: what happens to the sources from now on is told in the next round.
                self.served.part();
                self.tell_figures();
                return Ok(ControlFlow::Break(end));
            }
            Message::Notices(notices) => {
                let settled = self.neighbours.settle(process, notices);
                let settled = settled.map_err(|error| refused(&error.to_string()))?;
                let Shared { topology, observer, .. } = &*self.shared.shared;
                tell_home(settled, topology, &**observer)?;
            }
            Message::Mark(mark) => {
                for mark in self.marks.hear(mark) {
                    self.round.outboxes.say_all(Message::Mark, mark);
                }
            }
            Message::Begin(_)
            | Message::Placed { .. }
            | Message::Ready(_)
            | Message::Lost(..)
            | Message::Disconnected
            | Message::Failed(_)
            | Message::Processed(_)
            | Message::Schedule { .. }
            | Message::Changed { .. }
            | Message::Answer { .. }
            | Message::Unanswered(_)
            | Message::Drained
            | Message::Figures(_)
            | Message::Came(_)
            | Message::Stop => return Err(refused("it says what process 0 never says")),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn news(&self, news: News) -> Result<ControlFlow<RoundEnd>, EngineError> {
        match news {
            News::Drained => {
                // First: who counts the drained workers reads figures then.
                self.tell_figures();
                self.round.outboxes.say(FIRST, Message::Drained);
                Ok(ControlFlow::Continue(()))
            }
            News::Failed(error) => Err(error),
            News::Replaced(_) | News::Stop => {
                Err(EngineError::Contradiction("a process that hosts workers has no supervisor"))
            }
        }
    }

    fn ready(
        &mut self,
        ready: Result<Ready, EngineError>,
    ) -> Result<ControlFlow<RoundEnd>, EngineError> {
        let Ready { worker, thread, base } = ready?;
        self.workers.threads.extend(thread);
        for (state, partitions) in base {
            for some in partitions.chunks(PLACES) {
                let places = some.iter().map(|partition| partition.place).collect();
                let state = Arc::clone(&state);
                self.round.outboxes.say(FIRST, Message::Placed { worker, state, places });
            }
        }
        self.round.outboxes.say(FIRST, Message::Ready(worker));
        Ok(ControlFlow::Continue(()))
    }

    fn restore(&self, worker: WorkerIndex, together: RestoredTogether) {
        let Some(giver) = self.givers.get(self.place_of(worker)) else { return };
        let RestoredTogether { state, path, partitions } = together;
        let restored = partitions.into_iter().map(|partition| {
            let (state, path) = (Arc::clone(&state), Arc::clone(&path));
            Restored { state, partition, path }
        });
        // A worker that is gone has reported why.
        let _ = giver.send(restored.collect());
    }

    /// Which worker of this process it is.
    fn place_of(&self, worker: WorkerIndex) -> usize {
        debug_assert!(
            self.neighbours.is_local(worker),
            "a process is told what is for its workers"
        );
        self.neighbours.place_of(worker)
    }

    fn request(&self, worker: WorkerIndex, request: Request) {
        if let Some(requests) = self.workers.requests.get(self.place_of(worker)) {
            let _ = requests.send(request);
            self.workers.wake();
        }
    }

    fn tell_figures(&self) {
        if let Some(figures) = self.shared.observer.take() {
            self.round.outboxes.say(FIRST, Message::Figures(figures));
        }
    }
}

/// What happens next.
pub(super) fn next(happened: &Receiver<Happened>) -> Result<Happened, EngineError> {
    happened.recv().map_err(|_| EngineError::Ended)
}

/// Why the round cannot go on after this.
pub(super) fn lost(event: Event) -> EngineError {
    match event {
        Event::Heard(Heard::Lost(process, how)) => EngineError::ProcessLost { process, how },
        Event::Heard(Heard::Left(process)) => EngineError::ProcessLost { process, how: How::Ended },
        Event::Heard(Heard::Said(process, _)) => EngineError::Process {
            process,
            reason: "it says something before the round begins".to_owned(),
        },
        Event::Unsaid(process, error) => EngineError::Untold { process, reason: error.to_string() },
    }
}
