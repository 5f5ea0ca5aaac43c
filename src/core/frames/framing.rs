//! Cuts a stream of bytes into frames.
//!
//! Invariant: the frames are the same however the bytes arrive. A cut looks only at whole frames and
//! leaves the rest for the next call, and no memory is allocated because of a header.

mod lines;
mod numbers;
mod own;
mod varint;

use std::sync::Arc;

use thiserror::Error;

use crate::application::{Decoder, Reason, Source, big_endian};
use crate::core::frames::wrapping::Wrapping;
use crate::core::guard::guarded;
pub(crate) use lines::LineFraming;
pub(crate) use numbers::NumberFraming;
pub(crate) use own::OwnFraming;
pub(crate) use varint::VarintFraming;

/// The longest payload unless the user sets another limit: 16 MiB.
pub const DEFAULT_FRAME_LIMIT: u64 = 16 * 1024 * 1024;

/// The longest limit that may be set: 900 MiB, so that positions in a read buffer fit 32 bits, and a frame
/// with its row's other columns fits a row of the journal, which `SQLite` limits to 1,000,000,000 bytes.
pub const MAX_FRAME_LIMIT: u64 = 900 * 1024 * 1024;

/// Why a stream of bytes cannot be cut any further. The connection ends then, because the next frame cannot
/// be found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FramingError {
    /// The header promises a payload above the limit.
    #[error("the header says {length} bytes of payload, and the limit is {limit}")]
    TooLong {
        /// The promised length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A line goes on beyond the limit.
    #[error("the line is longer than the limit of {limit} bytes")]
    LineTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A varint is longer than a number of 64 bits.
    #[error("the length is no varint of 64 bits")]
    Varint,
    /// What a framing of the author's own says, or did wrong.
    #[error("{0}")]
    Own(String),
    /// The author's `payload_length` panicked.
    #[error("the decoder's payload_length {0}")]
    Panicked(String),
}

/// How a source's frames are cut: the framing of a [`Decoder`] without its message type, lines, varints, numbers of
/// messages, or the author's own.
pub trait Framing: Send + Sync {
    /// What a frame has around its payload.
    fn wrapping(&self) -> Wrapping;

    /// The length that a whole header gives. Lines and frames of the author's own have no headers.
    ///
    /// # Errors
    ///
    /// The author's code panicked, or the header is no length.
    fn payload_length(&self, header: &[u8]) -> Result<u64, FramingError>;

    /// Appends the end of each whole frame of `bytes` to `ends`, for at most `most` frames. The first frame is
    /// known not to end in the first `searched` bytes, which need not be searched again.
    ///
    /// # Errors
    ///
    /// The frame after the last of `ends` cannot be read. The frames before it are good.
    fn cut(
        &self,
        bytes: &[u8],
        searched: usize,
        limit: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError>;

    /// Whether bytes behind the last whole frame are a frame if the source has no more.
    ///
    /// # Errors
    ///
    /// They would be one that is too long.
    fn is_last(&self, rest: &[u8], limit: u64) -> Result<bool, FramingError> {
        let _ = (rest, limit);
        Ok(false)
    }

    /// A payload as a frame that this framing reads.
    ///
    /// # Errors
    ///
    /// No frame has this payload.
    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame>;
}

/// The framing of a decoder.
pub(crate) struct DecoderFraming<D>(pub Arc<D>);

impl<D: Decoder> Framing for DecoderFraming<D> {
    fn wrapping(&self) -> Wrapping {
        Wrapping::Header(self.0.header_length())
    }

    fn payload_length(&self, header: &[u8]) -> Result<u64, FramingError> {
        guarded(|| Ok(self.0.payload_length(header))).map_err(FramingError::Panicked)
    }

