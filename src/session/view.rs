//! Snapshots and the summary of a session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Session;
use super::look::Look;
use super::totals::{of_worker, pipeline_totals, totals, traced, work};
use super::what_if::Branch;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, Timestamp, WorkerIndex};
use crate::core::topology::{StepPlan, Topology};
use crate::runtime::RunState;
use crate::telemetry::collector::Collector;
use crate::telemetry::counters::ByCause;
use crate::telemetry::latency::Latency;
use crate::telemetry::partitions::PartitionsShown;
use crate::telemetry::snapshot::{
    PipelineShown, Snapshot, StepShown, Summary, Totals, WorkerShown,
};
use crate::telemetry::{LogShown, ProcessesShown, SinkShown, Throughput, TimeWindow};

/// How many of the newest traces, outputs and events a snapshot has.
pub(super) const SHOWN: usize = 200;

impl Session {
    /// What is seen of this moment, or of the moment of the past that is wanted.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.as_of_then(self.rewind.past.as_ref(), self.snapshot_of_now())
    }

    fn snapshot_of_now(&self) -> Snapshot {
        let collector = &self.collector;
        // Counts first: those that they count are found then.
        let figures = self.figures(&self.look);
        Snapshot {
            traces: collector.traces.lock().newest_first().take(SHOWN).cloned().collect(),
            outputs: collector.outputs.lock().newest_first().take(SHOWN).cloned().collect(),
            dead_letters: self.dead_letters_kept(),
            events: collector.events.lock().newest_first().take(SHOWN).cloned().collect(),
            log: collector.reporter.log().map(|log| log.shown(SHOWN)).unwrap_or_default(),
            branch: self.branch.as_ref().map(Branch::shown),
            ..figures
        }
    }

    /// All dead letters that are kept, newest first, so that a filter finds old ones.
    pub(super) fn dead_letters_kept(&self) -> Vec<Arc<DeadLetter>> {
        self.collector.dead_letters.lock().newest_first().cloned().collect()
    }

    /// The figures of this moment for one that looks at it, without what is kept of single messages and events.
    pub(super) fn figures(&self, look: &Look) -> Snapshot {
        let collector = &self.collector;
        // First: what is taken while the snapshot is made is seen in either place.
        let run_state = self.engine.run_state();
        let latency = self.latency();
        let partitions = self.partitions_shown(look);
        Snapshot {
            application: Arc::clone(self.engine.topology().name()),
            run_state,
            starting: false,
            waits: (run_state != RunState::Running).then(|| self.engine.waits()),
            changing_to: Some(self.settings.all_workers(self.settings.workers).get())
                .filter(|wanted| *wanted != self.engine.workers()),
            uptime: self.engine.now().since(Timestamp::default()),
            totals: self.totals(),
            throughput: self.throughput.clone(),
            latencies: TimeWindow::ALL.map(|window| latency.of(window)),
            pipelines: pipelines_shown(self.engine.topology(), collector),
            workers: self.workers(&partitions.by_worker),
            processes: self.processes(),
            partitions,
            pinned: self.engine.pinned(),
            traces: Vec::new(),
            traced: self.traced.shown(traced(collector)),
            outputs: Vec::new(),
            dead_letters: Vec::new(),
            dead_letters_lost: collector.letters_lost(),
            safety: self.safety(),
            load: self.load_shown(),
            events: Vec::new(),
            log: LogShown::default(),
            ahead: look.foreseen(),
            breakpoints: self.breakpoints.shown(),
            past: None,
            undo: self.undone.shown(self.outputs_leave()),
            shrinking: self.shrinking_shown(),
            replaying: false,
            search: None,
            changes: None,
            branch: None,
            away: None,
        }
    }

    /// The partitions that are looked at, with the messages of the one that is looked at closely.
    fn partitions_shown(&self, look: &Look) -> PartitionsShown {
        let mut shown = look.partitions(work(&self.collector));
        if let Some(opened) = &mut shown.opened {
            (opened.first, opened.traces) = self.histories.lock().of(&opened.name.1);
        }
        shown
    }

    /// The counts of the session. `stateful` is the count that the partitions have: after a crash, a
    /// message that is processed again counts once.
    fn totals(&self) -> Totals {
        let counted = totals(&self.collector);
        let saved = self.engine.recovered().map_or(0, |recovered| recovered.messages);
        let stateful = saved + counted.stateful.saturating_sub(self.stateful_before);
        let stateful = stateful.saturating_sub(self.undone.processed());
        Totals { stateful, ..counted }
    }

    /// The latency over all pipelines.
    pub(super) fn latency(&self) -> Latency {
        let mut latency = Latency::new();
        self.collector.pipelines.iter().for_each(|pipeline| latency.add(&pipeline.latency.lock()));
        latency
    }

    fn workers(&self, by_worker: &BTreeMap<WorkerIndex, usize>) -> Vec<WorkerShown> {
        let rate = |worker: usize| {
            self.worker_throughput.get(worker).map(Throughput::lately).unwrap_or_default()
        };
        (0..self.engine.workers())
            .map(|worker| WorkerShown {
                worker: WorkerIndex(worker),
                messages: of_worker(&self.collector, worker),
                rate: rate(worker),
                partitions: by_worker.get(&WorkerIndex(worker)).copied().unwrap_or_default(),
            })
            .collect()
    }

    /// The figures of the run so far. Waits for the workers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let totals = totals(&self.collector);
        let end = self.ended.unwrap_or_else(|| self.engine.now());
        let seconds = end.since(Timestamp::default()).as_secs_f64();
        let (partitions, partitions_dynamic) = self.partition_counts();
        Summary {
            app: self.engine.topology().name().to_string(),
            processes: self.processes().as_ref().map(ProcessesShown::count),
            workers: self.engine.workers(),
            messages_in: totals.messages_in,
            messages_out: totals.messages_out,
            filtered: totals.filtered,
            dead_letters: totals.dead_letters,
            dead_letters_lost: self.collector.letters_lost(),
            partitions,
            partitions_dynamic,
            bytes_in: totals.bytes_in,
            bytes_out: totals.bytes_out,
            seconds,
            messages_per_second: per_second(totals.messages_in, seconds),
            latency_us: self.latency().total(),
        }
    }
}

