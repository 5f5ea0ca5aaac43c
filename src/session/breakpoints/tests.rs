//! Tests: which message the engine stops at, and that a pause ends with its cause.

use super::judge::{Case, judge_message};
use super::*;
use crate::application::{Out, Reason, Sink, Source};
use crate::core::frames::trace::Trace;
use crate::core::numbers::{Epoch, PipelineIndex, SequenceNumber, Timestamp};
use crate::core::replay::smallest::Sought;
use crate::core::seen::{Seen, StepSeen};
use crate::core::topology::Application;

/// A condition that says this, and does something first.
struct Says<F>(F);

impl<F: Fn() -> Result<bool, String>> Sought for Says<F> {
    fn holds(&self, _: &StepSeen) -> Result<bool, String> {
        (self.0)()
    }
}

/// Breakpoints with these conditions, which hold of every message.
fn set(conditions: &[&str]) -> Breakpoints {
    let read = |bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied());
    let sink = Sink::new(|_: &u8, _: &mut Out<'_>| {});
    let topology =
        Application::new("x").pipeline("p", Source::new(read)).to_sink(sink).build().unwrap();
    let mut breakpoints = Breakpoints::new(Arc::new(topology));
    for condition in conditions {
        breakpoints.set(condition, false).unwrap();
    }
    breakpoints
}

/// Judges the message with this number by a breakpoint. Returns what is given of it.
fn judge_by(
    breakpoints: &Breakpoints,
    sequence: u64,
    number: u64,
    says: impl Fn() -> Result<bool, String>,
) -> Examined {
    let batch = breakpoints.examiner.taken(1).unwrap();
    let sequence = SequenceNumber(sequence);
    let trace = Trace::new("p".into(), "s".into(), sequence, &[], Timestamp(0));
    let seen = Seen { steps: vec![StepSeen::at("p".into(), "step".into())], left_out: 0 };
    let order = (Epoch(0), Timestamp(0), PipelineIndex(0), sequence);
    let case = Case { trace: &Arc::new(trace), seen: &seen, order };
    judge_message(&breakpoints.bench, &batch, &case, (number, &Says(says)));
    batch
}

#[test]
fn no_message_of_an_engine_that_has_ended_meanwhile_is_a_hit() {
    let mut breakpoints = set(&["true"]);
    let ends = || {
        breakpoints.examiner.forget();
        Ok(true)
    };
    assert!(judge_by(&breakpoints, 1, 1, ends).pause(), "it is not paused for it");
    assert!(breakpoints.next().is_none());
    // One of the next engine is.
    drop(judge_by(&breakpoints, 1, 1, || Ok(true)));
    assert!(breakpoints.next().is_some());
}

#[test]
fn of_the_breakpoints_of_one_message_one_that_holds_comes_before_one_that_is_not_judged() {
    let mut breakpoints = set(&["true", "true", "true"]);
    drop(judge_by(&breakpoints, 1, 1, || Err("no".to_owned())));
    drop(judge_by(&breakpoints, 1, 2, || Ok(true)));
    drop(judge_by(&breakpoints, 1, 3, || Ok(true)));
    let (hit, more) = breakpoints.next().unwrap();
    assert_eq!((hit.breakpoint, hit.unjudged, more), (2, None, 0));
    assert!(breakpoints.next().is_none());
}

#[test]
fn each_message_is_stopped_at_however_many_there_are_and_counted_once() {
    let mut breakpoints = set(&["true", "true"]);
    for sequence in 0..1200 {
        for number in [1, 2] {
            drop(judge_by(&breakpoints, sequence, number, || Ok(true)));
        }
    }
    for sequence in 0..1200 {
        let (hit, more) = breakpoints.next().unwrap();
        assert_eq!((hit.trace.sequence.0, more), (sequence, 1199 - sequence));
    }
    assert!(breakpoints.next().is_none());
}

#[test]
fn when_the_judge_has_failed_nothing_is_set_or_switched_on_and_all_say_why() {
    let mut breakpoints = set(&["true", "true"]);
    assert!(!breakpoints.switch(1).unwrap().unwrap().1);
    breakpoints.bench.lock().failed = Some("it is broken".into());
    for told in [true, false] {
        assert_eq!(breakpoints.news().1.is_some(), told, "that is told once");
        let why = breakpoints.set("true", false).unwrap_err();
        assert!(why.ends_with(": it is broken"), "{why}");
        assert_eq!(breakpoints.switch(1).unwrap_err(), why);
        let shown = breakpoints.shown();
        assert!(shown.all.iter().all(|one| one.trouble.as_deref() == Some(&*why)), "{shown:?}");
    }
    assert!(breakpoints.examiner.taken(1).is_none(), "the engine waits for nobody");
    assert!(!breakpoints.switch(2).unwrap().unwrap().1);
}

#[test]
fn when_the_thread_that_looks_has_failed_nothing_is_changed_so_that_it_would_hold() {
    let mut breakpoints = set(&["true"]);
    breakpoints.set("key == 'a'", true).unwrap();
    assert!(!breakpoints.switch(2).unwrap().unwrap().1);
    breakpoints.holding.fail("it is broken");
    let told = [true, false].map(|_| breakpoints.holding.failure_to_tell().is_some());
    assert_eq!(told, [true, false], "that is told once");
    for why in [
        breakpoints.set("true", true).unwrap_err(),
        breakpoints.switch_hold(1).unwrap_err(),
        breakpoints.switch(2).unwrap_err(),
    ] {
        assert_eq!(why, "it is broken");
    }
    let shown = breakpoints.shown();
    let states: Vec<_> = shown.all.iter().map(|one| (one.on, one.hold)).collect();
    assert_eq!(states, [(true, false), (false, true)]);
    // What needs nothing of that thread is done.
    assert!(!breakpoints.switch_hold(2).unwrap().unwrap().1);
    assert!(breakpoints.switch(2).unwrap().unwrap().1);
}
