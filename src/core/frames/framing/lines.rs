//! Frames that are lines: a payload, then LF or CRLF. The last line of a source may have no end.

use memchr::memchr;

use super::{Framing, FramingError, MAXIMUM_FRAME_LIMIT, NoFrame};
use crate::core::frames::wrapping::Wrapping;

/// The framing of lines. A CR that no LF follows belongs to the line.
pub(crate) struct LineFraming;

impl Framing for LineFraming {
    fn wrapping(&self) -> Wrapping {
        Wrapping::Line
    }

    fn payload_length(&self, _: &[u8]) -> Result<u64, FramingError> {
        debug_assert!(false, "a line has no header");
        Ok(0)
    }

    fn cut(
        &self,
        bytes: &[u8],
        searched: usize,
        limit: u64,
        most: usize,
        ends: &mut Vec<u32>,
    ) -> Result<(), FramingError> {
        let limit = limit.min(MAXIMUM_FRAME_LIMIT);
        let (mut rest, mut end, mut searched) = (bytes, 0_usize, searched);
        for _ in 0..most {
            let Some(found) = rest.get(searched..).and_then(|unknown| memchr(b'\n', unknown))
            else {
                // An LF may come behind a CR, which does not count then.
                let certain = rest.strip_suffix(b"\r").unwrap_or(rest);
                return check(certain.len(), limit);
            };
            let (line, after) = rest.split_at(searched + found + 1);
            check(Wrapping::Line.payload(line).end, limit)?;
            end += line.len();
            (rest, searched) = (after, 0);
            let Ok(position) = u32::try_from(end) else { break };
            ends.push(position);
        }
        Ok(())
    }

    fn is_last(&self, rest: &[u8], limit: u64) -> Result<bool, FramingError> {
        check(rest.len(), limit.min(MAXIMUM_FRAME_LIMIT))?;
        Ok(!rest.is_empty())
    }

    fn frame(&self, payload: &[u8]) -> Result<Vec<u8>, NoFrame> {
        if memchr(b'\n', payload).is_some() || payload.ends_with(b"\r") {
            return Err(NoFrame::LineBreak);
        }
        Ok([payload, b"\n"].concat())
    }
}

fn check(length: usize, limit: u64) -> Result<(), FramingError> {
    if length as u64 > limit { Err(FramingError::LineTooLong { limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_would_not_come_back_as_it_is_is_no_line() {
        assert_eq!(LineFraming.frame(b"a\rb").unwrap(), b"a\rb\n");
        for payload in [&b"a\nb"[..], b"\n", b"a\r"] {
            assert_eq!(LineFraming.frame(payload), Err(NoFrame::LineBreak));
        }
    }
}
