//! The window of the smallest input: what it is to be of, how far the search is, and what it has found.

pub(in crate::workbench) mod asking;
mod exported;
mod keys;
mod selection;

use crate::core::replay::smallest::Found;
use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use asking::Asking;

/// How far the selection moves at once.
const PAGE: usize = 10;

/// The window of the smallest input.
pub struct Shrink {
    /// The condition that is being typed; `None` while the search and its result are shown.
    pub asking: Option<Asking>,
    /// Which row of the result is selected: first the messages, then the partitions before them.
    pub selected: usize,
}

impl Shrink {
    /// A window that shows the search, or its result.
    #[must_use]
    pub fn showing() -> Self {
        Self { asking: None, selected: 0 }
    }

    /// Moves the selection among the rows of a result.
    pub fn go(&mut self, command: Command, found: Option<&Found>) {
        let rows = found.map_or(0, |found| found.input.messages.len() + found.again.base.len());
        self.selected = moved(self.selected, command, PAGE, rows.saturating_sub(1));
    }
}
