//! A source of generated messages: they enter at the moments at which they are due, or late.
//!
//! Invariants: the latency of a message counts from the moment at which it was due, and only the messages of one
//! moment are in memory before they enter. A thread waits for the moments, because the timers of tasks are a
//! millisecond late. There is one only while there is load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::injected::enter;
use super::intake::{Connection, Intake};
use crate::application::Generate;
use crate::core::event::{EngineEvent, LoadNews};
use crate::core::guard::guarded;
use crate::core::load::maker::{Maker, Portion};
use crate::core::load::pace::Pace;
use crate::core::load::plan::Plan;
use crate::core::load::settings::Mix;
use crate::core::numbers::Timestamp;

/// The name of this source in traces and dead letters.
const NAME: &str = "load";

/// What a pipeline's load is to be from a moment on.
#[derive(Debug, Clone, Copy)]
pub struct LoadOrder {
    /// How fast its messages come.
    pub pace: Pace,
    /// What they are.
    pub mix: Mix,
    /// The seed, if the load begins with this order.
    pub seed: u64,
    /// When it was given.
    pub at: Timestamp,
    /// Whether what was due before is not sent any more: the engine was paused.
    pub anew: bool,
}

/// How far a pipeline's load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadProgress {
    /// Whether there is load; it ends by itself if its messages cannot be made.
    pub goes_on: bool,
    /// How many messages have entered.
    pub sent: u64,
    /// How many of them were spoiled.
    pub malformed: u64,
    /// How late those are that are due.
    pub behind: Duration,
}

/// Gives orders to a pipeline's load, and sees how far it is.
pub struct Loader(Arc<Shared>);

/// The other end of a [`Loader`]: see [`read_load`].
pub struct Loaded(Arc<Shared>);

/// What a loader and its load share.
struct Shared {
    /// The present order; `None` if there is no load.
    order: watch::Sender<Option<LoadOrder>>,
    /// How often the thread was woken before the moment for which it waits.
    times_woken: Mutex<u64>,
    woken: Condvar,
    sent: AtomicU64,
    malformed: AtomicU64,
    /// When the next messages are due; `u64::MAX` without load.
    due: AtomicU64,
}

impl Shared {
    fn give(&self, order: Option<LoadOrder>) {
        self.order.send_replace(order);
        self.wake();
    }

    fn wake(&self) {
        *self.times_woken.lock() += 1;
        self.woken.notify_all();
    }

    /// Waits for this long, or until it is woken. Returns at once if it has been woken since `times` was read.
    fn wait(&self, times: u64, longest: Duration) {
        let mut now = self.times_woken.lock();
        if *now == times {
            self.woken.wait_for(&mut now, longest);
        }
    }
}

impl Loader {
    /// A loader and its other end.
    pub fn new() -> (Self, Loaded) {
        let shared = Arc::new(Shared {
            order: watch::channel(None).0,
            times_woken: Mutex::default(),
            woken: Condvar::default(),
            sent: AtomicU64::new(0),
            malformed: AtomicU64::new(0),
            due: AtomicU64::new(u64::MAX),
        });
        (Self(Arc::clone(&shared)), Loaded(shared))
    }

    /// Gives an order: to begin, to go on otherwise, or to end (`None`).
    pub fn order(&self, order: Option<LoadOrder>) {
        self.0.give(order);
    }

    /// The engine was paused until this moment: what was due meanwhile is not sent any more.
    pub fn resumed(&self, at: Timestamp) {
        let order = *self.0.order.borrow();
        if let Some(order) = order {
            self.0.due.store(at.0, Ordering::Relaxed);
            self.order(Some(LoadOrder { at, anew: true, ..order }));
        }
    }

    /// How far it is at this moment.
    pub fn progress(&self, now: Timestamp) -> LoadProgress {
        LoadProgress {
            goes_on: self.0.order.borrow().is_some(),
            sent: self.0.sent.load(Ordering::Relaxed),
            malformed: self.0.malformed.load(Ordering::Relaxed),
            behind: now.since(Timestamp(self.0.due.load(Ordering::Relaxed))),
        }
    }
}

