//! What a front end wants an engine to do, and what comes of it: the same from here and from another process.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Session;
pub use super::searches::{TestMade, TestOf};
use super::what_if::WhatIf;
use crate::application::Key;
use crate::core::frames::pins::{PIN_LIMIT, Pin};
use crate::core::load::settings::LoadSettings;
use crate::core::numbers::{MAX_WORKERS, PipelineIndex, ProcessIndex};
use crate::core::partitions::query::Revival;
use crate::runtime::{EngineError, RunState};

/// The longest wait for a worker to revive a partition. Nothing else is done in that time.
const REVIVAL_PATIENCE: Duration = Duration::from_millis(200);

/// What a front end wants an engine to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Take these bytes as if a source had read them.
    Inject(PipelineIndex, Bytes),
    /// Pause; resume if it is paused.
    PauseOrResume,
    /// Take one message.
    Step,
    /// Make this load, or go on with it instead of the present one.
    Load(LoadSettings),
    /// End the load.
    StopLoad,
    /// Let a poisoned partition take messages again.
    Revive {
        /// Its state's name.
        state: Arc<str>,
        /// Its key.
        key: Key,
    },
    /// Trace every message of a key; if that is done already, no longer.
    Pin(Pin),
    /// Set a breakpoint, or change one.
    Breakpoint(BreakpointOrder),
    /// Say what becomes of the message that is held.
    Held(HeldOrder),
    /// Lose all that is in memory, and recover.
    Crash,
    /// Kill this process, one of several that run the engine.
    Kill(ProcessIndex),
    /// Do the recording again with these edits, beside the engine. An attached workbench cannot.
    WhatIf(Vec<WhatIf>),
    /// Forget the branch.
    EndWhatIf,
    /// Begin anew, with nothing kept.
    Reset,
    /// Take back the last message, if it was injected. Snapshots show what comes of it.
    Undo,
    /// Go on with one worker more, or one less, in each process.
    ChangeWorkers {
        /// One more.
        more: bool,
    },
    /// Look in the recording for the smallest input with which this condition holds of a step. Another search ends.
    Shrink(Arc<str>),
    /// End that search, and keep the smallest input so far.
    EndShrink,
    /// Make a test of what was seen.
    Test(TestOf),
}

/// What a front end wants of the breakpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BreakpointOrder {
    /// Set one with this condition.
    Set(String),
    /// Set one with this condition that holds messages before they enter.
    SetHold(String),
    /// Make the one with this number hold messages before they enter, or stop behind them.
    SwitchHold(u64),
    /// Take the one with this number away.
    Remove(u64),
    /// Switch the one with this number off, or on again.
    Switch(u64),
}

/// What becomes of a message that is held, by the number of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldOrder {
    /// It enters as it is.
    LetGo(u64),
    /// It is a dead letter. That is told at once, and counts with a checkpoint: a crash before it undoes the decision.
    Drop(u64),
    /// It is a dead letter, and these bytes, which are one frame, enter in its place. It counts like a drop.
    Edit(u64, Bytes),
}

/// What came of an order, where a person has to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is not done, and why.
    Refused(String),
    /// What came of reviving a partition; `None` if its worker has not answered yet.
    Revived(Key, Option<Revival>),
    /// Whether a key is pinned from now on.
    Pinned(Key, bool),
    /// The engine has crashed, and recovered. False if nothing is saved: then nothing has happened.
    Crashed(bool),
    /// A process is killed: all go on from the last checkpoint.
    Killed,
    /// The application has begun anew.
    BegunAnew,
    /// A test that was wanted.
    Test(Box<TestMade>),
    /// This is so.
    Told(String),
}

