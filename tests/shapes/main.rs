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

mod ending;
mod item;
mod shape;
mod steps;

use ending::{driven, run};
use item::payloads;
use shape::{End, Shape, sequences};

/// The numbers of workers that every shape must end equally at.
const WORKERS: [usize; 3] = [1, 2, 4];

/// Runs a shape in the driver and in engines.
fn check(shape: &Shape) {
    let inputs = [payloads(1, 90), payloads(2, 40)];
    let expected = driven(shape, &inputs);
    assert_ne!(expected.partitions.is_empty(), shape.has_state(), "{shape}");
    for workers in WORKERS {
        assert_eq!(run(shape, &inputs, workers), expected, "{shape}, {workers} workers");
    }
}

#[test]
fn pipelines_of_one_and_two_steps_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape { steps, end: End::Sink, shares: false });
    }
}

#[test]
fn pipelines_of_three_steps_end_as_in_the_driver() {
    for steps in sequences(3) {
        check(&Shape { steps, end: End::Sink, shares: false });
    }
}

#[test]
fn every_sink_gets_every_output_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape { steps, end: End::ThreeSinks, shares: false });
    }
}

#[test]
fn pipelines_without_a_sink_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        check(&Shape { steps, end: End::Done, shares: false });
    }
}

#[test]
fn steps_and_pipelines_that_share_a_state_end_as_in_the_driver() {
    for steps in sequences(1).chain(sequences(2)) {
        for end in [End::Sink, End::Done] {
            let steps = steps.clone();
            check(&Shape { steps, end, shares: true });
        }
    }
}
