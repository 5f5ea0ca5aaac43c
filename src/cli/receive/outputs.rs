//! Finds the ends of the outputs in the bytes of one connection.
//!
//! Invariant: outputs are passed on whole, so that outputs of several connections do not mix. Only an output
//! that is longer than the limit is passed on in parts.

use bytes::{Bytes, BytesMut};

use crate::cli::arguments::Framed;
use crate::cli::frame_counter::FrameCounter;
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;

/// The bytes of one connection that have arrived and are not passed on yet.
pub(super) struct Outputs {
    buffer: BytesMut,
    counter: FrameCounter,
    limit: u64,
}

impl Outputs {
    /// For a connection whose bytes are cut in this way.
    pub fn new(framed: Framed) -> Self {
        let counter = FrameCounter::new(framed.framing());
        Self { buffer: BytesMut::new(), counter, limit: DEFAULT_FRAME_LIMIT }
    }

    /// The buffer for the next bytes.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Takes the whole outputs out of the buffer, whose last `new` bytes have just arrived. Returns their
    /// bytes and their number.
    pub fn take(&mut self, new: usize) -> (Bytes, u64) {
        let came = self.buffer.len().saturating_sub(new);
        let (_, count) = self.counter.pass(self.buffer.get(came..).unwrap_or_default(), u64::MAX);
        let rest = self.counter.rest();
        let held = if rest > self.limit { 0 } else { usize::try_from(rest).unwrap_or(0) };
        let whole = self.buffer.len().saturating_sub(held);
        (self.buffer.split_to(whole).freeze(), count)
    }

    /// The rest after the last byte has arrived, and how many bytes of it are not a whole output.
    pub fn finish(self) -> (Bytes, u64) {
        (self.buffer.freeze(), self.counter.rest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken when these pieces arrive, and what is left.
    fn taken(outputs: &mut Outputs, pieces: &[&[u8]]) -> Vec<(Vec<u8>, u64)> {
        let take = |piece: &&[u8]| {
            outputs.buffer().extend_from_slice(piece);
            let (bytes, count) = outputs.take(piece.len());
            (bytes.to_vec(), count)
        };
        pieces.iter().map(take).collect()
    }

    #[test]
    fn only_whole_lines_are_handed_on() {
        let mut outputs = Outputs::new(Framed::Lines);
        let taken = taken(&mut outputs, &[b"a", b"b\n\nc", b"d", b"\ne"]);
        let expected: [(&[u8], u64); 4] = [(b"", 0), (b"ab\n\n", 2), (b"", 0), (b"cd\n", 1)];
        assert_eq!(taken, expected.map(|(bytes, count)| (bytes.to_vec(), count)));
        assert_eq!(outputs.finish(), (Bytes::from_static(b"e"), 1));
    }

    #[test]
    fn only_whole_frames_are_handed_on() {
        let mut outputs = Outputs::new(Framed::Header(2));
        let taken = taken(&mut outputs, &[&[0, 1], &[b'\n', 0, 0, 0], &[2, 7]]);
        let expected: [(&[u8], u64); 3] = [(b"", 0), (&[0, 1, b'\n', 0, 0], 2), (b"", 0)];
        assert_eq!(taken, expected.map(|(bytes, count)| (bytes.to_vec(), count)));
        assert_eq!(outputs.finish(), (Bytes::from_static(&[0, 2, 7]), 3));
    }

    #[test]
    fn a_frame_with_a_varint_is_handed_on_whole_wherever_its_length_is_cut() {
        let mut outputs = Outputs::new(Framed::Varint);
        let taken = taken(&mut outputs, &[&[0x81], &[0, b'\n', 0, 2, 7], &[7, 0x80]]);
        let expected: [(&[u8], u64); 3] = [(b"", 0), (&[0x81, 0, b'\n', 0], 2), (&[2, 7, 7], 1)];
        assert_eq!(taken, expected.map(|(bytes, count)| (bytes.to_vec(), count)));
        assert_eq!(outputs.finish(), (Bytes::from_static(&[0x80]), 1));
    }

    #[test]
    fn an_output_beyond_the_limit_is_handed_on_in_parts() {
        for framed in [Framed::Lines, Framed::Header(1), Framed::Varint] {
            let mut outputs = Outputs { limit: 3, ..Outputs::new(framed) };
            let taken = taken(&mut outputs, &[b"\x08bc", b"de", b"fgh", b"\n\x01", b"\n"]);
            let bytes: Vec<&[u8]> = taken.iter().map(|(bytes, _)| bytes.as_slice()).collect();
            assert_eq!(bytes, [&b""[..], b"\x08bcde", b"fgh", b"\n", b"\x01\n"]);
            assert_eq!(taken.iter().map(|(_, count)| count).sum::<u64>(), 2);
            assert_eq!(outputs.finish(), (Bytes::new(), 0));
        }
    }
}
