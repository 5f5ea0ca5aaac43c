//! Pinned keys: every message of theirs is traced.

use std::sync::Arc;

use crate::application::Key;
use crate::core::frames::pins::Pin;
use crate::session::orders::Order;
use crate::workbench::state::{Effect, Workbench};

impl Workbench {
    /// Pins the partition that is selected or open, or unpins it.
    pub(in crate::workbench::state) fn pin(&self) -> Option<Effect> {
        let key = self.partition_at_hand()?.row.key.clone();
        Some(Effect::Order(Order::Pin(Pin { state: Arc::clone(self.shown_state()?), key })))
    }

    /// Whether a key of the shown state is pinned.
    pub(in crate::workbench) fn is_pinned(&self, key: &Key) -> bool {
        self.pins_of_state().any(|pinned| pinned == key)
    }

    /// The pinned keys of the state that is shown: their rows come first.
    pub(in crate::workbench::state) fn pinned_keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.pins_of_state().cloned().collect();
        keys.sort_unstable();
        keys
    }

    fn pins_of_state(&self) -> impl Iterator<Item = &Key> {
        let state = self.shown_state();
        let pins = self.snapshot.pinned.iter().filter(move |pin| Some(&pin.state) == state);
        pins.map(|pin| &pin.key)
    }
}
