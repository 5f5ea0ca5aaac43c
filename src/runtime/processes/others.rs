//! The other processes of a round, at process 0.

use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::clients::entering::ToClients;
use super::listener::Listener;
use super::marks::{Marks, Waiting, longest_way};
use super::messages::{Begin, Message};
use super::naming::news;
use super::neighbours::Neighbours;
use super::portions::together;
use super::remote::Remote;
use super::round::{Connected, Round};
use super::round_end::RoundEnd;
use crate::cluster::Cluster;
use crate::cluster::meeting::Notice;
use crate::cluster::side::{How, TellError};
use crate::core::clock::Clock as _;
use crate::core::event::{ClusterNews, EngineEvent};
use crate::core::numbers::{Epoch, ProcessIndex, WorkerIndex};
use crate::runtime::error::EngineError;
use crate::runtime::parts::Restored;
use crate::runtime::shared::Shared;
use crate::runtime::workers::query::Request;
use crate::runtime::workers::worker::TellReady;

/// The other processes of a round, at process 0.
pub(in crate::runtime) struct Others {
    round: Arc<Round>,
    listener: Arc<Listener>,
}

impl Others {
    /// Meets the other processes, and begins a round with them. It waits for them as long as it takes, unless the engine
    /// ends. Returns also the connections for Timely.
    pub fn meet(
        shared: &Arc<Shared>,
        cluster: &Cluster,
        workers_each: NonZeroUsize,
        epoch: Epoch,
        ready: TellReady,
    ) -> Result<(Self, Vec<Option<TcpStream>>), EngineError> {
        let say = |what| shared.observer.event(EngineEvent::Cluster(what));
        let tell = |notice: Notice| say(news(cluster.members(), &notice));
        let has_ended = || shared.abort.load(Ordering::Acquire);
        let connected = Connected::meet(cluster, tell, has_ended)?.ok_or(EngineError::Ended)?;
        let processes = connected.processes();
        say(ClusterNews::Met(processes));
        let workers = workers_each.get()..workers_each.get() * processes;
        let unheard = Arc::new(Mutex::new(None::<Arc<Listener>>));
        let heard = Arc::clone(&unheard);
        // It is locked until there is somebody who listens.
        let mut unheard = unheard.lock();
        let connected = Round::begin(connected, move |event, _| {
            let listener = heard.lock().clone();
            if let Some(listener) = listener {
                listener.hear(event);
            }
        });
        let (round, data) = connected.map_err(|error| EngineError::Threads(error.to_string()))?;
        let listener = Arc::new(Listener {
            shared: Arc::clone(shared),
            neighbours: round.begin_lending(workers_each, shared),
            remote: Remote::new(round.outboxes.clone()),
            given: Mutex::default(),
            ready,
            starting: Mutex::new(workers.map(WorkerIndex).collect()),
            waiting: Mutex::new(Waiting::new(Marks::new(processes, longest_way(&shared.topology)))),
            outboxes: round.outboxes.clone(),
            leaves: AtomicBool::new(false),
        });
        *unheard = Some(Arc::clone(&listener));
        drop(unheard);
        let others = Self { round, listener };
        let entering = shared.entering.as_ref().ok_or(EngineError::Contradiction(
            "an engine of several processes does not expect their clients",
        ))?;
        for process in others.processes() {
            let begin = Begin {
                workers: workers_each,
                precreate: shared.settings.precreate,
                saves: shared.durable.is_some(),
                records: shared.records(),
                epoch,
                now: shared.clock.now(),
                pins: shared.pins.pinned(),
                clients: entering.begin(process),
            };
            others.say_now(process, &Message::Begin(begin))?;
        }
        let outboxes = others.round.outboxes.clone();
        entering.attach(move |process, what| {
            let message = match what {
                ToClients::Open => Message::Open,
                ToClients::Stop => Message::Close,
                ToClients::Entered(pipeline, number) => Message::Entered(pipeline, number),
            };
            outboxes.say(process, message);
        });
        Ok((others, data))
    }

    fn processes(&self) -> impl Iterator<Item = ProcessIndex> + use<> {
        (1..self.neighbours().processes()).map(ProcessIndex)
    }

    /// What the processes owe each other.
    pub fn neighbours(&self) -> &Arc<Neighbours> {
        &self.listener.neighbours
    }

    fn say_now(&self, process: ProcessIndex, message: &Message) -> Result<(), EngineError> {
        self.round.say_now(process, message).map_err(|error| match error {
            TellError::Gone(process) => EngineError::ProcessLost { process, how: How::Ended },
            error @ TellError::Message(_) => {
                EngineError::Untold { process, reason: error.to_string() }
            }
        })
    }

    /// Gives a worker partitions to begin with.
    pub fn restore(&self, worker: WorkerIndex, batch: Vec<Restored>) -> Result<(), EngineError> {
        let process = self.neighbours().process_of(worker);
        for together in together(batch) {
            let message = Message::Restore { worker, together };
            self.say_now(process, &message)?;
            let Message::Restore { together, .. } = message else { continue };
            self.listener.give(worker, together);
        }
        Ok(())
    }

    /// There are no more.
    pub fn restored(&self) {
        for process in self.processes() {
            // If it is gone, that is heard.
            let _ = self.say_now(process, &Message::Restored);
        }
    }

    /// Asks a worker of another process for something.
    pub fn ask(&self, worker: WorkerIndex, request: Request) {
        let process = self.neighbours().process_of(worker);
        self.listener.remote.ask(process, worker, request);
    }

    /// Told when all has come home that is known of messages by now elsewhere: their dead letters, above all.
    pub fn come_home(&self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        // Locked until it is said, so that marks go in their order.
        let mut waiting = self.listener.waiting.lock();
        if let Some(mark) = waiting.wait(tell) {
            self.round.outboxes.say_all(Message::Mark, mark);
        }
        told
    }

    /// Tells all of them that the round ends, and how.
    pub fn end(&self, end: RoundEnd) {
        if self.listener.leaves.swap(true, Ordering::AcqRel) {
            return;
        }
        for process in self.processes() {
            self.round.outboxes.say(process, Message::Leave(end));
        }
    }

    /// Leaves the round. It blocks until the others have taken what was said to them, for a while at most.
    pub fn leave(&self) {
        self.round.leave();
        // Nothing more is heard, also of one that has not left.
        self.processes().for_each(|process| self.listener.remote.forget(process));
    }

    /// Ends the connections between workers, so that none waits for another process.
    pub fn cut(&self) {
        self.round.cut();
    }
}

impl Drop for Others {
    /// If they could not start: else they have been told.
    fn drop(&mut self) {
        if !self.listener.leaves.load(Ordering::Acquire) {
            self.end(RoundEnd::Left);
            self.leave();
        }
    }
}
