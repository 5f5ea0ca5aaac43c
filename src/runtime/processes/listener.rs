//! What process 0 hears of the other processes of a round.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::homecoming::tell_home;
use super::marks::Waiting;
use super::messages::{Message, RestoredTogether};
use super::neighbours::Neighbours;
use super::remote::Remote;
use super::round::{Event, Outboxes};
use crate::cluster::side::{Heard, How};
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::numbers::{ProcessIndex, WorkerIndex};
use crate::core::partitions::saved::SavedPartition;
use crate::runtime::error::EngineError;
use crate::runtime::parts::{Base, News};
use crate::runtime::shared::Shared;
use crate::runtime::workers::worker::{Ready, TellReady};

/// What a worker was given to begin with.
#[derive(Default)]
pub(super) struct Given {
    /// It has not said where it has put these, of each state in the order in which it got them.
    pub waiting: Vec<(Arc<str>, VecDeque<SavedPartition>)>,
    pub placed: Base,
}

/// What hears the other processes.
pub(super) struct Listener {
    pub shared: Arc<Shared>,
    pub neighbours: Arc<Neighbours>,
    pub remote: Arc<Remote>,
    /// What each of their workers was given, until it says where it has put it.
    pub given: Mutex<HashMap<WorkerIndex, Given>>,
    /// Told of each of their workers once, that it is ready or why not.
    pub ready: TellReady,
    /// Those that have not been told.
    pub starting: Mutex<Vec<WorkerIndex>>,
    /// Who waits until all notices are at home.
    pub waiting: Mutex<Waiting>,
    pub outboxes: Outboxes,
    /// Whether this process leaves the round. Then it does not matter who else does.
    pub leaves: AtomicBool,
}

impl Listener {
    /// Something has happened.
    pub fn hear(&self, event: Event) {
        let (process, error) = match event {
            Event::Heard(Heard::Said(process, message)) => match self.said(process, message) {
                Ok(()) => return,
                Err(error) => (process, error),
            },
            Event::Heard(Heard::Left(process)) => {
                (process, EngineError::ProcessLost { process, how: How::Ended })
            }
            Event::Heard(Heard::Lost(process, how)) => {
                (process, EngineError::ProcessLost { process, how })
            }
            Event::Unsaid(process, error) => {
                (process, EngineError::Untold { process, reason: error.to_string() })
            }
        };
        self.remote.forget(process);
        if self.leaves.load(Ordering::Acquire) {
            return;
        }
        // Before anything is dropped because of it.
        self.shared.panicked.store(true, Ordering::Release);
        self.fail(process, error);
    }

    /// What another process says.
    fn said(&self, process: ProcessIndex, message: Message) -> Result<(), EngineError> {
        let not_asked = |reason: &str| EngineError::Process { process, reason: reason.to_owned() };
        match message {
            Message::Placed { worker, state, places } => {
                self.place(process, worker, &state, places)
            }
            Message::Ready(worker) => self.is_ready(process, worker),
            Message::Lost(process, how) => Err(EngineError::ProcessLost { process, how }),
            Message::Disconnected => Err(EngineError::Disconnected),
            Message::Failed(reason) => Err(EngineError::Process { process, reason }),
            Message::Processed(worker) => self.remote.processed(process, worker).map_err(not_asked),
            Message::Schedule { worker, bytes } => {
                self.remote.done(process, worker, &bytes).map_err(not_asked)
            }
            Message::Changed { worker, saved, unsaved, is_all } => {
                let changed = (saved, unsaved);
                self.remote.changed(process, worker, changed, is_all).map_err(not_asked)
            }
            Message::Answer { question, answer } => {
                self.remote.answered(process, question, answer).map_err(not_asked)
            }
            Message::Unanswered(question) => {
                self.remote.unanswered(question);
                Ok(())
            }
            Message::Drained => {
                let _ = self.shared.news.send(News::Drained);
                Ok(())
            }
            Message::Figures(figures) => {
                figures.tell(process, &*self.shared.observer);
                Ok(())
            }
            Message::Came(came) => match &self.shared.entering {
                Some(entering) => entering.hear(process, came).map_err(not_asked),
                None => Err(not_asked("it has clients, and nothing listens")),
            },
            Message::Stop => {
                if !self.shared.stop_asked.swap(true, Ordering::AcqRel) {
                    let asked = EngineEvent::Cluster(ClusterNews::StopAsked(process));
                    self.shared.observer.event(asked);
                }
                let _ = self.shared.news.send(News::Stop);
                Ok(())
            }
            Message::Notices(notices) => {
                let settled = self.neighbours.settle(process, notices);
                let settled = settled.map_err(|error| not_asked(&error.to_string()))?;
                tell_home(settled, &self.shared.topology, &*self.shared.observer)
            }
            Message::Mark(mark) => {
                let mut waiting = self.waiting.lock();
                let marks = waiting.hear(mark);
                for mark in marks {
                    self.outboxes.say_all(Message::Mark, mark);
                }
                Ok(())
            }
            Message::Begin(_)
            | Message::Restore { .. }
            | Message::Restored
            | Message::Save { .. }
            | Message::Ask { .. }
            | Message::More(_)
            | Message::Enough(_)
            | Message::Open
            | Message::Close
            | Message::Entered(..)
            | Message::Leave(_) => Err(not_asked("it says what only process 0 may say")),
        }
    }

