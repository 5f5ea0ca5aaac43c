//! Headers: how the length of a payload is read.

use crate::application::{Decoder, Reason};

/// A header as a number, its first byte the most significant: what the default header is.
///
/// ```
/// assert_eq!(wallaroo::big_endian(&[1, 2]), 258);
/// ```
#[must_use]
pub fn big_endian(header: &[u8]) -> u64 {
    header.iter().fold(0, |length, byte| (length << 8) | u64::from(*byte))
}

/// A header as a number, its first byte the least significant.
///
/// ```
/// assert_eq!(wallaroo::little_endian(&[1, 2]), 513);
/// ```
#[must_use]
pub fn little_endian(header: &[u8]) -> u64 {
    header.iter().rev().fold(0, |length, byte| (length << 8) | u64::from(*byte))
}

/// A decoder with another header: see [`Source::header`](super::Source::header).
#[derive(Debug, Clone)]
pub struct WithHeader<D, F> {
    pub(super) decoder: D,
    pub(super) length: usize,
    pub(super) read: F,
}

impl<D, F> Decoder for WithHeader<D, F>
where
    D: Decoder,
    F: Fn(&[u8]) -> u64 + Send + Sync + 'static,
{
    type Message = D::Message;

    fn header_length(&self) -> usize {
        self.length
    }

    fn payload_length(&self, header: &[u8]) -> u64 {
        (self.read)(header)
    }

    fn decode(&self, payload: &[u8]) -> Result<Option<D::Message>, Reason> {
        self.decoder.decode(payload)
    }
}
