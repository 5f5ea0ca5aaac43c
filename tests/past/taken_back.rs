//! What is seen of a message that was taken back, what stays of it, and what cannot be taken back.

use wallaroo::Key;
use wallaroo::core::numbers::{PipelineIndex, SequenceNumber};
use wallaroo::core::replay::Direction;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::Order;
use wallaroo::session::past::Travel;
use wallaroo::session::what_if::{MessageName, WhatIf};
use wallaroo::telemetry::StateShown;

use crate::alphabet::{Encoding, topology};
use crate::then::{Watched, alphabet, counted, frames, moment, votes};
use crate::undo::undo;

#[test]
fn the_past_goes_across_it_both_ways_and_now_is_without_it() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'a', 2)]);
    watched.wait_for_messages(2);
    let done = undo(&mut watched).unwrap();
    assert_eq!((done.sequence.0, done.partitions, done.first), (2, 1, Some(("a".into(), false))));
    let now = watched.wait_for_messages(1);
    assert_eq!((votes(&now), now.totals.stateful), (counted(&[(b'a', 1)]), 1));
    // The message that was taken back is the one before now.
    let then = watched.travel(Travel::Message(Direction::Back));
    assert_eq!((moment(&then), votes(&then)), (Some(2), counted(&[(b'a', 3)])));
    let then = watched.travel(Travel::Message(Direction::Back));
    assert_eq!((moment(&then), votes(&then)), (Some(1), counted(&[(b'a', 1)])));
    watched.travel(Travel::Live);
    watched.vote(&[(b'b', 4)]);
    watched.wait_for_messages(2);
    let back = |watched: &mut Watched| {
        let then = watched.travel(Travel::Message(Direction::Back));
        (moment(&then).unwrap(), votes(&then))
    };
    assert_eq!(back(&mut watched), (2, counted(&[(b'a', 3)])));
    let then = watched.travel(Travel::Message(Direction::Forth));
    assert_eq!((moment(&then), votes(&then)), (Some(3), counted(&[(b'a', 1), (b'b', 4)])));
    assert!(watched.told.is_empty(), "{:?}", watched.told);
}

#[test]
fn a_message_that_was_taken_back_has_given_a_partition_nothing() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1), (b'b', 1), (b'a', 2)]);
    watched.wait_for_messages(3);
    undo(&mut watched).unwrap();
    watched.wait_for_messages(2);
    let fault = || Travel::Fault((0, Key::from("a")), vec!["votes".to_owned()]);
    assert_eq!(moment(&watched.travel(fault())), Some(1));
    watched.travel(Travel::Live);
    watched.vote(&[(b'b', 1)]);
    watched.wait_for_messages(3);
    assert_eq!(moment(&watched.travel(fault())), Some(1));
    // Then it had.
    watched.travel(Travel::To(3));
    assert_eq!(moment(&watched.travel(fault())), Some(3));
}

#[test]
fn a_branch_is_of_what_is_left() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'a', 2), (b'a', 4)]);
    watched.wait_for_messages(3);
    undo(&mut watched).unwrap();
    watched.vote(&[(b'a', 8)]);
    watched.wait_for_messages(3);
    let without = |sequence: u64| {
        let sequence = SequenceNumber(sequence);
        Order::WhatIf(vec![WhatIf::LeaveOut(MessageName { pipeline: PipelineIndex(0), sequence })])
    };
    let branch = |watched: &mut Watched, sequence| {
        assert_eq!(watched.order(without(sequence)), None);
        let seen = watched.wait_for("the branch", |seen| {
            seen.branch.as_ref().is_some_and(|branch| branch.outcome.is_some())
        });
        seen.branch.unwrap().outcome.unwrap().map_err(|why| why.to_string())
    };
    let differs = branch(&mut watched, 1).unwrap();
    let [a] = differs.partitions.as_slice() else { panic!("{differs:?}") };
    let votes = |state: &Option<StateShown>| {
        state.as_ref().map(|state| (state.messages, state.value["votes"].as_u64().unwrap()))
    };
    assert_eq!((votes(&a.happened), votes(&a.branch)), (Some((3, 11)), Some((2, 10))));
    assert_eq!(differs.unfaithful, None);
    let why = branch(&mut watched, 3).unwrap_err();
    assert!(why.contains("was taken back"), "{why}");
}

#[test]
fn what_cannot_be_taken_back_is_said_and_changes_nothing() {
    let mut watched = alphabet(1);
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("no message has entered"), "{why}");
    watched.vote(&[(b'a', 1)]);
    watched.wait_for_messages(1);
    // One that waits at a paused engine is the last one for who has typed it.
    watched.order_any(Order::PauseOrResume);
    watched.wait_for("the pause", |seen| seen.run_state == RunState::Paused);
    watched.vote(&[(b'a', 2)]);
    watched.wait_for("a message that waits", |seen| seen.waits.is_some_and(|it| it.frames == 1));
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("1 message waits to enter"), "{why}");
    watched.order_any(Order::PauseOrResume);
    let now = watched.wait_for_messages(2);
    assert_eq!(votes(&now), counted(&[(b'a', 3)]));

    let mut watched =
        Watched::open(topology(Encoding::Text).unwrap(), 1, |settings| settings.recorded = None);
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("this run is not recorded"), "{why}");
}

#[test]
fn a_message_of_a_source_is_not_taken_back_and_neither_is_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("votes");
    std::fs::write(&file, frames(&[(b'f', 1)])).unwrap();
    let mut watched = Watched::open(topology(Encoding::Text).unwrap(), 1, |settings| {
        settings.sources = vec![Endpoint::File(file)];
    });
    watched.wait_for_messages(1);
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("#1, came from `"), "{why}");
    watched.vote(&[(b'f', 2)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    let now = watched.wait_for_messages(1);
    assert_eq!(votes(&now), counted(&[(b'f', 1)]));
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("only a message that was typed or sent from here"), "{why}");
}

#[test]
fn outputs_that_have_left_through_a_sink_are_counted_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("totals");
    let mut watched = Watched::open(topology(Encoding::Text).unwrap(), 2, |settings| {
        settings.sinks = vec![vec![Endpoint::File(file.clone())]];
    });
    watched.vote(&[(b'a', 1), (b'a', 2)]);
    watched.wait_for_messages(2);
    assert!(watched.session.snapshot().undo.outputs_leave);
    let done = undo(&mut watched).unwrap();
    assert_eq!((done.outputs, done.dead_letters), (1, 0));
    watched.vote(&[(b'a', 3)]);
    watched.wait_for_messages(2);
    watched.order_any(Order::Crash);
    watched.wait_for_messages(2);
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, "a => 1\na => 3\na => 4\n");
}
