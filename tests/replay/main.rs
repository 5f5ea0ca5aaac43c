//! Recordings on the command line: what is replayed is what was run, at any message, here and elsewhere.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod digests;
mod exported;
mod interrupted;
mod moments;
mod recorded;
mod refused;
mod sliced;
mod whole;
