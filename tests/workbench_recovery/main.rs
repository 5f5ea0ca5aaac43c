//! Crash, recovery and the number of workers in the workbench, without a terminal.
//!
//! `INSTA_UPDATE=always cargo test --test workbench_recovery` writes the screens anew; read the diff.

#![cfg(feature = "workbench")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail where the test itself may")]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;
#[path = "../support/mod.rs"]
mod support;

mod keys;
mod reset;
mod screens;
mod session;
