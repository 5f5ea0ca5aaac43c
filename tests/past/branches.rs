//! A branch says what would differ, and the engine knows nothing of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use wallaroo::core::numbers::{PipelineIndex, SequenceNumber};
use wallaroo::runtime::EngineError;
use wallaroo::session::orders::{Answer, Order};
use wallaroo::session::past::Travel;
use wallaroo::session::what_if::{MAX_TIMES, MessageName, Spot, WhatIf};
use wallaroo::telemetry::BranchDiffers;
use wallaroo::{Generator, Key};

use crate::failing::{adding, send};
use crate::then::{Watched, alphabet, counted, moment, votes};

fn message(number: u64) -> MessageName {
    MessageName { pipeline: PipelineIndex(0), sequence: SequenceNumber(number) }
}

fn frame(letter: u8, votes: u32) -> Bytes {
    let [one, two, three, four] = votes.to_be_bytes();
    Bytes::from(vec![0, 0, 0, 5, letter, one, two, three, four])
}

fn order(watched: &mut Watched, order: Order) -> Option<Answer> {
    let done: Result<_, EngineError> = watched.session.obey(order);
    done.unwrap()
}

/// Does a branch, and returns what came of it.
fn branch(watched: &mut Watched, edits: Vec<WhatIf>) -> Result<Arc<BranchDiffers>, String> {
    // What is put in behind the last chapter needs nothing that happened.
    let redoes = edits.iter().any(|edit| match edit {
        WhatIf::LeaveOut(_) | WhatIf::Replace(..) => true,
        WhatIf::PutIn { at, .. } | WhatIf::SetState { at, .. } => *at != Spot::End,
    });
    assert_eq!(order(watched, Order::WhatIf(edits)), None);
    let seen = watched.wait_for("the branch", |seen| {
        seen.branch.as_ref().is_some_and(|branch| branch.outcome.is_some())
    });
    let branch = seen.branch.unwrap();
    let outcome = branch.outcome.unwrap().map_err(|why| why.to_string());
    assert!(outcome.is_err() || !redoes || branch.all > 0);
    outcome
}

/// The votes of the letters that differ: as it happened, and in the branch.
fn differing(differs: &BranchDiffers) -> BTreeMap<String, (Option<u64>, Option<u64>)> {
    let all = differs.partitions.iter().map(|one| {
        let votes = |state: &Option<wallaroo::telemetry::StateShown>| {
            state.as_ref().map(|state| state.value["votes"].as_u64().unwrap())
        };
        (one.key.to_string(), (votes(&one.happened), votes(&one.branch)))
    });
    all.collect()
}

#[test]
fn a_branch_says_what_differs_and_the_engine_goes_on_as_it_was() {
    for workers in [1, 2, 4] {
        let mut watched = alphabet(workers);
        let sent = [(b'a', 10), (b'b', 1), (b'a', 5), (b'c', 7)];
        for vote in &sent {
            watched.vote(&[*vote]);
        }
        watched.wait_for_messages(4);
        let before = votes(&watched.travel(Travel::To(2)));
        let edits = vec![
            WhatIf::LeaveOut(message(1)),
            WhatIf::Replace(message(4), frame(b'd', 2), 3),
            WhatIf::PutIn {
                at: Spot::Before(message(2)),
                pipeline: PipelineIndex(0),
                frame: frame(b'b', 100),
                times: 1,
            },
            WhatIf::SetState {
                at: Spot::End,
                state: "letter state".into(),
                key: Key::from("e"),
                json: r#"{"letter":"e","votes":9}"#.to_owned(),
            },
        ];
        let differs = branch(&mut watched, edits).unwrap();
        let expected = [
            ("a", Some(15), Some(5)),
            ("b", Some(1), Some(101)),
            ("c", Some(7), None),
            ("d", None, Some(6)),
            ("e", None, Some(9)),
        ];
        let expected = expected.map(|(key, one, other)| (key.to_owned(), (one, other)));
        assert_eq!(differing(&differs), BTreeMap::from(expected));
        assert_eq!((differs.last, differs.partition_count, &differs.unfaithful), (4, 5, &None));
        let [outputs] = differs.outputs.as_slice() else { panic!("{differs:?}") };
        let outputs = &outputs.outputs;
        assert_eq!((outputs.happened.count, outputs.branch.count), (4, 6));
        assert_eq!(differs.dead_letters.branch.count, 0);
        // The past that is shown stays, and so does what is now.
        let seen = watched.session.snapshot();
        assert_eq!((moment(&seen), votes(&seen)), (Some(2), before));
        assert_eq!(votes(&watched.travel(Travel::Live)), counted(&sent));
        assert!(watched.told.is_empty(), "{:?}", watched.told);
    }
}

