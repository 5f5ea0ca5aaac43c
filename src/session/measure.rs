//! What other programs are told of a session. Nothing is collected for it: it reads counters.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Session;
use super::totals::{of_worker, pipeline_totals};
use crate::core::frames::dead_letter::{Cause, FRAMING_STEP, HELD_STEP, JOURNAL_STEP};
use crate::core::numbers::Timestamp;
use crate::core::topology::PipelinePlan;
use crate::runtime::RunState;
use crate::telemetry::pipeline_counters::PipelineCounters;
use crate::telemetry::{
    Measured, PipelineMeasured, Readiness, Refused, SavedMeasured, StepMeasured,
};

impl Session {
    /// The figures of this moment, without anything that is only to be looked at.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let workers = 0..self.engine.workers();
        let plans = self.engine.topology().pipelines().iter().zip(&self.collector.pipelines);
        let pipelines = plans.zip(self.engine.budgets());
        Measured {
            application: Arc::clone(self.engine.topology().name()),
            readiness: self.readiness(),
            uptime: self.engine.now().since(Timestamp::default()),
            pipelines: pipelines
                .map(|((plan, counters), budget)| measured(plan, counters, budget))
                .collect(),
            workers: workers.map(|worker| of_worker(&self.collector, worker)).collect(),
            dead_letters_lost: self.collector.letters_lost(),
            saved: self.saved(),
        }
    }

    /// Whether messages are taken in, or why not.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let ended = |pipeline: &PipelineCounters| pipeline.ended.load(Ordering::Acquire);
        if self.engine.outcome().is_some() || self.engine.is_stopping() {
            Readiness::Stopping
        } else if !self.engine.reads() {
            Readiness::Recovering
        } else if self.engine.run_state() != RunState::Running {
            Readiness::Paused
        } else if !self.settings.injectable && self.collector.pipelines.iter().all(ended) {
            Readiness::InputsEnded
        } else {
            Readiness::Ready
        }
    }

    fn saved(&self) -> Option<SavedMeasured> {
        let journal = self.engine.journal_bytes()?;
        let checkpoints = self.collector.checkpoints.lock();
        let last = checkpoints.last();
        let uptime = self.engine.now().since(Timestamp::default());
        Some(SavedMeasured {
            epoch: self.newest_epoch(&checkpoints).0,
            age: last.map_or(uptime, |last| last.whole.elapsed()),
            held: last.map(|last| last.held).unwrap_or_default(),
            took: last.map(|last| last.took).unwrap_or_default(),
            unsaved: checkpoints.unsaved(self.collector.stateful()),
            journal,
            crashes: self.collector.crashes.get(),
            recoveries: self.collector.recoveries.get(),
        })
    }
}

fn measured(
    plan: &PipelinePlan,
    counters: &PipelineCounters,
    (budget_used, budget_limit): (usize, usize),
) -> PipelineMeasured {
    let steps = plan.steps.iter().enumerate();
    // The lock is not held while the copy is read.
    let latency = counters.latency.lock().whole_run();
    PipelineMeasured {
        name: Arc::clone(&plan.name),
        totals: pipeline_totals(counters),
        steps: steps
            .map(|(at, step)| StepMeasured {
                name: Arc::clone(&step.name),
                given: counters.given(at),
            })
            .collect(),
        refused: refused(plan, counters),
        latency: latency.measured(),
        budget_used,
        budget_limit,
        held: counters.pressure.is_held(),
        clients: counters.clients.lock().shown(&plan.name),
        sinks: counters.pressure.sinks(),
    }
}

/// The dead letters of a pipeline by step and cause, with those that there are none of.
fn refused(plan: &PipelinePlan, counters: &PipelineCounters) -> Vec<Refused> {
    let (set_aside, dropped) = (counters.set_aside.get(), counters.dropped.get());
    let framing = counters.broken.get().saturating_sub(set_aside + dropped);
    let beside =
        |step: &str, cause, count| Refused { place: None, step: step.into(), cause, count };
    let mut refused = vec![
        beside(FRAMING_STEP, Cause::Framing, framing),
        beside(JOURNAL_STEP, Cause::SetAside, set_aside),
        beside(HELD_STEP, Cause::Dropped, dropped),
    ];
    for (place, (step, causes)) in plan.steps.iter().zip(&counters.refused).enumerate() {
        let of_step = causes.each().map(|(cause, counter)| Refused {
            place: Some(place),
            step: Arc::clone(&step.name),
            cause,
            count: counter.get(),
        });
        // No step of an author has these.
        let beside = [Cause::Framing, Cause::SetAside, Cause::Dropped];
        refused.extend(of_step.filter(|refused| !beside.contains(&refused.cause)));
    }
    refused
}
