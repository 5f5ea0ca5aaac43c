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
    /// They stand in the place of frames of this source, which end at this offset there.
    InPlaceOf(Arc<str>, u64),
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
            Origin::Nowhere | Origin::Journal(_) | Origin::InPlaceOf(..) => Self::No,
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

impl Origin {
    /// That of the frames behind the first ones, of which there are so many and which are taken apart from them.
    pub fn behind(&self, frames: u64) -> Self {
        match self {
            Self::Journal(JournalPosition { row, frames: before }) => {
                Self::Journal(JournalPosition { row: *row, frames: before + frames })
            }
            Self::Nowhere | Self::Source(_) | Self::InPlaceOf(..) => self.clone(),
        }
    }

    /// That of a frame in the place of one that ends at this offset of its source.
    pub fn in_place_of(&self, end: u64) -> Self {
        match self {
            Self::Source(source) => Self::InPlaceOf(Arc::clone(source), end),
            // A row of the journal counts its frames.
            Self::Nowhere | Self::Journal(_) | Self::InPlaceOf(..) => self.clone(),
        }
    }
}

impl Taken {
    /// Notes that these frames of `waiting` have been taken. The rest of it keeps waiting.
    pub fn note(&mut self, slot: Slot, origin: &mut Origin, frames: &Frames) {
        match origin {
            Origin::Nowhere => {}
            Origin::Source(name) => self.note_source(name, frames.end_offset()),
            Origin::InPlaceOf(name, end) => self.note_source(name, *end),
            Origin::Journal(position) => {
                position.frames += frames.len() as u64;
                self.journal.insert(slot, *position);
            }
        }
    }

    fn note_source(&mut self, name: &Arc<str>, end: u64) {
        match self.sources.get_mut(name) {
            Some(taken) => *taken = end,
            None => drop(self.sources.insert(Arc::clone(name), end)),
        }
    }
}
