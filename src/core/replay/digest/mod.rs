//! A digest of a replay: small enough to keep, and enough to compare two versions of a program.
//!
//! It says of each epoch which partitions are others than before, as a hash of each, and how many outputs and dead
//! letters there were, with a sum of their hashes. What is written is a function of the states: a partition that was
//! saved again as it was is left out. So two digests are equal up to an epoch exactly if all partitions were, up to
//! collisions of hashes.

mod compare;
mod epoch;
mod hash;
mod line;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use compare::{ChangedIn, CompareError, Comparison, Difference, Differs, Which, compare};
pub use epoch::{EpochDigest, Hash, Header, Tally};
pub(super) use hash::hash;
pub use reader::{DigestError, DigestReader};
pub use writer::DigestWriter;
