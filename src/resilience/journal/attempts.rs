//! Which frame of the journal ends the process again and again, found out from start to start: the rules,
//! without files.
//!
//! ```text
//! nothing is suspected   the journal is replayed at full speed
//! that never ended       the next start replays it with care: row by row, one at a time
//! it ended in a row      the next start replays that row frame by frame
//! it ended in a frame    one death of that frame; after two of them the frame is set aside
//! ```
//!
//! Invariants: a death counts for a frame only if that frame alone was in work, not while it waited to be
//! taken or its outputs waited to be written; a frame that is processed to its end is suspected no longer; what is
//! written per start and per row or frame is a few bytes, and per start only while nothing is suspected.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// How many starts must have ended while a frame alone was in work before it is set aside.
pub const DEATHS: u64 = 2;

/// Frames of one row that are in work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// The row of the journal.
    pub row: u64,
    /// The first frame, from 0.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// What was under way when the file was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mark {
    /// No replay.
    #[default]
    Nothing,
    /// A replay at full speed.
    FullSpeed,
    /// A replay with care, with nothing in work.
    Careful,
    /// A replay with care, with these frames in work.
    InWork(Unit),
}

/// How the journal is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// All at once.
    FullSpeed,
    /// One row or frame at a time.
    OneAtATime,
}

/// A part of a row, as it is to be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These frames enter together.
    Enters(Range<u64>),
    /// This frame is set aside.
    SetAside(u64),
}

/// A frame that starts have ended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Suspect {
    /// Its row.
    pub row: u64,
    /// Its place in the row, from 0.
    pub frame: u64,
    /// How many starts ended while it alone was in work.
    pub deaths: u64,
}

/// What is known of earlier starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub mark: Mark,
    /// Rows that must be replayed frame by frame.
    pub rows: BTreeSet<u64>,
    /// By row and frame, how many starts ended while it alone was in work.
    pub frames: BTreeMap<(u64, u64), u64>,
}

impl Record {
    /// A start begins: takes note of how the one before ended, and says how to replay.
    pub fn begin(&mut self) -> Care {
        let (mark, care) = match self.mark {
            Mark::Nothing => (Mark::FullSpeed, Care::FullSpeed),
            Mark::FullSpeed | Mark::Careful => (Mark::Careful, Care::OneAtATime),
            Mark::InWork(Unit { row, first, count: 1 }) => {
                *self.frames.entry((row, first)).or_default() += 1;
                (Mark::Careful, Care::OneAtATime)
            }
            Mark::InWork(Unit { row, .. }) => {
                self.rows.insert(row);
                (Mark::Careful, Care::OneAtATime)
            }
        };
        self.mark = mark;
        care
    }

    /// The parts of a row whose frames from `done` to `frames` are replayed, in their order.
    pub fn parts(&self, care: Care, row: u64, done: u64, frames: u64) -> Vec<Part> {
        let alone = care == Care::OneAtATime && self.is_split(row);
        let mut parts: Vec<Part> = Vec::new();
        for frame in done..frames {
            match parts.last_mut() {
                _ if self.is_condemned(row, frame) => parts.push(Part::SetAside(frame)),
                Some(Part::Enters(range)) if !alone => range.end = frame + 1,
                _ => parts.push(Part::Enters(frame..frame + 1)),
            }
        }
        parts
    }

    fn is_split(&self, row: u64) -> bool {
        self.rows.contains(&row) || self.frames.range((row, 0)..=(row, u64::MAX)).next().is_some()
    }

    fn is_condemned(&self, row: u64, frame: u64) -> bool {
        self.frames.get(&(row, frame)).is_some_and(|deaths| *deaths >= DEATHS)
    }

    /// Frames have been processed to their end. True if one was suspected.
    pub fn acquit(&mut self, unit: Unit) -> bool {
        self.mark = Mark::Careful;
        unit.count == 1 && self.frames.remove(&(unit.row, unit.first)).is_some()
    }

    /// All has been replayed. What was set aside is remembered, because it may have to be replayed again.
    pub fn finish(&mut self) {
        self.mark = Mark::Nothing;
        self.rows.clear();
        self.frames.retain(|_, deaths| *deaths >= DEATHS);
    }

    /// Forgets the rows that a whole checkpoint has left behind. True if there were any.
    pub fn forget(&mut self, is_live: impl Fn(u64) -> bool) -> bool {
        let before = self.rows.len() + self.frames.len();
        self.rows.retain(|row| is_live(*row));
        self.frames.retain(|(row, _), _| is_live(*row));
        self.rows.len() + self.frames.len() < before
    }

