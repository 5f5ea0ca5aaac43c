//! What is looked for in the past is what a plain look at every message and at every moment finds.

use std::cell::RefCell;
use std::sync::Arc;

use proptest::prelude::*;
use wallaroo::core::replay::from_memory::{MemoryRecording, ReadAgain};
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::smallest::{Watching, first_step};
use wallaroo::core::replay::timeline::Timeline;
use wallaroo::core::replay::{Direction, ReplayError};
use wallaroo::core::seen::seen_in;
use wallaroo::expression::{Fields, StepCondition, When};
use wallaroo::resilience::ResilienceSettings;
use wallaroo::session::past::{Travel, Wanted};
use wallaroo::telemetry::Snapshot;
use wallaroo::{TestDriver, Topology};

use crate::alphabet::{self, Encoding};
use crate::faults::fields;
use crate::grammar::condition;
use crate::then::{Watched, alphabet, moment, sent};

/// What a person writes.
pub fn wanted(text: &str) -> Option<Wanted> {
    let condition = StepCondition::compile(text, When::Replayed, &Fields::default()).ok()?;
    Some(Wanted { text: text.into(), sought: Arc::new(condition) })
}

fn find(direction: Direction, text: &str) -> Travel {
    Travel::Find(direction, wanted(text).unwrap())
}

/// Of each message whether it holds, as a driver sees it; `None` if that cannot be said.
fn plain(topology: &Topology, payloads: &[Vec<u8>], wanted: &Wanted) -> Vec<Option<bool>> {
    let mut driver = TestDriver::new(topology);
    let mut holds = Vec::new();
    for payload in payloads {
        let letters = driver.dead_letters().len();
        driver.push_message("votes", payload).unwrap();
        driver.run();
        let seen =
            seen_in(driver.traces().last().unwrap(), topology, &driver.dead_letters()[letters..]);
        holds.push(first_step(&*wanted.sought, &seen).ok().map(|step| step.is_some()));
    }
    holds
}

/// The number of the nearest message of which it holds.
fn nearest(holds: &[Option<bool>], from: u64, direction: Direction) -> Option<u64> {
    let is_it = |number: &u64| holds[usize::try_from(number - 1).unwrap()] == Some(true);
    match direction {
        Direction::Back => (1..from).rev().find(is_it),
        Direction::Forth => (from + 1..=holds.len() as u64).find(is_it),
    }
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let vote = (b'a'..b'd', 0_u8..4).prop_map(|(letter, votes)| vec![letter, 0, 0, 0, votes]);
    // Two of them are no votes.
    prop_oneof![12 => vote, 1 => Just(vec![b'?']), 1 => Just(vec![b'A', 0, 0, 0, 1])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 12 } else { 100 }))]

    #[test]
    fn what_is_found_is_what_a_plain_scan_finds(
        payloads in prop::collection::vec(payload(), 1..40),
        workers in prop::sample::select(vec![1_usize, 2, 4]),
        saves in prop::collection::vec(0_usize..40, 0..3),
        conditions in prop::collection::vec((condition(), any::<bool>()), 25),
        froms in prop::collection::vec(any::<prop::sample::Index>(), 25),
    ) {
        let topology = alphabet::topology(Encoding::Text).unwrap();
        let mut watched = sent(alphabet::topology(Encoding::Text).unwrap(), workers, &payloads, &saves);
        for ((condition, back), from) in conditions.iter().zip(froms) {
            let text = condition.written();
            // A driver has one worker.
            let Some(wanted) = wanted(&text).filter(|_| workers == 1 || !text.contains("worker")) else { continue };
            let holds = plain(&topology, &payloads, &wanted);
            let direction = if *back { Direction::Back } else { Direction::Forth };
            let from = from.index(payloads.len() + 1) as u64;
            watched.travel(Travel::To(from));
            watched.told.clear();
            let seen = watched.travel(Travel::Find(direction, wanted));
            let expected = nearest(&holds, from, direction);
            prop_assert_eq!(moment(&seen), Some(expected.unwrap_or(from)), "{} from {}", text, from);
            let is_nearer = |number: u64| match direction {
                Direction::Back => number < from && expected.is_none_or(|found| number > found),
                Direction::Forth => number > from && expected.is_none_or(|found| number < found),
            };
            let unsaid = (1..).zip(&holds).any(|(number, holds)| is_nearer(number) && holds.is_none());
            let told = watched.told.concat();
            prop_assert_eq!(unsaid, told.contains("cannot be judged"), "{}: {}", text, told);
            prop_assert_eq!(expected.is_none(), told.contains("holds of no message"), "{}: {}", text, told);
        }
    }
}

