//! Counts the frames of a stream without keeping its bytes.
//!
//! Invariant: it finds the same ends as [`Framing::cut`], in whatever pieces the bytes arrive. A frame may
//! have any length: no payload is stored, and nothing is allocated because of a header. Only of a source with a framing of
//! its author's own, the current frame is kept.

use std::sync::Arc;

use crate::core::frames::framing::{Framing, MAX_FRAME_LIMIT};
use crate::core::frames::wrapping::Wrapping;

/// Counts the frames of a stream.
pub struct FrameCounter {
    framing: Arc<dyn Framing>,
    /// The header of the current frame, as far as it has arrived; all of the frame if only the author's own framing can
    /// say where it ends.
    header: Vec<u8>,
    payload: Payload,
    /// How many bytes have arrived since the end of the last frame.
    rest: u64,
}

/// What is known of the payload of the current frame.
enum Payload {
    /// The header is not complete yet.
    Unknown,
    /// This number of bytes is still to come.
    Missing(u64),
    /// The length cannot be read, so the start of the next frame is unknown.
    Lost,
}

impl FrameCounter {
    /// A counter for a stream with this framing.
    pub fn new(framing: Arc<dyn Framing>) -> Self {
        Self { framing, header: Vec::new(), payload: Payload::Unknown, rest: 0 }
    }

    /// Counts bytes, but none beyond the end of frame number `max`. Returns how many bytes were counted, and
    /// how many frames ended in them. If `max` is 0, nothing is counted.
    pub fn pass(&mut self, bytes: &[u8], max: u64) -> (usize, u64) {
        let wrapping = self.framing.wrapping();
        match wrapping {
            Wrapping::Line => return self.pass_lines(bytes, max),
            Wrapping::Own(_) => return self.pass_own(bytes, max),
            Wrapping::Header(_) | Wrapping::Varint | Wrapping::Number => {}
        }
        let mut left = bytes;
        let mut ended = 0;
        while ended < max && !left.is_empty() {
            if let Payload::Unknown = self.payload {
                let missing = wrapping.missing(&self.header);
                if missing > 0 {
                    let header = self.take(&mut left, missing as u64);
                    self.header.extend_from_slice(header);
                }
                if wrapping.missing(&self.header) > 0 {
                    continue;
                }
                let length = self.framing.payload_length(&self.header);
                self.payload = length.map_or(Payload::Lost, Payload::Missing);
            }
            let Payload::Missing(missing) = self.payload else {
                self.take(&mut left, u64::MAX);
                break;
            };
            let missing = missing - self.take(&mut left, missing).len() as u64;
            self.payload = Payload::Missing(missing);
            if missing == 0 {
                (self.payload, self.rest) = (Payload::Unknown, 0);
                self.header.clear();
                ended += 1;
            }
        }
        (bytes.len() - left.len(), ended)
    }

    fn pass_lines(&mut self, bytes: &[u8], max: u64) -> (usize, u64) {
        let (mut left, mut ended) = (bytes, 0);
        while ended < max && !left.is_empty() {
            let Some(end) = memchr::memchr(b'\n', left) else {
                self.take(&mut left, u64::MAX);
                break;
            };
            self.take(&mut left, end as u64 + 1);
            self.rest = 0;
            ended += 1;
        }
        (bytes.len() - left.len(), ended)
    }

    fn pass_own(&mut self, bytes: &[u8], max: u64) -> (usize, u64) {
        let mut left = bytes;
        if max == 0 || matches!(self.payload, Payload::Lost) {
            self.take(&mut left, if max == 0 { 0 } else { u64::MAX });
            return (bytes.len() - left.len(), 0);
        }
        let before = self.header.len();
        self.header.extend_from_slice(bytes);
        let (mut ends, most) = (Vec::new(), usize::try_from(max).unwrap_or(usize::MAX));
        let cut = self.framing.cut(&self.header, 0, MAX_FRAME_LIMIT, most, &mut ends);
        let end = ends.last().map_or(0, |end| *end as usize);
        let ended = ends.len() as u64;
        if ended == max {
            (self.rest, self.header) = (0, Vec::new());
            return (end.saturating_sub(before), ended);
        }
        self.header.drain(..end);
        self.rest = self.header.len() as u64;
        if cut.is_err() {
            (self.payload, self.header) = (Payload::Lost, Vec::new());
        }
        (bytes.len(), ended)
    }

