//! What a message would do: its way through all steps of its pipeline, on copies of the partitions' states.
//!
//! Invariant: nothing of a running engine is touched. The author's code runs on a topology of its own worker, which
//! has only the copies that it was given; what it panics with is a dead letter, as in the engine.
//!
//! Which partitions a message touches is known only when it has run. So the caller runs it, brings the copies that
//! were [missing](Foresight::missing), and runs it again until none is.

mod came;
mod entering;
mod fields;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::frames::Frames;
use super::frames::assembler::{Assembler, SourceEnd};
use super::frames::dead_letter::DeadLetter;
use super::frames::trace::{HopEvent, Trace};
use super::guard::guarded;
use super::numbers::{PipelineIndex, SequenceNumber, Timestamp, WorkerIndex};
use super::partitions::placement::Placement;
use super::partitions::saved::SavedPartition;
use super::replay::machine::Workers;
use super::steps::WorkerSetup;
use super::steps::context::Report;
use super::topology::{PipelinePlan, StepKind, Topology};
use crate::application::Key;
use came::Came;
pub use entering::{foresee_entry, one_frame};
pub use fields::{FrameField, fields_of};

/// The source's name in what is said of the message.
const SOURCE: &str = "input";

/// How many messages a step gives at a time: fewer than in the engine.
const PIECE: usize = 64;

/// The max number of copies that are asked for at a time. Few are shown.
const MAX_MISSING: usize = 16;

/// The longest state of which a copy is made, in bytes.
pub const MAX_COPY: usize = 1024 * 1024;

/// A partition: its state's name and its key.
pub type StateKey = (Arc<str>, Key);

/// What is known of a partition of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copied {
    /// There is none of this key.
    New,
    /// A copy.
    Saved(SavedPartition),
    /// It cannot be copied, for this reason.
    Failed(String),
}

/// What is known of partitions of the engine.
pub type Copies = BTreeMap<StateKey, Copied>;

/// What is done to the first partition of a state step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The state's name.
    pub state: Arc<str>,
    /// The partition's key.
    pub key: Key,
    /// The worker that owns it.
    pub owner: WorkerIndex,
    /// Whether the message creates it.
    pub created: bool,
    /// The state before, as JSON.
    pub before: String,
    /// The state after, as JSON.
    pub after: String,
    /// How many more messages come to this step.
    pub more: u64,
}

/// What a message would do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Foresight {
    /// The message that the decoder makes, as JSON.
    pub message: Option<String>,
    /// Whether the decoder drops it on purpose.
    pub filtered: bool,
    /// Per state step, what is done to the first partition.
    pub changes: Vec<Change>,
    /// The first output.
    pub output: Option<Vec<u8>>,
    /// How many outputs there are, of all sinks.
    pub outputs: u64,
    /// The first message that could not be processed.
    pub failure: Option<DeadLetter>,
    /// How many there are.
    pub failures: u64,
    /// Whether it was too much to look at all of it.
    pub cut: bool,
    /// Partitions of which there was no copy: they were taken for new.
    pub missing: Vec<StateKey>,
    /// Why the states are not those of the engine; `None` if they are.
    pub unknown: Option<String>,
    /// Which bytes of the frame are which field.
    pub fields: Vec<FrameField>,
}

/// What a message that waits would do, and what its trace would be.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What it would do.
    pub foresight: Foresight,
    /// What would happen to it.
    pub trace: Arc<Trace>,
    /// Its dead letters.
    pub letters: Vec<DeadLetter>,
}

/// What the engine is like in which the message would run.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The application.
    pub topology: &'a Topology,
    /// How many workers it has.
    pub workers: NonZeroUsize,
    /// The longest payload in bytes.
    pub frame_limit: u64,
    /// The partitions.
    pub copies: &'a Copies,
}

/// What the first frame of these bytes would do. Does not panic, whatever the author's code does.
pub fn foresee(around: Surroundings<'_>, pipeline: PipelineIndex, bytes: &[u8]) -> Foresight {
    let Some(plan) = around.topology.pipelines().get(pipeline.0) else {
        return Foresight::default();
    };
    let failed = |reason| Foresight { unknown: Some(reason), ..Foresight::default() };
    guarded(|| Ok(run(around, pipeline, plan, bytes))).unwrap_or_else(failed)
}

fn run(
    around: Surroundings<'_>,
    pipeline: PipelineIndex,
    plan: &PipelinePlan,
    bytes: &[u8],
) -> Foresight {
    match first_frame(plan, around.frame_limit, bytes) {
        Ok(frames) => {
            let fields = fields_of(&plan.source, frames.frame(0));
            Foresight { fields, ..look(around, pipeline, plan, frames).foresight }
        }
        Err(letter) => {
            let (failure, failures) = (letter.map(|letter| *letter), 1);
            Foresight { failure, failures, ..Foresight::default() }
        }
    }
}

