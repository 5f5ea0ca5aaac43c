//! When nothing is taken back: what is said then, and that nothing has changed.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::topology::Application;
use wallaroo::session::orders::Order;
use wallaroo::{Key, Reason, Source, Topology};

use crate::alphabet::{Encoding, topology};
use crate::then::{Watched, alphabet, counted, votes};
use crate::undo::undo;

#[test]
fn right_after_a_crash_it_is_the_last_message_or_none() {
    let mut watched = Watched::open(topology(Encoding::Text).unwrap(), 2, |settings| {
        // What comes after the ordered checkpoint is in the journal alone.
        settings.resilience.as_mut().unwrap().interval = Duration::from_hours(1);
    });
    let mut left = Vec::new();
    for number in 1..=8 {
        watched.vote(&[(b'a', number)]);
        watched.wait_for_messages(2 * u64::from(number) - 1);
        watched.session.engine().save().recv().unwrap();
        watched.vote(&[(b'b', number)]);
        left.push((b'a', number));
        left.push((b'b', number));
        watched.wait_for_messages(left.len() as u64);
        watched.order_any(Order::Crash);
        let taken_back = undo(&mut watched);
        if let Err(why) = &taken_back {
            assert!(why.contains("recovers") || why.contains("on their way"), "{why}");
        } else {
            left.pop();
        }
        let now = watched.wait_for_messages(left.len() as u64);
        assert_eq!(votes(&now), counted(&left), "{number}: {taken_back:?}");
        if taken_back.is_ok() {
            // As many as without it.
            watched.vote(&[(b'b', number)]);
            left.push((b'b', number));
            watched.wait_for_messages(left.len() as u64);
        }
    }
}

#[test]
fn a_crash_at_any_moment_of_it_leaves_all_of_the_message_or_nothing() {
    let mut watched = alphabet(2);
    let mut left = vec![(b'a', 1)];
    watched.vote(&left);
    watched.wait_for_messages(1);
    for moment in 0..12_u64 {
        let vote = (b'a' + u8::try_from(moment % 3).unwrap(), 1 << moment);
        watched.vote(&[vote]);
        watched.wait_for_messages(left.len() as u64 + 1);
        let before = watched.session.snapshot().undo.wanted;
        assert_eq!(watched.order(Order::Undo), None);
        // Until it has begun, is being found out, is being done, or is done.
        let until = std::time::Instant::now() + Duration::from_micros(700 * moment);
        while std::time::Instant::now() < until {
            std::thread::yield_now();
        }
        watched.order_any(Order::Crash);
        let seen = watched.wait_for("what came of it, and the recovery", |seen| {
            let done = seen.undo.wanted > before && seen.undo.outcome.is_some();
            done && seen.safety.as_ref().is_some_and(|safety| !safety.recovering)
        });
        let outcome = seen.undo.outcome.unwrap();
        // What the journal has has been processed.
        while !watched.session.engine().reads() {
            watched.wait_for("another look", |_| true);
        }
        let with: Vec<_> = left.iter().copied().chain([vote]).collect();
        let wait_for = |watched: &mut Watched| {
            watched.wait_for("all or nothing", |seen| {
                let is_it = |all: &[_]| votes(seen) == counted(all);
                seen.partitions.up_to_date && (is_it(&with) || is_it(&left))
            })
        };
        let now = votes(&wait_for(&mut watched));
        let is_there = now == counted(&with);
        assert!(outcome.is_err() || !is_there, "{moment}: {outcome:?}");
        if is_there {
            left = with;
        }
        // And it stays so.
        watched.order_any(Order::Crash);
        watched.wait_for_messages(left.len() as u64);
        assert_eq!(votes(&watched.session.snapshot()), counted(&left), "{moment}");
    }
}

#[test]
fn a_run_that_ends_takes_nothing_back() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1)]);
    watched.wait_for_messages(1);
    watched.session.engine().stop();
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("has ended, or is ending"), "{why}");
    watched.session.engine().wait().unwrap();
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("has ended, or is ending"), "{why}");
}

/// A state that can be saved only while it is less than nine.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Small(u8);

impl Serialize for Small {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 < 9 {
            self.0.serialize(serializer)
        } else {
            Err(serde::ser::Error::custom("it is too much"))
        }
    }
}

/// Adds the second byte of a message to what the first one says.
fn small() -> Topology {
    let decode = |payload: &[u8]| match payload {
        [key, value] => Ok(Some((*key, *value))),
        _ => Err(Reason::from("no message")),
    };
    Application::new("small")
        .pipeline("p", Source::new(decode))
        .to_state_partition(
            |(_, value): (u8, u8), state: &mut Small| {
                state.0 += value;
                (None::<u8>, true)
            },
            |_: &Key| Small(0),
            "sums",
            |message: &(u8, u8)| vec![message.0],
        )
        .done()
        .build()
        .unwrap()
}

#[test]
fn a_partition_that_cannot_be_saved_is_not_lost_by_the_undo_of_another_message() {
    let mut watched = Watched::open(small(), 1, |_| {});
    let send = |watched: &Watched, key: u8, value: u8| {
        let bytes = vec![0, 0, 0, 2, key, value];
        watched.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
        watched.session.engine().save().recv().unwrap();
    };
    send(&watched, b'a', 1);
    send(&watched, b'b', 1);
    watched.wait_for_messages(2);
    send(&watched, b'b', 20);
    watched.wait_for_messages(3);
    watched.session.engine().save().recv().unwrap();
    send(&watched, b'a', 2);
    watched.wait_for_messages(4);
    let why = undo(&mut watched).unwrap_err();
    assert!(why.contains("partition `b` of sums cannot be saved"), "{why}");
    watched.wait_for_messages(4);
}
