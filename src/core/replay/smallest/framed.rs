//! The smallest input as frames, as a source reads them.

use super::Smallest;
use crate::core::frames::framing::NoFrame;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;

/// The frames of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FramesOf {
    /// The pipeline.
    pub pipeline: PipelineIndex,
    /// How many frames there are.
    pub count: u64,
    /// The frames, one after another.
    pub bytes: Vec<u8>,
}

impl Smallest {
    /// The messages as frames, by their pipelines. Pipelines that have none are left out.
    ///
    /// # Errors
    ///
    /// A payload cannot be framed.
    pub fn frames(&self, topology: &Topology) -> Result<Vec<FramesOf>, NoFrame> {
        let mut all: Vec<FramesOf> = Vec::new();
        for (at, plan) in topology.pipelines().iter().enumerate() {
            let mut frames = FramesOf { pipeline: PipelineIndex(at), count: 0, bytes: Vec::new() };
            for message in self.messages.iter().filter(|message| message.pipeline.0 == at) {
                frames.bytes.extend(plan.source.framing.frame(&message.payload)?);
                frames.count += 1;
            }
            if frames.count > 0 {
                all.push(frames);
            }
        }
        Ok(all)
    }
}
