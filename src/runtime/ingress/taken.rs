//! Which frames workers have taken, and how they are found again after a crash.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::frames::Frames;
use crate::resilience::{JournalPosition, Slot};

/// How taken frames are found again after a crash.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// They cannot be found again.
    Nowhere,
    /// In this source, which can be read again.
    Source(Arc<str>),
    /// In this row of the journal, of which this many frames have been taken before.
    Journal(JournalPosition),
}

/// Whether frames can be read from their source again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rereadable {
    Yes,
    No,
}

impl From<&Origin> for Rereadable {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Source(_) => Self::Yes,
            Origin::Nowhere | Origin::Journal(_) => Self::No,
        }
    }
}

/// Which frames have been taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    /// How many bytes, per source; how many messages of one that makes them itself.
    pub sources: BTreeMap<Arc<str>, u64>,
    /// How much of the journal, per slot.
    pub journal: BTreeMap<Slot, JournalPosition>,
}

impl Taken {
    /// Notes that these frames of `waiting` have been taken. The rest of it keeps waiting.
    pub fn note(&mut self, slot: Slot, origin: &mut Origin, frames: &Frames) {
        match origin {
            Origin::Nowhere => {}
            Origin::Source(name) => {
                let end = frames.end_offset();
                match self.sources.get_mut(name) {
                    Some(taken) => *taken = end,
                    None => drop(self.sources.insert(Arc::clone(name), end)),
                }
            }
            Origin::Journal(position) => {
                position.frames += frames.len() as u64;
                self.journal.insert(slot, *position);
            }
        }
    }
}
