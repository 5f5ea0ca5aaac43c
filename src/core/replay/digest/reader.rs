//! Reads a digest, epoch by epoch.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use serde::de::DeserializeOwned;
use thiserror::Error;

use super::epoch::{EpochDigest, Header};
use super::hash::hash;
use super::line::{FORMAT, First, Last, OfEpoch, OfPartition, VERSION};

/// The longest line in bytes: room for the longest key, of which each byte may be five characters.
const MAX_LINE: u64 = 128 * 1024 * 1024;

/// A file is no digest that can be read.
#[derive(Debug, Error)]
pub enum DigestError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("it is no digest: make one with `replay --digest`")]
    NoDigest,
    /// It is of another version of the format.
    #[error(
        "it has version {found} of the format, and this program reads {VERSION}: make it anew with this program"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// A line is not what it must be.
    #[error("line {line} is damaged: {reason}; make the digest anew")]
    Damaged {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The end is missing.
    #[error(
        "it ends too early, after line {line}: the replay that wrote it did not end; make it anew"
    )]
    Truncated {
        /// The number of the last line.
        line: u64,
    },
}

/// Reads a digest, epoch by epoch. It has one epoch in memory.
pub struct DigestReader<R> {
    from: R,
    header: Header,
    line: u64,
    checksum: u64,
    epochs: u64,
    is_at_end: bool,
}

impl<R: BufRead> DigestReader<R> {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// It is no digest of this version.
    pub fn new(from: R) -> Result<Self, DigestError> {
        let header = Header::default();
        let mut reader = Self { from, header, line: 0, checksum: 0, epochs: 0, is_at_end: false };
        let line = reader.read_line().map_err(|error| match error {
            DigestError::Io(error) => DigestError::Io(error),
            _ => DigestError::NoDigest,
        })?;
        let value: serde_json::Value =
            serde_json::from_slice(&line).map_err(|_| DigestError::NoDigest)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        let version = version.and_then(|version| u32::try_from(version).ok());
        match version {
            Some(found) if value.get("format").is_some_and(|format| format == FORMAT) => {
                if found != VERSION {
                    return Err(DigestError::Version { found });
                }
            }
            _ => return Err(DigestError::NoDigest),
        }
        let first: First = reader.parse(&line)?;
        reader.header = first.header;
        Ok(reader)
    }

    /// Of which program and run it is.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next epoch. `None` behind the last one: then the file is whole.
    ///
    /// # Errors
    ///
    /// The file is damaged, or ends too early.
    pub fn next_epoch(&mut self) -> Result<Option<EpochDigest>, DigestError> {
        if self.is_at_end {
            return Ok(None);
        }
        let checksum = self.checksum;
        let line = self.read_line()?;
        if let Ok(last) = serde_json::from_slice::<Last>(&line) {
            return self.end(&last, checksum).map(|()| None);
        }
        let of_epoch: OfEpoch = self.parse(&line)?;
        let OfEpoch { epoch, entered, outputs, dead_letters, partitions: count } = of_epoch;
        let mut partitions = BTreeMap::new();
        for _ in 0..count {
            let line = self.read_line()?;
            let (state, key, hash): OfPartition = self.parse(&line)?;
            let name = (state, key);
            if partitions.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(self.damaged("partitions are not sorted by state and key"));
            }
            partitions.insert(name, hash);
        }
        self.epochs += 1;
        Ok(Some(EpochDigest { epoch, entered, outputs, dead_letters, partitions }))
    }

    /// Checks the last line. `checksum` is that of all lines before.
    fn end(&mut self, last: &Last, checksum: u64) -> Result<(), DigestError> {
        if last.checksum.0 != checksum {
            return Err(self.damaged("the checksum does not fit what stands before it"));
        }
        if last.epochs != self.epochs {
            return Err(self.damaged("the number of epochs does not fit what stands before it"));
        }
        if !self.from.fill_buf()?.is_empty() {
            return Err(self.damaged("something stands behind it"));
        }
        self.is_at_end = true;
        Ok(())
    }

    fn read_line(&mut self) -> Result<Vec<u8>, DigestError> {
        let mut line = Vec::new();
        (&mut self.from).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            if line.len() as u64 == MAX_LINE {
                self.line += 1;
                return Err(self.damaged("it is too long"));
            }
            return Err(DigestError::Truncated { line: self.line });
        }
        self.line += 1;
        self.checksum = hash(&line, self.checksum);
        Ok(line)
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, DigestError> {
        serde_json::from_slice(line).map_err(|error| self.damaged(&error.to_string()))
    }

    fn damaged(&self, reason: &str) -> DigestError {
        DigestError::Damaged { line: self.line, reason: reason.to_owned() }
    }
}
