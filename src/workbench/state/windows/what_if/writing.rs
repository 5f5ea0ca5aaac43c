//! What is being typed in the window "What if": a message in the application's own form or in hexadecimal digits, or the
//! state of a partition as JSON.

use super::here::HerePartition;
use crate::core::numbers::PipelineIndex;
use crate::session::what_if::{MessageName, Spot};
use crate::workbench::state::typing::input_line::InputLine;

/// The longest line in bytes.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// What is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// What enters in place of a message.
    Instead(MessageName),
    /// What enters besides.
    PutIn(Spot, PipelineIndex),
    /// The state of a partition.
    State(Spot, HerePartition),
}

/// What is being typed.
#[derive(Debug)]
pub struct Writing {
    /// What it is.
    pub what: What,
    /// The line.
    pub line: InputLine,
    /// What was wrong with it when Enter was pressed.
    pub error: Option<String>,
}

impl Writing {
    /// Begins with a text.
    pub fn new(what: What, text: String) -> Self {
        let mut line = InputLine::with_limit(MAX_LENGTH);
        if text.len() <= MAX_LENGTH {
            line.set(text);
        }
        Self { what, line, error: None }
    }

    /// The pipeline of the message; `None` if it is a state.
    pub fn pipeline(&self) -> Option<PipelineIndex> {
        match &self.what {
            What::Instead(name) => Some(name.pipeline),
            What::PutIn(_, pipeline) => Some(*pipeline),
            What::State(..) => None,
        }
    }
}
