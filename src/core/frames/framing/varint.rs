//! Frames that begin with the payload's length as a varint (LEB128), as protobuf's delimited messages do.

use super::{Framing, FramingError, NoFrame, behind, cut_each};
use crate::core::frames::wrapping::{MAX_VARINT, Wrapping};

/// The framing of lengths that are varints of up to 64 bits. A length with more bytes than it needs is read, too.
pub(crate) struct VarintFraming;

impl Framing for VarintFraming {
    fn wrapping(&self) -> Wrapping {
        Wrapping::Varint
    }

    fn payload_length(&self, header: &[u8]) -> Result<u64, FramingError> {
        Ok(read(header)?.map_or(0, |(length, _)| length))
    }

    fn cut(
        &self,
        bytes: &[u8],
        _: usize,
        limit: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError> {
        cut_each(bytes, most, ends, |rest| match read(rest)? {
            Some((length, after)) => behind(after, length, limit),
            None => Ok(None),
        })
    }

    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame> {
        let mut frame = Vec::with_capacity(MAX_VARINT + payload.len());
        let mut left = payload.len();
        loop {
            let low = u8::try_from(left & 0x7f).unwrap_or(0);
            left >>= 7;
            if left == 0 {
                frame.push(low);
                break;
            }
            frame.push(low | 0x80);
        }
        frame.extend_from_slice(payload);
        Ok(frame)
    }
}

/// The varint at the start, and what is behind it. `None` if its end has not come yet.
fn read(bytes: &[u8]) -> Result<Option<(u64, &[u8])>, FramingError> {
    let mut value = 0;
    let mut rest = bytes;
    for place in 0..MAX_VARINT {
        let Some((byte, after)) = rest.split_first() else { return Ok(None) };
        let bits = u64::from(byte & 0x7f);
        if place + 1 == MAX_VARINT && *byte > 1 {
            return Err(FramingError::Varint);
        }
        value |= bits << (7 * place);
        rest = after;
        if byte & 0x80 == 0 {
            return Ok(Some((value, rest)));
        }
    }
    Err(FramingError::Varint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_of_64_bits_is_read_and_no_longer_one() {
        let value = |bytes: &[u8]| read(bytes).map(|found| found.map(|(value, _)| value));
        assert_eq!(value(&[0xac, 0x02]), Ok(Some(300)));
        assert_eq!(value(&[0x80, 0x80, 0]), Ok(Some(0)));
        assert_eq!(value(&[0x80; 9]), Ok(None));
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(value(&most), Ok(Some(u64::MAX)));
        for last in [2, 0x80, 0x81, 0xff] {
            let mut longer = most;
            longer[9] = last;
            assert_eq!(value(&longer), Err(FramingError::Varint));
        }
    }

    #[test]
    fn a_payload_comes_back_behind_its_length() {
        for length in [0, 1, 127, 128, 16_383, 16_384] {
            let payload = vec![7; length];
            let frame = VarintFraming.frame(&payload).unwrap();
            assert_eq!(Wrapping::Varint.split(&frame).1, payload);
            assert_eq!(read(&frame).unwrap().unwrap().0, length as u64);
        }
    }
}
