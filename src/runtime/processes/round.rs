//! A round: the processes of an engine have met, and are connected until all of them leave or one is lost.
//!
//! Whoever has something to say puts it into the outbox of a process, and never waits. What is long and much (the
//! partitions to begin with) is said with a wait instead.
//!
//! Invariant: when a process is lost, the data connections are shut down, so that no thread of Timely's waits for it.

use std::io;
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::messages::Message;
use super::neighbours::Neighbours;
use super::portions::notices_together;
use crate::cluster::Cluster;
use crate::cluster::meeting::{Met, Notice};
use crate::cluster::side::{self, Heard, Tell, TellError};
use crate::core::numbers::ProcessIndex;
use crate::runtime::error::EngineError;
use crate::runtime::shared::Shared;

/// How many messages wait here until they are dealt with.
const UNHANDLED: usize = 32;

/// How often it is looked whether anybody waits for a meeting.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The max wait at the end of a round for others to take what was said to them.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What waits for a process to be told.
enum Outgoing {
    Message(Message),
    /// There are notices to take for it.
    Notices,
    /// Nothing follows.
    End,
}

/// The outboxes of a round.
#[derive(Clone)]
pub(super) struct Outboxes(Arc<[Option<UnboundedSender<Outgoing>>]>);

impl Outboxes {
    /// Says something to another process soon. It is dropped if the process is gone: that is heard.
    pub fn say(&self, process: ProcessIndex, message: Message) {
        self.put(process, Outgoing::Message(message));
    }

    /// Says something to all other processes.
    pub fn say_all<T: Copy>(&self, message: impl Fn(T) -> Message, what: T) {
        for process in (0..self.0.len()).map(ProcessIndex) {
            self.say(process, message(what));
        }
    }

    /// There are notices to take for a process.
    fn wake(&self, process: ProcessIndex) {
        self.put(process, Outgoing::Notices);
    }

    fn put(&self, process: ProcessIndex, outgoing: Outgoing) {
        if let Some(Some(outbox)) = self.0.get(process.0) {
            let _ = outbox.send(outgoing);
        }
    }
}

/// The connections of a round.
pub(super) struct Round {
    me: ProcessIndex,
    pub outboxes: Outboxes,
    /// Set before anything is lent.
    neighbours: Arc<OnceLock<Arc<Neighbours>>>,
    tell: Tell,
    data: Vec<TcpStream>,
    io: Option<Runtime>,
    /// Of each outbox, what says what is in it; and what hears the others, which ends when all of them have left.
    talks: Mutex<JoinSet<()>>,
}

/// The room that something takes that was said, until it is dealt with.
pub(super) type Room = Option<OwnedSemaphorePermit>;

/// What happens in a round.
pub(super) enum Event {
    Heard(Heard<Message>),
    /// A process could not be told something.
    Unsaid(ProcessIndex, TellError),
}

/// Processes that have met, before they say anything.
pub(super) struct Connected {
    me: ProcessIndex,
    met: Met,
    io: Runtime,
    /// How long a process may give no sign of life.
    patience: Duration,
}

impl Connected {
    /// Meets the other processes of a cluster. It blocks, for as long as they do not come. `None` if `has_ended` says
    /// meanwhile that nobody waits for them any more.
    pub fn meet(
        cluster: &Cluster,
        tell: impl Fn(Notice),
        has_ended: impl Fn() -> bool,
    ) -> Result<Option<Self>, EngineError> {
        // One thread: it never waits for workers or disks, so that other processes get their signs of life.
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("wallaroo-side").enable_all();
        let io = builder.build();
        let io = io.map_err(|error| EngineError::Threads(error.to_string()))?;
        let ended = async {
            while !has_ended() {
                sleep(LOOK_EVERY).await;
            }
        };
        let met = io.block_on(async {
            tokio::select! {
                met = cluster.meet(tell) => met.map(Some),
                () = ended => Ok(None),
            }
        });
        let patience = cluster.patience().alive;
        Ok(met?.map(|met| Self { me: cluster.me(), met, io, patience }))
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.met.peers.len()
    }
}