/// What the first of these frames would do. Which bytes are which field is not asked: that costs many calls of the
/// decoder, and this is done for each message that is held or let in.
fn look(
    around: Surroundings<'_>,
    pipeline: PipelineIndex,
    plan: &PipelinePlan,
    mut frames: Frames,
) -> Looked {
    // One worker owns every key here. `changes` asks the engine's placement for the owners.
    let setup = WorkerSetup::alone(false);
    let mut worker = Workers::alone(around.topology, setup).in_pieces_of(PIECE);
    let unknown = restore(&worker, around.copies);
    let trace = frames.begin_trace(&plan.name, 0);
    let mut came = Came::default();
    let processed = worker.process_frames(pipeline, frames, &mut came);
    debug_assert!(processed.is_ok(), "frames enter a pipeline of the application");
    let (report, Came { output, outputs, letters, cut }) = (worker.report(), came);
    let foresight = Foresight {
        message: message_of(&trace),
        filtered: report.filtered > 0,
        changes: changes(around, plan, &trace, report),
        output,
        outputs,
        missing: missing(around, plan, &worker, &letters),
        failures: letters.len() as u64,
        failure: letters.first().cloned(),
        cut,
        unknown,
        fields: Vec::new(),
    };
    Looked { foresight, trace, letters }
}

/// The first frame; else the dead letter of bytes that are not a frame, or `None` if there are no bytes.
fn first_frame(
    plan: &PipelinePlan,
    limit: u64,
    bytes: &[u8],
) -> Result<Frames, Option<Box<DeadLetter>>> {
    let mut assembler = Assembler::new(Arc::clone(&plan.source.framing), limit, 1);
    assembler.buffer().extend_from_slice(bytes);
    let wrapping = plan.source.framing.wrapping();
    let (first, now) = (SequenceNumber(1), Timestamp(0));
    let broken = match assembler.cut() {
        Ok(Some(cut)) => return Ok(Frames::new(SOURCE.into(), first, now, wrapping, cut)),
        Ok(None) => assembler.finish(SourceEnd::Ended),
        Err(broken) => Some(broken),
    };
    let letter =
        |broken| DeadLetter::of_broken(Arc::clone(&plan.name), SOURCE.into(), broken, first, now);
    Err(broken.map(letter).map(Box::new))
}

/// Brings the copies into the tables. Returns why that is not all that the engine has.
fn restore(worker: &Workers, copies: &Copies) -> Option<String> {
    let mut unknown = None;
    for ((state, _), copied) in copies {
        let table = worker.table(state);
        let reason = match (copied, table) {
            (Copied::Saved(saved), Some(table)) => {
                table.borrow_mut().restore(saved).err().map(|reason| format!("its copy: {reason}"))
            }
            (Copied::Failed(reason), _) => Some(reason.clone()),
            (Copied::New, _) | (_, None) => None,
        };
        unknown = unknown.or(reason);
    }
    unknown
}

fn message_of(trace: &Trace) -> Option<String> {
    trace.hops().into_iter().find_map(|hop| match hop.event {
        HopEvent::Decoded(json) => Some(json),
        _ => None,
    })
}

/// The first change of each state step.
fn changes(
    around: Surroundings<'_>,
    plan: &PipelinePlan,
    trace: &Trace,
    report: &Report,
) -> Vec<Change> {
    let placement = Placement::new(around.workers);
    let hops = trace.hops();
    let steps = plan.steps.iter().zip(plan.steps.iter().skip(1));
    let states = steps.filter_map(|(partition, step)| match &step.kind {
        StepKind::State { state } => Some((partition, step, state)),
        _ => None,
    });
    // Steps may have one name, as closures have: then the changes of the step before come first.
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let first = states.filter_map(|(partition, step, state)| {
        let came = report.steps.get(partition.index.0).copied().unwrap_or_default();
        let before = seen.entry(&*step.name).or_default();
        let of_step = hops.iter().filter(|hop| hop.step == step.name);
        let mut changes = of_step.filter_map(|hop| match &hop.event {
            HopEvent::StateChanged { key, created, before, after, .. } => Some(Change {
                state: Arc::clone(state),
                key: key.clone(),
                owner: placement.worker(key),
                created: *created,
                before: before.clone(),
                after: after.clone(),
                more: came.saturating_sub(1),
            }),
            _ => None,
        });
        let first = changes.nth(*before);
        *before += usize::try_from(came).unwrap_or(usize::MAX);
        first
    });
    first.collect()
}

/// The partitions that were touched, or would have been, without a copy.
fn missing(
    around: Surroundings<'_>,
    plan: &PipelinePlan,
    worker: &Workers,
    letters: &[DeadLetter],
) -> Vec<StateKey> {
    let mut missing = Vec::new();
    let mut add = |state: &Arc<str>, key: &Key| {
        let name = (Arc::clone(state), key.clone());
        if missing.len() < MAX_MISSING
            && !around.copies.contains_key(&name)
            && !missing.contains(&name)
        {
            missing.push(name);
        }
    };
    for (state, table) in worker.tables() {
        let table = table.borrow();
        // Copies come first in a table, and there are few of them.
        let keys = (0..table.len()).filter_map(|at| table.key(at));
        keys.take(around.copies.len() + MAX_MISSING).for_each(|key| add(state, key));
    }
    // If the partition's builder panicked, there is none.
    for letter in letters.iter().take(MAX_MISSING) {
        let step = plan.steps.iter().find(|step| step.name == letter.step);
        if let (Some(StepKind::State { state }), Some(key)) =
            (step.map(|step| &step.kind), &letter.key)
        {
            add(state, key);
        }
    }
    missing
}
