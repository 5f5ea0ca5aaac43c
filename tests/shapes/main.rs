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

mod branched;
mod ending;
#[cfg(feature = "workbench")]
mod held;
mod item;
mod relived;
mod shape;
mod sliced;
mod steps;
#[cfg(feature = "workbench")]
mod stopped;

use branched::{any_edit, branch, branch_of_nothing};
use ending::{driven, run};
use fragile::silence_panics_on_purpose;
#[cfg(feature = "workbench")]
use held::{Disturbed, hold};
use item::payloads;
use proptest::prelude::*;
use relived::{Act, find_changes, relive, seek};
use shape::{Begin, End, Shape, sequences};
use sliced::slice;
use steps::STEPS;
#[cfg(feature = "workbench")]
use stopped::stop;
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

/// Any shape whose states depend on the order of all messages.
fn any_tangled_shape() -> impl Strategy<Value = Shape> {
    let steps = prop::collection::vec(prop::sample::select(&STEPS[..]), 1..4);
    let end = prop::sample::select(&[End::Sink, End::ThreeSinks, End::Done][..]);
    let from = prop::sample::select(&[Begin::Frames, Begin::Frames, Begin::Generator][..]);
    (steps, end, from, 0..4).prop_map(|(steps, end, from, more)| {
        // Pipelines that share a sink have one of its kind.
        let end = if more == 2 { End::Sink } else { end };
        let (shares, joins, merges) = (more == 1, more == 2, more == 3);
        Shape { from, shares, tangled: true, joins, merges, ..Shape::of(steps, end) }
    })
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Nothing),
        1 => (0_usize..5).prop_map(Act::Steps),
        1 => (1_usize..5).prop_map(Act::SetWorkers),
        1 => Just(Act::Crash),
    ]
}

/// Any condition of a breakpoint.
#[cfg(feature = "workbench")]
fn any_condition() -> impl Strategy<Value = String> {
    let part = (0_u64..4, b'a'..=b'h', 0_u64..12, any::<bool>()).prop_map(
        |(kind, letter, number, more)| {
            let letter = char::from(letter);
            match (kind, more) {
                (0, true) => format!("key == '{letter}'"),
                (0, false) => format!("key == '{letter}/0'"),
                (1, true) => format!("state.number >= {number}"),
                (1, false) => {
                    format!("state.sum > {} && before.sum <= {}", 40 * number, 40 * number)
                }
                (2, true) => "dead".to_owned(),
                (2, false) => "created".to_owned(),
                (_, true) => {
                    format!("message.value < {number} && message.letter == {}", letter as u32)
                }
                (_, false) => format!("pipeline == 'first' && worker == {}", number % 2),
            }
        },
    );
    let operator = prop::sample::select(&["&&", "&&", "&&", "||"][..]);
    prop_oneof![
        2 => part.clone(),
        4 => (part.clone(), operator, part.clone()).prop_map(|(one, operator, other)| format!("{one} {operator} {other}")),
        1 => (part.clone(), part).prop_map(|(one, other)| format!("{one} && !({other})")),
    ]
}

/// How many cases a property is tried with.
fn cases(few: u32) -> u32 {
    std::env::var("REPLAY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(few)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(20), ..ProptestConfig::default() })]

    #[test]
    fn a_replay_of_what_was_recorded_ends_as_the_run_did(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1), (2, 2)][..]),
        acts in prop::collection::vec(any_act(), 0..12),
        bound in prop::sample::select(&[0, 3_000, usize::MAX][..]),
    ) {
        silence_panics_on_purpose();
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        prop_assert!(relive(&shape, &inputs, size, &acts, bound) > 0);
    }

    #[cfg(feature = "workbench")]
    #[test]
    fn a_breakpoint_stops_at_the_first_message_of_which_its_condition_holds(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1)][..]),
        condition in any_condition(),
    ) {
        silence_panics_on_purpose();
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        stop(&shape, &inputs, size, &condition);
    }

    #[cfg(feature = "workbench")]
    #[test]
    fn what_enters_is_what_a_person_lets_enter_in_the_run_in_its_recording_and_after_a_crash(
        shape in any_tangled_shape(),
        seed: u64,
        workers in prop::sample::select(&[1, 2, 4][..]),
        condition in any_condition().prop_filter("known before", |text| !text.contains("worker")),
        (files, every, decided, saved) in (any::<bool>(), 0_u64..6, any::<bool>(), any::<bool>()),
    ) {
        // Where no order is promised, messages of a key may change places.
        let shape = Shape { tangled: false, from: Begin::Frames, ..shape };
        let inputs = [40, 20, 15, 10].map(|number| payloads(seed.wrapping_add(number as u64), number));
        hold(&shape, &inputs, workers, &condition, Disturbed { files, every, decided, saved });
    }

    #[test]
    fn a_branch_in_which_a_message_is_itself_differs_in_nothing_and_is_what_was_recorded(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1)][..]),
        acts in prop::collection::vec(any_act(), 0..12),
    ) {
        silence_panics_on_purpose();
        // Where no order is promised, messages of a key may change places.
        let shape = Shape { tangled: false, from: Begin::Frames, ..shape };
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        branch_of_nothing(&shape, &inputs, size, &acts);
    }

    #[test]
    fn a_moment_is_what_a_run_of_so_many_messages_gives(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1)][..]),
        acts in prop::collection::vec(any_act(), 0..12),
        moments in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        // Where no order is promised, the driver has its own.
        let shape = Shape { tangled: false, from: Begin::Frames, ..shape };
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        seek(&shape, &inputs, size, &acts, &moments);
    }

    #[test]
    fn a_branch_differs_as_a_run_with_its_edits_does(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1)][..]),
        acts in prop::collection::vec(any_act(), 0..12),
        edits in prop::collection::vec(any_edit(), 0..12),
    ) {
        let shape = Shape { tangled: false, from: Begin::Frames, ..shape };
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        branch(&shape, &inputs, size, &acts, &edits);
    }

    #[test]
    fn a_recording_of_some_keys_alone_replays_to_the_states_of_these_keys(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (1, 4), (2, 1)][..]),
        acts in prop::collection::vec(any_act(), 0..12),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        silence_panics_on_purpose();
        let inputs = [90, 40, 30, 20].map(|number| payloads(seed.wrapping_add(number as u64), number));
        slice(&shape, &inputs, size, &acts, &chosen);
    }

    #[test]
    fn the_changes_of_a_partition_are_found_back_and_forth(
        shape in any_tangled_shape(),
        seed: u64,
        size in prop::sample::select(&[(1, 1), (1, 2), (2, 1)][..]),
        acts in prop::collection::vec(any_act(), 0..6),
    ) {
        let shape = Shape { tangled: false, from: Begin::Frames, ..shape };
        let inputs = [20, 10, 9, 8].map(|number| payloads(seed.wrapping_add(number as u64), number));
        find_changes(&shape, &inputs, size, &acts);
    }
}