#[test]
fn a_branch_of_a_thousand_messages_without_one_differs_in_its_letter() {
    let mut generator = Generator::new(7, 0.0);
    let mut below = |bound: u64| generator.below(bound);
    let sent: Vec<(u8, u32)> = (0..1000)
        .map(|_| (b'a' + u8::try_from(below(9)).unwrap(), 1 + u32::try_from(below(4)).unwrap()))
        .collect();
    let mut watched = alphabet(3);
    for some in sent.chunks(70) {
        watched.vote(some);
        // In several chapters.
        watched.session.engine().save().recv().unwrap();
    }
    watched.wait_for_messages(1000);
    for number in [1_u64, 71, 500, 1000] {
        let (letter, lost) = sent[usize::try_from(number - 1).unwrap()];
        let differs = branch(&mut watched, vec![WhatIf::LeaveOut(message(number))]).unwrap();
        let letter = char::from(letter).to_string();
        let all = counted(&sent)[&letter];
        let expected = (Some(all), Some(all - u64::from(lost)));
        assert_eq!(differing(&differs), BTreeMap::from([(letter, expected)]), "{number}");
        assert_eq!(differs.unfaithful, None);
    }
}

#[test]
fn messages_that_come_meanwhile_are_processed_and_the_branch_is_of_what_was_before() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'b', 2)]);
    watched.wait_for_messages(2);
    let differs = branch(&mut watched, vec![WhatIf::LeaveOut(message(2))]).unwrap();
    watched.vote(&[(b'b', 5)]);
    let now = watched.wait_for_messages(3);
    assert_eq!(votes(&now)["b"], 7);
    assert_eq!(differing(&differs), BTreeMap::from([("b".to_owned(), (Some(2), None))]));
    let again = branch(&mut watched, vec![WhatIf::LeaveOut(message(2))]).unwrap();
    assert_eq!(differing(&again), BTreeMap::from([("b".to_owned(), (Some(7), Some(5)))]));
}

#[test]
fn what_cannot_be_done_is_said_and_no_branch_is_shown_of_it() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1)]);
    watched.wait_for_messages(1);
    let why = branch(&mut watched, vec![WhatIf::LeaveOut(message(2))]).unwrap_err();
    assert!(why.contains("message #2 of votes is not in the recording"), "{why}");
    let state = |json: &str| WhatIf::SetState {
        at: Spot::Beginning,
        state: "letter state".into(),
        key: Key::from("a"),
        json: json.to_owned(),
    };
    let why = branch(&mut watched, vec![state(r#"{"letter":"a"}"#)]).unwrap_err();
    assert!(why.contains("missing field `votes`"), "{why}");
    let many = WhatIf::Replace(message(1), frame(b'a', 1), MAX_TIMES + 1);
    let refused = order(&mut watched, Order::WhatIf(vec![many]));
    assert!(matches!(refused, Some(Answer::Refused(_))), "{refused:?}");
    let long = WhatIf::Replace(message(1), Bytes::from(vec![0; 1024]), MAX_TIMES);
    let refused = order(&mut watched, Order::WhatIf(vec![long]));
    let Some(Answer::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("64 MiB at most") && why.contains("98 MiB"), "{why}");
    assert!(watched.session.snapshot().branch.is_none());
}

#[test]
fn a_branch_is_forgotten_when_it_is_ended_and_with_a_reset() {
    let mut watched = alphabet(2);
    for end in [Order::EndWhatIf, Order::Reset] {
        watched.vote(&[(b'a', 1)]);
        watched.wait_for_messages(1);
        branch(&mut watched, vec![WhatIf::LeaveOut(message(1))]).unwrap();
        assert!(watched.session.snapshot().branch.is_some());
        order(&mut watched, end.clone());
        assert!(watched.session.snapshot().branch.is_none(), "{end:?}");
        order(&mut watched, Order::Reset);
    }
}

#[test]
fn a_run_that_is_not_recorded_has_no_branch() {
    let topology = crate::alphabet::topology(crate::alphabet::Encoding::Text).unwrap();
    let mut watched = Watched::open(topology, 1, |settings| settings.recorded = None);
    let refused = order(&mut watched, Order::WhatIf(vec![WhatIf::LeaveOut(message(1))]));
    let Some(Answer::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("this run is not recorded"), "{why}");
}

#[test]
fn what_is_put_in_at_the_end_comes_after_a_revival_behind_the_last_message() {
    let mut watched = Watched::open(
        adding(|message| {
            assert_ne!(message, 9, "a panic");
            message.into()
        }),
        1,
        |_| {},
    );
    send(&watched, &[1, 9]);
    watched.wait_for("a poisoned partition", |seen| {
        seen.partitions.rows.first().is_some_and(|row| row.row.poisoned)
    });
    order(&mut watched, Order::Revive { state: "sums".into(), key: Key::from("k") });
    watched.wait_for("the revival", |seen| {
        seen.partitions.rows.first().is_some_and(|row| !row.row.poisoned)
    });
    let put_in = WhatIf::PutIn {
        at: Spot::End,
        pipeline: PipelineIndex(0),
        frame: Bytes::from_static(&[0, 0, 0, 1, 5]),
        times: 1,
    };
    let differs = branch(&mut watched, vec![put_in]).unwrap();
    assert!(differs.dead_letters.is_empty(), "{differs:?}");
    let state = differs.partitions[0].branch.as_ref().unwrap();
    assert_eq!((state.value.as_u64(), state.poisoned), (Some(6), false));
}
