//! Whatever its pipelines look like, an application ends in the engine as it does in the test driver:
//! the same partitions and dead letters, and the same outputs in the order that is promised.
//!
//! The shapes are all sequences of one to three steps, and those of one and two steps with every other
//! end and with a state that is shared.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may fail where the test itself may"
)]

#[path = "../support/fragile.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod fragile;
#[path = "../support/hosts.rs"]
mod hosts;

mod ending;
mod item;
mod shape;
mod steps;

use ending::{driven, run};
use fragile::silence_panics_on_purpose;
use item::payloads;
use shape::{Begin, End, Shape, sequences};
use wallaroo::TestDriver;

/// The numbers of processes, and of workers of each, that every shape must end equally at.
const WORKERS: [(usize, usize); 5] = [(1, 1), (1, 2), (1, 4), (2, 1), (3, 2)];

/// Runs a shape in the driver and in engines.
fn check(shape: &Shape) {
    let inputs = [payloads(1, 90), payloads(2, 40), payloads(3, 30), payloads(4, 20)];
    let expected = driven(shape, &inputs, TestDriver::new);
    assert_eq!(
        driven(shape, &inputs, TestDriver::through_bytes),
        expected,
        "{shape}, through bytes"
    );
    assert_ne!(expected.partitions.is_empty(), shape.has_state(), "{shape}");
    for (processes, workers) in WORKERS {
        let ending = run(shape, &inputs, (processes, workers));
        assert_eq!(ending, expected, "{shape}, {processes} processes, {workers} workers each");
    }
}

#[test]
fn pipelines_of_one_and_two_steps_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape::of(steps, End::Sink));
    }
}

#[test]
fn pipelines_of_three_steps_end_as_in_the_driver() {
    for steps in sequences(3) {
        check(&Shape::of(steps, End::Sink));
    }
}

#[test]
fn every_sink_gets_every_output_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape::of(steps, End::ThreeSinks));
    }
}

#[test]
fn pipelines_without_a_sink_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape::of(steps, End::Done));
    }
}

#[test]
fn steps_and_pipelines_that_share_a_state_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        for end in [End::Sink, End::Done] {
            check(&Shape { shares: true, ..Shape::of(steps.clone(), end) });
        }
    }
}

#[test]
fn pipelines_whose_source_makes_the_messages_end_as_in_the_driver() {
    silence_panics_on_purpose();
    for steps in sequences(1).chain(sequences(2)) {
        for (end, shares) in [(End::Sink, false), (End::ThreeSinks, false), (End::Sink, true)] {
            check(&Shape { from: Begin::Generator, shares, ..Shape::of(steps.clone(), end) });
        }
    }
}

#[test]
fn pipelines_that_share_a_sink_end_as_in_the_driver() {
    silence_panics_on_purpose();
    for steps in sequences(1).chain(sequences(2)) {
        for from in [Begin::Frames, Begin::Generator] {
            check(&Shape { from, joins: true, ..Shape::of(steps.clone(), End::Sink) });
        }
    }
}

#[test]
fn merged_pipelines_end_as_in_the_driver() {
    silence_panics_on_purpose();
    for steps in sequences(1).chain(sequences(2)) {
        for (from, end, shares) in [
            (Begin::Frames, End::Sink, false),
            (Begin::Frames, End::ThreeSinks, false),
            (Begin::Frames, End::Done, false),
            (Begin::Generator, End::Sink, false),
            (Begin::Generator, End::Sink, true),
        ] {
            check(&Shape { from, shares, merges: true, ..Shape::of(steps.clone(), end) });
        }
    }
}
