//! Collects the bytes of one source until they hold whole frames.
//!
//! Reading is elsewhere: this is given bytes and gives frames, and says what is left when the source
//! ends in the middle of one.

use std::sync::Arc;

use bytes::BytesMut;

use super::framing::{Framing, FramingError};
use super::pieces::Pieces;

/// Bytes of a source that are no frame, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The first of the bytes as read.
    pub bytes: Vec<u8>,
    /// How many bytes after the beginning of the source they start.
    pub offset: u64,
    /// Why they are no frame.
    pub reason: String,
}

/// Why no more bytes of a source will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceEnd {
    /// The source has no more.
    Ended,
    /// The run was stopped.
    Stopped,
    /// The source cannot be read any further.
    Failed,
    /// Nothing came for a while, and another wanted the source's place.
    Idle,
}

/// Collects the bytes of one source until they hold whole frames.
pub struct Assembler {
    framing: Arc<dyn Framing>,
    limit: u64,
    most: usize,
    buffer: BytesMut,
    offset: u64,
}

impl Assembler {
    /// An assembler for a source with this framing, with `limit` bytes as a payload's greatest length
    /// and `most` frames as a cut's.
    #[must_use]
    pub fn new(framing: Arc<dyn Framing>, limit: u64, most: usize) -> Self {
        Self { framing, limit, most, buffer: BytesMut::new(), offset: 0 }
    }

    /// Begins at this byte of its source.
    #[must_use]
    pub fn from(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Where the next bytes of the source go.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The header's length in bytes.
    #[must_use]
    pub fn header_length(&self) -> usize {
        self.framing.header_length()
    }

    /// Takes the whole frames that the buffer holds; `None` where it holds none.
    ///
    /// # Errors
    ///
    /// What the buffer begins with is no frame, and nothing says where the next one starts: the
    /// source must end. All good frames before it have been taken by then.
    pub fn cut(&mut self) -> Result<Option<Pieces>, Broken> {
        let mut ends = Vec::new();
        let outcome = self.framing.cut(&self.buffer, self.limit, self.most, &mut ends);
        match (ends.last().copied(), outcome) {
            (Some(end), _) => {
                let bytes = self.buffer.split_to(end as usize).freeze();
                let offset = self.offset;
                self.offset += u64::from(end);
                Ok(Some(Pieces::new(bytes, ends, offset)))
            }
            (None, Ok(())) => Ok(None),
            (None, Err(error)) => Err(self.broken(&error)),
        }
    }

    fn broken(&self, error: &FramingError) -> Broken {
        let header = self.buffer.get(..self.framing.header_length()).unwrap_or(&self.buffer);
        Broken { bytes: header.to_vec(), offset: self.offset, reason: error.to_string() }
    }

    /// What is left when no more bytes will come: `None` where the last was the end of a frame.
    #[must_use]
    pub fn finish(self, end: SourceEnd) -> Option<Broken> {
        if self.buffer.is_empty() {
            return None;
        }
        let end = match end {
            SourceEnd::Ended => "the source ended",
            SourceEnd::Stopped => "the run was stopped",
            SourceEnd::Failed => "reading failed",
            SourceEnd::Idle => "the client was idle and made place for another",
        };
        let reason = format!("{end} inside a frame, after {} of its bytes", self.buffer.len());
        Some(Broken { bytes: self.buffer.to_vec(), offset: self.offset, reason })
    }
}
