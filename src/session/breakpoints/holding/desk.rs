//! What a session and the thread that looks at messages before they enter share.

use std::sync::Arc;

use super::judging::Counts;
use crate::core::frames::pieces::Pieces;
use crate::runtime::Entrance;
use crate::runtime::passes::{Front, Passes};
use crate::telemetry::{HeldDecision, HeldShown};

/// What becomes of a message that is held.
#[derive(Debug)]
pub enum Decision {
    /// It enters as it is.
    LetGo,
    /// It is a dead letter.
    Drop,
    /// It is a dead letter, and this frame enters in its place.
    Exchange(Pieces),
}

/// A message that is held.
pub struct Held {
    /// The number of the breakpoint that holds it.
    pub breakpoint: u64,
    pub front: Front,
    pub shown: HeldShown,
    /// What is counted of it, once a person has decided.
    pub counts: Counts,
    /// What a person wants of it, until the thread that looks has begun to do it.
    pub decision: Option<Decision>,
}

/// What is left to be done of what a person has decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    #[default]
    Nothing,
    /// Something that was decided is not done yet.
    Decided,
    /// The same, and all messages go on as soon as it is done.
    ThenAllGoOn,
}

/// What a session and the thread that looks share.
#[derive(Default)]
pub struct Desk {
    /// Where messages enter; `None` while there is no engine.
    pub entrance: Option<Entrance>,
    /// Grows with each engine.
    pub life: u64,
    pub held: Option<Held>,
    pub doing: Doing,
    /// The number of the last message that was held.
    pub last: u64,
    /// How many messages were looked at.
    pub looked: u64,
    /// Why nothing is looked at any more, if the thread has failed; and whether a person was told.
    pub failed: Option<Arc<str>>,
    pub is_failure_told: bool,
    /// Nobody wants anything any more.
    pub is_over: bool,
}

impl Desk {
    /// Decides what becomes of the message with this number that is held. Returns what is said of that; `None` if it is
    /// not held any more.
    pub fn decide(&mut self, number: u64, decision: Decision) -> Option<String> {
        let held = self.held.as_mut().filter(|held| held.shown.number == number)?;
        if held.shown.decided.is_some() {
            return None;
        }
        let (shown, what) = match &decision {
            Decision::LetGo => (HeldDecision::LetGo, "let go"),
            Decision::Drop => (HeldDecision::Drop, "dropped"),
            Decision::Exchange(_) => (HeldDecision::Edit, "edited"),
        };
        held.shown.decided = Some(shown);
        held.decision = Some(decision);
        self.doing = Doing::Decided;
        let HeldShown { sequence, pipeline_name, .. } = &held.shown;
        Some(format!("message {} of {pipeline_name} is {what}", sequence.0))
    }

    /// The thread that looks has failed, for this reason: nothing is held any more.
    pub fn fail(&mut self, why: Arc<str>, passes: &Passes) {
        (self.failed, self.doing) = (Some(why), Doing::Nothing);
        self.all_go_on(passes);
    }

    /// Messages need no pass any more, and none is held. If something that was decided is not done yet, that comes first:
    /// the thread that looks does it.
    pub fn all_go_on(&mut self, passes: &Passes) {
        self.held.take_if(|held| held.shown.decided.is_none());
        if self.doing != Doing::Nothing {
            self.doing = Doing::ThenAllGoOn;
            return passes.wake();
        }
        self.held = None;
        passes.need(false);
        if let Some(entrance) = &self.entrance {
            entrance.wake();
        }
    }
}
