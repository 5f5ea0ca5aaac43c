//! The checksum of a row.

use super::database::signed;

/// Whose a file is. All of its checksums begin with it, so that a file, a page or a row of another
/// file is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    /// The number that its directory was given at random.
    pub directory: u64,
    /// The generation; 0 for the journal.
    pub generation: u64,
    /// The worker; 0 for the journal.
    pub worker: u64,
}

impl Seal {
    /// That of a directory's journal.
    pub fn of_journal(directory: u64) -> Self {
        Self { directory, generation: 0, worker: 0 }
    }
}

/// A CRC-32 (IEEE 802.3) over the file's seal and a row's other columns, in their order: an integer as
/// 8 bytes, little-endian; a text or bytes as their length in the same way, then themselves.
pub(super) struct Checksum(crc32fast::Hasher);

impl Checksum {
    pub fn new() -> Self {
        Self(crc32fast::Hasher::new())
    }

    pub fn of(Seal { directory, generation, worker }: Seal) -> Self {
        [directory, generation, worker].map(signed).into_iter().fold(Self::new(), Self::number)
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
