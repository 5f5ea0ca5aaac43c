//! Which messages are traced.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wallaroo::Key;
use wallaroo::core::frames::pins::Pin;
use wallaroo::core::frames::trace::HopEvent;
use wallaroo::core::frames::trace_budget::TraceRate;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::{Engine, RunState, Settings};

use crate::applications::counting;
use crate::recorder::Recorder;
use crate::support::frames::{vote, votes};
use crate::support::waiting::wait_until;
use crate::{WORKERS, injectable, start};

/// Never less than what is wanted.
pub fn every_message() -> TraceRate {
    TraceRate { at_once: u32::MAX, every: Duration::from_nanos(1) }
}

/// So many messages, and no more within the time of a test.
#[expect(clippy::unnecessary_wraps, reason = "it is what the settings take")]
fn only(at_once: u32) -> Option<TraceRate> {
    Some(TraceRate { at_once, every: Duration::from_hours(1) })
}

fn numbers(recorder: &Recorder) -> Vec<u64> {
    recorder.look(|told| told.traces.iter().map(|trace| trace.sequence.0).collect())
}

fn step(engine: &Engine) {
    engine.step();
    wait_until("the step", || engine.run_state() == RunState::Paused);
}

#[test]
fn a_source_s_messages_are_traced_up_to_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, vote(b'a', 1).repeat(1000)).unwrap();
    for workers in WORKERS {
        for (traces, expected) in [(only(2000), 1000), (only(200), 200), (None, 0)] {
            let sources = vec![Endpoint::File(input.clone())];
            let settings = Settings { traces, sources, ..injectable(&counting(), workers) };
            let (engine, recorder) = start(&counting(), &settings);
            recorder.wait_for("all outputs", |told| {
                told.outputs.first().is_some_and(|out| out.len() == 1000)
            });
            // Several workers may decode one source, and begin their traces in any order.
            let traced: std::collections::BTreeSet<_> = numbers(&recorder).into_iter().collect();
            assert_eq!(traced.len(), expected, "{workers} workers");
            assert!(traced.iter().all(|number| (1..=1000).contains(number)));
            drop(engine);
        }
    }
}

#[test]
fn a_message_that_is_taken_by_a_step_is_traced_whatever_the_budget() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, vote(b'a', 1).repeat(100)).unwrap();
    let settings = Settings {
        paused: true,
        traces: only(1),
        sources: vec![Endpoint::File(input)],
        ..injectable(&counting(), 2)
    };
    let (engine, recorder) = start(&counting(), &settings);
    for taken in 1..=10 {
        step(&engine);
        assert_eq!(numbers(&recorder), (1..=taken).collect::<Vec<_>>());
    }
    // The budget is as it was.
    engine.resume();
    recorder.wait_for("all outputs", |told| told.outputs[0].len() == 100);
    assert_eq!(numbers(&recorder).len(), 11);
}

#[test]
fn injected_messages_are_traced_whatever_the_budget() {
    let (engine, recorder) = start(&counting(), &injectable(&counting(), 2));
    engine.inject(PipelineIndex(0), Bytes::from(vote(b'a', 1).repeat(300))).unwrap();
    recorder
        .wait_for("all outputs", |told| told.outputs.first().is_some_and(|out| out.len() == 300));
    assert_eq!(numbers(&recorder).len(), 300);
}

#[test]
fn every_message_of_a_pinned_key_is_traced_from_its_key_on_and_no_other() {
    for workers in WORKERS {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        let cycle = votes((b'a'..=b'e').map(|letter| (letter, 1)));
        fs::write(&input, cycle.repeat(30)).unwrap();
        let sources = vec![Endpoint::File(input)];
        let settings = Settings { paused: true, sources, ..injectable(&counting(), workers) };
        let (engine, recorder) = start(&counting(), &settings);
        let state = Arc::clone(&engine.topology().states()[0].name);
        assert!(engine.pin(Pin { state, key: Key::from(b'c') }));
        engine.resume();
        recorder.wait_for("all outputs", |told| {
            told.outputs.first().is_some_and(|out| out.len() == 150)
        });
        let traces = recorder.recorded().traces;
        let numbers: Vec<u64> = traces.iter().map(|trace| trace.sequence.0).collect();
        assert_eq!(numbers, (0..30).map(|cycle| 5 * cycle + 3).collect::<Vec<_>>());
        for trace in traces {
            assert_eq!(trace.frame, vote(b'c', 1));
            let hops: Vec<_> = trace.hops().into_iter().map(|hop| hop.event).collect();
            let [partitioned, changed, .., written] = &hops[..] else { panic!("{hops:?}") };
            assert!(
                matches!(partitioned, HopEvent::Partitioned { key, .. } if *key == Key::from(b'c'))
            );
            assert!(matches!(changed, HopEvent::StateChanged { .. }), "{hops:?}");
            assert!(matches!(written, HopEvent::Written(_)), "{hops:?}");
            assert!(hops.iter().any(|hop| matches!(hop, HopEvent::Encoded(_))), "{hops:?}");
        }
    }
}