impl Round {
    /// Begins a round. `happens` is told all that is heard, and must not wait. Returns also the data connections, for
    /// Timely.
    pub fn begin(
        connected: Connected,
        happens: impl Fn(Event, Room) + Send + Sync + 'static,
    ) -> io::Result<(Arc<Self>, Vec<Option<TcpStream>>)> {
        let Connected { me, met, io, patience } = connected;
        let handle = io.handle().clone();
        let (mut data, mut cuts, mut sides) = (Vec::new(), Vec::new(), Vec::new());
        let (mut outboxes, mut waiting) = (Vec::new(), Vec::new());
        for (index, peer) in met.peers.into_iter().enumerate() {
            let Some(peer) = peer else {
                data.push(None);
                sides.push(None);
                outboxes.push(None);
                continue;
            };
            cuts.push(peer.data.try_clone()?);
            data.push(Some(peer.data));
            sides.push(Some(peer.side));
            let (outbox, outgoing) = unbounded_channel();
            outboxes.push(Some(outbox));
            waiting.push((ProcessIndex(index), outgoing));
        }
        let (outboxes, neighbours) = (Outboxes(outboxes.into()), Arc::default());
        let entered = handle.enter();
        let (tell, mut hear) = side::open(sides, patience);
        drop(entered);
        let (happens, mut all) = (Arc::new(happens), JoinSet::new());
        for (process, outgoing) in waiting {
            let says = Says { process, tell: tell.clone(), neighbours: Arc::clone(&neighbours) };
            let happens = Arc::clone(&happens);
            let said = async move {
                match says.all(outgoing).await {
                    // That it is gone is heard, and how.
                    Ok(()) | Err(TellError::Gone(_)) => {}
                    Err(error) => happens(Event::Unsaid(process, error), None),
                }
            };
            all.spawn_on(said, &handle);
        }
        let (talks, io) = (Mutex::default(), Some(io));
        let round = Arc::new(Self { me, outboxes, neighbours, tell, data: cuts, io, talks });
        let cut = Arc::downgrade(&round);
        let room = Arc::new(Semaphore::new(UNHANDLED));
        let hears = async move {
            while let Some(heard) = hear.next().await {
                let is_lost = matches!(heard, Heard::Lost(..));
                // What is said waits with its sender while too much waits here.
                let said = matches!(heard, Heard::Said(..));
                let place = if said { Arc::clone(&room).acquire_owned().await.ok() } else { None };
                // First: whoever fails because of the cut finds the reason.
                happens(Event::Heard(heard), place);
                if let Some(round) = cut.upgrade().filter(|_| is_lost) {
                    round.cut();
                }
            }
        };
        all.spawn_on(hears, &handle);
        *round.talks.lock() = all;
        Ok((round, data))
    }

    /// What the processes of the round owe each other from now on. To be called once, before anything is lent.
    pub fn begin_lending(&self, workers_each: NonZeroUsize, shared: &Shared) -> Arc<Neighbours> {
        let wakes = self.outboxes.clone();
        let neighbours = Arc::new(Neighbours::new(
            self.me,
            workers_each,
            self.outboxes.0.len(),
            Arc::clone(&shared.panicked),
            Arc::clone(&shared.pins),
            move |process| wakes.wake(process),
        ));
        let is_first = self.neighbours.set(Arc::clone(&neighbours)).is_ok();
        debug_assert!(is_first, "a round begins once");
        neighbours
    }

    /// Says something, and waits until it is on its way. It blocks.
    pub fn say_now(&self, process: ProcessIndex, message: &Message) -> Result<(), TellError> {
        self.block_on(self.tell.tell(process, message))
    }

    fn block_on<T>(&self, what: impl Future<Output = T>) -> T {
        match &self.io {
            Some(io) => io.handle().block_on(what),
            None => unreachable!("only a drop takes it"),
        }
    }

    /// Runs this for as long as the round lasts, at most.
    pub fn spawn(&self, what: impl Future<Output = ()> + Send + 'static) {
        if let Some(io) = &self.io {
            io.spawn(what);
        }
    }

    /// Ends the data connections. All that waits for what comes over them fails.
    pub fn cut(&self) {
        for connection in &self.data {
            // It may have ended already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Says that this process leaves the round, after all that it has said. It blocks, for a while at most if others do
    /// not listen.
    pub fn leave(&self) {
        self.outboxes.0.iter().flatten().for_each(|outbox| drop(outbox.send(Outgoing::End)));
        let mut talks = mem::take(&mut *self.talks.lock());
        let left = async {
            // Until the others have left, too: what ends earlier looks lost to them.
            while talks.join_next().await.is_some() {}
        };
        // On another thread: asynchronous code may drop an engine.
        thread::scope(|scope| {
            let left = async { drop(timeout(LAST_WORDS, left).await) };
            drop(scope.spawn(|| self.block_on(left)).join());
        });
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        if let Some(io) = self.io.take() {
            // Without a wait: it may be dropped where nobody may wait.
            io.shutdown_background();
        }
    }
}

/// Says to a process what is in its outbox.
struct Says {
    process: ProcessIndex,
    tell: Tell,
    neighbours: Arc<OnceLock<Arc<Neighbours>>>,
}

impl Says {
    async fn all(self, mut outgoing: UnboundedReceiver<Outgoing>) -> Result<(), TellError> {
        while let Some(next) = outgoing.recv().await {
            match next {
                Outgoing::Message(message) => self.message(&message).await?,
                Outgoing::Notices => self.notices().await?,
                Outgoing::End => {
                    self.tell.leave(self.process).await;
                    break;
                }
            }
        }
        Ok(())
    }

    async fn message(&self, message: &Message) -> Result<(), TellError> {
        if let Message::Mark(_) = message {
            // Who told the first of them may be about to say so.
            self.notices().await?;
        }
        match (self.tell.tell(self.process, message).await, message) {
            // Whoever has asked has to do without: the run goes on.
            (Err(TellError::Message(_)), Message::Answer { question, .. }) => {
                self.tell.tell(self.process, &Message::Unanswered(*question)).await
            }
            (told, _) => told,
        }
    }

    async fn notices(&self) -> Result<(), TellError> {
        let Some(neighbours) = self.neighbours.get() else { return Ok(()) };
        for portion in notices_together(neighbours.take_notices(self.process)) {
            self.tell.tell(self.process, &Message::Notices(portion)).await?;
        }
        Ok(())
    }
}
