//! The checksum of a row.

/// A CRC-32 (IEEE 802.3) over a row's other columns, in their order: an integer as 8 bytes, little-endian;
/// a text or bytes as their length in the same way, then themselves.
pub(super) struct Checksum(crc32fast::Hasher);

impl Checksum {
    pub fn new() -> Self {
        Self(crc32fast::Hasher::new())
    }

    pub fn number(mut self, number: i64) -> Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub fn finish(self) -> i64 {
        i64::from(self.0.finalize())
    }
}
