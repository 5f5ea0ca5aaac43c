//! Frames on their way through an engine: their order, pauses, pressure and traces.

mod crowd;
mod merging;
mod order;
mod pausing;
mod pressure;
mod sharing;
pub mod tracing;
mod turns;