#[test]
fn from_now_the_last_message_may_be_the_one() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'b', 2), (b'a', 4)]);
    watched.wait_for_messages(3);
    let then = watched.travel(find(Direction::Back, "state.votes > 4"));
    assert_eq!(moment(&then), Some(3));
    let then = watched.travel(find(Direction::Back, "key == 'a'"));
    assert_eq!(moment(&then), Some(1));
    let then = watched.travel(find(Direction::Forth, "messages == 2"));
    assert_eq!(moment(&then), Some(3));
    watched.travel(Travel::Live);
    let now = watched.travel(find(Direction::Back, "state.votes > 1000"));
    assert_eq!(moment(&now), None);
    assert_eq!(watched.told, ["`state.votes > 1000` holds of no message before this moment"]);
}

#[test]
fn what_cannot_be_judged_is_counted_and_told() {
    // Of the states, a trace keeps the beginning, which has no field as a whole.
    let payloads = [b"a\0\x01", b"a\0\x01", b"b\0\x02", b"a\0\x01", b"a\0\x01"];
    let payloads: Vec<Vec<u8>> = payloads.iter().map(|payload| payload.to_vec()).collect();
    let mut watched = sent(fields(), 2, &payloads, &[2]);
    let back = find(Direction::Back, "state.plain == 1 || key == 'b'");
    let why = "its state is too long: only the first 2048 bytes of it are kept, without plain";
    let told = |count: &str, number: u64| {
        format!(
            "{count} cannot be judged; message {number}: it cannot be said of closure with the key a: {why}"
        )
    };
    let nowhere = "`state.plain == 1 || key == 'b'` holds of no message before this moment";
    for (at, text) in [
        (3, format!("nearer than this one, {}", told("1 message", 4))),
        (3, format!("{nowhere}; {}", told("2 messages", 2))),
    ] {
        watched.told.clear();
        let seen = watched.travel(back.clone());
        assert_eq!((moment(&seen), watched.told.concat()), (Some(at), text));
    }
}

#[test]
fn at_the_beginning_each_partition_is_on_its_worker() {
    let saved = tempfile::tempdir().unwrap();
    let open = || {
        Watched::open(alphabet::topology(Encoding::Text).unwrap(), 3, |settings| {
            settings.resilience = Some(ResilienceSettings::new(saved.path().join("saved")));
        })
    };
    let owners = |seen: &Snapshot| {
        let rows = seen.partitions.rows.iter();
        rows.map(|row| (row.row.key.to_string(), row.row.worker)).collect::<Vec<_>>()
    };
    let mut first = open();
    let letters: Vec<(u8, u32)> = (b'a'..=b'z').map(|letter| (letter, 1)).collect();
    first.vote(&letters);
    let expected = owners(&first.wait_for_messages(26));
    first.session.engine().save().recv().unwrap();
    first.session.end();
    drop(first);
    // What was recovered is what the recording begins with.
    let mut watched = open();
    let all = |seen: &Snapshot| seen.partitions.up_to_date && seen.partitions.total == 26;
    watched.wait_for("what was recovered", all);
    watched.vote(&[(b'a', 1)]);
    watched.wait_for_messages(27);
    let then = watched.travel(Travel::To(0));
    assert_eq!((moment(&then), owners(&then)), (Some(0), expected));
}

/// Notes what it is told, and ends the search after so many times.
struct Noted {
    looked: RefCell<Vec<u64>>,
    ends_after: usize,
}

impl Watching for Noted {
    fn looks(&self, messages: u64) {
        self.looked.borrow_mut().push(messages);
    }

    fn goes_on(&self) -> bool {
        self.looked.borrow().len() < self.ends_after
    }
}

#[test]
fn a_search_says_how_many_messages_it_has_looked_at_and_can_be_ended() {
    let recorded = Arc::new(RecordedInMemory::new(usize::MAX));
    let topology = || alphabet::topology(Encoding::Text).unwrap();
    let mut watched = Watched::open(topology(), 1, |settings| {
        settings.recorded = Some(Arc::clone(&recorded));
    });
    for _ in 0..30 {
        watched.vote(&[(b'a', 1); 10]);
    }
    watched.wait_for_messages(300);
    watched.session.engine().save().recv().unwrap();
    let read: ReadAgain =
        Box::new(|entered, framing| Ok(entered.frames(framing.wrapping()).unwrap()));
    let recording = MemoryRecording::new(recorded.recorded(), read);
    let mut timeline = Timeline::new(Arc::new(topology()), recording).unwrap();
    let wanted = wanted("state.votes == 3").unwrap();
    let mut search = |ends_after: usize| {
        let noted = Noted { looked: RefCell::default(), ends_after };
        let found = timeline.search(301, Direction::Back, &*wanted.sought, &noted);
        (found.map(|searched| searched.found), noted.looked.into_inner())
    };
    let (found, looked) = search(usize::MAX);
    assert_eq!(found, Ok(Some(3)));
    assert!(looked.is_sorted() && looked.last().is_some_and(|last| (250..=300).contains(last)));
    let (ended, looked) = search(5);
    assert_eq!((ended, looked.len()), (Err(ReplayError::Ended), 5));
}
