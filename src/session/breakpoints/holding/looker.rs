//! The thread that looks at each message before it enters, and holds those for which a breakpoint does.
//!
//! Invariants: one message enters at a time, and what it would do is found out with the states that it will meet. What a
//! person decides of a message that does not enter as it is counts with a checkpoint, and nothing enters before that is
//! there: a crash undoes all of it, or nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::desk::{Decision, Desk, Doing, Held};
use super::judging::{judge, shown};
use crate::core::frames::Frames;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;
use crate::runtime::passes::{Front, Passes, Serving};
use crate::runtime::{AtEntrance, Entrance};
use crate::session::breakpoints::judge::Bench;

/// How long it waits before it looks again, where nobody wakes it.
const SOON: Duration = Duration::from_millis(1);

/// Looks at each message before it enters.
pub struct Looker {
    pub topology: Arc<Topology>,
    pub bench: Arc<Mutex<Bench>>,
    pub passes: Arc<Passes>,
    pub desk: Arc<Mutex<Desk>>,
    pub at: At,
}

/// How far it is with an engine.
#[derive(Default)]
pub struct At {
    life: u64,
    serving: Serving,
    /// The queue that was served last.
    queue: Option<usize>,
    /// Whether all that had entered without being looked at is processed.
    is_alone: bool,
    /// The last message that was let in because a person wanted it.
    let_go: Option<Front>,
    /// Those of them that have to be let in again: they were not the first ones of their queues any more.
    again: BTreeSet<Front>,
    /// A frame that was put in the place of this message enters: a checkpoint has to follow it.
    saves: Option<Front>,
    /// Told when a checkpoint counts.
    saving: Option<Receiver<()>>,
}

/// What comes next.
enum Then {
    /// The next turn.
    Again,
    /// A short wait.
    Soon,
    /// Nothing until it is woken.
    Waits,
}

impl Looker {
    /// Looks until nobody wants that any more.
    pub fn work(&mut self) {
        self.passes.attach();
        while let Some(then) = self.turn() {
            match then {
                Then::Again => {}
                Then::Soon => thread::park_timeout(SOON),
                Then::Waits => thread::park(),
            }
        }
    }

    /// Does what is next. `None` if it is over.
    fn turn(&mut self) -> Option<Then> {
        // In this order: passes of an engine that has ended by then are not given.
        let serving = self.passes.serving();
        let desk = self.desk.lock();
        if desk.is_over {
            return None;
        }
        let (life, entrance) = (desk.life, desk.entrance.clone());
        drop(desk);
        self.begin(life, serving);
        let Some(entrance) = entrance else { return Some(Then::Waits) };
        if entrance.is_over() {
            (self.at.saves, self.at.saving) = (None, None);
            self.leave_held();
            return Some(Then::Waits);
        }
        if let Some(then) = self.await_checkpoint() {
            return Some(then);
        }
        self.settle();
        if !self.passes.are_needed() {
            self.leave_held();
            return Some(Then::Waits);
        }
        if let Some(then) = self.see_to_held(&entrance) {
            return Some(then);
        }
        if entrance.is_ending() {
            // All enters, and the run ends with a checkpoint.
            self.at.saves = None;
            self.leave_held();
            self.settle();
            return Some(Then::Waits);
        }
        self.take_back(&entrance);
        if !self.passes.are_used() {
            return Some(Then::Waits);
        }
        if self.at.saves.take_if(|edited| !self.at.again.contains(edited)).is_some() {
            self.at.saving = Some(entrance.save());
            return Some(Then::Again);
        }
        if !self.at.is_alone && !entrance.is_empty() {
            return Some(Then::Soon);
        }
        self.at.is_alone = true;
        Some(match entrance.next(self.at.queue) {
            AtEntrance::Nothing | AtEntrance::Over => Then::Waits,
            AtEntrance::Message { queue, pipeline, frames } => {
                self.look(&entrance, queue, (pipeline, &frames))
            }
        })
    }

    /// Begins with another engine, or after messages have needed no pass.
    fn begin(&mut self, life: u64, serving: Serving) {
        if self.at.life != life {
            self.at = At { life, serving, ..At::default() };
        } else if self.at.serving != serving {
            (self.at.serving, self.at.queue, self.at.is_alone) = (serving, None, false);
            self.at.let_go = None;
        }
    }

    /// All that was decided is done, if it is: then all messages go on, if they wait for that alone.
    fn settle(&self) {
        if self.at.saves.is_some() || self.at.saving.is_some() {
            return;
        }
        let mut desk = self.desk.lock();
        if desk.held.as_ref().is_some_and(|held| held.decision.is_some()) {
            return;
        }
        if std::mem::take(&mut desk.doing) == Doing::ThenAllGoOn {
            desk.all_go_on(&self.passes);
        }
    }

