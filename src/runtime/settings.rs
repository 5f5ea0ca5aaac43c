//! How an engine is to run.

use std::num::NonZeroUsize;

use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::frames::trace_budget::TraceRate;
use crate::core::topology::Topology;
use crate::endpoints::{DEFAULT_CONNECTION_LIMIT, Endpoint};
use crate::resilience::ResilienceSettings;

/// The max number of workers: each is a thread with a channel to every other one.
pub const MAX_WORKERS: usize = 256;

/// How an engine is to run.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Settings {
    /// The number of workers.
    pub workers: NonZeroUsize,
    /// Whether the partitions of declared keys exist from the start.
    pub precreate: bool,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// How many connections a source serves at once.
    pub connection_limit: NonZeroUsize,
    /// Each pipeline's source; `Null` if it makes its messages itself.
    pub sources: Vec<Endpoint>,
    /// Each pipeline's sinks. A sink that several pipelines share has its endpoint at each of them.
    pub sinks: Vec<Vec<Endpoint>>,
    /// Whether messages can be injected. If so, the engine runs until it is stopped.
    pub injectable: bool,
    /// Whether messages can be injected for as long as the run lasts: it ends with its sources all the same.
    pub attachable: bool,
    /// How many messages of a pipeline's source are traced. `None`: none of them. Injected messages and those that
    /// are taken step by step are traced anyway.
    pub traces: Option<TraceRate>,
    /// Whether to begin paused.
    pub paused: bool,
    /// The directory for checkpoints and journal. `None`: nothing is saved.
    pub resilience: Option<ResilienceSettings>,
}

impl Settings {
    /// One worker, sources without frames, sinks that drop their bytes, no injected messages.
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
            attachable: false,
            traces: None,
            paused: false,
            resilience: None,
        }
    }
}