    /// Whether what has been counted since the end of the last frame is one if no more bytes come.
    pub fn is_last(&self) -> bool {
        self.rest > 0 && self.framing.wrapping() == Wrapping::Line
    }

    /// How many bytes have been counted since the end of the last frame.
    pub fn rest(&self) -> u64 {
        self.rest
    }

    /// Takes up to `max` of the bytes that are left.
    fn take<'a>(&mut self, left: &mut &'a [u8], max: u64) -> &'a [u8] {
        let length = usize::try_from(max).map_or(left.len(), |max| max.min(left.len()));
        let (taken, after) = left.split_at(length);
        *left = after;
        self.rest += length as u64;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::application::{FramePlace, OwnFraming, Reason, Source};
    use crate::core::frames::framing::{LineFraming, VarintFraming, big_endian_framing};
    use crate::core::topology::Application;

    /// Payloads before the byte 2; no frame begins with 255.
    fn own_framing() -> Arc<dyn Framing> {
        struct Own;
        impl OwnFraming for Own {
            fn first(bytes: &[u8]) -> Result<Option<FramePlace>, Reason> {
                if bytes.first() == Some(&255) {
                    return Err("255".into());
                }
                let end = bytes.iter().position(|byte| *byte == 2);
                Ok(end.map(|end| FramePlace { payload: 0..end, end: end + 1 }))
            }

            fn frame(payload: &[u8]) -> Result<Vec<u8>, Reason> {
                Ok([payload, &[2]].concat())
            }
        }
        let source = Source::new(|_: &[u8]| Ok::<Option<()>, Reason>(None)).framing(Own);
        let topology = Application::new("own").pipeline("own", source).done().build().unwrap();
        Arc::clone(&topology.pipelines()[0].source.framing)
    }

    fn counter(header_length: usize) -> FrameCounter {
        FrameCounter::new(big_endian_framing(header_length))
    }

    proptest! {
        #[test]
        fn it_finds_the_frames_that_a_cut_finds_however_the_bytes_arrive(
            bytes in prop::collection::vec(prop_oneof![Just(0), Just(1), Just(2), any::<u8>()], 0..200),
            header_length in 1_usize..=7,
            steps in prop::collection::vec((1_usize..20, 1_u64..4), 1..10),
        ) {
            let mut ends = Vec::new();
            let framing: Arc<dyn Framing> = match header_length {
                5 => Arc::new(VarintFraming),
                6 => Arc::new(LineFraming),
                7 => own_framing(),
                length => big_endian_framing(length),
            };
            let cut = framing.cut(&bytes, 0, MAX_FRAME_LIMIT, usize::MAX, &mut ends);
            // What is above the limit, or no length at all, is a frame that has not ended.
            prop_assert!(cut.is_ok() || [4, 5, 7].contains(&header_length));

            let mut counter = FrameCounter::new(framing);
            let mut counted = 0;
            let mut at = 0;
            for (piece, most) in steps.into_iter().cycle() {
                let Some(left) = bytes.get(at..).filter(|left| !left.is_empty()) else { break };
                let (passed, ended) = counter.pass(&left[..piece.min(left.len())], most);
                prop_assert!(passed > 0 && ended <= most);
                at += passed;
                counted += usize::try_from(ended).unwrap();
                let end = counted.checked_sub(1).map_or(0, |last| u64::from(ends[last]));
                prop_assert_eq!(counter.rest(), at as u64 - end);
            }
            prop_assert_eq!(counted, ends.len());
        }
    }

    #[test]
    fn empty_frames_are_frames_and_each_is_passed_alone_where_one_is_asked_for() {
        let mut counter = counter(2);
        assert_eq!(counter.pass(&[0, 0, 0, 0, 0], 0), (0, 0));
        assert_eq!(counter.pass(&[0, 0, 0, 0, 0], 1), (2, 1));
        assert_eq!(counter.pass(&[0, 0, 0, 0, 0], u64::MAX), (5, 2));
        assert_eq!(counter.rest(), 1);
    }

    #[test]
    fn a_frame_of_any_length_costs_no_memory() {
        let mut counter = counter(8);
        assert_eq!(counter.pass(&[0xff; 20], u64::MAX), (20, 0));
        assert_eq!(counter.rest(), 20);
        assert_eq!(counter.pass(&[1; 1000], u64::MAX), (1000, 0));
    }
}
