//! Where the sinks are at a checkpoint.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::block_in_place;

use super::checkpointer::{Checkpointer, told};
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use crate::resilience::Position;

impl Checkpointer {
    /// Asks every sink to report when it has written all outputs from before the checkpoint.
    pub(super) fn ask_sinks(&self) -> Vec<(usize, SinkIndex, oneshot::Receiver<Option<u64>>)> {
        let mut reports = Vec::new();
        for (pipeline, sinks) in self.senders.iter().enumerate() {
            for (sink, sender) in sinks.iter().enumerate() {
                let sink = SinkIndex(sink);
                let place = SinkPlace { pipeline: PipelineIndex(pipeline), sink };
                if self.shared.topology.first_place(place) != place {
                    // It reports as the sink of an earlier pipeline.
                    continue;
                }
                // It looks at the sink's file.
                let reported = block_in_place(|| sender.report());
                reports.push((pipeline, sink, reported));
            }
        }
        reports
    }

    pub(super) async fn sink_positions(
        &mut self,
        reports: Vec<(usize, SinkIndex, oneshot::Receiver<Option<u64>>)>,
    ) -> Vec<Position> {
        let mut positions = Vec::new();
        for (pipeline, sink, reported) in reports {
            let Some(offset) = told(reported).await else { continue };
            let Some(endpoint) = self.sinks.get(pipeline).and_then(|sinks| sinks.get(sink.0))
            else {
                unreachable!(
                    "a sink that reports has an endpoint, under which its position is saved"
                )
            };
            // Under each pipeline that has it: a later version of the application may be without some of them.
            let place = SinkPlace { pipeline: PipelineIndex(pipeline), sink };
            for (place, name) in self.shared.topology.places_of(place) {
                positions.push(Position::Sink {
                    pipeline: Arc::clone(name),
                    sink: place.sink.0 as u64,
                    endpoint: endpoint.to_string(),
                    offset,
                });
            }
        }
        positions
    }
}
