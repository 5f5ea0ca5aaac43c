//! Those that come to a run that starts: they see that, and for whom it waits.
//!
//! Invariant: whoever comes is answered, however long the start takes; and what is seen when the run has begun is seen by
//! those that have come before, too.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::connection::{Heard, Number, WAITING};
use super::viewer::Viewer;
use crate::core::partitions::sent::Compile;
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
struct EarlyViewer {
    read_only: bool,
    tell: mpsc::Sender<Vec<u8>>,
    looked: Option<Box<Looked>>,
    orders_heard: u64,
}

impl EarlyViewer {
    /// Tells it something. False if it is gone, or does not read what it is told.
    fn tell(&self, message: &ToViewer) -> bool {
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

/// Those that have come to a run that starts.
#[derive(Default)]
pub(super) struct Early {
    all: BTreeMap<Number, EarlyViewer>,
}

impl Early {
    /// Answers those that are heard until the run has begun. Those that want its end are added to `stopping`: until it has
    /// begun, their wish ends the wait for other processes.
    pub async fn answer(
        &mut self,
        heard: &mut mpsc::Receiver<Heard>,
        stopping: &mut Vec<mpsc::Sender<Vec<u8>>>,
        starting: &Starting,
        mut is_begun: oneshot::Receiver<()>,
    ) {
        let mut next = Instant::now() + EVERY;
        loop {
            tokio::select! {
                biased;
                _ = &mut is_begun => return,
                Some(heard) = heard.recv() => match heard {
                    Heard::Came(_, Purpose::Stop, tell) => {
                        stopping.push(tell);
                        starting.stop();
                    }
                    heard => self.hear(heard, starting),
                },
                () = starting.changed() => self.show(starting),
                () = sleep_until(next), if !self.all.is_empty() => {
                    self.show(starting);
                    next = Instant::now() + EVERY;
                }
            }
        }
    }

    fn hear(&mut self, heard: Heard, starting: &Starting) {
        match heard {
            Heard::Came(number, Purpose::Watch { read_only, .. }, tell) => {
                let early = EarlyViewer { read_only, tell, looked: None, orders_heard: 0 };
                if early.show(starting) {
                    self.all.insert(number, early);
                }
            }
            Heard::Came(_, Purpose::Status, tell) => {
                let status = starting.status(self.all.len());
                if let Ok(frame) = encode(&ToViewer::Status(Box::new(status))) {
                    // One that is gone needs no answer.
                    let _ = tell.try_send(frame);
                }
            }
            Heard::Came(_, Purpose::Stop, _) => {
                debug_assert!(false, "a stop is not for those that look");
            }
            Heard::Said(number, said) => {
                if self.all.get_mut(&number).is_some_and(|early| !early.hear(said)) {
                    self.all.remove(&number);
                }
            }
            Heard::Gone(number) => drop(self.all.remove(&number)),
        }
    }

    fn show(&mut self, starting: &Starting) {
        self.all.retain(|_, early| early.show(starting));
    }

    /// Tells all of them something.
    pub fn tell(&self, message: &ToViewer) {
        for early in self.all.values() {
            early.tell(message);
        }
    }

    /// The run has begun: those that look at it from now on.
    pub fn take_over(&mut self, session: &Session, compile: &Compile) -> BTreeMap<Number, Viewer> {
        let all = std::mem::take(&mut self.all).into_iter();
        let viewers = all.map(|(number, early)| {
            let EarlyViewer { read_only, tell, looked, orders_heard } = early;
            let mut viewer = Viewer::new(read_only, tell, session);
            viewer.orders_heard = orders_heard;
            if let Some(looked) = looked {
                viewer.look_at(*looked, compile);
            }
            session.say("a workbench is attached");
            (number, viewer)
        });
        viewers.collect()
    }
}
