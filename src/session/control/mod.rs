//! A run that is reached from other processes: it shows itself to those that look, and does what they order.
//!
//! The sockets have a thread of their own, so that a connection is never silent, whatever the engine does. What is said
//! there waits in a bounded queue for the thread that holds the [`Session`], which [hears](Control::heard) it and
//! [serves](Control::serve).
//!
//! Invariant: nothing is collected for those that look while nobody does.

mod connection;
pub mod listener;
mod sent;
mod starting;
mod then;
mod travels;
mod viewer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Session;
use super::counting::Counting;
use super::orders::{Answer, Order};
use super::starting::Starting;
use super::wire::address::ControlAddress;
use super::wire::handshake::{Door, Host, Purpose};
use super::wire::messages::{NOT_FROM_THERE, ToRun, ToViewer};
use crate::core::partitions::sent::Compile;
use crate::runtime::EngineError;
use crate::wire::frame::encode;
use crate::wire::places::Places;
use crate::wire::secret::Secret;
use connection::{Heard, House, Number};
use listener::{ControlError, Listener};
use starting::Early;
use viewer::Viewer;

/// How many look at once, and how many more may ask for something.
const SEATS: usize = 32;

/// How many may be asked at once who they are.
const GREETINGS: usize = 64;

/// How long one may take to answer that while others wait to be asked.
const GREETING: Duration = Duration::from_millis(500);

/// How many things may be heard that nobody has seen to.
const UNHEARD: usize = 4;

/// How many of them are seen to at a time.
const AT_ONCE: usize = 64;

/// How long workers may take to count their partitions.
const COUNTS: Duration = Duration::from_secs(2);

/// How long the last words to those that look may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why an order of one that only looks is not done.
const READ_ONLY: &str = "this workbench only looks: it was attached with --read-only";

/// What somebody wants of the run itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// That it ends cleanly.
    Stop,
}

/// A run that is reached from other processes.
pub struct Control {
    runtime: Runtime,
    accepting: JoinHandle<()>,
    address: String,
    compile: Compile,
    heard: mpsc::Receiver<Heard>,
    /// What was heard and not seen to.
    waiting: Vec<Heard>,
    viewers: BTreeMap<Number, Viewer>,
    /// Those that look, and have come before the run has begun.
    early: Early,
    /// Those that wait for the end.
    stopping: Vec<mpsc::Sender<Vec<u8>>>,
}

impl Control {
    /// Listens at an address. `compile` understands the conditions of those that look.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at, or not without a secret.
    pub fn open(
        address: &ControlAddress,
        secret: Option<Secret>,
        host: Host,
        compile: Compile,
    ) -> Result<Self, ControlError> {
        let failed = |error| ControlError::Failed { address: address.to_string(), error, hint: "" };
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("wallaroo-control")
            .enable_all()
            .build()
            .map_err(failed)?;
        let listener = runtime.block_on(Listener::bind(address, secret.is_some()))?;
        let real = listener.address().map(|address| address.to_string());
        let (heard, to_see_to) = mpsc::channel(UNHEARD);
        let seats = || Arc::new(Semaphore::new(SEATS));
        let door = Door { secret, host };
        let house = Arc::new(House { door, seats: seats(), errands: seats(), heard });
        Ok(Self {
            accepting: runtime.spawn(accept(listener, house)),
            runtime,
            address: real.unwrap_or_else(|| address.to_string()),
            compile,
            heard: to_see_to,
            waiting: Vec::new(),
            viewers: BTreeMap::new(),
            early: Early::default(),
            stopping: Vec::new(),
        })
    }

    /// Where it listens: the real port, also if the system chose it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Starts a run, and answers those that come meanwhile. Returns also what they want of the run when it has begun: until
    /// then, a wish for its end ends the wait for other processes.
    pub fn answer_while<T>(&mut self, starting: &Starting, start: impl FnOnce() -> T) -> (T, Wish) {
        let (begun, is_begun) = oneshot::channel::<()>();
        let handle = self.runtime.handle().clone();
        let Self { early, heard, stopping, .. } = self;
        let answer = early.answer(heard, stopping, starting, is_begun);
        let started = thread::scope(|scope| {
            scope.spawn(move || handle.block_on(answer));
            let started = start();
            // The scope waits for its end, which comes by that.
            drop(begun);
            started
        });
        let wish = if self.stopping.is_empty() { Wish::Nothing } else { Wish::Stop };
        (started, wish)
    }

    /// Waits until [`serve`](Self::serve) should be called.
    pub async fn heard(&mut self, session: &Session) {
        let next = self.next(session);
        let news = session.news();
        // Not while an update waits for its time: at full load there are news thousands of times a second.
        let listens = self.viewers.values().any(|viewer| !viewer.dirty);
        tokio::select! {
            biased;
            Some(heard) = self.heard.recv() => self.waiting.push(heard),
            () = news.notified(), if listens => self.note_news(),
            () = sleep(next.unwrap_or_default()), if next.is_some() => {}
        }
    }

    /// When there is something to do, if nothing is heard.
    fn next(&self, session: &Session) -> Option<Duration> {
        let viewers = self.viewers.values().filter_map(|viewer| viewer.next(session));
        let figures = (!self.viewers.is_empty()).then(|| session.next_update()).flatten();
        viewers.chain(figures).min()
    }

    /// There may be something new for all that look.
    pub fn note_news(&mut self) {
        self.viewers.values_mut().for_each(|viewer| viewer.dirty = true);
    }

