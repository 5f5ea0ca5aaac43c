//! All dead letters as a file of JSON lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::core::dead_letter::DeadLetter;

/// A file that gets a JSON line for each dead letter.
#[derive(Debug)]
pub struct DeadLetterFile {
    writer: BufWriter<File>,
    failure: Option<io::Error>,
}

impl DeadLetterFile {
    /// Makes the file anew.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { writer: BufWriter::new(File::create(path)?), failure: None })
    }

    /// Appends dead letters, and sees to it that they are in the file.
    pub(super) fn write<'a>(&mut self, letters: impl IntoIterator<Item = &'a DeadLetter>) {
        if self.failure.is_some() {
            return;
        }
        let outcome = letters.into_iter().try_for_each(|letter| {
            serde_json::to_writer(&mut self.writer, letter)?;
            self.writer.write_all(b"\n")
        });
        self.failure = outcome.and_then(|()| self.writer.flush()).err();
    }

    /// Why not all dead letters are in the file, where that is so.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}
