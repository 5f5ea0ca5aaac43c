//! The life of an engine: other workers, failures, its end, and what it leaves behind.

mod ending;
mod failing;
mod holding;
mod rescaling;
