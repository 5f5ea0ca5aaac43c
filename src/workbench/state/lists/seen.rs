//! What has been looked at of the lists that ask for a look: their tabs have a badge until then.

use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;

/// How many there were when the list was on the screen last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    dead_letters: u64,
    warnings: u64,
}

impl Workbench {
    /// Notes that what the lists on the screen show has been seen.
    pub(in crate::workbench::state) fn note_seen(&mut self) {
        let Some(places) = self.places() else { return };
        if places.of(Pane::DeadLetters).is_some() {
            self.seen.dead_letters = self.snapshot.totals.dead_letters;
        }
        if places.of(Pane::Log).is_some() {
            self.seen.warnings = self.snapshot.log.warnings;
        }
    }

    /// How many dead letters, or warnings of the log, have come since the list was seen; 0 for other panes.
    #[must_use]
    pub(in crate::workbench) fn unseen(&self, pane: Pane) -> u64 {
        match pane {
            Pane::DeadLetters => {
                self.snapshot.totals.dead_letters.saturating_sub(self.seen.dead_letters)
            }
            Pane::Log => self.snapshot.log.warnings.saturating_sub(self.seen.warnings),
            _ => 0,
        }
    }
}
