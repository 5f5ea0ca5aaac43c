//! `shrink`: of a recording, the smallest input with which something still happens.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "../support/mod.rs"]
mod support;

mod applications;
mod command;
mod exact;
mod planted;
mod recorded;
