//! In which order a worker ran which segment on which batch.
//!
//! A schedule is a list of entries, one after another. An entry begins with a byte: two bits say what it is, one whether the
//! batch was done, one whether own messages went on at once, and four bits are the stage, or 15 if a number follows. A
//! number is a varint: 7 bits in a byte, the lowest first. Frames take a byte or two, a batch of another worker some more.

use thiserror::Error;

use crate::application::Key;
use crate::core::numbers::{PipelineIndex, SequenceNumber, WorkerIndex};

/// Which segment of which pipeline, from 0: the segments of the first pipeline come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageIndex(pub usize);

/// How a run of a segment began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// With the frames that the worker took next.
    Frames {
        /// Whether the messages that stay on the worker went on at once.
        at_once: bool,
    },
    /// With the next batch that this worker had sent.
    Routed {
        /// The worker.
        from: WorkerIndex,
        /// The number of the first of the frames that it was made of.
        first: SequenceNumber,
    },
    /// With the batch that was in progress.
    Continued,
}

/// How far a run of a segment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// The batch was done.
    Done,
    /// So many pieces were worked off, and the batch was still in progress.
    Pieces(u32),
}

/// An entry of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A segment ran.
    Run {
        /// Which segment.
        stage: StageIndex,
        /// How it began.
        begun: Begun,
        /// How far it came.
        ran: Ran,
    },
    /// A person gave a poisoned partition back to its computations.
    Revived {
        /// Which state, in the order of the names.
        state: usize,
        /// The partition's key.
        key: Key,
    },
    /// A person took back a message: all partitions became what they would be without it. Nothing else is in its chapter.
    TakenBack {
        /// The message's pipeline.
        pipeline: PipelineIndex,
        /// Its number there.
        sequence: SequenceNumber,
    },
}

/// A schedule holds what no program of this version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("byte {at} of the schedule is of no entry that this program knows")]
pub struct NoEntry {
    /// Where the entry begins.
    pub at: usize,
}

const FRAMES: u8 = 0;
const ROUTED: u8 = 1;
const CONTINUED: u8 = 2;
const REVIVED: u8 = 3;
const TAKEN_BACK: u8 = 7;
const KIND: u8 = 0b0011;
const DONE: u8 = 0b0100;
const AT_ONCE: u8 = 0b1000;
const STAGE_SHIFT: u32 = 4;
/// The stage is a number that follows.
const STAGE_FOLLOWS: u8 = 15;

/// Appends an entry to a schedule.
pub fn append(schedule: &mut Vec<u8>, entry: &Entry) {
    match entry {
        Entry::Run { stage, begun, ran } => append_run(schedule, *stage, *begun, *ran),
        Entry::Revived { state, key } => {
            schedule.push(REVIVED);
            append_number(schedule, *state as u64);
            append_number(schedule, key.as_bytes().len() as u64);
            schedule.extend_from_slice(key.as_bytes());
        }
        Entry::TakenBack { pipeline, sequence } => {
            schedule.push(TAKEN_BACK);
            append_number(schedule, pipeline.0 as u64);
            append_number(schedule, sequence.0);
        }
    }
}

/// Appends a run of a segment.
pub fn append_run(schedule: &mut Vec<u8>, stage: StageIndex, begun: Begun, ran: Ran) {
    let kind = match begun {
        Begun::Frames { at_once: false } => FRAMES,
        Begun::Frames { at_once: true } => FRAMES | AT_ONCE,
        Begun::Routed { .. } => ROUTED,
        Begun::Continued => CONTINUED,
    };
    let done = if ran == Ran::Done { DONE } else { 0 };
    let short = u8::try_from(stage.0).ok().filter(|stage| *stage < STAGE_FOLLOWS);
    schedule.push(kind | done | short.unwrap_or(STAGE_FOLLOWS) << STAGE_SHIFT);
    if short.is_none() {
        append_number(schedule, stage.0 as u64);
    }
    if let Begun::Routed { from, first } = begun {
        append_number(schedule, from.0 as u64);
        append_number(schedule, first.0);
    }
    if let Ran::Pieces(pieces) = ran {
        append_number(schedule, pieces.into());
    }
}

