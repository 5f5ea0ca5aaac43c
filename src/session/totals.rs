//! The counts of a session, summed over workers and pipelines.

use crate::telemetry::collector::Collector;
use crate::telemetry::counters::WorkerCounters;
use crate::telemetry::pipeline_counters::PipelineCounters;
use crate::telemetry::snapshot::Totals;
use crate::telemetry::traced::TracedShare;

/// A count that grows whenever a partition changes.
pub(super) fn work(collector: &Collector) -> u64 {
    let workers = collector.pipelines.iter().flat_map(|pipeline| &pipeline.workers);
    workers
        .map(|worker| worker.stateful.get() + worker.created.get() + worker.dead_letters.get())
        .sum()
}

/// The counts of one pipeline: of its endpoints and of all workers.
pub(super) fn pipeline_totals(pipeline: &PipelineCounters) -> Totals {
    let broken = pipeline.broken.get();
    let endpoints = Totals {
        messages_in: broken,
        messages_out: pipeline.outputs.get(),
        dead_letters: broken,
        bytes_in: pipeline.broken_bytes.get(),
        bytes_out: pipeline.bytes_out.get(),
        ..Totals::default()
    };
    let of_worker = |worker: &WorkerCounters| Totals {
        messages_in: worker.frames.get(),
        filtered: worker.filtered.get(),
        dead_letters: worker.dead_letters.get(),
        bytes_in: worker.bytes.get(),
        saved: worker.saved.get(),
        stateful: worker.stateful.get(),
        ..Totals::default()
    };
    pipeline.workers.iter().map(of_worker).chain([endpoints]).sum()
}

/// Messages that the partitions of a worker have processed.
pub(super) fn of_worker(collector: &Collector, worker: usize) -> u64 {
    let of_pipeline = |pipeline: &PipelineCounters| {
        debug_assert!(worker < pipeline.workers.len(), "each worker has its counters");
        pipeline.workers.get(worker).map(|worker| worker.stateful.get()).unwrap_or_default()
    };
    collector.pipelines.iter().map(of_pipeline).sum()
}

/// The counts of all pipelines.
pub(super) fn totals(collector: &Collector) -> Totals {
    collector.pipelines.iter().map(pipeline_totals).sum()
}

/// How many of the frames that workers took are traced.
pub(super) fn traced(collector: &Collector) -> TracedShare {
    let workers = collector.pipelines.iter().flat_map(|pipeline| &pipeline.workers);
    // The traces first, which are counted last: there are never more than frames.
    let traced = collector.traced.get();
    TracedShare { traced, of: workers.map(|worker| worker.frames.get()).sum() }
}