/// The pipelines with their counts.
pub(super) fn pipelines_shown(topology: &Topology, collector: &Collector) -> Vec<PipelineShown> {
    let plans = topology.pipelines().iter().zip(&collector.pipelines);
    let shown = plans.enumerate().map(|(at, (plan, counters))| {
        let broken = counters.broken.get();
        let messages_in = pipeline_totals(counters).messages_in;
        let mut entered = messages_in.saturating_sub(broken);
        let step_shown = |(at, step): (usize, &StepPlan)| {
            let given = counters.given(at);
            let refused = counters.refused.get(at).map(ByCause::total).unwrap_or_default();
            let entered = std::mem::replace(&mut entered, given);
            StepShown { plan: step.clone(), entered, refused, given }
        };
        PipelineShown {
            name: Arc::clone(&plan.name),
            steps: plan.steps.iter().enumerate().map(step_shown).collect(),
            merged: plan.merged,
            broken,
            messages_in,
            messages_out: counters.outputs.get(),
            has_sink: !plan.sinks.is_empty(),
            sink_names: plan.sinks.iter().filter_map(|sink| sink.name.clone()).collect(),
            listening: counters.listening.get().cloned(),
            clients: counters.clients.lock().shown(&plan.name),
            generates: plan.source.makes_its_messages(),
            ended: counters.ended.load(Ordering::Acquire),
            held: counters.pressure.is_held(),
            sinks: sinks_of(topology, collector, (PipelineIndex(at), plan.sinks.len())),
        }
    });
    shown.collect()
}

/// The sinks of a pipeline, so many, that have reported a state.
fn sinks_of(
    topology: &Topology,
    collector: &Collector,
    (pipeline, sinks): (PipelineIndex, usize),
) -> Vec<SinkShown> {
    let first = |sink| topology.first_place(SinkPlace { pipeline, sink: SinkIndex(sink) });
    let shown = (0..sinks).map(first).filter_map(|SinkPlace { pipeline, sink }| {
        collector.pipelines.get(pipeline.0)?.pressure.sink(sink)
    });
    shown.collect()
}

#[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
fn per_second(messages: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { messages as f64 / seconds } else { 0.0 }
}
