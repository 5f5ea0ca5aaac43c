//! What is made of what is left: tests, the smallest input, the changes of a partition, branches.

use std::sync::Arc;

use bytes::Bytes;
use wallaroo::core::numbers::{PipelineIndex, SequenceNumber};
use wallaroo::core::replay::Direction;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::topology::Application;
use wallaroo::session::orders::{Order, TestOf};
use wallaroo::session::past::Travel;
use wallaroo::session::what_if::{Spot, WhatIf};
use wallaroo::telemetry::ShrinkStage;
use wallaroo::{Key, Out, Reason, Sink, Source, TestDriver, Topology};

use crate::alphabet::{Encoding, topology};
use crate::testing::{partition, refused, test_of};
use crate::then::{Watched, alphabet, moment};
use crate::undo::undo;

#[test]
fn a_test_is_of_what_is_left() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'a', 2)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    watched.wait_for_messages(1);
    let test = test_of(&mut watched, partition("a"));
    assert_eq!((test.messages, test.is_red), (1, false));
    assert!(test.file.contains(r#"{"letter":"a","votes":1}"#), "{}", test.file);
    // A partition that is gone.
    watched.vote(&[(b'z', 1)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    watched.wait_for_messages(1);
    assert!(refused(&mut watched, partition("z")).contains("has been at partition `z`"));
    assert_eq!(test_of(&mut watched, TestOf::Moment).messages, 1);
    watched.vote(&[(b'a', 4)]);
    watched.wait_for_messages(2);
    let test = test_of(&mut watched, partition("a"));
    assert_eq!((test.messages, test.is_red), (2, false));
    assert!(
        test.file.contains("fn partition_a_of_letter_state_after_message_4()"),
        "{}",
        test.file
    );
    // Then it was there, and in a test of it, it is.
    watched.travel(Travel::To(2));
    let test = test_of(&mut watched, partition("a"));
    assert_eq!(test.messages, 2);
    assert!(test.file.contains(r#"{"letter":"a","votes":3}"#), "{}", test.file);
    let second = TestOf::Message(PipelineIndex(0), SequenceNumber(2));
    assert_eq!(test_of(&mut watched, second).messages, 2);
}

#[test]
fn the_smallest_input_is_of_what_is_left() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1), (b'a', 50)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    watched.vote(&[(b'a', 60)]);
    watched.wait_for_messages(2);
    assert_eq!(watched.order(Order::Shrink("state.votes > 40".into())), None);
    let seen = watched.wait_for("the smallest input", |seen| {
        seen.shrinking.as_ref().is_some_and(|shown| !shown.is_searching())
    });
    let ShrinkStage::Found(found) = seen.shrinking.unwrap().stage else { panic!("nothing") };
    let numbers: Vec<u64> = found.input.messages.iter().map(|left| left.number).collect();
    assert_eq!((numbers, found.recorded), (vec![3], 3));
}

#[test]
fn a_change_that_was_taken_back_is_none_of_now() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1), (b'a', 2)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    watched.wait_for_messages(1);
    let of = (0, Key::from("a"));
    let back = Travel::Change(Direction::Back, Some(of.clone()));
    assert_eq!(moment(&watched.travel(back.clone())), Some(1));
    watched.travel(Travel::Live);
    let listed = watched.travel(Travel::Changes(of)).changes.unwrap();
    let numbers: Vec<u64> = listed.changes.iter().map(|shown| shown.change.number).collect();
    assert_eq!((numbers, listed.is_all), (vec![1], true));
}

#[test]
fn a_branch_does_not_bring_back_what_was_taken_back_and_is_dropped() {
    let mut watched = Watched::open(topology(Encoding::Text).unwrap(), 1, |settings| {
        // The last chapter alone is kept.
        settings.recorded = Some(Arc::new(RecordedInMemory::new(0)));
    });
    watched.vote(&[(b'a', 1), (b'a', 2)]);
    watched.wait_for_messages(2);
    undo(&mut watched).unwrap();
    watched.wait_for_messages(1);
    let frame = Bytes::from_static(&[0, 0, 0, 5, b'b', 0, 0, 0, 4]);
    let put_in = WhatIf::PutIn { at: Spot::End, pipeline: PipelineIndex(0), frame, times: 1 };
    assert_eq!(watched.order(Order::WhatIf(vec![put_in])), None);
    let seen = watched.wait_for("the branch", |seen| {
        seen.branch.as_ref().is_some_and(|branch| branch.outcome.is_some())
    });
    let differs = seen.branch.unwrap().outcome.unwrap().unwrap();
    let keys: Vec<String> = differs.partitions.iter().map(|one| one.key.to_string()).collect();
    assert_eq!(keys, ["b"], "{differs:?}");
    assert_eq!(differs.unfaithful, None);
}

/// Two pipelines that count in one state.
fn shared() -> Topology {
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
    let add = |message: u8, all: &mut Vec<u8>| {
        all.push(message);
        (Some(message), true)
    };
    let (none, key) = (|_: &Key| Vec::new(), |message: &u8| vec![b'a' + *message % 3]);
    let sink = || Sink::new(|message: &u8, out: &mut Out<'_>| out.byte(*message));
    Application::new("shared")
        .pipeline("one", Source::new(decode))
        .to_state_partition(add, none, "lists", key)
        .to_sink(sink())
        .pipeline("two", Source::new(decode))
        .to_state_partition(add, none, "lists", key)
        .to_sink(sink())
        .build()
        .unwrap()
}

#[test]
fn of_pipelines_that_share_a_state_the_last_message_of_all_is_taken_back() {
    let mut watched = Watched::open(shared(), 2, |_| {});
    let topology = Arc::clone(watched.session.engine().topology());
    let mut left: Vec<(usize, u8)> = Vec::new();
    let expected = |left: &[(usize, u8)]| {
        let mut driver = TestDriver::new(&topology);
        for (pipeline, message) in left {
            driver.push_message(["one", "two"][*pipeline], &[*message]).unwrap();
            driver.run();
        }
        let rows = driver.partitions("lists").into_iter();
        rows.map(|row| (row.key.to_string(), row.value)).collect::<Vec<_>>()
    };
    for (step, message) in (0..12_u8).enumerate() {
        let pipeline = usize::from(message % 5 < 2);
        let bytes = vec![0, 0, 0, 1, message];
        watched.session.engine().inject(PipelineIndex(pipeline), bytes.into()).unwrap();
        left.push((pipeline, message));
        watched.wait_for_messages(left.len() as u64);
        for _ in 0..[0, 1, 0, 2][step % 4] {
            let done = undo(&mut watched).unwrap();
            let (pipeline, _) = left.pop().unwrap();
            assert_eq!(done.pipeline, PipelineIndex(pipeline));
            watched.wait_for_messages(left.len() as u64);
        }
        if step == 5 {
            watched.order_any(Order::Crash);
        }
        let seen = watched.wait_for_messages(left.len() as u64);
        let rows = seen.partitions.rows.iter();
        let rows: Vec<_> =
            rows.map(|shown| (shown.row.key.to_string(), shown.row.value.clone())).collect();
        assert_eq!(rows, expected(&left), "{left:?}");
        // The next may only be undone when the recovery is over.
        watched.wait_for("the recovery", |seen| {
            seen.safety.as_ref().is_some_and(|safety| !safety.recovering)
        });
    }
}
