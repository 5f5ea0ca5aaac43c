//! A message that a breakpoint holds before it enters.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::application::Key;
use crate::core::foresight::Foresight;
use crate::core::numbers::{PipelineIndex, SequenceNumber};

/// A message that a breakpoint holds before it enters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeldShown {
    /// Another number for each message that is held.
    pub number: u64,
    /// The breakpoint's condition.
    pub text: Arc<str>,
    /// The pipeline, and its name.
    pub pipeline: PipelineIndex,
    /// The pipeline's name.
    pub pipeline_name: Arc<str>,
    /// The source's or the connection's name.
    pub source: Arc<str>,
    /// The number of the message in its pipeline.
    pub sequence: SequenceNumber,
    /// The frame, or its beginning.
    pub frame: Vec<u8>,
    /// The frame's length in bytes.
    pub length: usize,
    /// What it would do.
    pub foresight: Arc<Foresight>,
    /// The step at which the condition would hold.
    pub step: Arc<str>,
    /// The key there, if there is one.
    pub key: Option<Key>,
    /// Why it cannot be said whether the condition would hold; `None` if it would.
    pub unjudged: Option<Arc<str>>,
    /// What becomes of it, and is not done yet.
    pub decided: Option<HeldDecision>,
}

/// What becomes of a message that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldDecision {
    /// It enters as it is.
    LetGo,
    /// It is a dead letter.
    Drop,
    /// It is a dead letter, and another one enters in its place.
    Edit,
}

impl HeldShown {
    /// Whether all bytes of the frame are here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.frame.len() == self.length
    }
}

impl fmt::Display for HeldShown {
    /// What a person is told of it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, pipeline_name, sequence, step, key, unjudged, .. } = self;
        let number = sequence.0;
        write!(
            formatter,
            "breakpoint {text}: message {number} of {pipeline_name} is held before it enters: its condition would hold at \
             {step}"
        )?;
        if let Some(key) = key {
            write!(formatter, " with the key {key}")?;
        }
        match unjudged {
            None => Ok(()),
            Some(why) => {
                write!(formatter, "; whether it holds there is not known: {why}. That is said once")
            }
        }
    }
}
