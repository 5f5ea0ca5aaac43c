//! What came of what was pushed.

use std::sync::Arc;

use super::{NoSuchPipeline, TestDriver};
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::Timestamp;
use crate::core::partitions::query::{PartitionRow, Revival, RowQuery};
use crate::core::partitions::rates::Rates;
use crate::core::partitions::scan::Scan;
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
        let running = self.pipelines.iter().find(|running| &*running.name == pipeline);
        let running = running.ok_or_else(|| NoSuchPipeline(pipeline.to_owned()))?;
        let outputs = running
            .sinks
            .get(sink)
            .and_then(|place| self.pipelines.get(place.pipeline.0)?.outputs.get(place.sink.0));
        Ok(outputs.map(Vec::as_slice).unwrap_or_default())
    }

    /// The partitions of a state, sorted by key. Empty if there is no such state.
    pub fn partitions(&self, state: &str) -> Vec<PartitionRow> {
        let Some((name, table)) = self.tables.iter().find(|(name, _)| &**name == state) else {
            return Vec::new();
        };
        let table = table.borrow();
        let mut scan = Scan::new(RowQuery { limit: table.len(), ..RowQuery::default() });
        while !scan.look(&*table, &mut Rates::default(), Timestamp(0), usize::MAX) {}
        let named = |row: PartitionRow| PartitionRow { state: name.to_string(), ..row };
        scan.finish(&*table).rows.into_iter().map(|sorted| named(sorted.row)).collect()
    }

    /// Gives a poisoned partition back to its computations, with its state as it is, as a person does
    /// in the workbench.
    pub fn revive(&mut self, state: &str, key: &Key) -> Revival {
        let table = self.tables.iter().find(|(name, _)| &**name == state);
        table.map_or(Revival::NotFound, |(_, table)| table.borrow_mut().revive(key))
    }

    /// The messages that could not be processed, in order.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    /// What happened to every message, in order.
    pub fn traces(&self) -> &[Arc<Trace>] {
        &self.traces
    }

    /// Forgets outputs, traces and dead letters so far: what is run for long does not grow.
    pub(crate) fn forget_seen(&mut self) {
        let outputs = self.pipelines.iter_mut().flat_map(|running| &mut running.outputs);
        outputs.for_each(Vec::clear);
        self.traces.clear();
        self.dead_letters.clear();
        self.report.traces.clear();
    }

    /// What has been counted: frames, filtered messages, changes to save, and more.
    pub fn report(&self) -> &Report {
        &self.report
    }
}
