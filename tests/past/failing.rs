//! What cannot be replayed is said in a sentence, and nobody waits for a replay.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::Direction;
use wallaroo::core::topology::Application;
use wallaroo::endpoints::Endpoint;
use wallaroo::session::past::Travel;
use wallaroo::{Key, Reason, Source, Topology};

use crate::alphabet::{self, Encoding};
use crate::seeks::wanted;
use crate::then::{Watched, moment, votes};

const BACK: Travel = Travel::Message(Direction::Back);

/// An application that adds what this makes of each message.
pub fn adding(add: impl Fn(u8) -> u32 + Send + Sync + 'static) -> Topology {
    Application::new("adding")
        .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied())))
        .to_state_partition(
            move |message: u8, state: &mut u32| {
                *state += add(message);
                (None::<u8>, true)
            },
            |_: &Key| 0_u32,
            "sums",
            |_: &u8| vec![b'k'],
        )
        .done()
        .build()
        .unwrap()
}

pub fn send(watched: &Watched, payloads: &[u8]) {
    let bytes: Vec<u8> = payloads.iter().flat_map(|payload| [0, 0, 0, 1, *payload]).collect();
    watched.session.engine().inject(PipelineIndex(0), bytes.into()).unwrap();
}

#[test]
fn code_that_is_no_function_of_message_and_state_is_told_of() {
    let calls = AtomicU32::new(0);
    let topology = adding(move |_| calls.fetch_add(1, Ordering::Relaxed));
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 2, 3]);
    watched.wait_for_messages(3);
    watched.session.travel(BACK);
    let told =
        |told: &[String]| told.iter().any(|text| text.contains("`k` of sums becomes another"));
    while !told(&watched.told) {
        watched.wait_for("another look", |_| true);
    }
    assert_eq!(moment(&watched.session.snapshot()), Some(2));
}

#[test]
fn a_panic_of_the_code_in_a_replay_ends_nothing() {
    let is_replay = || thread::current().name() == Some("wallaroo-past");
    let topology = adding(move |message| {
        assert!(!is_replay(), "only in a replay");
        message.into()
    });
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 2, 3]);
    watched.wait_for_messages(3);
    let then = watched.travel(Travel::To(2));
    // As live: the partition is poisoned then.
    assert!(then.partitions.rows[0].row.poisoned);
    watched.travel(Travel::Live);
    send(&watched, &[4]);
    watched.wait_for_messages(4);
}

/// An application that is held at a message that is replayed: whether it has come to one, and whether it goes on.
fn held_in_a_replay() -> (Topology, Arc<AtomicBool>, Arc<AtomicBool>) {
    let (begun, goes_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&goes_on));
    let topology = adding(move |message| {
        if thread::current().name() == Some("wallaroo-past") {
            tell.store(true, Ordering::Release);
            while !wait.load(Ordering::Acquire) {
                thread::yield_now();
            }
        }
        message.into()
    });
    (topology, begun, goes_on)
}

#[test]
fn nobody_waits_for_a_replay() {
    let (topology, begun, goes_on) = held_in_a_replay();
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 2, 3]);
    watched.wait_for_messages(3);
    watched.session.travel(BACK);
    let seen = watched.wait_for("the replay", |_| begun.load(Ordering::Acquire));
    assert!(seen.replaying && seen.past.is_none());
    // Now again, at once; and again to the past, which is busy with this one.
    let now = watched.travel(Travel::Live);
    assert!(!now.replaying);
    begun.store(false, Ordering::Release);
    watched.session.travel(Travel::To(1));
    watched.wait_for("the next replay", |_| begun.load(Ordering::Acquire));
    drop(watched);
    goes_on.store(true, Ordering::Release);
}

#[test]
fn a_search_ends_when_nobody_waits_for_it_any_more() {
    for end in [Travel::Stay, Travel::To(2)] {
        let (topology, begun, goes_on) = held_in_a_replay();
        let mut watched = Watched::open(topology, 1, |_| {});
        send(&watched, &[1, 2, 3]);
        watched.wait_for_messages(3);
        let search = Travel::Find(Direction::Back, wanted("messages == 1").unwrap());
        watched.session.travel(search);
        let seen = watched.wait_for("the search", |_| begun.load(Ordering::Acquire));
        assert!(seen.replaying && seen.past.is_none());
        assert_eq!(&*seen.search.unwrap().text, "messages == 1");
        watched.session.travel(end.clone());
        goes_on.store(true, Ordering::Release);
        let then = watched.wait_for("the end of it", |seen| !seen.replaying);
        let expected = if end == Travel::Stay { None } else { Some(2) };
        assert_eq!((moment(&then), then.search), (expected, None));
        assert!(watched.told.is_empty(), "{:?}", watched.told);
    }
}

#[test]
fn the_messages_of_a_file_are_read_again_and_those_of_one_that_has_changed_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("votes");
    let frame = |letter: u8, votes: u8| [0, 0, 0, 5, letter, 0, 0, 0, votes];
    std::fs::write(&path, [frame(b'a', 1), frame(b'b', 2), frame(b'a', 4)].concat()).unwrap();
    let topology = alphabet::topology(Encoding::Text).unwrap();
    let mut watched = Watched::open(topology, 2, |settings| {
        settings.sources = vec![Endpoint::File(path.clone())];
    });
    watched.wait_for_messages(3);
    let then = watched.travel(Travel::To(2));
    assert_eq!(votes(&then)["a"], 1);
    assert!(watched.told.is_empty(), "{:?}", watched.told);

    watched.travel(Travel::Live);
    std::fs::write(&path, [frame(b'a', 9), frame(b'b', 2), frame(b'a', 4)].concat()).unwrap();
    let now = watched.travel(Travel::To(2));
    assert_eq!((moment(&now), votes(&now)["a"]), (None, 5));
    assert!(watched.told.pop().unwrap().contains("has other bytes from byte 0 on"));
}