    fn cut(
        &self,
        bytes: &[u8],
        _: usize,
        limit: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError> {
        guarded(|| Ok(cut(&*self.0, bytes, limit, most, ends)))
            .unwrap_or_else(|reason| Err(FramingError::Panicked(reason)))
    }

    /// The length in big-endian order, or in little-endian order if only that is read back.
    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame> {
        let length = payload.len() as u64;
        let header_length = self.0.header_length().min(8);
        let big_endian = length.to_be_bytes();
        let little_endian = length.to_le_bytes();
        let candidates = [big_endian.get(8 - header_length..), little_endian.get(..header_length)];
        let header = candidates
            .into_iter()
            .flatten()
            .find(|header| self.payload_length(header) == Ok(length))
            .ok_or(NoFrame::Header(payload.len()))?;
        Ok([header, payload].concat())
    }
}

fn cut<D: Decoder>(
    decoder: &D,
    bytes: &[u8],
    limit: u64,
    most: usize,
    ends: &mut Vec<u32>,
) -> Result<(), FramingError> {
    let header_length = decoder.header_length();
    cut_each(bytes, most, ends, |rest| {
        let Some((header, after)) = rest.split_at_checked(header_length) else { return Ok(None) };
        behind(after, decoder.payload_length(header), limit)
    })
}

/// Appends the ends of whole frames, for at most `most` of them. `next` gives what is behind the first frame of the
/// rest; `None` if that is not whole.
fn cut_each(
    bytes: &[u8],
    most: usize,
    ends: &mut Vec<u32>,
    mut next: impl FnMut(&[u8]) -> Result<Option<&[u8]>, FramingError>,
) -> Result<(), FramingError> {
    let (mut rest, mut end) = (bytes, 0_usize);
    for _ in 0..most {
        let Some(after) = next(rest)? else { break };
        end += rest.len() - after.len();
        rest = after;
        let Ok(position) = u32::try_from(end) else { break };
        ends.push(position);
    }
    Ok(())
}

/// What is behind a payload of this length; `None` if the payload is not whole.
fn behind(bytes: &[u8], length: u64, limit: u64) -> Result<Option<&[u8]>, FramingError> {
    let limit = limit.min(MAX_FRAME_LIMIT);
    if length > limit {
        return Err(FramingError::TooLong { length, limit });
    }
    Ok(usize::try_from(length).ok().and_then(|length| bytes.get(length..)))
}

/// The framing of a header of this many bytes that is the payload's length as a big-endian number. For
/// streams without an application.
pub fn big_endian_framing(header_length: usize) -> Arc<dyn Framing> {
    let payload = |payload: &[u8]| Ok::<_, Reason>(Some(payload.to_vec()));
    let source = Source::new(payload).header(header_length, big_endian);
    Arc::new(DecoderFraming(Arc::new(source.decoder)))
}

/// A payload cannot be framed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoFrame {
    /// No header says this length in bytes.
    #[error(
        "no header says {0} bytes: the decoder's payload_length reads none of the two byte orders back"
    )]
    Header(usize),
    /// The payload is more than one line.
    #[error(
        "a line has no LF in it and no CR at its end: send it in parts, or give the source headers"
    )]
    LineBreak,
    /// It is not the number of a message, which a source that makes its messages itself is given.
    #[error("the number of a message has 8 bytes, and this has {0}")]
    Number(usize),
    /// What a framing of the author's own says.
    #[error("the source's own framing: {0}")]
    Own(String),
    /// A framing of the author's own does not read back what it makes.
    #[error("the source's own framing does not read back the frame that it makes of this payload")]
    NotReadBack,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn raw() -> Arc<dyn Framing> {
        big_endian_framing(4)
    }

    /// The payloads of a stream that arrives in pieces of these lengths.
    fn payloads(bytes: &[u8], pieces: &[usize]) -> Vec<Vec<u8>> {
        let framing = raw();
        let mut found = Vec::new();
        let mut buffer = Vec::new();
        let mut rest = bytes;
        let mut pieces = pieces.iter().copied().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(pieces.next().unwrap_or(1).clamp(1, rest.len()));
            rest = after;
            buffer.extend_from_slice(piece);
            let mut ends = Vec::new();
            framing.cut(&buffer, 0, DEFAULT_FRAME_LIMIT, usize::MAX, &mut ends).unwrap();
            let mut start = 0;
            for end in ends.iter().map(|end| *end as usize) {
                found.push(buffer[start + 4..end].to_vec());
                start = end;
            }
            buffer.drain(..start);
        }
        found
    }

    proptest! {
        #[test]
        fn frames_are_the_same_however_the_bytes_arrive(
            payloads_in in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..30),
            pieces in prop::collection::vec(1_usize..50, 1..20),
        ) {
            let mut bytes = Vec::new();
            for payload in &payloads_in {
                bytes.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
                bytes.extend_from_slice(payload);
            }
            prop_assert_eq!(payloads(&bytes, &pieces), payloads_in);
        }
    }

    #[test]
    fn a_header_above_the_limit_ends_the_stream_after_the_good_frames() {
        let mut bytes = vec![0, 0, 0, 1, b'x'];
        bytes.extend_from_slice(&[0xff; 4]);
        let mut ends = Vec::new();
        let error = raw().cut(&bytes, 0, 100, usize::MAX, &mut ends).unwrap_err();
        assert_eq!(ends, [5]);
        assert_eq!(error, FramingError::TooLong { length: 0xffff_ffff, limit: 100 });
    }

    #[test]
    fn a_zero_length_frame_is_a_frame() {
        assert_eq!(payloads(&[0; 8], &[3]), vec![Vec::<u8>::new(); 2]);
    }

    #[test]
    fn a_payload_gets_the_header_that_its_decoder_reads() {
        assert_eq!(raw().frame(b"abc").unwrap(), b"\0\0\0\x03abc");
        assert_eq!(DecoderFraming(Arc::new(Short)).frame(b"abc").unwrap(), b"\x03\0abc");
        let long = vec![0; 65_536];
        assert_eq!(DecoderFraming(Arc::new(Short)).frame(&long), Err(NoFrame::Header(65_536)));
    }

    /// Two bytes, little-endian.
    struct Short;

    impl Decoder for Short {
        type Message = ();

        fn header_length(&self) -> usize {
            2
        }

        fn payload_length(&self, header: &[u8]) -> u64 {
            header.iter().rev().fold(0, |length, byte| (length << 8) | u64::from(*byte))
        }

        fn decode(&self, _: &[u8]) -> Result<Option<()>, Reason> {
            Ok(None)
        }
    }

    struct Panicking;

    impl Decoder for Panicking {
        type Message = ();

        fn payload_length(&self, _: &[u8]) -> u64 {
            panic!("no length")
        }

        fn decode(&self, _: &[u8]) -> Result<Option<()>, Reason> {
            Ok(None)
        }
    }

    #[test]
    fn a_panic_in_payload_length_ends_the_stream_with_its_message() {
        let error = DecoderFraming(Arc::new(Panicking)).cut(&[0; 4], 0, 10, 1, &mut Vec::new());
        assert_eq!(error, Err(FramingError::Panicked("panicked: no length".to_owned())));
    }
}