impl Session {
    /// Does what is wanted. Blocks while an engine starts again.
    ///
    /// # Errors
    ///
    /// The engine could not start again: it has ended.
    pub fn obey(&mut self, order: Order) -> Result<Option<Answer>, EngineError> {
        self.leave_past_for(&order);
        let refused = |done: Result<(), EngineError>| {
            Ok(done.err().map(|error| Answer::Refused(error.to_string())))
        };
        match order {
            Order::Inject(pipeline, bytes) => refused(self.engine.inject(pipeline, bytes)),
            Order::PauseOrResume => {
                match self.engine.run_state() {
                    RunState::Running => {
                        self.engine.pause();
                        self.say("paused");
                    }
                    RunState::Pausing | RunState::Paused | RunState::Stepping(_)
                        if self.go_on_from_hit() => {}
                    RunState::Pausing | RunState::Paused | RunState::Stepping(_) => {
                        self.engine.resume();
                        self.say("resumed");
                    }
                }
                Ok(None)
            }
            Order::Step => {
                self.leave_hits();
                self.engine.step();
                self.say("step: one message may enter");
                Ok(None)
            }
            Order::Load(settings) => refused(self.load(settings)),
            Order::StopLoad => {
                self.stop_load();
                Ok(None)
            }
            Order::Revive { state, key } => {
                let revival = self.revive(&state, &key, REVIVAL_PATIENCE);
                Ok(Some(Answer::Revived(key, revival)))
            }
            Order::Pin(pin) => Ok(Some(self.pin_or_unpin(pin))),
            Order::Breakpoint(order) => Ok(self.order_breakpoint(order).err().map(Answer::Refused)),
            Order::Held(order) => Ok(self.order_held(order).err().map(Answer::Refused)),
            Order::Crash => match self.crash() {
                Ok(()) => Ok(Some(Answer::Crashed(true))),
                Err(EngineError::NothingSaved) => Ok(Some(Answer::Crashed(false))),
                Err(error) => Err(error),
            },
            Order::Kill(process) => {
                let refused = || {
                    Answer::Refused(format!(
                        "process {process} cannot be killed from here: it has ended, or was not started by this run"
                    ))
                };
                Ok(Some(if self.kill_process(process) { Answer::Killed } else { refused() }))
            }
            Order::WhatIf(edits) => Ok(self.what_if(edits).err().map(Answer::Refused)),
            Order::EndWhatIf => {
                self.branch = None;
                Ok(None)
            }
            Order::Reset => self.reset().map(|()| Some(Answer::BegunAnew)),
            Order::Undo => Ok(self.undo().err().map(Answer::Refused)),
            Order::ChangeWorkers { more } => {
                Ok(self.change_workers(more).err().map(Answer::Refused))
            }
            Order::Shrink(when) => Ok(self.shrink(&when).err().map(Answer::Refused)),
            Order::EndShrink => {
                self.end_shrink();
                Ok(None)
            }
            Order::Test(of) => Ok(self.make_test(of).err().map(Answer::Refused)),
        }
    }

    fn pin_or_unpin(&self, pin: Pin) -> Answer {
        let key = pin.key.clone();
        if self.engine.unpin(&pin) {
            Answer::Pinned(key, false)
        } else if self.engine.pin(pin) {
            Answer::Pinned(key, true)
        } else {
            Answer::Refused(format!("{PIN_LIMIT} keys are pinned already: unpin one first"))
        }
    }

    /// Goes on with one worker more, or one less, in each process. Figures show that it is under way.
    fn change_workers(&mut self, more: bool) -> Result<(), String> {
        let now = self.wanted_workers().get();
        let wanted = if more { now + 1 } else { now - 1 };
        let workers = NonZeroUsize::new(wanted).ok_or("one worker is the least")?;
        if self.settings.all_workers(workers).get() > MAX_WORKERS {
            return Err(format!("{MAX_WORKERS} workers are the most"));
        }
        self.set_workers(workers).map_err(|error| error.to_string())?;
        let workers = self.settings.workers_in_words(workers);
        self.say(&format!("{workers} wanted instead of {now}: checkpoint first"));
        Ok(())
    }
}
