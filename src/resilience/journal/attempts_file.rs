//! The file of attempts: what a start replays, written before it is in work, and what became of it.
//!
//! It is advice and no data: if it is missing, or torn by a power cut, no frame is suspected. It must survive
//! the process but not the machine, because no frame can stop the machine. So it is never synchronized with
//! the disk, and a write takes about a microsecond.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::attempts::{Care, Mark, Part, Record, Suspect, Unit};
use crate::resilience::directory::{Directory, JOURNAL_FILE, private};
use crate::resilience::error::ResilienceError;
use crate::resilience::sealed::{Seal, checksum, integer, unsigned};

/// How many numbers of 8 bytes, little-endian, the mark has: kind, row, first frame, count, checksum.
const MARK: usize = 5;

/// How many an entry has: row, frame, deaths, checksum. They follow the mark.
const ENTRY: usize = 4;

/// The frame of an entry that says that its row must be replayed frame by frame.
const WHOLE_ROW: u64 = u64::MAX;

/// What is known of earlier starts, and the file that says it to later ones.
#[derive(Debug)]
pub struct Attempts {
    file: File,
    path: PathBuf,
    seal: Seal,
    record: Record,
}

impl Attempts {
    /// Makes or opens the attempts of a directory.
    ///
    /// # Errors
    ///
    /// The file cannot be made, read or written.
    pub fn open(directory: &Directory) -> Result<Self, ResilienceError> {
        let path = path(&directory.path().join(JOURNAL_FILE));
        let seal = Seal::of_journal(directory.identity());
        let record = read(&path, seal)?;
        let file =
            private::open_file(&path).map_err(|error| ResilienceError::system(&path, error))?;
        Ok(Self { file, path, seal, record })
    }

    /// Begins a replay, and returns how careful it must be. The file is written when this returns.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn begin(&mut self) -> Result<Care, ResilienceError> {
        let before = self.record.clone();
        let care = self.record.begin();
        // The mark first: a start that ends in between loses a death, and never counts one twice.
        self.write_mark()?;
        if before.rows != self.record.rows || before.frames != self.record.frames {
            self.write_entries()?;
        }
        Ok(care)
    }

    /// The parts of a row whose frames from `done` to `frames` are replayed, in their order.
    pub fn parts(&self, care: Care, row: u64, done: u64, frames: u64) -> Vec<Part> {
        self.record.parts(care, row, done, frames)
    }

    /// These frames are in work from now on, and nothing else of the replay.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn enter(&mut self, unit: Unit) -> Result<(), ResilienceError> {
        self.record.mark = Mark::InWork(unit);
        self.write_mark()
    }

    /// The outputs of what is in work are being written: an end of the process now does not count against it.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn wait(&mut self) -> Result<(), ResilienceError> {
        self.record.mark = Mark::Careful;
        self.write_mark()
    }

    /// They have been processed to their end.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn leave(&mut self, unit: Unit) -> Result<(), ResilienceError> {
        let acquitted = self.record.acquit(unit);
        self.write_mark()?;
        if acquitted { self.write_entries() } else { Ok(()) }
    }

    /// All has been replayed.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn finish(&mut self) -> Result<(), ResilienceError> {
        self.record.finish();
        self.write_entries()?;
        self.write_mark()
    }

    /// Forgets the rows that the journal has dropped.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget(&mut self, is_live: impl Fn(u64) -> bool) -> Result<(), ResilienceError> {
        if self.record.forget(is_live) { self.write_entries() } else { Ok(()) }
    }

    fn write_mark(&self) -> Result<(), ResilienceError> {
        let (kind, unit) = match self.record.mark {
            Mark::Nothing => (0, None),
            Mark::FullSpeed => (1, None),
            Mark::Careful => (2, None),
            Mark::InWork(unit) => (3, Some(unit)),
        };
        let Unit { row, first, count } = unit.unwrap_or(Unit { row: 0, first: 0, count: 0 });
        let bytes = sealed(self.seal, &[kind, row, first, count]);
        self.done(self.file.write_all_at(&bytes, 0))
    }

    fn write_entries(&self) -> Result<(), ResilienceError> {
        let rows = self.record.rows.iter().map(|row| [*row, WHOLE_ROW, 0]);
        let frames =
            self.record.frames.iter().map(|((row, frame), deaths)| [*row, *frame, *deaths]);
        let bytes: Vec<u8> =
            rows.chain(frames).flat_map(|entry| sealed(self.seal, &entry)).collect();
        let begin = (MARK * 8) as u64;
        let written = self.file.write_all_at(&bytes, begin);
        self.done(written.and_then(|()| self.file.set_len(begin + bytes.len() as u64)))
    }

    fn done(&self, written: io::Result<()>) -> Result<(), ResilienceError> {
        written.map_err(|error| ResilienceError::system(&self.path, error))
    }
}

