//! A frame that becomes more messages than are worked off in a turn, and more than an operator may be ahead.

use std::sync::Arc;

use bytes::Bytes;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::runtime::{Engine, RunState};
use wallaroo::{Application, Key, OneByOne, Reason, Sink, Source, Topology};

use crate::support::frames::frame;
use crate::support::waiting::{wait_until, within_limit};
use crate::{WORKERS, injectable, start};

/// How many messages the frame becomes.
const MANY: u64 = 70_000;

/// Counts up, in order of each key, and then doubles each number.
fn counting_up() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.try_into().ok().map(u64::from_be_bytes));
    let in_order = |number: u64, next: &mut u64| {
        if number < *next {
            return Err(Reason::from(format!("{number} comes after {next}")));
        }
        *next = number;
        Ok((vec![number; 2], true))
    };
    let count = |_: u64, count: &mut u64| {
        *count += 1;
        (Some(*count), true)
    };
    let key = |number: &u64, keys: u64| Key::from(format!("{}", number % keys).as_str());
    let topology = Application::new("counting up")
        .pipeline("numbers", Source::new(decode))
        .to(|count: u64| OneByOne(0..count))
        .to_state_partition(in_order, |_: &Key| 0, "last", move |number: &u64| key(number, 7))
        .to_state_partition(count, |_: &Key| 0, "counts", move |number: &u64| key(number, 5))
        .to_sink(Sink::new(|count: &u64, output: &mut Vec<u8>| output.extend(count.to_be_bytes())))
        .build();
    Arc::new(topology.unwrap())
}

fn count_up_to(engine: &Engine, count: u64) {
    engine.inject(PipelineIndex(0), Bytes::from(frame(&count.to_be_bytes()))).unwrap();
}

#[test]
fn all_that_a_frame_becomes_is_processed_in_the_order_of_its_keys() {
    let topology = counting_up();
    for workers in WORKERS {
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        count_up_to(&engine, MANY);
        engine.stop();
        within_limit("the run", move || engine.wait().unwrap());
        let told = recorder.recorded();
        assert_eq!(told.dead_letters.len(), 0, "{:?}", told.dead_letters.first());
        assert_eq!(told.outputs[0].len() as u64, 2 * MANY, "{workers} workers");
        assert_eq!(told.counts.frames, 1);
        assert_eq!(told.counts.stateful, 3 * MANY);
    }
}

#[test]
fn an_engine_is_paused_when_the_frame_under_way_is_done() {
    let topology = counting_up();
    for workers in WORKERS {
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        count_up_to(&engine, MANY);
        recorder.wait_for("the frame", |told| told.counts.stateful > 0);
        engine.pause();
        count_up_to(&engine, 1);
        wait_until("the pause", || engine.run_state() == RunState::Paused);
        let told = recorder.recorded();
        assert_eq!(told.outputs[0].len() as u64, 2 * MANY, "{workers} workers");
        assert_eq!(told.counts.frames, 1);
        engine.step();
        // It comes after larger numbers, and is refused.
        recorder.wait_for("the next", |told| told.dead_letters.len() == 1);
    }
}

#[test]
fn a_frame_that_never_ends_ends_with_its_engine() {
    let topology = counting_up();
    for workers in WORKERS {
        let (engine, recorder) = start(&topology, &injectable(&topology, workers));
        count_up_to(&engine, u64::MAX);
        recorder.wait_for("some of it", |told| told.counts.stateful > MANY);
        // Neither is deaf meanwhile: rows can be looked for.
        assert_eq!(engine.export().count(), 12);
        within_limit("the engine's end", move || drop(engine));
    }
}
