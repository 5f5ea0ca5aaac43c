//! All dead letters as a file of JSON lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::core::dead_letter::DeadLetter;
use crate::endpoints::{empty, open_to_write};

/// A file that gets a JSON line for each dead letter.
#[derive(Debug)]
pub struct DeadLetterFile {
    writer: BufWriter<File>,
    failure: Option<io::Error>,
    /// Whether what was in the file before has been dropped.
    begun: bool,
}

impl DeadLetterFile {
    /// Opens the file, or makes it. What is in it stays there until the run has begun.
    ///
    /// # Errors
    ///
    /// It can neither be opened nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { writer: BufWriter::new(open_to_write(path)?), failure: None, begun: false })
    }

    /// Drops what was in the file before: the run has begun.
    pub(super) fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.failure = empty(self.writer.get_ref()).err();
        }
    }

    /// Appends dead letters, and sees to it that they are in the file.
    pub(super) fn write<'a>(&mut self, letters: impl IntoIterator<Item = &'a DeadLetter>) {
        self.begin();
        if self.failure.is_some() {
            return;
        }
        let outcome = letters.into_iter().try_for_each(|letter| {
            serde_json::to_writer(&mut self.writer, letter)?;
            self.writer.write_all(b"\n")
        });
        self.failure = outcome.and_then(|()| self.writer.flush()).err();
    }

    /// Why not all dead letters are in the file, where that is so: after a failure nothing more is
    /// written, so that the file has no gaps and ends in at most one torn line.
    pub(super) fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }
}
