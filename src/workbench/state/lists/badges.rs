//! Which lists have something that nobody has looked at.

use crate::workbench::layout::Pane;
use crate::workbench::state::Workbench;

impl Workbench {
    /// Notes that what the lists on the screen show has been seen.
    pub(in crate::workbench::state) fn note_seen(&mut self) {
        let Some(places) = self.places() else { return };
        // Those of the past are not news.
        if places.of(Pane::DeadLetters).is_some() && !self.is_past() {
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
            Pane::DeadLetters if self.is_past() => 0,
            Pane::DeadLetters => {
                self.snapshot.totals.dead_letters.saturating_sub(self.seen.dead_letters)
            }
            Pane::Log => self.snapshot.log.warnings.saturating_sub(self.seen.warnings),
            _ => 0,
        }
    }
}