    /// A worker was given these partitions to begin with.
    pub fn give(&self, worker: WorkerIndex, together: RestoredTogether) {
        let RestoredTogether { state, partitions, .. } = together;
        let mut given = self.given.lock();
        let waiting = &mut given.entry(worker).or_default().waiting;
        match waiting.iter_mut().find(|(name, _)| *name == state) {
            Some((_, before)) => before.extend(partitions),
            None => waiting.push((state, partitions.into())),
        }
    }

    /// A worker has placed partitions of those that it was given.
    fn place(
        &self,
        process: ProcessIndex,
        worker: WorkerIndex,
        state: &Arc<str>,
        places: Vec<u32>,
    ) -> Result<(), EngineError> {
        let mut given = self.given.lock();
        let given = given.entry(worker).or_default();
        let found = given.waiting.iter_mut().find(|(name, _)| name == state);
        let (Some((_, waiting)), true) = (found, self.neighbours.process_of(worker) == process)
        else {
            return Err(refused(process, "a worker has placed what it was not given"));
        };
        if waiting.len() < places.len() {
            return Err(refused(process, "a worker has placed what it was not given"));
        }
        let own = waiting.drain(..places.len()).zip(places);
        let own = own.map(|(partition, place)| SavedPartition { place, ..partition });
        match given.placed.iter_mut().find(|(name, _)| name == state) {
            Some((_, before)) => before.extend(own),
            None => given.placed.push((Arc::clone(state), own.collect())),
        }
        Ok(())
    }

    /// A worker is ready, with the partitions that it was given.
    fn is_ready(&self, process: ProcessIndex, worker: WorkerIndex) -> Result<(), EngineError> {
        if self.neighbours.process_of(worker) != process || !self.started(worker) {
            return Err(refused(process, "a worker is ready that was not to start"));
        }
        let Given { waiting, placed } = self.given.lock().remove(&worker).unwrap_or_default();
        if waiting.iter().any(|(_, left)| !left.is_empty()) {
            return Err(refused(process, "a worker has lost partitions that it was to begin with"));
        }
        (self.ready)(Ok(Ready { worker, thread: None, base: placed }));
        Ok(())
    }

    /// A worker need not be waited for any more. False if it was not.
    fn started(&self, worker: WorkerIndex) -> bool {
        let mut starting = self.starting.lock();
        let before = starting.len();
        starting.retain(|other| *other != worker);
        starting.len() < before
    }

    /// The engine cannot go on, or cannot start.
    fn fail(&self, process: ProcessIndex, error: EngineError) {
        let starting = std::mem::take(&mut *self.starting.lock());
        if starting.is_empty() {
            return self.shared.fail(error);
        }
        let mut error = Some(error);
        for _ in starting {
            let other = || EngineError::ProcessLost { process, how: How::Ended };
            (self.ready)(Err(error.take().unwrap_or_else(other)));
        }
    }
}

/// A process says what cannot be.
fn refused(process: ProcessIndex, reason: &str) -> EngineError {
    EngineError::Process { process, reason: reason.to_owned() }
}
