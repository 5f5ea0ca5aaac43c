//! A run that is reached from other processes: what is seen from there is what is seen here, what is ordered from there is
//! done, and nobody who comes to it can hold it up.

#![cfg(feature = "workbench")]
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "tests use only a part of an application")]
mod alphabet;
#[path = "../support/mod.rs"]
mod support;

mod commands;
mod holding;
mod hosted;
mod looking;
mod ordering;
mod past;
mod past_breakpoints;
mod screen;
mod stopping;
mod strangers;
