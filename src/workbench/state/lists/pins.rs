//! Pinned keys: every message of theirs is traced.

use std::sync::Arc;

use crate::application::Key;
use crate::core::frames::pins::Pin;
use crate::workbench::state::{Effect, Workbench};

impl Workbench {
    /// Pins the partition that is selected or open, or unpins it.
    pub(in crate::workbench::state) fn pin(&self) -> Option<Effect> {
        let key = self.partition_at_hand()?.row.key.clone();
        Some(Effect::Pin(Pin { state: Arc::clone(self.shown_state()?), key }))
    }

    /// Whether a key of the shown state is pinned.
    pub(in crate::workbench) fn is_pinned(&self, key: &Key) -> bool {
        let state = self.shown_state();
        let is_it = |pin: &Pin| pin.key == *key && Some(&pin.state) == state;
        self.snapshot.pinned.iter().any(is_it)
    }
}
