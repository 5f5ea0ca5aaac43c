//! What is searched for in the lists that have no filter of their own.

use super::filter_line::FilterLine;
use super::judged::Search;
use crate::core::frames::trace::Trace;
use crate::expression::Rows;
use crate::telemetry::{LogLine, OutputShown};
use crate::workbench::layout::Pane;

/// What is searched for in the lists that have no filter of their own.
pub struct Searches {
    /// In the messages.
    pub messages: Search<Trace>,
    /// In the outputs.
    pub outputs: Search<OutputShown>,
    /// In the log.
    pub log: Search<LogLine>,
}

impl Default for Searches {
    fn default() -> Self {
        // Of outputs and lines of the log nothing is known but their text.
        let (outputs, log) = (Search::default(), Search::default());
        Self { messages: Search::over(Rows::Messages), outputs, log }
    }
}

impl Searches {
    /// The search of a pane; `None` if the pane has none, or a filter of its own.
    #[must_use]
    pub fn of(&self, pane: Pane) -> Option<&FilterLine> {
        match pane {
            Pane::Messages => Some(&self.messages.line),
            Pane::Outputs => Some(&self.outputs.line),
            Pane::Log => Some(&self.log.line),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, pane: Pane) -> Option<&mut FilterLine> {
        match pane {
            Pane::Messages => Some(&mut self.messages.line),
            Pane::Outputs => Some(&mut self.outputs.line),
            Pane::Log => Some(&mut self.log.line),
            _ => None,
        }
    }

    /// Takes all of them away. False if there was none.
    pub fn clear(&mut self) -> bool {
        let all = [&mut self.messages.line, &mut self.outputs.line, &mut self.log.line];
        // All of them, not only the first.
        all.map(FilterLine::clear).contains(&true)
    }
}
