//! The choice of other colours. The screen shows the selected ones already; Esc brings the former back.

use crate::workbench::commands::Command;
use crate::workbench::state::lists::rows::moved;
use crate::workbench::theme::Look;

/// The choice of other colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Themes {
    /// The colours before.
    pub before: Look,
    /// Which of [`Look::ALL`] is selected.
    pub selected: usize,
}

impl Themes {
    /// A choice of which the present colours are selected.
    #[must_use]
    pub fn new(before: Look) -> Self {
        let selected = Look::ALL.iter().position(|look| *look == before).unwrap_or(0);
        Self { before, selected }
    }

    /// The selected colours.
    #[must_use]
    pub fn chosen(&self) -> Look {
        Look::ALL.get(self.selected).copied().unwrap_or(self.before)
    }

    /// Moves the selection, and gives what is selected then.
    pub fn go(&mut self, command: Command) -> Look {
        self.selected = moved(self.selected, command, Look::ALL.len(), Look::ALL.len() - 1);
        self.chosen()
    }
}
