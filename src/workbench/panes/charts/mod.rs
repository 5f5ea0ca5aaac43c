//! Figures over time and their distribution, as bars.

mod bars;
pub(super) mod latency;
pub(super) mod throughput;
