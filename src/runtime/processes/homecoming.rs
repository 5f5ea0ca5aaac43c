//! What happened elsewhere to this process's own frames, as its observer is told.

use std::collections::BTreeMap;

use crate::cluster::loans::Settled;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::{PipelineIndex, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::context::Report;
use crate::core::topology::{PipelinePlan, Topology};
use crate::runtime::error::EngineError;

/// Tells the observer of dead letters and traces that have come home, and releases what was returned: in this order, so
/// that the dead letters of frames are told before they count as done.
///
/// # Errors
///
/// A dead letter is of no pipeline of the application. The run must end.
pub fn tell_home(
    mut settled: Settled,
    topology: &Topology,
    observer: &dyn Observer,
) -> Result<(), EngineError> {
    for trace in settled.traces.drain(..) {
        observer.trace_started(&trace);
    }
    let mut by_pipeline: BTreeMap<PipelineIndex, Vec<DeadLetter>> = BTreeMap::new();
    for letter in settled.dead_letters.drain(..) {
        let named = |plan: &PipelinePlan| plan.name == letter.pipeline;
        let pipeline = topology.pipelines().iter().position(named);
        let pipeline = pipeline.ok_or(EngineError::Contradiction(
            "another process has told of a dead letter of an unknown pipeline",
        ))?;
        by_pipeline.entry(PipelineIndex(pipeline)).or_default().push(letter);
    }
    for (pipeline, dead_letters) in by_pipeline {
        let mut report = Report { dead_letters, ..Report::default() };
        // Which worker counts for nothing: the letters are shown by their step.
        observer.processed(pipeline, WorkerIndex::default(), &mut report);
    }
    Ok(())
}
