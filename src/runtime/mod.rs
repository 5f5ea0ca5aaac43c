//! Runs a topology on Timely Dataflow, with any number of worker threads.
//!
//! [`Engine`] is the whole of it for those outside: it starts, takes requests, and ends. Inside, each
//! worker is a loop (`worker`) over a dataflow (`dataflow`) whose operators run the segments of
//! [`crate::core`]. Only this folder names timely.

mod clock;
mod connections;
mod crew;
mod dataflow;
mod engine;
mod entrance;
mod error;
mod exchange;
mod gate;
mod inlet;
#[cfg(all(test, feature = "interleavings"))]
mod interleavings;
mod journaling;
mod keeper;
mod launch;
mod quiet;
mod replay;
mod request;
mod saved_names;
mod settings;
mod start;
mod supervisor;
mod trial;
mod worker;

pub use engine::{Engine, EngineClock};
pub use error::EngineError;
pub use gate::RunState;
pub use quiet::silence_caught_panics;
pub use settings::{MOST_WORKERS, Settings};
