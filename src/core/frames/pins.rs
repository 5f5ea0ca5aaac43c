//! Pinned keys: every message of theirs is traced, from the moment at which the owner has made its key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::probe::Carried;
use super::trace::Trace;
use super::trace_budget::{TraceBudget, TraceRate};
use crate::application::Key;
use crate::core::numbers::Timestamp;

/// The max number of pinned keys: each message of a pinned state is compared with all of them.
pub const PIN_LIMIT: usize = 8;

/// How many messages of all pinned keys together are traced: a key may have millions a second.
pub const PINNED_TRACES: TraceRate = TraceRate { at_once: 200, every: Duration::from_millis(20) };

/// A pinned key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The state's name.
    pub state: Arc<str>,
    /// The partition's key.
    pub key: Key,
}

/// The pinned keys of an engine.
#[derive(Debug)]
pub struct Pins {
    /// Whether there are any: asked once a batch.
    any: AtomicBool,
    pinned: Mutex<Arc<[Pin]>>,
    budget: Arc<TraceBudget>,
}

impl Default for Pins {
    fn default() -> Self {
        let budget = Arc::new(TraceBudget::new(PINNED_TRACES));
        Self { any: AtomicBool::new(false), pinned: Mutex::default(), budget }
    }
}

impl Pins {
    /// Pins a key. False if [`PIN_LIMIT`] others are pinned.
    pub fn pin(&self, pin: Pin) -> bool {
        let mut pinned = self.pinned.lock();
        if pinned.contains(&pin) {
            return true;
        }
        if pinned.len() >= PIN_LIMIT {
            return false;
        }
        *pinned = pinned.iter().cloned().chain([pin]).collect();
        self.any.store(true, Ordering::Release);
        true
    }

    /// Unpins a key. False if it was not pinned.
    pub fn unpin(&self, pin: &Pin) -> bool {
        let mut pinned = self.pinned.lock();
        let was = pinned.contains(pin);
        *pinned = pinned.iter().filter(|other| *other != pin).cloned().collect();
        self.any.store(!pinned.is_empty(), Ordering::Release);
        was
    }

    /// The pinned keys, in the order in which they were pinned.
    pub fn pinned(&self) -> Arc<[Pin]> {
        Arc::clone(&self.pinned.lock())
    }

    /// What a batch of frames has to know of the pinned keys; `None` if there are none.
    pub fn watch(&self) -> Option<Arc<Watch>> {
        self.any.load(Ordering::Acquire).then(|| Arc::new(self.watch_for(self.pinned())))
    }

    /// The same, but every message of these keys is traced as well, whatever state they are of, however many there are.
    pub fn watch_all_of(&self, keys: Arc<[Key]>) -> Arc<Watch> {
        Arc::new(Watch { keys, ..self.watch_for(self.pinned()) })
    }

    /// The same for the keys that were pinned where the frames were taken.
    pub(super) fn watch_for(&self, pins: Arc<[Pin]>) -> Watch {
        let (keys, late) = (Arc::default(), Mutex::default());
        Watch { pins, keys, budget: Arc::clone(&self.budget), late, probe: None }
    }
}

/// The pinned keys as a batch of frames was taken, and the traces that began because of them.
#[derive(Debug)]
pub struct Watch {
    pins: Arc<[Pin]>,
    /// Of these, every message is traced.
    keys: Arc<[Key]>,
    budget: Arc<TraceBudget>,
    /// Sorted by frame.
    late: Mutex<Vec<(u32, Arc<Trace>)>>,
    /// What looks at the state of a partition, in a replay.
    probe: Option<Arc<Carried>>,
}

impl Watch {
    /// Takes a probe to the state steps. No key is pinned.
    pub(super) fn carrying(probe: Arc<Carried>) -> Self {
        let watch = Pins::default().watch_for(Arc::default());
        Self { probe: Some(probe), ..watch }
    }

    /// What looks at the state of a partition.
    pub(super) fn probe(&self) -> Option<&Carried> {
        self.probe.as_deref()
    }

    /// Whether a message of this key is to be traced now.
    pub fn takes(&self, state: &str, key: &Key, now: impl FnOnce() -> Timestamp) -> bool {
        let is_pinned = || self.pins.iter().any(|pin| pin.key == *key && *pin.state == *state);
        self.keys.contains(key) || is_pinned() && self.budget.take(1, now()) == 1
    }

    /// Adds a frame's trace. False if it has one.
    pub fn add(&self, frame: u32, trace: &Arc<Trace>) -> bool {
        let mut late = self.late.lock();
        let place = late.binary_search_by_key(&frame, |(other, _)| *other).err();
        if let Some(place) = place {
            late.insert(place, (frame, Arc::clone(trace)));
        }
        place.is_some()
    }

    /// The pinned keys.
    pub(super) fn pins(&self) -> Arc<[Pin]> {
        Arc::clone(&self.pins)
    }

    /// Which frames have a trace, in ascending order.
    pub(super) fn frames(&self) -> Vec<u32> {
        self.late.lock().iter().map(|(frame, _)| *frame).collect()
    }

    /// The traces that have begun.
    pub fn traces(&self) -> Vec<Arc<Trace>> {
        self.late.lock().iter().map(|(_, trace)| Arc::clone(trace)).collect()
    }

    /// Whether any trace has begun.
    pub fn any(&self) -> bool {
        !self.late.lock().is_empty()
    }

    /// The trace of a frame, if it has one.
    pub fn trace(&self, frame: u32) -> Option<Arc<Trace>> {
        let late = self.late.lock();
        let found = late.binary_search_by_key(&frame, |(other, _)| *other).ok()?;
        late.get(found).map(|(_, trace)| Arc::clone(trace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_few_pins_and_a_batch_without_any_knows_nothing_of_them() {
        let (pins, pin) =
            (Pins::default(), |key: u8| Pin { state: "s".into(), key: Key::from(key) });
        assert!(pins.watch().is_none());
        for key in 0..8 {
            assert!(pins.pin(pin(key)) && pins.pin(pin(key)));
        }
        assert!(!pins.pin(pin(8)));
        let watch = pins.watch().unwrap();
        assert!(watch.takes("s", &Key::from(3_u8), Timestamp::default));
        assert!(!watch.takes("s", &Key::from(8_u8), Timestamp::default));
        assert!(!watch.takes("other", &Key::from(3_u8), Timestamp::default));
        assert!((0..8).all(|key| pins.unpin(&pin(key))));
        assert!(pins.watch().is_none() && !pins.unpin(&pin(1)));
    }

    #[test]
    fn a_pinned_key_with_a_flood_of_messages_does_not_make_a_flood_of_traces() {
        let pins = Pins::default();
        pins.pin(Pin { state: "s".into(), key: Key::from(1_u8) });
        let watch = pins.watch().unwrap();
        let taken = (0..10_000).filter(|_| watch.takes("s", &Key::from(1_u8), Timestamp::default));
        assert_eq!(taken.count(), 200);
        let watch = pins.watch_all_of(Arc::from([Key::from(2_u8)]));
        let taken =
            (0..10_000).filter(|_| watch.takes("any", &Key::from(2_u8), Timestamp::default));
        assert_eq!(taken.count(), 10_000, "of these, every one");
        assert!(!watch.takes("s", &Key::from(3_u8), Timestamp::default));
    }
}
