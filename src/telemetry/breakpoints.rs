//! The breakpoints, and where the engine has stopped at one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::held::HeldShown;
use crate::application::Key;
use crate::core::frames::trace::Trace;
use crate::core::text::plural;

/// The breakpoints, and where the engine has stopped at one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BreakpointsShown {
    /// The breakpoints, in the order in which they were set.
    pub all: Vec<BreakpointShown>,
    /// Whether messages have entered that are not judged yet.
    pub is_judging: bool,
    /// The message at which the engine has stopped; `None` if it has not, or has gone on since.
    pub hit: Option<HitShown>,
    /// The message that is held before it enters.
    pub held: Option<Arc<HeldShown>>,
    /// How many messages were looked at before they entered; `None` if none are.
    pub looked: Option<u64>,
}

/// A breakpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakpointShown {
    /// A number that no other one of this session has.
    pub number: u64,
    /// The condition, as it was typed.
    pub text: Arc<str>,
    /// Whether messages are judged by it.
    pub on: bool,
    /// Whether it holds messages before they enter, instead of stopping behind them.
    pub hold: bool,
    /// How many messages it held of, since it was set.
    pub hits: u64,
    /// Of how many messages it could not be said.
    pub unjudged: u64,
    /// Why it could not be said of one of them; or why it can be said of none.
    pub trouble: Option<Arc<str>>,
}

/// A message at which the engine has stopped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HitShown {
    /// Another number at each stop.
    pub number: u64,
    /// The breakpoint's condition.
    pub text: Arc<str>,
    /// What happened to the message.
    pub trace: Arc<Trace>,
    /// The step at which the condition holds.
    pub step: Arc<str>,
    /// The key there, if there is one.
    pub key: Option<Key>,
    /// Why it cannot be said whether the condition holds; `None` if it does.
    pub unjudged: Option<Arc<str>>,
    /// How many more messages, that had entered by then, it or another breakpoint holds of.
    pub more: u64,
}

impl fmt::Display for HitShown {
    /// What a person is told of the stop.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number: _, text, trace, step, key, unjudged, more } = self;
        let (number, pipeline) = (trace.sequence.0, &trace.pipeline);
        write!(
            formatter,
            "breakpoint {text}: stopped at message {number} of {pipeline}, at {step}"
        )?;
        if let Some(key) = key {
            write!(formatter, " with the key {key}")?;
        }
        if *more > 0 {
            write!(
                formatter,
                "; breakpoints hold of {more} more {} that had entered by then",
                plural(*more, "message")
            )?;
        }
        match unjudged {
            None => Ok(()),
            Some(why) => {
                write!(formatter, "; whether it holds there is not known: {why}. That is said once")
            }
        }
    }
}
