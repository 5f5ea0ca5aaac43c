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

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use wallaroo::Topology;
use wallaroo::runtime::{Engine, Settings};

use Workers::{Apart, Together};
use recorder::Recorder;
use support::hosts::cluster;

/// The workers that a property must hold at.
const WORKERS: [Workers; 4] = [Together(1), Together(2), Together(4), Apart(2)];

/// So many workers in one process, or each in a process of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Workers {
    Together(usize),
    Apart(usize),
}

impl From<usize> for Workers {
    fn from(workers: usize) -> Self {
        Together(workers)
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Together(workers) => workers.fmt(formatter),
            Apart(workers) => write!(formatter, "{workers}, each in a process of its own:"),
        }
    }
}

/// Settings for these workers, with messages injected and outputs dropped.
fn injectable(topology: &Arc<Topology>, workers: impl Into<Workers>) -> Settings {
    let (workers, cluster) = match workers.into() {
        Together(workers) => (workers, None),
        Apart(processes) => (1, Some(cluster(topology, processes))),
    };
    let workers = NonZeroUsize::new(workers).unwrap();
    Settings { workers, injectable: true, cluster, ..Settings::new(topology) }
}

/// An engine, and what it tells.
fn start(topology: &Arc<Topology>, settings: &Settings) -> (Engine, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let engine = Engine::start(Arc::clone(topology), settings, Arc::clone(&recorder) as _).unwrap();
    (engine, recorder)
}
