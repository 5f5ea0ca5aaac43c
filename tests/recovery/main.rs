//! Runs that are killed at any moment, and begin again: nothing is lost, and nothing counts twice.
//!
//! `CRASH_ROUNDS=N` makes each random test try N seeds; a failure names its seed, and `CRASH_SEED=S`
//! begins with that one.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../runtime/recorder.rs"]
mod recorder;

mod applications;
mod cast;
mod chance;
mod changing_workers;
mod directory;
mod folder;
mod framings;
mod inputs;
mod letters;
mod own;
mod poison;
mod totals;
mod votes;
