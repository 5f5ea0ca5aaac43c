//! The engine with real threads: held to the test driver, paused, stalled, and ended at any moment.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/mod.rs"]
mod support;

mod applications;
mod files;
mod flow;
mod generators;
mod keys;
mod life;
mod load;
mod recorder;
mod twin;

use std::num::NonZeroUsize;
use std::sync::Arc;

use wallaroo::Topology;
use wallaroo::runtime::{Engine, Settings};

use recorder::Recorder;

/// The numbers of workers that a property must hold at.
const WORKERS: [usize; 3] = [1, 2, 4];

/// Settings for this many workers, with messages injected and outputs dropped.
fn injectable(topology: &Topology, workers: usize) -> Settings {
    let workers = NonZeroUsize::new(workers).unwrap();
    Settings { workers, injectable: true, ..Settings::new(topology) }
}

/// An engine, and what it tells.
fn start(topology: &Arc<Topology>, settings: &Settings) -> (Engine, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let engine = Engine::start(Arc::clone(topology), settings, Arc::clone(&recorder) as _).unwrap();
    (engine, recorder)
}
