//! What came of what was pushed.

use std::sync::Arc;

use super::kept::Kept;
use super::{NoSuchPipeline, TestDriver};
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use crate::core::partitions::query::{PartitionRow, Revival};
use crate::core::steps::context::Report;

impl TestDriver {
    /// What a pipeline's sink received: one entry per output, in order. With several sinks, the first
    /// one's; see [`outputs_of_sink`](Self::outputs_of_sink). Empty if it has no sink.
    ///
    /// # Errors
    ///
    /// There is no such pipeline.
    pub fn outputs(&self, pipeline: &str) -> Result<&[Vec<u8>], NoSuchPipeline> {
        self.outputs_of_sink(pipeline, 0)
    }

    /// What one of a pipeline's sinks received: one entry per output, in order. Of a sink that pipelines share, those of
    /// all of them.
    ///
    /// # Errors
    ///
    /// There is no such pipeline.
    pub fn outputs_of_sink(
        &self,
        pipeline: &str,
        sink: usize,
    ) -> Result<&[Vec<u8>], NoSuchPipeline> {
        let at = self.sources.iter().position(|source| &*source.name == pipeline);
        let at = at.ok_or_else(|| NoSuchPipeline(pipeline.to_owned()))?;
        let place = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(sink) };
        Ok(self.kept.outputs(place))
    }

    /// The partitions of a state, sorted by key. Empty if there is no such state.
    pub fn partitions(&self, state: &str) -> Vec<PartitionRow> {
        self.worker.rows(|name| name == state)
    }

    /// Gives a poisoned partition back to its computations, with its state as it is, as a person does
    /// in the workbench.
    pub fn revive(&mut self, state: &str, key: &Key) -> Revival {
        let table = self.worker.table(state);
        table.map_or(Revival::NotFound, |table| table.borrow_mut().revive(key))
    }

    /// The messages that could not be processed, in order.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.kept.dead_letters
    }

    /// What happened to every message, in order.
    pub fn traces(&self) -> &[Arc<Trace>] {
        &self.kept.traces
    }

    /// Forgets outputs, traces and dead letters so far: what is run for long does not grow.
    pub(crate) fn forget_seen(&mut self) {
        let Kept { outputs, dead_letters, traces, .. } = &mut self.kept;
        outputs.values_mut().for_each(Vec::clear);
        dead_letters.clear();
        traces.clear();
    }

    /// What has been counted: frames, filtered messages, changes to save, and more.
    pub fn report(&self) -> &Report {
        self.worker.report()
    }
}
