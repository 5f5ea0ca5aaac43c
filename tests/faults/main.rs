//! The program under input and output that fail on purpose, at one call after another; under a machine
//! that loses power; and under a limit of memory. Afterwards it goes on by itself, and is exact.
//!
//! `WALLAROO_FAULTS=all` tries every call, `WALLAROO_FAULTS=N` at most N calls of each kind of fault,
//! evenly spread. `WALLAROO_CUTS=N` tries N seeds of power cuts; `CRASH_SEED=S` begins with that one.

#![cfg(all(feature = "workbench", target_os = "linux"))]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../recovery/chance.rs"]
#[allow(dead_code, reason = "another test uses the rest of it")]
mod chance;

#[path = "../recovery/folder.rs"]
#[allow(dead_code, reason = "another test uses the rest of it")]
mod folder;

mod ballot;
mod every_call;
mod memory;
mod power;
mod scenario;
