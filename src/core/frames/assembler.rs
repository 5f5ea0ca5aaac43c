//! Collects the bytes of one source until they hold whole frames.
//!
//! Reading is elsewhere: this is given bytes and gives frames, and says what is left when the source
//! ends in the middle of one.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::framing::{Framing, FramingError};

/// Whole frames, as cut from a source.
#[derive(Debug)]
pub struct Cut {
    /// The frames' bytes, one frame after another.
    pub bytes: Bytes,
    /// Where each frame ends in `bytes`.
    pub ends: Vec<u32>,
    /// How many bytes after the beginning of the source the first frame starts.
    pub offset: u64,
}

impl Cut {
    /// Some of the frames, by their places. Those that there are not are left out.
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        let end_of = |count: usize| {
            let last = count.min(self.ends.len()).checked_sub(1);
            last.and_then(|last| self.ends.get(last)).copied().unwrap_or(0)
        };
        let (begin, end) = (end_of(places.start), end_of(places.end));
        let skipped = places.start.min(self.ends.len());
        let ends = self.ends.iter().take(places.end).skip(skipped).map(|at| at - begin).collect();
        let length = self.bytes.len();
        let bytes = self.bytes.slice((begin as usize).min(length)..(end as usize).min(length));
        Self { bytes, ends, offset: self.offset + u64::from(begin) }
    }

    /// Takes the first frames off: as many as have at the most this many bytes, and at least one.
    /// `None` where there is none.
    pub fn take_first(&mut self, most: usize) -> Option<Self> {
        let fit = self.ends.partition_point(|end| *end as usize <= most).max(1);
        let end = *self.ends.get(fit.min(self.ends.len()).checked_sub(1)?)?;
        let later = self.ends.split_off(fit.min(self.ends.len()));
        let ends = std::mem::replace(&mut self.ends, later);
        let bytes = self.bytes.split_to((end as usize).min(self.bytes.len()));
        let offset = self.offset;
        for later in &mut self.ends {
            *later -= end;
        }
        self.offset += u64::from(end);
        Some(Self { bytes, ends, offset })
    }
}

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
    pub fn cut(&mut self) -> Result<Option<Cut>, Broken> {
        let mut ends = Vec::new();
        let outcome = self.framing.cut(&self.buffer, self.limit, self.most, &mut ends);
        match (ends.last().copied(), outcome) {
            (Some(end), _) => {
                let bytes = self.buffer.split_to(end as usize).freeze();
                let offset = self.offset;
                self.offset += u64::from(end);
                Ok(Some(Cut { bytes, ends, offset }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_of_the_frames_keep_their_place() {
        let bytes = Bytes::from_static(b"abbcccd");
        let cut = Cut { bytes, ends: vec![1, 3, 6, 7], offset: 10 };
        for (places, bytes, ends, offset) in [
            (0..4, &b"abbcccd"[..], vec![1, 3, 6, 7], 10),
            (1..3, b"bbccc", vec![2, 5], 11),
            (3..9, b"d", vec![1], 16),
            (4..9, b"", Vec::new(), 17),
        ] {
            let found = cut.slice(places);
            assert_eq!((&*found.bytes, found.ends, found.offset), (bytes, ends, offset));
        }
    }

    #[test]
    fn frames_are_taken_off_in_pieces_that_keep_their_place() {
        let bytes = Bytes::from_static(b"abbcccd");
        let mut cut = Cut { bytes, ends: vec![1, 3, 6, 7], offset: 10 };
        let mut pieces = Vec::new();
        while let Some(Cut { bytes, ends, offset }) = cut.take_first(2) {
            pieces.push((bytes, ends, offset));
        }
        let piece = |bytes: &'static [u8], offset| {
            (Bytes::from_static(bytes), vec![u32::try_from(bytes.len()).unwrap()], offset)
        };
        assert_eq!(pieces, [piece(b"a", 10), piece(b"bb", 11), piece(b"ccc", 13), piece(b"d", 16)]);
        let mut cut = Cut { bytes: Bytes::from_static(b"abb"), ends: vec![1, 3], offset: 0 };
        assert_eq!(cut.take_first(3).unwrap().ends, [1, 3]);
        assert!(cut.take_first(3).is_none());
    }
}