    /// Takes the pass back of a message that is not the first one of its queue any more, because the workers have changed:
    /// the one that is gets one before.
    fn take_back(&mut self, entrance: &Entrance) {
        let Some(front) = self.passes.given() else { return };
        if !entrance.waits(front)
            && self.passes.take_back(front)
            && self.at.let_go.take_if(|let_go| *let_go == front).is_some()
        {
            self.at.again.insert(front);
        }
    }

    /// Lets a message in because a person wants it.
    fn let_go(&mut self, entrance: &Entrance, front: Front) -> Then {
        if entrance.let_in(front, self.at.serving) {
            self.at.let_go = Some(front);
        } else {
            self.at.again.insert(front);
        }
        Then::Again
    }

    /// Waits for the checkpoint with which a decision counts, if there is one.
    fn await_checkpoint(&mut self) -> Option<Then> {
        match self.at.saving.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => Some(Then::Soon),
            // If nothing is saved, there is nothing to wait for.
            Ok(()) | Err(TryRecvError::Disconnected) => {
                self.at.saving = None;
                self.leave_held();
                Some(Then::Again)
            }
        }
    }

    /// Does what a person wants of the message that is held. `None` if none is.
    fn see_to_held(&mut self, entrance: &Entrance) -> Option<Then> {
        let mut desk = self.desk.lock();
        let held = desk.held.as_mut()?;
        let front = held.front;
        let Some(decision) = held.decision.take() else {
            let is_undecided = held.shown.decided.is_none();
            drop(desk);
            // It may have entered, because the run ends, or be behind others, because the workers have changed: then it is
            // looked at again. One that was decided of is at the steps.
            if is_undecided && !entrance.waits(front) {
                self.leave_held();
                return Some(Then::Again);
            }
            return is_undecided.then_some(Then::Waits);
        };
        let (text, counts) = (Arc::clone(&held.shown.text), std::mem::take(&mut held.counts));
        drop(desk);
        counts.count(&self.bench);
        match decision {
            Decision::LetGo => {
                self.leave_held();
                return Some(self.let_go(entrance, front));
            }
            Decision::Drop => {
                let reason =
                    format!("a person has dropped it before it entered, at the breakpoint {text}");
                if entrance.take_away(front, &reason) {
                    self.at.saving = Some(entrance.save());
                } else {
                    self.leave_held();
                }
            }
            Decision::Exchange(frame) => {
                let reason = format!(
                    "a person has put another message in its place before it entered, at the breakpoint {text}"
                );
                if entrance.exchange(front, &frame, &reason) {
                    self.at.saves = Some(front);
                    return Some(self.let_go(entrance, front));
                }
                self.leave_held();
            }
        }
        Some(Then::Again)
    }

    /// Looks at a message: it enters, or is held.
    fn look(
        &mut self,
        entrance: &Entrance,
        queue: usize,
        (pipeline, frames): (PipelineIndex, &Frames),
    ) -> Then {
        let front = (pipeline, frames.numbers().0);
        if self.at.again.remove(&front) {
            self.at.queue = Some(queue);
            return self.let_go(entrance, front);
        }
        let looked = match entrance.look(pipeline, frames) {
            Ok(Some(looked)) => Ok(looked),
            // The engine ends, or its workers change.
            Ok(None) => return Then::Soon,
            Err(why) => Err(why),
        };
        let (why, counts) = judge(&self.topology, &self.bench, &looked);
        let mut desk = self.desk.lock();
        if desk.life != self.at.life || !self.passes.are_needed() {
            return Then::Again;
        }
        desk.looked += 1;
        self.at.queue = Some(queue);
        let Some(why) = why else {
            drop(desk);
            if entrance.let_in(front, self.at.serving) {
                counts.count(&self.bench);
            }
            return Then::Again;
        };
        desk.last += 1;
        let shown = shown(&self.topology, desk.last, (front, frames), (&why, looked.ok()));
        let breakpoint = why.breakpoint;
        desk.held = Some(Held { breakpoint, front, shown, counts, decision: None });
        drop(desk);
        self.tell();
        Then::Waits
    }

    /// No message is held any more.
    fn leave_held(&self) {
        if self.desk.lock().held.take().is_some() {
            self.tell();
        }
    }

    /// The session looks at what has changed.
    fn tell(&self) {
        let mut bench = self.bench.lock();
        bench.changed = true;
        bench.news.notify_one();
    }
}