    /// Sees to what was heard, and sends what is new to those that look.
    ///
    /// # Errors
    ///
    /// An engine that was to start again could not: it has ended.
    pub fn serve(&mut self, session: &mut Session) -> Result<Wish, EngineError> {
        self.viewers.append(&mut self.early.take_over(session, &self.compile));
        let mut heard = std::mem::take(&mut self.waiting);
        while heard.len() < AT_ONCE
            && let Ok(more) = self.heard.try_recv()
        {
            heard.push(more);
        }
        let mut wish = Wish::Nothing;
        for heard in heard {
            if self.see_to(heard, session)? == Wish::Stop {
                wish = Wish::Stop;
            }
        }
        if !self.viewers.is_empty() && session.update() {
            self.note_news();
        }
        // There is a place for few of them: those that wait for a stop go to it first.
        for first in [true, false] {
            self.viewers
                .retain(|_, viewer| viewer.goes_to_stops() != first || viewer.show(session));
        }
        session.trace(!self.viewers.is_empty());
        Ok(wish)
    }

    fn see_to(&mut self, heard: Heard, session: &mut Session) -> Result<Wish, EngineError> {
        match heard {
            Heard::Came(number, Purpose::Watch { read_only, .. }, tell) => {
                session.say("a workbench is attached");
                self.viewers.insert(number, Viewer::new(read_only, tell, session));
            }
            Heard::Came(_, Purpose::Status, tell) => self.tell_status(session, tell),
            Heard::Came(_, Purpose::Stop, tell) => {
                session.say("`stop` was asked for");
                self.stopping.push(tell);
                return Ok(Wish::Stop);
            }
            Heard::Said(number, ToRun::Look(looked)) => {
                if let Some(viewer) = self.viewers.get_mut(&number) {
                    viewer.look_at(*looked, &self.compile);
                }
            }
            Heard::Said(number, ToRun::Travel(travel)) => {
                // One that only looks may look back, too: that moves no other one's screen.
                if let Some(viewer) = self.viewers.get_mut(&number) {
                    viewer.travel(travel, session);
                }
            }
            Heard::Said(number, ToRun::Order(order)) => {
                let Some(viewer) = self.viewers.get_mut(&number) else { return Ok(Wish::Nothing) };
                viewer.orders_heard += 1;
                viewer.dirty = true;
                let answer = if viewer.read_only {
                    Some(Answer::Refused(READ_ONLY.to_owned()))
                } else if is_of_recording(&order) {
                    // What comes of it would be seen in the workbench of this process, and not in that one.
                    Some(Answer::Refused(NOT_FROM_THERE.to_owned()))
                } else {
                    viewer.prepare_for(&order);
                    session.obey(order)?
                };
                let told = answer.is_none_or(|answer| {
                    encode(&ToViewer::Answer(answer)).is_ok_and(|frame| viewer.tell(frame))
                });
                if !told {
                    self.viewers.remove(&number);
                }
            }
            Heard::Gone(number) => {
                if self.viewers.remove(&number).is_some() {
                    session.say("a workbench is detached");
                }
            }
        }
        Ok(Wish::Nothing)
    }

    /// The workers are asked how many partitions there are, and nothing here waits for them.
    fn tell_status(&self, session: &Session, tell: mpsc::Sender<Vec<u8>>) {
        let mut status = session.status(self.viewers.len());
        let counting = Counting::of(&session.engine);
        self.runtime.spawn_blocking(move || {
            let counted = counting.wait(COUNTS);
            if counted.is_whole {
                let (all, dynamic) = counted.total();
                (status.partitions, status.partitions_dynamic) = (Some(all), Some(dynamic));
            }
            if let Ok(frame) = encode(&ToViewer::Status(Box::new(status))) {
                // One that is gone needs no answer.
                let _ = tell.try_send(frame);
            }
        });
    }

    /// The run has ended, for this reason if it failed: says so to all that look, and to those that wait for it.
    pub fn end(self, failure: Option<String>) {
        let Self { runtime, accepting, mut heard, waiting, viewers, early, stopping, .. } = self;
        accepting.abort();
        let ended = ToViewer::Ended(failure);
        // The address is free before anybody is told that the run has ended.
        let _ = runtime.block_on(accepting);
        let last = encode(&ended).unwrap_or_default();
        for viewer in viewers.values() {
            viewer.tell(last.clone());
        }
        for tell in &stopping {
            let _ = tell.try_send(last.clone());
        }
        early.tell(&ended);
        drop((viewers, early, stopping));
        // One may have come when it was too late to see to it.
        let tell_late = |heard| {
            if let Heard::Came(_, _, tell) = heard {
                let _ = tell.try_send(last.clone());
            }
        };
        waiting.into_iter().for_each(tell_late);
        // A connection ends when it has been told everything, and then nobody is left to be heard.
        runtime.block_on(async {
            let rest = async {
                while let Some(heard) = heard.recv().await {
                    tell_late(heard);
                }
            };
            let _ = timeout(LAST_WORDS, rest).await;
        });
        runtime.shutdown_timeout(LAST_WORDS);
    }
}

/// Whether an order asks for something of the recording that only the workbench of the same process shows.
fn is_of_recording(order: &Order) -> bool {
    matches!(
        order,
        Order::WhatIf(_) | Order::EndWhatIf | Order::Shrink(_) | Order::EndShrink | Order::Test(_)
    )
}

async fn accept(listener: Listener, house: Arc<House>) {
    let (listener, mut number) = (&listener, 0);
    let serve = |ends, greeting| {
        number += 1;
        connection::serve(number, ends, Arc::clone(&house), greeting)
    };
    Places::new(GREETINGS, GREETING).serve(|| listener.accept(), serve).await;
}