    /// The frames that starts have ended on.
    pub fn suspects(&self) -> Vec<Suspect> {
        let suspect = |(&(row, frame), &deaths)| Suspect { row, frame, deaths };
        self.frames.iter().map(suspect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start whose replay of rows of these many frames (numbered from 1) dies when `dies` is true of a
    /// frame. Returns what was set aside, and whether it ended well.
    fn start(
        record: &mut Record,
        rows: &[u64],
        dies: impl Fn(u64, u64) -> bool,
    ) -> (Vec<(u64, u64)>, bool) {
        let care = record.begin();
        let mut aside = Vec::new();
        for (row, frames) in (1..).zip(rows) {
            for part in record.parts(care, row, 0, *frames) {
                let range = match part {
                    Part::SetAside(frame) => {
                        aside.push((row, frame));
                        continue;
                    }
                    Part::Enters(range) => range,
                };
                let unit = Unit { row, first: range.start, count: range.end - range.start };
                if care == Care::OneAtATime {
                    record.mark = Mark::InWork(unit);
                }
                if range.into_iter().any(|frame| dies(row, frame)) {
                    return (aside, false);
                }
                if care == Care::OneAtATime {
                    record.acquit(unit);
                }
            }
        }
        record.finish();
        (aside, true)
    }

    #[test]
    fn a_frame_that_ends_every_start_is_found_among_many_and_set_aside_alone() {
        let (mut record, rows) = (Record::default(), [3, 100, 1]);
        let mut starts = 0;
        let aside = loop {
            starts += 1;
            let (aside, well) = start(&mut record, &rows, |row, frame| (row, frame) == (2, 57));
            if well {
                break aside;
            }
            assert!(aside.is_empty());
        };
        assert_eq!(aside, [(2, 57)]);
        // At full speed, the row, and twice the frame alone.
        assert_eq!(starts, 5);
        // As long as no checkpoint has left it behind, it stays aside at full speed.
        assert_eq!(start(&mut record, &rows, |row, frame| (row, frame) == (2, 57)), (aside, true));
        assert!(record.forget(|_| false));
        assert_eq!(record, Record::default());
    }

    #[test]
    fn a_frame_alone_in_its_row_is_set_aside_by_the_fourth_start() {
        let mut record = Record::default();
        for _ in 0..3 {
            assert_eq!(start(&mut record, &[1, 1], |row, _| row == 2), (Vec::new(), false));
        }
        assert_eq!(start(&mut record, &[1, 1], |row, _| row == 2), (vec![(2, 0)], true));
    }

    #[test]
    fn several_frames_are_each_found() {
        let (mut record, rows) = (Record::default(), [4, 4]);
        let bad = |row, frame| (row, frame) == (1, 2) || row == 2 && frame >= 2;
        let mut starts = 0;
        while !start(&mut record, &rows, bad).1 {
            starts += 1;
            assert!(starts < 10);
        }
        let (aside, _) = start(&mut record, &rows, bad);
        assert_eq!(aside, [(1, 2), (2, 2), (2, 3)]);
    }

    #[test]
    fn ends_at_other_moments_condemn_nothing() {
        let mut record = Record::default();
        let mut ends = [7, 3, 3, 9, 1, 1, 4, 3, 8].into_iter();
        // Each start is killed in another frame than the one before, or after the frame was processed once.
        let mut last = u64::MAX;
        for _ in 0..9 {
            let end = ends.next().unwrap();
            let end = if end == last { end + 1 } else { end };
            last = end;
            let (aside, well) = start(&mut record, &[1; 10], |row, _| row == end);
            assert!(aside.is_empty() && !well);
        }
        assert_eq!(start(&mut record, &[1; 10], |_, _| false), (Vec::new(), true));
        assert_eq!(record, Record::default());
    }

    #[test]
    fn a_frame_that_was_processed_once_begins_anew() {
        let mut record = Record::default();
        for _ in 0..2 {
            start(&mut record, &[1, 1], |row, _| row == 1);
        }
        assert_eq!(record.frames, BTreeMap::new());
        start(&mut record, &[1, 1], |row, _| row == 2);
        assert_eq!(record.suspects(), []);
        start(&mut record, &[1, 1], |row, _| row == 1);
        assert_eq!(record.suspects(), [Suspect { row: 2, frame: 0, deaths: 1 }]);
    }
}
