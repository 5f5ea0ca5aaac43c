//! Lets sources, sinks and queues begin at the positions of a checkpoint.

use std::path::PathBuf;
use std::sync::Arc;

use super::endpoints::Endpoints;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use crate::core::topology::Topology;
use crate::endpoints::{Endpoint, OpenSink, OpenSource};
use crate::resilience::{Position, ResilienceError};
use crate::runtime::error::EngineError;
use crate::runtime::ingress::queues::Queues;
use crate::runtime::recovery::saved_names::SavedNames;

/// Lets sources and sinks begin at these positions. Returns the positions of sources and sinks that this run
/// does not have, because a later run may have them; without those of files that this run writes from the beginning.
pub(crate) async fn begin_at(
    positions: &[Position],
    topology: &Topology,
    names: &SavedNames,
    Endpoints { sources, sinks }: &mut Endpoints,
) -> Result<Vec<Position>, EngineError> {
    let mut others = Vec::new();
    let pipelines = topology.pipelines();
    let index = |name: &Arc<str>| pipelines.iter().position(|plan| plan.name == *name);
    for position in positions {
        let known = match position {
            Position::Journal { pipeline, .. } => index(pipeline).is_some(),
            Position::Source { pipeline, endpoint, offset } => {
                let at = index(pipeline);
                let name = at.and_then(|at| names.sources.get(at)?.as_deref());
                match at.and_then(|at| sources.get_mut(at)) {
                    Some(source) if name == Some(endpoint) => {
                        begin_source(source, endpoint, *offset).await?;
                        true
                    }
                    _ => false,
                }
            }
            Position::Sink { pipeline, sink, endpoint, offset } => {
                let sink = SinkIndex(usize::try_from(*sink).unwrap_or(usize::MAX));
                // It may have been another pipeline's first, if several share it.
                let place = index(pipeline).map(|at| {
                    topology.first_place(SinkPlace { pipeline: PipelineIndex(at), sink })
                });
                let ours = place
                    .and_then(|at| names.sinks.get(at.pipeline.0)?.get(at.sink.0))
                    .filter(|ours| ours.to_string() == *endpoint);
                let open =
                    place.and_then(|at| sinks.get_mut(at.pipeline.0)?.get_mut(at.sink.0)?.as_mut());
                match (ours, open) {
                    (Some(ours), Some(open)) => begin_sink(open, ours, *offset)?,
                    _ => false,
                }
            }
        };
        if !known && !names.are_overwritten(position) {
            others.push(position.clone());
        }
    }
    Ok(others)
}

/// Lets the queues begin at these positions, except those that this run does not have (`others`).
pub(crate) fn begin_queues_at(positions: &[Position], others: &[Position], queues: &[Arc<Queues>]) {
    let known: Vec<_> = positions.iter().filter(|at| !others.contains(at)).cloned().collect();
    for queues in queues {
        queues.begin_at(&known);
    }
}

async fn begin_source(
    source: &mut OpenSource,
    endpoint: &str,
    offset: u64,
) -> Result<(), EngineError> {
    if let Some((_, length)) = source.file().await.map_err(EngineError::Source)?
        && length < offset
    {
        let path = PathBuf::from(endpoint);
        return Err(ResilienceError::OtherFile { path, length, position: offset }.into());
    }
    source.begin_at(offset).await.map_err(EngineError::Source)
}

fn begin_sink(sink: &mut OpenSink, endpoint: &Endpoint, offset: u64) -> Result<bool, EngineError> {
    let failed = |error| EngineError::OpenSink { endpoint: endpoint.clone(), error };
    let (Some(length), Endpoint::File(path)) = (sink.file().map_err(failed)?, endpoint) else {
        return Ok(false);
    };
    if length < offset {
        let path = path.clone();
        return Err(ResilienceError::OtherFile { path, length, position: offset }.into());
    }
    sink.begin_at(offset);
    Ok(true)
}