/// The frames of a journal that starts have ended on, with the last start if it has ended.
pub(crate) fn suspects(journal: &Path, seal: Seal) -> Result<Vec<Suspect>, ResilienceError> {
    let mut record = read(&path(journal), seal)?;
    record.begin();
    Ok(record.suspects())
}

/// Where the attempts of a journal are.
fn path(journal: &Path) -> PathBuf {
    journal.with_extension("attempts")
}

/// Numbers, and their checksum.
fn sealed(seal: Seal, numbers: &[u64]) -> Vec<u8> {
    let numbers = numbers.iter().copied();
    let sum = unsigned(checksum(Some(seal), numbers.clone().map(integer)));
    numbers.chain([sum]).flat_map(u64::to_le_bytes).collect()
}

/// The numbers of which [`sealed`] made these.
fn opened(seal: Seal, bytes: &[[u8; 8]]) -> Option<Vec<u64>> {
    let numbers: Vec<u64> = bytes.iter().map(|number| u64::from_le_bytes(*number)).collect();
    let (_, numbers) = numbers.split_last()?;
    (sealed(seal, numbers) == *bytes.as_flattened()).then(|| numbers.to_vec())
}

fn read(path: &Path, seal: Seal) -> Result<Record, ResilienceError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::default()),
        read => read.map_err(|error| ResilienceError::system(path, error))?,
    };
    let numbers = bytes.as_chunks::<8>().0;
    let (mark, entries) = numbers.split_at(numbers.len().min(MARK));
    let mark = match opened(seal, mark).as_deref() {
        Some([1, ..]) => Mark::FullSpeed,
        Some([2, ..]) => Mark::Careful,
        Some([3, row, first, count]) => {
            Mark::InWork(Unit { row: *row, first: *first, count: *count })
        }
        _ => Mark::Nothing,
    };
    let mut record = Record { mark, ..Record::default() };
    for entry in entries.chunks(ENTRY) {
        match opened(seal, entry).as_deref() {
            Some([row, WHOLE_ROW, _]) => drop(record.rows.insert(*row)),
            Some([row, frame, deaths]) => drop(record.frames.insert((*row, *frame), *deaths)),
            _ => {}
        }
    }
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::Durability;

    #[test]
    fn the_next_start_knows_what_was_in_work_and_a_torn_file_accuses_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::take(folder.path(), "x", Durability::Process).unwrap();
        let open = || Attempts::open(&directory).unwrap();
        assert_eq!(open().begin().unwrap(), Care::FullSpeed);
        for _ in 0..2 {
            let mut attempts = open();
            assert_eq!(attempts.begin().unwrap(), Care::OneAtATime);
            attempts.enter(Unit { row: 7, first: 3, count: 1 }).unwrap();
        }
        let mut attempts = open();
        attempts.begin().unwrap();
        attempts.enter(Unit { row: 8, first: 0, count: 4 }).unwrap();
        let mut attempts = open();
        let care = attempts.begin().unwrap();
        let parts = |row| attempts.parts(care, row, 2, 5);
        assert_eq!(parts(7), [Part::Enters(2..3), Part::SetAside(3), Part::Enters(4..5)]);
        assert_eq!(parts(8), [Part::Enters(2..3), Part::Enters(3..4), Part::Enters(4..5)]);
        assert_eq!(parts(9), [Part::Enters(2..5)]);
        let seal = Seal::of_journal(directory.identity());
        let journal = folder.path().join(JOURNAL_FILE);
        let found = suspects(&journal, seal).unwrap();
        assert_eq!(found, [Suspect { row: 7, frame: 3, deaths: 2 }]);

        let whole = fs::read(path(&journal)).unwrap();
        for at in 0..whole.len() {
            let mut torn = whole.clone();
            torn[at] ^= 1;
            fs::write(path(&journal), &torn).unwrap();
            let found = read(&path(&journal), seal).unwrap();
            assert!(found.frames.is_empty() || found.frames == open().record.frames);
            fs::write(path(&journal), &whole[..at]).unwrap();
            let found = read(&path(&journal), seal).unwrap();
            assert!(found.frames.is_empty());
        }
    }
}
