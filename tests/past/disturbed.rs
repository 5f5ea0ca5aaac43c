//! The engine goes on while its past is looked at, and whatever is done to it is done to what is now.

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::Direction;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::Order;
use wallaroo::session::past::Travel;

use crate::then::{Votes, Watched, alphabet, moment, votes};

const BACK: Travel = Travel::Message(Direction::Back);

fn a(votes: u64) -> Votes {
    Votes::from([("a".to_owned(), votes)])
}

/// A session that has had three votes for `a`, and looks at the first.
fn at_the_first() -> Watched {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'a', 2), (b'a', 4)]);
    watched.wait_for_messages(3);
    let then = watched.travel(Travel::To(1));
    assert_eq!(votes(&then), a(1));
    watched
}

#[test]
fn the_engine_goes_on_and_the_moment_stays() {
    let mut watched = at_the_first();
    // As a source would: nobody asked for it here.
    watched.vote(&[(b'a', 8)]);
    let then = watched.wait_for("an output of now", |seen| {
        seen.pipelines[0].messages_out == 4 && seen.partitions.up_to_date
    });
    assert_eq!((moment(&then), votes(&then)), (Some(1), a(1)));
    let now = watched.travel(Travel::Live);
    assert_eq!(moment(&now), None);
    watched.wait_for_messages(4);
    // What has come meanwhile is a part of the past now.
    let then = watched.travel(BACK);
    assert_eq!((moment(&then), votes(&then)), (Some(3), a(7)));
    assert_eq!(then.past.unwrap().last, 4);
}

#[test]
fn what_is_sent_is_sent_now_and_seen_at_once() {
    let mut watched = at_the_first();
    let bytes = [0, 0, 0, 5, b'a', 0, 0, 0, 8].to_vec();
    watched.session.obey(Order::Inject(PipelineIndex(0), bytes.into())).unwrap();
    let now = watched.wait_for_messages(4);
    assert_eq!(votes(&now), a(15));
    assert_eq!(watched.told, ["this is now again"]);
}

#[test]
fn a_pause_is_of_the_engine_and_leaves_the_past_as_it_is() {
    let mut watched = at_the_first();
    watched.session.obey(Order::PauseOrResume).unwrap();
    let then = watched.wait_for("the pause", |seen| seen.run_state == RunState::Paused);
    assert_eq!((moment(&then), votes(&then)), (Some(1), a(1)));
    // A paused engine makes checkpoints, too.
    watched.travel(Travel::Live);
    assert_eq!(moment(&watched.travel(BACK)), Some(2));
}

#[test]
fn a_crash_and_a_change_of_workers_are_of_now_and_the_past_is_whole_after_them() {
    let orders = [Order::Crash, Order::ChangeWorkers { more: true }, Order::Crash];
    let mut watched = at_the_first();
    for (order, sent) in orders.into_iter().zip(3..) {
        let workers = watched.session.wanted_workers().get();
        watched.session.obey(order.clone()).unwrap();
        let now = watched.wait_for("now", |seen| {
            seen.past.is_none()
                && seen.partitions.up_to_date
                && seen.changing_to.is_none()
                && !seen.safety.as_ref().is_some_and(|safety| safety.recovering)
                && seen.partitions.total == 1
        });
        let more = usize::from(matches!(order, Order::ChangeWorkers { .. }));
        assert_eq!((votes(&now), now.workers.len()), (a((1 << sent) - 1), workers + more));
        watched.vote(&[(b'a', 1 << sent)]);
        watched.wait_for_messages(sent + 1);
        for message in (0..=sent + 1).rev() {
            let then = watched.travel(Travel::To(message));
            let expected = if message == 0 { Votes::new() } else { a((1 << message) - 1) };
            assert_eq!((moment(&then), votes(&then)), (Some(message), expected), "{order:?}");
        }
    }
}

#[test]
fn after_a_reset_there_is_a_new_past() {
    let mut watched = at_the_first();
    watched.session.obey(Order::Reset).unwrap();
    watched.vote(&[(b'a', 16), (b'a', 32)]);
    watched.wait_for_messages(2);
    let then = watched.travel(BACK);
    assert_eq!((moment(&then), votes(&then)), (Some(1), a(16)));
}

#[test]
fn the_dead_letters_and_outputs_of_then_are_those_until_then() {
    let mut watched = alphabet(1);
    let bad = |watched: &Watched| {
        let bytes = [0, 0, 0, 1, b'?'].to_vec();
        watched.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
    };
    watched.vote(&[(b'a', 1)]);
    bad(&watched);
    watched.vote(&[(b'a', 2)]);
    bad(&watched);
    watched.wait_for_messages(2);
    watched.wait_for("dead letters", |seen| {
        seen.dead_letters.len() == 2 && seen.totals.messages_out == 2 && seen.outputs.len() == 2
    });
    for (message, letters, outputs) in [(4, 2, 2), (3, 1, 2), (2, 1, 1), (1, 0, 1), (0, 0, 0)] {
        let then = watched.travel(Travel::To(message));
        let seen = (then.dead_letters.len(), then.outputs.len());
        assert_eq!(seen, (letters, outputs), "at {message}");
        assert_eq!(then.totals.dead_letters, letters as u64);
        assert!(then.past.unwrap().letters_known);
    }
}
