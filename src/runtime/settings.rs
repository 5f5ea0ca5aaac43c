//! How an engine is to run.

use std::num::NonZeroUsize;
use std::sync::Arc;

use super::examiner::Examiner;
use super::passes::Passes;
use super::processes::naming::named;
use crate::cluster::Cluster;
use crate::core::event::ProcessNamed;
use crate::core::figures::counted;
use crate::core::frames::framing::DEFAULT_FRAME_LIMIT;
use crate::core::frames::trace_budget::TraceRate;
use crate::core::numbers::ProcessIndex;
use crate::core::replay::memory::RecordedInMemory;
use crate::core::topology::Topology;
use crate::endpoints::{DEFAULT_CONNECTION_LIMIT, Endpoint};
use crate::resilience::ResilienceSettings;

/// How an engine is to run.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Settings {
    /// The number of workers, of each process if there are several.
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
    /// Where the run is recorded in memory, if it is. What is not saved is not recorded either.
    pub recorded: Option<Arc<RecordedInMemory>>,
    /// Who is given what happened to messages, if somebody is.
    pub examiner: Option<Arc<Examiner>>,
    /// Who says which message may enter, if somebody looks at them before.
    pub passes: Option<Arc<Passes>>,
    /// The processes that run it together, of which this is process 0. `None`: this one alone.
    pub cluster: Option<Arc<Cluster>>,
}

impl Settings {
    /// The processes that run it together, in order; none if there is one.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessNamed> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let members = cluster.members();
        (0..members.count()).map(|process| named(members, ProcessIndex(process))).collect()
    }

    /// So many workers, in each process if there are several.
    #[must_use]
    pub fn workers_in_words(&self, each: NonZeroUsize) -> String {
        let workers = counted(each.get() as u64, "worker");
        match &self.cluster {
            None => workers,
            Some(cluster) => {
                format!("{workers} in each of {} processes", cluster.members().count())
            }
        }
    }

    /// Whether the other processes are children of this one, which can be killed.
    #[must_use]
    pub fn has_children(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.children().is_some())
    }

    /// The number of workers of all processes, if each has so many.
    #[must_use]
    pub fn all_workers(&self, each: NonZeroUsize) -> NonZeroUsize {
        let processes = self.cluster.as_ref().map_or(1, |cluster| cluster.members().count());
        NonZeroUsize::new(processes).map_or(each, |processes| each.saturating_mul(processes))
    }

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
            recorded: None,
            examiner: None,
            passes: None,
            cluster: None,
        }
    }
}