/// Sends generated messages whenever there is an order, until the run is stopped.
pub async fn read_load(Loaded(shared): Loaded, make: Generate, intake: Arc<Intake>) {
    let mut orders = shared.order.subscribe();
    // Also if this task is dropped: the thread looks whether the run is stopped.
    let _wake = WakeAtTheEnd(&shared);
    loop {
        tokio::select! {
            biased;
            () = intake.stopped() => return,
            order = orders.wait_for(Option::is_some) => if order.is_err() { return },
        }
        let (thread_shared, make) = (Arc::clone(&shared), Arc::clone(&make));
        let (thread_intake, io) = (Arc::clone(&intake), Handle::current());
        let mut thread = spawn_blocking(move || {
            LoadThread { shared: thread_shared, make, intake: thread_intake, io }.run();
        });
        tokio::select! {
            biased;
            () = intake.stopped() => {
                shared.wake();
                // Its failure has been reported.
                let _ = thread.await;
                return;
            }
            _ = &mut thread => {}
        }
    }
}

struct WakeAtTheEnd<'shared>(&'shared Shared);

impl Drop for WakeAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// Waits for the moments, and lets their messages enter.
struct LoadThread {
    shared: Arc<Shared>,
    make: Generate,
    intake: Arc<Intake>,
    io: Handle,
}

impl LoadThread {
    fn run(self) {
        let outcome = guarded(|| self.send());
        self.shared.due.store(u64::MAX, Ordering::Relaxed);
        if let Err(reason) = outcome {
            self.shared.give(None);
            self.intake.observer.event(EngineEvent::Load(LoadNews::Failed(reason)));
        }
    }

    /// Sends messages until the load or the run ends.
    fn send(&self) -> Result<(), String> {
        let Self { shared, intake, .. } = self;
        let mut orders = shared.order.subscribe();
        let Some(mut order) = *orders.borrow_and_update() else { return Ok(()) };
        let name: Arc<str> = NAME.into();
        let connection = intake.connect(false);
        let (framing, make) = (Arc::clone(&intake.framing), Arc::clone(&self.make));
        let mut maker = Maker::new(framing, intake.frame_limit, make, order.mix, order.seed);
        // Not from the order on: the sources may have begun later.
        let mut plan = Plan::new(order.pace, intake.clock.now());
        loop {
            let times = *shared.times_woken.lock();
            if *intake.stop.borrow() {
                return Ok(());
            }
            if orders.has_changed().unwrap_or(false) {
                let Some(next) = *orders.borrow_and_update() else { return Ok(()) };
                if next.anew {
                    plan = Plan::new(next.pace, next.at);
                } else if next.pace != order.pace {
                    plan.change(next.pace, next.at);
                }
                maker = maker.with_mix(next.mix);
                order = next;
            }
            let due = plan.next();
            shared.due.store(due.at.0, Ordering::Relaxed);
            // Before the moment comes: making messages is no part of their latency.
            let portion = maker.make(due.messages).map_err(|error| error.to_string())?;
            if !self.wait_until(due.at, times) {
                continue;
            }
            // Before they enter: when the run ends, or crashes, none may have entered that is not counted.
            shared.sent.fetch_add(due.messages, Ordering::Relaxed);
            shared.malformed.fetch_add(portion.malformed, Ordering::Relaxed);
            if self.enter(&portion, due.at, &name, connection) {
                plan.sent();
            } else if !*intake.stop.borrow() {
                shared.sent.fetch_sub(due.messages, Ordering::Relaxed);
                shared.malformed.fetch_sub(portion.malformed, Ordering::Relaxed);
            }
        }
    }

    /// Waits until a moment. False if there is an order before, or the run ends.
    fn wait_until(&self, moment: Timestamp, times: u64) -> bool {
        let rest = moment.since(self.intake.clock.now());
        if rest > Duration::ZERO {
            self.shared.wait(times, rest);
        }
        // The wait may end early, and late messages do not wait.
        self.intake.clock.now() >= moment && *self.shared.times_woken.lock() == times
    }

    /// Lets messages enter. False if the load or the run ends before they have.
    fn enter(
        &self,
        portion: &Portion,
        due: Timestamp,
        name: &Arc<str>,
        connection: Connection,
    ) -> bool {
        let intake = &self.intake;
        let all = async {
            enter((&portion.frames, 0), name, connection, due, 0, intake, |_| ()).await;
            for broken in &portion.broken {
                enter((broken, 0), name, connection, due, 0, intake, |_| ()).await;
            }
        };
        let mut orders = self.shared.order.subscribe();
        self.io.block_on(async {
            tokio::select! {
                biased;
                () = intake.stopped() => false,
                _ = orders.wait_for(Option::is_none) => false,
                () = all => true,
            }
        })
    }
}
