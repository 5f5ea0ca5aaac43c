//! The thread that judges messages by the breakpoints while the engine goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::condition::Condition;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp};
use crate::core::replay::smallest::{Sought, first_step};
use crate::core::seen::{Seen, StepSeen, seen_in};
use crate::core::topology::Topology;
use crate::runtime::examiner::Examined;

/// Where a message is in the order of a recording.
pub(super) type Order = (Epoch, Timestamp, PipelineIndex, SequenceNumber);

/// A breakpoint.
pub(super) struct Breakpoint {
    pub number: u64,
    pub text: Arc<str>,
    pub condition: Arc<dyn Condition>,
    /// The only key of which a message can satisfy it, if that is known.
    pub only_key: Option<Key>,
    pub on: bool,
    /// Whether messages are judged before they enter, and held: not here.
    pub hold: bool,
    pub hits: u64,
    pub unjudged: u64,
    /// Why it could not be said of the first of those, once a person was told. The engine stops for that once.
    pub why_not: Option<Arc<str>>,
}

/// A message that a breakpoint holds of, or of which that cannot be said.
#[derive(Clone)]
pub(super) struct Hit {
    /// The breakpoint's number, and its condition.
    pub breakpoint: u64,
    pub text: Arc<str>,
    pub trace: Arc<Trace>,
    pub step: Arc<str>,
    pub key: Option<Key>,
    /// Why it cannot be said.
    pub unjudged: Option<Arc<str>>,
}

/// What a session and its judge share.
#[derive(Default)]
pub(super) struct Bench {
    pub breakpoints: Vec<Breakpoint>,
    /// The hits at which the engine has not stopped yet, in the order of the recording. It is paused at the first one, so that
    /// they are bounded by the frames that an [`Examiner`](crate::runtime::examiner::Examiner) lets be on their way.
    pub hits: BTreeMap<(Order, u64), Hit>,
    /// Whether the engine is paused for these hits, and not because a person wanted it.
    pub has_paused: bool,
    /// Why nothing is judged any more, if the judge has failed; and whether a person was told.
    pub failed: Option<Arc<str>>,
    pub is_failure_told: bool,
    /// Whether there is something that the session has not looked at.
    pub changed: bool,
    /// Notified then.
    pub news: Arc<Notify>,
}

/// What is judged of a message: what happened to it, and where it is.
pub(super) struct Case<'a> {
    pub trace: &'a Arc<Trace>,
    pub seen: &'a Seen,
    pub order: Order,
}

/// Judges until the engine and its session are gone.
pub(super) fn judge(topology: &Arc<Topology>, bench: &Mutex<Bench>, examined: &Receiver<Examined>) {
    for batch in examined {
        if batch.counts() {
            judge_batch(topology, bench, &batch);
        }
        // First: whoever hears the news finds that nothing is left.
        drop(batch);
        let mut bench = bench.lock();
        if !bench.hits.is_empty() {
            bench.changed = true;
            bench.news.notify_one();
        }
    }
}

fn judge_batch(topology: &Topology, bench: &Mutex<Bench>, batch: &Examined) {
    let by = {
        let bench = bench.lock();
        let on = bench.breakpoints.iter().filter(|breakpoint| breakpoint.on && !breakpoint.hold);
        let by = on.map(|one| (one.number, Arc::clone(&one.condition), one.only_key.clone()));
        by.collect::<Vec<_>>()
    };
    let order = |trace: &Trace| (batch.epoch, trace.read_at, batch.pipeline, trace.sequence);
    let whole = batch.traces.iter().map(|trace| (trace, true));
    for (trace, is_whole) in whole.chain(batch.late.iter().map(|trace| (trace, false))) {
        // Of a message that was traced from its partition on, too little is known for conditions about anything else.
        let seen = is_whole.then(|| seen_in(trace, topology, &batch.letters));
        for (number, condition, only_key) in &by {
            let at_partition = only_key.as_ref();
            let at_partition =
                at_partition.map(|key| seen_at_partition(trace, topology, &batch.letters, key));
            let Some(seen) = at_partition.as_ref().or(seen.as_ref()) else { continue };
            let case = Case { trace, seen, order: order(trace) };
            judge_message(bench, batch, &case, (*number, &**condition));
        }
    }
}

/// Judges a message by one breakpoint. The engine is paused at once if it holds.
pub(super) fn judge_message(
    bench: &Mutex<Bench>,
    batch: &Examined,
    case: &Case<'_>,
    (number, condition): (u64, &dyn Sought),
) {
    let verdict = first_step(condition, case.seen);
    let Some(verdict) = verdict.map_err(Arc::from).transpose() else { return };
    let mut bench = bench.lock();
    // Invariant: no hit is of an engine that has ended. One that ends counts no more before its hits are left, and they are
    // left with this lock.
    if !batch.counts() {
        return;
    }
    // It may have been taken away meanwhile.
    let found =
        bench.breakpoints.iter_mut().find(|one| one.number == number && one.on && !one.hold);
    let Some(breakpoint) = found else { return };
    let (step, key, unjudged) = match &verdict {
        Ok(seen) => {
            breakpoint.hits += 1;
            (Arc::clone(&seen.step), seen.key.clone(), None)
        }
        Err(why) => {
            breakpoint.unjudged += 1;
            if breakpoint.why_not.is_some() {
                return;
            }
            let last = case.seen.steps.last();
            let step = last
                .map_or_else(|| Arc::clone(&case.trace.pipeline), |step| Arc::clone(&step.step));
            (step, last.and_then(|step| step.key.clone()), Some(Arc::clone(why)))
        }
    };
    let paused = batch.pause();
    let (text, trace) = (Arc::clone(&breakpoint.text), Arc::clone(case.trace));
    let hit = Hit { breakpoint: number, text, trace, step, key, unjudged };
    bench.hits.insert((case.order, number), hit);
    bench.has_paused |= paused;
}

/// What happened to a message at partitions with this key: what is known of it however many messages its frame became, and
/// also if its trace began there.
fn seen_at_partition(
    trace: &Trace,
    topology: &Topology,
    letters: &[DeadLetter],
    key: &Key,
) -> Seen {
    let Seen { mut steps, left_out } = seen_in(trace, topology, &[]);
    steps.retain(|step| step.state.is_some());
    let own = letters
        .iter()
        .filter(|letter| letter.sequence == trace.sequence && letter.key.as_ref() == Some(key));
    steps.extend(own.map(|letter| refused(trace, letter)));
    Seen { steps, left_out }
}

/// A message that its partition did not take.
fn refused(trace: &Trace, letter: &DeadLetter) -> StepSeen {
    let latency = letter.at.since(trace.read_at).as_micros();
    StepSeen {
        key: letter.key.clone(),
        latency_us: u64::try_from(latency).unwrap_or(u64::MAX),
        ..StepSeen::at(Arc::clone(&trace.pipeline), Arc::clone(&letter.step))
    }
}
