//! How an engine is to run.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::topology::Topology;
use crate::endpoints::{DEFAULT_CONNECTION_LIMIT, Endpoint};
use crate::resilience::ResilienceSettings;

/// The most workers that an engine should have: more than a machine has a use for, and each is a thread
/// with a channel to every other one.
pub const MAX_WORKERS: usize = 256;

/// How an engine is to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many workers.
    pub workers: NonZeroUsize,
    /// Whether the partitions of declared keys exist from the start.
    pub precreate: bool,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// How many connections a source serves at once.
    pub connection_limit: NonZeroUsize,
    /// Where each pipeline's bytes enter.
    pub sources: Vec<Endpoint>,
    /// Where each pipeline's bytes leave: one endpoint a sink.
    pub sinks: Vec<Vec<Endpoint>>,
    /// Whether messages can be injected. The engine then runs until it is told to stop.
    pub injectable: bool,
    /// How often a worker traces a message that nobody asked to trace; never where it is `None`.
    pub sample_every: Option<Duration>,
    /// Whether to begin paused.
    pub paused: bool,
    /// Where to save what must survive; nothing does where it is `None`, and that costs nothing.
    pub resilience: Option<ResilienceSettings>,
}

impl Settings {
    /// One worker; no sources, sinks that drop their bytes, and nothing injected.
    #[must_use]
    pub fn new(topology: &Topology) -> Self {
        let pipelines = topology.pipelines();
        Self {
            workers: NonZeroUsize::MIN,
            precreate: false,
            frame_limit: DEFAULT_FRAME_LIMIT,
            connection_limit: DEFAULT_CONNECTION_LIMIT,
            sources: vec![Endpoint::Null; pipelines.len()],
            sinks: pipelines.iter().map(|plan| vec![Endpoint::Null; plan.sinks.len()]).collect(),
            injectable: false,
            sample_every: None,
            paused: false,
            resilience: None,
        }
    }
}
