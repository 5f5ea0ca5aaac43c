//! Headers: how the length of a payload is read.

/// A header as a number, its first byte the most significant. This is the default header.
///
/// ```
/// assert_eq!(wallaroo::big_endian(&[1, 2]), 258);
/// ```
pub fn big_endian(header: &[u8]) -> u64 {
    header.iter().fold(0, |length, byte| (length << 8) | u64::from(*byte))
}

/// A header as a number, its first byte the least significant.
///
/// ```
/// assert_eq!(wallaroo::little_endian(&[1, 2]), 513);
/// ```
pub fn little_endian(header: &[u8]) -> u64 {
    header.iter().rev().fold(0, |length, byte| (length << 8) | u64::from(*byte))
}
