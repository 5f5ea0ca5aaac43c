//! All dead letters as a file of JSON lines.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::core::dead_letter::DeadLetter;
use crate::core::json::write_json;
use crate::endpoints::{cut, open_to_write};

/// A file that gets a JSON line for each dead letter.
#[derive(Debug)]
pub struct DeadLetterFile {
    path: PathBuf,
    file: File,
    failure: Option<io::Error>,
    /// Lines that are not yet in the file.
    lines: Vec<u8>,
    /// Whether it is known what becomes of what was in the file before.
    begun: bool,
}

impl DeadLetterFile {
    /// Opens the file, or makes it. What is in it stays there until the run has begun.
    ///
    /// # Errors
    ///
    /// It can neither be opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open_to_write(path)?;
        let path = path.to_owned();
        Ok(Self { path, file, failure: None, lines: Vec::new(), begun: false })
    }

    /// The run has begun: drops what was in the file before, or goes on after its last whole line
    /// where the run goes on with an earlier one.
    pub(super) fn begin(&mut self, continues: bool) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let from = if continues { end_of_lines(&self.path) } else { Ok(0) };
        self.failure = from.and_then(|from| cut(&self.file, from)).err();
        self.flush();
    }

    /// Appends dead letters, and sees to it that they are in the file as soon as the run has begun.
    pub(super) fn write<'a>(&mut self, letters: impl IntoIterator<Item = &'a DeadLetter>) {
        if self.failure.is_some() {
            return;
        }
        for letter in letters {
            if let Err(error) = write_json(&mut self.lines, letter) {
                self.failure = Some(error.into());
                return;
            }
            self.lines.push(b'\n');
        }
        if self.begun {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.failure.is_none() {
            self.failure = self.file.write_all(&self.lines).err();
        }
        self.lines.clear();
    }

    /// Why not all dead letters are in the file, where that is so: after a failure nothing more is
    /// written, so that the file has no gaps and ends in at most one torn line.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }
}

/// Where the last whole line of a plain file ends. After it there may be one that the end of a process
/// has torn: its letter comes again, because no checkpoint counted that would have left it behind.
fn end_of_lines(path: &Path) -> io::Result<u64> {
    const PIECE: u64 = 64 * 1024;
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Ok(0);
    }
    let (mut file, mut end) = (File::open(path)?, metadata.len());
    while end > 0 {
        let begin = end.saturating_sub(PIECE);
        let mut piece = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        Read::by_ref(&mut file).take(end - begin).read_to_end(&mut piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}
