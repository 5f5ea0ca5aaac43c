//! Frames that are lines: a payload, then LF or CRLF. The last line of a source may have no end.

use memchr::memchr;

use super::{Framing, FramingError, MAX_FRAME_LIMIT, NoFrame, cut_each};
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
        let limit = limit.min(MAX_FRAME_LIMIT);
        let mut searched = searched;
        cut_each(bytes, most, ends, |rest| {
            let known = std::mem::take(&mut searched);
            let Some(found) = rest.get(known..).and_then(|unknown| memchr(b'\n', unknown)) else {
                // An LF may come behind a CR, which does not count then.
                let certain = rest.strip_suffix(b"\r").unwrap_or(rest);
                return check(certain.len(), limit).map(|()| None);
            };
            let (line, after) = rest.split_at(known + found + 1);
            check(Wrapping::Line.payload(line).end, limit)?;
            Ok(Some(after))
        })
    }

    fn is_last(&self, rest: &[u8], limit: u64) -> Result<bool, FramingError> {
        check(rest.len(), limit.min(MAX_FRAME_LIMIT))?;
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
