//! Pinned partitions: the order to the engine, and what is said of its answer.

use std::sync::Arc;

use crate::core::frames::pins::{PIN_LIMIT, Pin};
use crate::workbench::state::{Effect, Workbench};
use crate::workbench::words;

impl Workbench {
    /// Asks for every message of the partition at hand to be traced, or no longer.
    pub(crate) fn pin(&self) -> Option<Effect> {
        let key = self.partition_at_hand()?.row.key.clone();
        let state = self.state_at_hand()?.clone();
        Some(Effect::Pin(Pin { state, key }))
    }

    /// Shows what came of it: the pinned partitions now.
    pub fn pinned(&mut self, pin: &Pin, pinned: Arc<[Pin]>) {
        let key = words::key(&pin.key);
        let (is, was) = (pinned.contains(pin), self.is_pinned(pin));
        self.pins = pinned;
        let text = match (is, was) {
            (true, _) => format!("every message of `{key}` is traced from now on"),
            (false, true) => format!("`{key}` is no longer pinned"),
            (false, false) => {
                return self.notify(format!("{PIN_LIMIT} partitions are pinned, the most"), true);
            }
        };
        self.notify(text, false);
    }

    /// Whether every message of a partition is traced.
    pub(crate) fn is_pinned(&self, pin: &Pin) -> bool {
        self.pins.contains(pin)
    }
}
