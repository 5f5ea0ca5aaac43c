//! What a frame has around its payload.

use std::ops::Range;

use super::own_cut::OwnCut;

/// The max length of a varint in bytes: it is a number of 64 bits, 7 in a byte.
pub const MAX_VARINT: usize = 10;

/// The length of the number of a message in bytes.
pub const NUMBER_LENGTH: usize = size_of::<u64>();

/// How much is shown of a line that is too long, in bytes.
const SHOWN: usize = 1024;

/// What a frame has around its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// A header of this many bytes before it.
    Header(usize),
    /// Its length before it, as a varint.
    Varint,
    /// The end of the line behind it: LF or CRLF. The last line of a source may have none.
    Line,
    /// Nothing: the frame is the number of a message, which its source makes.
    Number,
    /// What the author's own framing says.
    Own(OwnCut),
}

impl From<usize> for Wrapping {
    fn from(header_length: usize) -> Self {
        Self::Header(header_length)
    }
}

impl Wrapping {
    /// Where the payload of a whole frame is.
    pub fn payload(self, frame: &[u8]) -> Range<usize> {
        match self {
            Self::Header(length) => length.min(frame.len())..frame.len(),
            Self::Varint => varint_length(frame).unwrap_or(frame.len())..frame.len(),
            Self::Line => 0..line_length(frame),
            Self::Number => 0..frame.len(),
            Self::Own(own) => own.payload(frame),
        }
    }

    /// A whole frame as what is before its payload, the payload, and what is behind it.
    pub fn split(self, frame: &[u8]) -> (&[u8], &[u8], &[u8]) {
        let Range { start, end } = self.payload(frame);
        let (rest, behind) = frame.split_at(end);
        let (before, payload) = rest.split_at(start);
        (before, payload, behind)
    }

    /// How many bytes of the header are still to come, at least. 0 if this is the whole header, or there is none.
    pub fn missing(self, header: &[u8]) -> usize {
        match self {
            Self::Header(length) => length.saturating_sub(header.len()),
            Self::Varint => {
                usize::from(varint_length(header).is_none() && header.len() < MAX_VARINT)
            }
            Self::Line | Self::Number | Self::Own(_) => 0,
        }
    }

    /// The bytes at which a frame should begin and cannot, to be shown: the header, or the first of a line.
    pub fn culprit(self, bytes: &[u8], limit: u64) -> &[u8] {
        let length = match self {
            Self::Header(length) => length,
            Self::Varint => varint_length(bytes).unwrap_or(MAX_VARINT),
            // At least this many have arrived, however the bytes were split.
            Self::Line => usize::try_from(limit).map_or(SHOWN, |limit| SHOWN.min(limit + 1)),
            Self::Number => NUMBER_LENGTH,
            Self::Own(own) => SHOWN.min(own.culprit(bytes, limit)),
        };
        bytes.get(..length).unwrap_or(bytes)
    }
}

/// The length of the varint at the start. `None` if its end is not among these bytes.
fn varint_length(bytes: &[u8]) -> Option<usize> {
    bytes.iter().take(MAX_VARINT).position(|byte| byte & 0x80 == 0).map(|last| last + 1)
}

/// The length of a line without its end.
fn line_length(line: &[u8]) -> usize {
    let without = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    without.unwrap_or(line).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_what_is_before_its_payload_the_payload_and_what_is_behind() {
        let split = |wrapping: Wrapping, frame: &'static [u8]| wrapping.split(frame);
        assert_eq!(split(Wrapping::Header(2), b"\0\x01a"), (&b"\0\x01"[..], &b"a"[..], &b""[..]));
        assert_eq!(split(Wrapping::Varint, b"\x81\0a"), (&b"\x81\0"[..], &b"a"[..], &b""[..]));
        for (line, payload, end) in [
            (&b"a\n"[..], &b"a"[..], &b"\n"[..]),
            (b"a\r\n", b"a", b"\r\n"),
            (b"a\r\r\n", b"a\r", b"\r\n"),
            (b"\r\n", b"", b"\r\n"),
            (b"a\r", b"a\r", b""),
            (b"a", b"a", b""),
        ] {
            assert_eq!(split(Wrapping::Line, line), (&b""[..], payload, end));
        }
    }
}
