//! What is searched for in the lists that have no filter of their own.

use super::filter_line::FilterLine;
use crate::expression::Rows;
use crate::workbench::layout::Pane;

/// What is searched for in the lists that have no filter of their own.
pub struct Searches {
    /// In the messages.
    pub messages: FilterLine,
    /// In the outputs.
    pub outputs: FilterLine,
    /// In the log.
    pub log: FilterLine,
}

impl Default for Searches {
    fn default() -> Self {
        // Of outputs and lines of the log nothing is known but their text.
        let (outputs, log) = (FilterLine::default(), FilterLine::default());
        Self { messages: FilterLine::over(Rows::Messages), outputs, log }
    }
}

impl Searches {
    /// The search of a pane; `None` if the pane has none, or a filter of its own.
    #[must_use]
    pub fn of(&self, pane: Pane) -> Option<&FilterLine> {
        match pane {
            Pane::Messages => Some(&self.messages),
            Pane::Outputs => Some(&self.outputs),
            Pane::Log => Some(&self.log),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, pane: Pane) -> Option<&mut FilterLine> {
        match pane {
            Pane::Messages => Some(&mut self.messages),
            Pane::Outputs => Some(&mut self.outputs),
            Pane::Log => Some(&mut self.log),
            _ => None,
        }
    }

    /// Takes all of them away. False if there was none.
    pub fn clear(&mut self) -> bool {
        let all = [&mut self.messages, &mut self.outputs, &mut self.log];
        // All of them, not only the first.
        all.map(FilterLine::clear).contains(&true)
    }
}
