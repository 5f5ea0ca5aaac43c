//! Those that come to a run that starts: they see that, and for whom it waits.
//!
//! Invariant: whoever comes is answered, however long the start takes; and what is seen when the run has begun is seen by
//! those that have come before, too.

use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::connection::{Heard, WAITING};
use super::viewer::Viewer;
use super::{Control, Wish};
use crate::session::Session;
use crate::session::orders::Answer;
use crate::session::past::Travel;
use crate::session::starting::Starting;
use crate::session::wire::handshake::Purpose;
use crate::session::wire::messages::{Delta, Looked, ToRun, ToViewer, Update};
use crate::wire::frame::encode;

/// How often those that look are shown how long it has taken.
const EVERY: Duration = Duration::from_secs(1);

/// Why an order is not done.
const NOT_BEGUN: &str = "the run has not begun: nothing was done";

/// One that looks at a run that starts.
pub(super) struct Early {
    read_only: bool,
    tell: mpsc::Sender<Vec<u8>>,
    looked: Option<Box<Looked>>,
    orders_heard: u64,
}

impl Early {
    /// Tells it something. False if it is gone, or does not read what it is told.
    pub fn tell(&self, message: &ToViewer) -> bool {
        encode(message).is_ok_and(|frame| self.tell.try_send(frame).is_ok())
    }

    /// Shows it what is seen now. One that has not read what it was shown before is shown the next one. False if it is gone.
    fn show(&self, starting: &Starting) -> bool {
        if self.tell.capacity() < WAITING {
            return !self.tell.is_closed();
        }
        let update = Update {
            figures: starting.snapshot(),
            rows_of: None,
            anew: false,
            traces: Delta::default(),
            grown: Vec::new(),
            outputs: Delta::default(),
            dead_letters: Delta::default(),
            events: Delta::default(),
            lines: Delta::default(),
            warnings: 0,
            letters_trouble: None,
            orders_heard: self.orders_heard,
        };
        self.tell(&ToViewer::Update(Box::new(update)))
    }

    fn hear(&mut self, said: ToRun) -> bool {
        let is_wanted = match said {
            ToRun::Look(looked) => {
                self.looked = Some(looked);
                false
            }
            ToRun::Order(_) => {
                self.orders_heard += 1;
                true
            }
            ToRun::Travel(travel) => !matches!(travel, Travel::Live | Travel::Stay),
        };
        !is_wanted || self.tell(&ToViewer::Answer(Answer::Refused(NOT_BEGUN.to_owned())))
    }
}

impl Control {
    /// Starts a run, and answers those that come meanwhile. Returns also what they want of the run when it has begun: until
    /// then, a wish for its end ends the wait for other processes.
    pub fn answer_while<T>(&mut self, starting: &Starting, start: impl FnOnce() -> T) -> (T, Wish) {
        let (begun, is_begun) = oneshot::channel::<()>();
        let handle = self.runtime.handle().clone();
        thread::scope(|scope| {
            let answering = scope.spawn(|| handle.block_on(self.answer(starting, is_begun)));
            let started = start();
            // It ends by that, or has ended.
            drop(begun);
            // A panic there is one here.
            let wish = answering.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (started, wish)
        })
    }

    /// Answers until the run has begun.
    async fn answer(&mut self, starting: &Starting, mut is_begun: oneshot::Receiver<()>) -> Wish {
        let (mut wish, mut next) = (Wish::Nothing, Instant::now() + EVERY);
        loop {
            tokio::select! {
                biased;
                _ = &mut is_begun => return wish,
                Some(heard) = self.heard.recv() => {
                    if self.hear_early(heard, starting) == Wish::Stop {
                        wish = Wish::Stop;
                        starting.stop();
                    }
                }
                () = starting.changed() => self.show_early(starting),
                () = sleep_until(next), if !self.early.is_empty() => {
                    self.show_early(starting);
                    next = Instant::now() + EVERY;
                }
            }
        }
    }

    fn hear_early(&mut self, heard: Heard, starting: &Starting) -> Wish {
        match heard {
            Heard::Came(number, Purpose::Watch { read_only, .. }, tell) => {
                let early = Early { read_only, tell, looked: None, orders_heard: 0 };
                if early.show(starting) {
                    self.early.insert(number, early);
                }
            }
            Heard::Came(_, Purpose::Status, tell) => {
                let status = starting.status(self.early.len());
                if let Ok(frame) = encode(&ToViewer::Status(Box::new(status))) {
                    // One that is gone needs no answer.
                    let _ = tell.try_send(frame);
                }
            }
            Heard::Came(_, Purpose::Stop, tell) => {
                self.stopping.push(tell);
                return Wish::Stop;
            }
            Heard::Said(number, said) => {
                if self.early.get_mut(&number).is_some_and(|early| !early.hear(said)) {
                    self.early.remove(&number);
                }
            }
            Heard::Gone(number) => drop(self.early.remove(&number)),
        }
        Wish::Nothing
    }

    fn show_early(&mut self, starting: &Starting) {
        self.early.retain(|_, early| early.show(starting));
    }

    /// The run has begun: those that have come before look at it from now on.
    pub(super) fn take_over_early(&mut self, session: &Session) {
        for (number, early) in std::mem::take(&mut self.early) {
            session.say("a workbench is attached");
            let Early { read_only, tell, looked, orders_heard } = early;
            let mut viewer = Viewer::new(read_only, tell, session);
            viewer.orders_heard = orders_heard;
            if let Some(looked) = looked {
                viewer.look_at(*looked, &self.compile);
            }
            self.viewers.insert(number, viewer);
        }
    }
}
