//! Every moment that a walk comes to is what the messages until then make.

use wallaroo::Generator;
use wallaroo::Key;
use wallaroo::core::frames::trace::HopEvent;
use wallaroo::core::replay::Direction;
use wallaroo::session::past::Travel;

use crate::then::{Votes, Watched, alphabet, counted, moment, votes};

const BACK: Travel = Travel::Message(Direction::Back);
const FORTH: Travel = Travel::Message(Direction::Forth);

fn change(direction: Direction) -> Travel {
    Travel::Change(direction, None)
}

fn change_of(direction: Direction, key: &str) -> Travel {
    Travel::Change(direction, Some((0, Key::from(key))))
}

#[test]
fn the_change_before_shows_the_earlier_total_and_live_the_present() {
    let mut watched = alphabet(2);
    let sent = [(b'a', 10), (b'b', 1), (b'a', 5)];
    for vote in &sent {
        watched.vote(&[*vote]);
    }
    watched.wait_for_messages(3);
    let then = watched.travel(change_of(Direction::Back, "a"));
    assert_eq!((moment(&then), votes(&then)), (Some(1), counted(&sent[..1])));
    assert_eq!((then.totals.messages_in, then.totals.stateful, then.partitions.total), (1, 1, 1));
    let past = then.past.unwrap();
    assert_eq!((past.first, past.last, past.back()), (0, 3, 2));
    // The message of the moment is the newest that is seen, with all of its way.
    assert_eq!(then.traces.len(), 1);
    let hops = then.traces[0].hops();
    assert!(hops.iter().any(|hop| matches!(&hop.event, HopEvent::StateChanged { .. })), "{hops:?}");

    let then = watched.travel(change_of(Direction::Forth, "a"));
    assert_eq!((moment(&then), votes(&then)), (Some(3), counted(&sent)));
    let then = watched.travel(change(Direction::Back));
    assert_eq!((moment(&then), votes(&then)), (Some(2), counted(&sent[..2])));
    let now = watched.travel(Travel::Live);
    assert_eq!((moment(&now), votes(&now)), (None, counted(&sent)));
    assert_eq!(now.totals.messages_in, 3);
    assert!(watched.told.is_empty(), "{:?}", watched.told);
}

#[test]
fn where_there_is_nothing_it_is_said_and_the_moment_stays() {
    let mut watched = alphabet(1);
    let says = |watched: &mut Watched, travel: &Travel, text: &str| {
        let seen = watched.travel(travel.clone());
        assert_eq!(watched.told.pop().as_deref(), Some(text), "{travel:?}");
        moment(&seen)
    };
    assert_eq!(says(&mut watched, &BACK, "no message is recorded yet"), None);
    assert_eq!(says(&mut watched, &FORTH, "this is now: nothing comes after it"), None);
    let fault = Travel::Fault((0, Key::from("a")), Vec::new());
    assert_eq!(says(&mut watched, &fault, "no message is recorded yet"), None);
    watched.vote(&[(b'a', 1), (b'a', 0), (b'b', 2)]);
    watched.wait_for_messages(3);
    assert_eq!(says(&mut watched, &Travel::To(4), "the recording ends with message 3"), None);
    let then = watched.travel(Travel::To(1));
    assert_eq!(votes(&then), Votes::from([("a".to_owned(), 1)]));
    let after = change_of(Direction::Forth, "a");
    // A vote of nothing changes nothing.
    assert_eq!(says(&mut watched, &after, "nothing changes `a` after this moment"), Some(1));
    assert_eq!(moment(&watched.travel(change(Direction::Forth))), Some(3));
    assert_eq!(says(&mut watched, &FORTH, "this is the last message"), Some(3));
    // Before the first change is the beginning.
    let then = watched.travel(Travel::To(1));
    assert_eq!(moment(&then), Some(1));
    let then = watched.travel(change(Direction::Back));
    assert_eq!((moment(&then), votes(&then)), (Some(0), Votes::new()));
    assert!(then.traces.is_empty() && then.outputs.is_empty());
    assert_eq!(says(&mut watched, &BACK, "this is the beginning"), Some(0));
}

