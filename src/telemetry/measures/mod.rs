//! What is measured of a run: counts, messages per second and latency, in the times that charts show.

pub(crate) mod counters;
pub(crate) mod latency;
pub(crate) mod throughput;
pub(crate) mod traced;
pub(crate) mod window;
