//! Frames that carry a probe to the state steps.

use std::sync::Arc;

use super::Frames;
use super::pins::Watch;
use super::probe::{AtWork, Carried};
use crate::application::Key;

impl Frames {
    /// Whether a trace may still begin, because a key is pinned; or a state is looked at.
    pub fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Takes a probe to the state steps.
    pub fn carry(&mut self, probe: Arc<Carried>) {
        debug_assert!(self.watch.is_none(), "no key is pinned in a replay");
        self.watch = Some(Arc::new(Watch::carrying(probe)));
    }

    /// The probe that looks at this partition, if the frames carry one.
    pub(in crate::core) fn probe(&self, frame: u32, state: &str, key: &Key) -> Option<AtWork<'_>> {
        self.watch.as_ref()?.probe()?.at(frame, state, key)
    }
}