fn append_number(schedule: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        schedule.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    schedule.push((number & 0x7f) as u8);
}

/// The entries of a schedule, in order. After an error, there are no more.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    /// Those of this schedule.
    pub fn new(schedule: &'a [u8]) -> Self {
        Self { bytes: schedule, at: 0 }
    }

    /// Where the next entry begins.
    pub fn position(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The last byte has room for one bit.
            number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn small(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn entry(&mut self) -> Option<Entry> {
        let head = self.byte()?;
        if head == REVIVED {
            let (state, length) = (self.small()?, self.small()?);
            let key = self.bytes.get(self.at..self.at.checked_add(length)?)?;
            self.at += length;
            return Some(Entry::Revived { state, key: Key::from(key) });
        }
        if head == TAKEN_BACK {
            let pipeline = PipelineIndex(self.small()?);
            return Some(Entry::TakenBack { pipeline, sequence: SequenceNumber(self.number()?) });
        }
        let stage = match head >> STAGE_SHIFT {
            STAGE_FOLLOWS => self.small()?,
            stage => stage.into(),
        };
        let at_once = head & AT_ONCE != 0;
        let begun = match head & KIND {
            FRAMES => Begun::Frames { at_once },
            ROUTED if !at_once => {
                let from = WorkerIndex(self.small()?);
                Begun::Routed { from, first: SequenceNumber(self.number()?) }
            }
            CONTINUED if !at_once => Begun::Continued,
            _ => return None,
        };
        let ran = if head & DONE == 0 {
            Ran::Pieces(u32::try_from(self.number()?).ok()?)
        } else {
            Ran::Done
        };
        Some(Entry::Run { stage: StageIndex(stage), begun, ran })
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, NoEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let at = self.at;
        let entry = self.entry().ok_or(NoEntry { at });
        if entry.is_err() {
            self.at = self.bytes.len();
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = Entry> {
        let stage = prop_oneof![0..20_usize, any::<u32>().prop_map(|stage| stage as usize)];
        let begun = prop_oneof![
            any::<bool>().prop_map(|at_once| Begun::Frames { at_once }),
            (0..300_usize, any::<u64>()).prop_map(|(from, first)| {
                let (from, first) = (WorkerIndex(from), SequenceNumber(first));
                Begun::Routed { from, first }
            }),
            Just(Begun::Continued),
        ];
        let ran = prop_oneof![Just(Ran::Done), any::<u32>().prop_map(Ran::Pieces)];
        let run = (stage, begun, ran).prop_map(|(stage, begun, ran)| Entry::Run {
            stage: StageIndex(stage),
            begun,
            ran,
        });
        let revived = (0..9_usize, any::<Vec<u8>>())
            .prop_map(|(state, key)| Entry::Revived { state, key: Key::from(key.as_slice()) });
        let taken_back = (0..9_usize, any::<u64>()).prop_map(|(pipeline, sequence)| {
            let (pipeline, sequence) = (PipelineIndex(pipeline), SequenceNumber(sequence));
            Entry::TakenBack { pipeline, sequence }
        });
        prop_oneof![9 => run, 1 => revived, 1 => taken_back]
    }

    proptest! {
        #[test]
        fn a_schedule_has_the_entries_that_were_appended(
            entries in prop::collection::vec(entry(), 0..50),
        ) {
            let mut schedule = Vec::new();
            for entry in &entries {
                append(&mut schedule, entry);
            }
            let read: Result<Vec<_>, _> = Entries::new(&schedule).collect();
            prop_assert_eq!(read, Ok(entries));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            for entry in Entries::new(&bytes) {
                let _ = entry;
            }
        }
    }

    #[test]
    fn a_batch_of_the_first_stages_takes_few_bytes() {
        let mut schedule = Vec::new();
        append_run(&mut schedule, StageIndex(14), Begun::Frames { at_once: true }, Ran::Done);
        assert_eq!(schedule.len(), 1);
        let (from, first) = (WorkerIndex(3), SequenceNumber(200_000_000));
        append_run(&mut schedule, StageIndex(1), Begun::Routed { from, first }, Ran::Done);
        assert_eq!(schedule.len(), 7);
    }
}
