//! Runs a topology on Timely Dataflow, with any number of worker threads.
//!
//! [`Engine`] is the whole of it for those outside: it starts, takes requests, and ends. Inside, each
//! worker is a loop (`worker`) over a dataflow (`dataflow`) whose operators run the segments of
//! [`crate::core`]. Only this folder names timely.

mod clock;
mod engine;
mod error;
mod ingress;
#[cfg(all(test, feature = "interleavings"))]
mod interleavings;
mod panics;
mod parts;
mod recovery;
mod settings;
mod shutdown;
mod startup;
mod workers;

pub use engine::{Engine, EngineClock};
pub use error::EngineError;
pub use ingress::gate::RunState;
pub use panics::silence_caught_panics;
pub use settings::{MAX_WORKERS, Settings};