/// Where a walk comes to that goes to the nearest message that changes something.
fn nearest(sent: &[(u8, u32)], from: u64, direction: Direction, letter: Option<u8>) -> Option<u64> {
    let changes = |number: &u64| {
        let at = usize::try_from(number - 1).unwrap();
        let (of, votes) = sent[at];
        let creates = sent[..at].iter().all(|(other, _)| *other != of);
        (votes > 0 || creates) && letter.is_none_or(|letter| letter == of)
    };
    match direction {
        Direction::Back => (1..from).rev().find(changes).or((from > 0).then_some(0)),
        Direction::Forth => (from + 1..=sent.len() as u64).find(changes),
    }
}

#[test]
fn walks_through_a_thousand_messages_see_what_a_plain_count_sees() {
    for workers in [1, 3] {
        let mut generator = Generator::new(workers as u64, 0.0);
        let mut below = |bound: u64| generator.below(bound);
        let vote = |below: &mut dyn FnMut(u64) -> u64| {
            let letter = b'a' + u8::try_from(below(9)).unwrap();
            (letter, u32::try_from(below(4)).unwrap())
        };
        let sent: Vec<(u8, u32)> = (0..1000).map(|_| vote(&mut below)).collect();
        let mut watched = alphabet(workers);
        let mut rest = sent.as_slice();
        while !rest.is_empty() {
            let (some, others) =
                rest.split_at(rest.len().min(usize::try_from(1 + below(60)).unwrap()));
            watched.vote(some);
            if below(4) == 0 {
                // In one chapter or in several.
                watched.session.engine().save().recv().unwrap();
            }
            rest = others;
        }
        watched.wait_for_messages(1000);
        let (mut at, last) = (1000, 1000);
        watched.travel(Travel::To(last));
        for _ in 0..150 {
            let direction = if below(2) == 0 { Direction::Back } else { Direction::Forth };
            let letter = b'a' + u8::try_from(below(9)).unwrap();
            let key = Key::from(char::from(letter));
            let (travel, to) = match (below(4), direction) {
                (0, Direction::Back) => (BACK, (at > 0).then(|| at - 1)),
                (0, Direction::Forth) => (FORTH, (at < last).then_some(at + 1)),
                (1, _) => (change(direction), nearest(&sent, at, direction, None)),
                (2, _) => {
                    let travel = Travel::Change(direction, Some((0, key)));
                    (travel, nearest(&sent, at, direction, Some(letter)))
                }
                _ => {
                    let to = below(last + 1);
                    (Travel::To(to), Some(to))
                }
            };
            at = to.unwrap_or(at);
            let then = watched.travel(travel.clone());
            assert_eq!(moment(&then), Some(at), "{travel:?}");
            let until = usize::try_from(at).unwrap();
            assert_eq!(votes(&then), counted(&sent[..until]), "{travel:?} to {at}");
            assert_eq!(then.totals.stateful, at);
        }
    }
}

#[test]
fn the_rows_of_then_are_sorted_filtered_and_counted_as_those_of_now() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 3), (b'b', 9), (b'c', 1), (b'B', 2), (b'a', 100)]);
    watched.wait_for_messages(5);
    watched.travel(Travel::To(4));
    watched.view.query.filter = "b".into();
    watched.view.query.descending = true;
    watched.view.opened = Some((0, Key::from("a")));
    watched.view.wanted = Some("c".to_owned());
    let view = watched.view.clone();
    let then = watched.wait_for("the rows of a filter", |seen| {
        seen.partitions.up_to_date && seen.partitions.view == view
    });
    let keys: Vec<String> =
        then.partitions.rows.iter().map(|row| row.row.key.to_string()).collect();
    assert_eq!(keys, ["b", "B"]);
    assert_eq!((then.partitions.matching, then.partitions.total), (2, 4));
    let opened = then.partitions.opened.unwrap();
    assert_eq!(opened.row.unwrap().row.value["votes"], 3);
    assert_eq!(then.partitions.found.unwrap().rows.len(), 1);
}
