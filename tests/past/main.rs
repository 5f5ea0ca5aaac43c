//! A session's past: any moment of it is what it was, and looking at it disturbs nothing.

#![cfg(feature = "workbench")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../../apps/alphabet/mod.rs"]
#[expect(dead_code, reason = "a part of it is for the command line")]
mod alphabet;

/// Random conditions, as the unit tests of conditions make them.
#[path = "../../src/expression/steps/random/grammar.rs"]
mod grammar;

mod branches;
mod breakpoints;
mod disturbed;
mod failing;
mod faults;
mod fronts;
mod holding;
mod seeks;
mod shrinking;
mod taken_back;
mod testing;
mod then;
mod undo;
mod undo_refused;
mod undone;
mod walks;
