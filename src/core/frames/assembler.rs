//! Collects the bytes of one source until they hold whole frames.
//!
//! It does no reading. It takes bytes and gives frames, and what is left if the source ends inside one.

use std::sync::Arc;

use bytes::BytesMut;

use super::framing::{Framing, FramingError};
use super::pieces::Pieces;
use super::wrapping::Wrapping;

/// Bytes of a source that are not a frame, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The bytes as read, or the first of them.
    pub bytes: Vec<u8>,
    /// Their offset in the source, in bytes.
    pub offset: u64,
    /// Why they are not a frame.
    pub reason: String,
}

/// Why no more bytes of a source come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceEnd {
    /// The source has no more.
    Ended,
    /// The run was stopped.
    Stopped,
    /// The source cannot be read any further.
    Failed,
    /// The client was idle, and another one wanted its place.
    Idle,
}

/// Collects the bytes of one source until they hold whole frames.
pub struct Assembler {
    framing: Arc<dyn Framing>,
    limit: u64,
    most: usize,
    buffer: BytesMut,
    /// How many bytes of the buffer have been searched for the end of its first frame, which was not there.
    searched: usize,
    offset: u64,
}

impl Assembler {
    /// An assembler for a source with this framing. `limit` is the max length of a payload in bytes, `most`
    /// the max number of frames per cut.
    pub fn new(framing: Arc<dyn Framing>, limit: u64, most: usize) -> Self {
        Self { framing, limit, most, buffer: BytesMut::new(), searched: 0, offset: 0 }
    }

    /// Begins at this byte of its source.
    #[must_use]
    pub fn from(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// The buffer to which the next bytes of the source are appended.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// What its frames have around their payloads.
    pub fn wrapping(&self) -> Wrapping {
        self.framing.wrapping()
    }

    /// Takes the whole frames of the buffer. `None` if it has none.
    ///
    /// # Errors
    ///
    /// The buffer does not begin with a frame, and the next one cannot be found: the source must end. All
    /// good frames before have been taken already.
    pub fn cut(&mut self) -> Result<Option<Pieces>, Broken> {
        let mut ends = Vec::new();
        let outcome =
            self.framing.cut(&self.buffer, self.searched, self.limit, self.most, &mut ends);
        match (ends.last().copied(), outcome) {
            (Some(end), _) => Ok(Some(self.take(end, ends))),
            (None, Ok(())) => {
                self.searched = self.buffer.len();
                Ok(None)
            }
            (None, Err(error)) => Err(self.broken(&error)),
        }
    }

    /// Takes what is left if that is a frame because the source has ended: a last line without its end.
    ///
    /// # Errors
    ///
    /// It would be a frame that is too long.
    pub fn last(&mut self) -> Result<Option<Pieces>, Broken> {
        let length = self.buffer.len();
        match self.framing.is_last(&self.buffer, self.limit) {
            Err(error) => Err(self.broken(&error)),
            Ok(last) => {
                let end = u32::try_from(length).ok().filter(|_| last);
                Ok(end.map(|end| self.take(end, vec![end])))
            }
        }
    }

    fn take(&mut self, end: u32, ends: Vec<u32>) -> Pieces {
        let bytes = self.buffer.split_to(end as usize).freeze();
        let offset = self.offset;
        self.offset += u64::from(end);
        self.searched = 0;
        Pieces::new(bytes, ends, offset)
    }

    fn broken(&self, error: &FramingError) -> Broken {
        let culprit = self.framing.wrapping().culprit(&self.buffer, self.limit);
        Broken { bytes: culprit.to_vec(), offset: self.offset, reason: error.to_string() }
    }

    /// The bytes that are left when no more come. `None` if the last frame was whole.
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
