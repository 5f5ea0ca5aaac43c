//! Load: generated messages at a rate that does not depend on how fast the engine is (open loop).
//!
//! [`settings`] says what is wanted, [`plan`] which message is due when, [`maker`] what its bytes are, [`fault`]
//! how they are spoiled, and [`search`] which rate comes next when the greatest good one is looked for. Nothing
//! here has a thread or a clock: the same seed gives the same messages.

pub mod fault;
pub mod maker;
pub mod pace;
pub mod plan;
pub mod search;
pub mod settings;
