//! Frames that are numbers of messages: those of a source that makes its messages itself.

use super::{Framing, FramingError, NoFrame, cut_each};
use crate::core::frames::wrapping::{NUMBER_LENGTH, Wrapping};

/// The framing of numbers: each has 8 bytes, the most significant first.
pub(crate) struct NumberFraming;

impl Framing for NumberFraming {
    fn wrapping(&self) -> Wrapping {
        Wrapping::Number
    }

    fn payload_length(&self, _: &[u8]) -> Result<u64, FramingError> {
        Ok(NUMBER_LENGTH as u64)
    }

    fn cut(
        &self,
        bytes: &[u8],
        _: usize,
        _: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError> {
        cut_each(bytes, most, ends, |rest| Ok(rest.get(NUMBER_LENGTH..)))
    }

    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame> {
        if payload.len() != NUMBER_LENGTH {
            return Err(NoFrame::Number(payload.len()));
        }
        Ok(payload.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_the_eight_bytes_of_a_number() {
        assert_eq!(NumberFraming.frame(&[7; 8]).unwrap(), [7; 8]);
        assert_eq!(NumberFraming.frame(b"7"), Err(NoFrame::Number(1)));
        let mut ends = Vec::new();
        NumberFraming.cut(&[0; 23], 0, 1, 5, &mut ends).unwrap();
        assert_eq!(ends, [8, 16]);
    }
}
