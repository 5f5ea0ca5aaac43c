//! Where the contestants that are written by hand put their lines.

use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use crate::frames::BLOCK;

/// Where lines go. Clones write to the same place, whole blocks of lines at a time.
#[derive(Clone)]
pub enum Output {
    /// They are dropped.
    Null,
    /// To a file.
    File(Arc<File>),
    /// To a receiver.
    Tcp(Arc<TcpStream>),
}

impl Output {
    fn write(&self, lines: &[u8]) -> io::Result<()> {
        match self {
            Self::Null => Ok(()),
            Self::File(file) => file.as_ref().write_all(lines),
            Self::Tcp(stream) => stream.as_ref().write_all(lines),
        }
    }
}

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// How many lines.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Written {
    /// How much two have written together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { lines: self.lines + other.lines, bytes: self.bytes + other.bytes }
    }
}

/// Lines on their way to an output.
pub struct Lines {
    output: Output,
    buffer: Vec<u8>,
    written: Written,
    failed: Option<io::Error>,
}

impl Lines {
    /// Nothing is written yet.
    pub fn new(output: Output) -> Self {
        let buffer = Vec::with_capacity(BLOCK + BLOCK / 8);
        Self { output, buffer, written: Written::default(), failed: None }
    }

    /// Writes the line that `push` appends.
    #[inline]
    pub fn line(&mut self, push: impl FnOnce(&mut Vec<u8>)) {
        push(&mut self.buffer);
        self.written.lines += 1;
        if self.buffer.len() >= BLOCK {
            self.flush();
        }
    }

    /// Writes what waits.
    fn flush(&mut self) {
        self.written.bytes += self.buffer.len() as u64;
        let written = self.output.write(&self.buffer);
        self.failed = self.failed.take().or(written.err());
        self.buffer.clear();
    }

    /// Writes the rest. The first error of all writing is told here.
    pub fn finish(&mut self) -> io::Result<Written> {
        self.flush();
        self.failed.take().map_or(Ok(self.written), Err)
    }
}
