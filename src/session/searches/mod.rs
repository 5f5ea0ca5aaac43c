//! What is looked for in the recording of a run while the engine goes on: the smallest input with which something still
//! happens, and tests of what was seen. Each is found by a thread of its own.

mod shrinking;
mod test;
mod testing;

pub(super) use shrinking::Shrinking;
pub use test::{TestMade, TestOf};
pub(super) use testing::Testing;
