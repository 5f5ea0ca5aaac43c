//! The smallest input of a session's recording: looked for beside the engine, which goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::memory::RecordedInMemory;
use wallaroo::core::replay::smallest::{Found, SoFar};
use wallaroo::session::orders::Order;
use wallaroo::session::past::Travel;
use wallaroo::telemetry::{ShrinkShown, ShrinkStage, Snapshot};

use crate::alphabet::{self, Encoding};
use crate::failing::{adding, send};
use crate::then::{Watched, alphabet, moment};

/// The name of the thread that runs messages of a recording again.
const REPLAY: Option<&str> = Some("wallaroo-replay");

fn shrink(when: &str) -> Order {
    Order::Shrink(when.into())
}

fn has_ended(seen: &Snapshot) -> bool {
    seen.shrinking.as_ref().is_some_and(|shown| !shown.is_searching())
}

/// Looks for the smallest input, to the end.
fn shrunk(watched: &mut Watched, when: &str) -> ShrinkShown {
    assert_eq!(watched.order(shrink(when)), None);
    watched.wait_for(when, has_ended).shrinking.unwrap()
}

fn found(shown: &ShrinkShown) -> Arc<Found> {
    match &shown.stage {
        ShrinkStage::Found(found) => Arc::clone(found),
        other => panic!("{other:?}"),
    }
}

fn nothing(shown: &ShrinkShown) -> String {
    match &shown.stage {
        ShrinkStage::Nothing(why) => why.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Sends a payload that is no vote.
fn send_nonsense(watched: &Watched) {
    let frame = [0, 0, 0, 3, b'b', b'a', b'd'];
    watched.session.engine().inject(PipelineIndex(0), frame.to_vec().into()).unwrap();
}

#[test]
fn of_all_messages_the_one_that_did_it_is_left() {
    let mut watched = alphabet(2);
    let votes: Vec<(u8, u32)> = (b'a'..b't').cycle().zip(0..500).collect();
    watched.vote(&votes);
    send_nonsense(&watched);
    watched.vote(&votes);
    watched.wait_for_messages(1000);
    let shown = shrunk(&mut watched, "dead");
    let found = found(&shown);
    assert_eq!((&*shown.when, shown.recorded, found.recorded), ("dead", Some(1001), 1001));
    let left: Vec<_> =
        found.input.messages.iter().map(|left| (left.number, &*left.payload)).collect();
    assert_eq!(left, [(501, &b""[..])], "the simplest payload that is no vote is an empty one");
    assert!(found.input.complete);
}

#[test]
fn messages_that_lead_to_a_state_are_found_with_their_keys() {
    let mut watched = alphabet(2);
    watched.vote(&[(b'a', 1), (b'Q', 3_000_000_000), (b'a', 2), (b'Q', 2_000_000_000), (b'Q', 1)]);
    watched.wait_for_messages(5);
    let shown = shrunk(&mut watched, "key == 'Q' && state.votes > 4500000000");
    let found = found(&shown);
    let numbers: Vec<u64> = found.input.messages.iter().map(|left| left.number).collect();
    assert_eq!(numbers, [2, 4]);
    let keys: Vec<String> = found.again.keys.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(keys, ["Q", "Q"]);
    assert!(found.happened().contains("4500000001"), "{}", found.happened());
}

#[test]
fn a_poisoned_partition_needs_the_messages_that_poisoned_it() {
    let topology = adding(|message| {
        assert!(message < 9, "on purpose");
        message.into()
    });
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 2, 9, 3]);
    watched.wait_for("two dead letters", |seen| seen.totals.dead_letters == 2);
    let poisoned = found(&shrunk(&mut watched, "cause == 'panicked' && key == 'k'"));
    let numbers: Vec<u64> = poisoned.input.messages.iter().map(|left| left.number).collect();
    assert_eq!(numbers, [3]);
    let led_to = found(&shrunk(&mut watched, "cause == 'poisoned'"));
    let numbers: Vec<u64> = led_to.input.messages.iter().map(|left| left.number).collect();
    assert_eq!(numbers, [3, 4]);
}

#[test]
fn the_numbers_are_those_of_the_run_when_its_beginning_is_not_recorded_any_more() {
    let topology = alphabet::topology(Encoding::Text).unwrap();
    let mut watched = Watched::open(topology, 2, |settings| {
        settings.recorded = Some(Arc::new(RecordedInMemory::new(1)));
    });
    // Each is a chapter of its own, at most: only the last ones are kept.
    for (votes, messages) in [(1, 2), (2, 4), (4, 6)] {
        watched.vote(&[(b'a', votes), (b'b', votes)]);
        watched.wait_for_messages(messages);
        watched.session.engine().save().recv().unwrap();
    }
    let shown = shrunk(&mut watched, "key == 'a' && state.votes == 7");
    let (found, dropped) = (found(&shown), 6 - shown.recorded.unwrap());
    assert!(dropped >= 2, "its beginning is dropped");
    let votes = [(1, 1), (3, 2), (5, 4)];
    let kept = votes.iter().map(|(number, _)| *number).filter(|number| *number > dropped);
    let numbers: Vec<u64> = found.input.messages.iter().map(|left| left.number).collect();
    assert_eq!(numbers, kept.collect::<Vec<u64>>());
    let before = votes.iter().filter(|(number, _)| *number <= dropped).map(|(_, votes)| *votes);
    let base: Vec<&str> = found.again.base.iter().map(|partition| &*partition.value).collect();
    assert_eq!(base, [format!(r#"{{"letter":"a","votes":{}}}"#, before.sum::<u64>())]);
}

#[test]
fn what_cannot_be_looked_for_is_said_in_a_sentence() {
    let mut watched = alphabet(1);
    watched.vote(&[(b'a', 1)]);
    watched.wait_for_messages(1);
    let wrong = watched.order(shrink("dead && stat.votes > 1")).unwrap();
    assert!(wrong.starts_with("at character 9: there is no `stat`"), "{wrong}");
    let nowhere = nothing(&shrunk(&mut watched, "state.votes > 1"));
    assert!(nowhere.starts_with("it holds at no step of the 1 message"), "{nowhere}");
    let never = nothing(&shrunk(&mut watched, "state.vots > 1"));
    assert!(never.ends_with("no row has state.vots"), "{never}");

    let mut unrecorded =
        Watched::open(alphabet::topology(Encoding::Text).unwrap(), 1, |settings| {
            settings.recorded = None;
        });
    let refused = unrecorded.order(shrink("dead")).unwrap();
    assert!(refused.contains("this run is not recorded"), "{refused}");
}

#[test]
fn the_engine_goes_on_and_the_past_stays_while_it_is_looked_for() {
    let (begun, goes_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&goes_on));
    let topology = adding(move |message| {
        if thread::current().name() == REPLAY {
            tell.store(true, Ordering::Release);
            while !wait.load(Ordering::Acquire) {
                thread::yield_now();
            }
        }
        message.into()
    });
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1, 2, 3]);
    watched.wait_for_messages(3);
    let then = watched.travel(Travel::To(2));
    assert_eq!(watched.order(shrink("state == 6")), None);
    let seen = watched.wait_for("the search", |_| begun.load(Ordering::Acquire));
    assert_eq!(moment(&seen), moment(&then));
    assert!(seen.shrinking.is_some_and(|shown| shown.is_searching()));
    watched.travel(Travel::Live);
    send(&watched, &[4]);
    watched.wait_for_messages(4);
    // It is over before it has found anything, and says so.
    assert_eq!(watched.order(Order::EndShrink), None);
    goes_on.store(true, Ordering::Release);
    let ended = watched.wait_for("its end", has_ended).shrinking.unwrap();
    assert!(nothing(&ended).starts_with("ended before"), "{ended:?}");
}

#[test]
fn a_search_that_is_ended_keeps_the_smallest_input_so_far() {
    // The first three hundred messages are looked at in peace; then each waits until somebody has ended the search.
    let ended = Arc::new(AtomicBool::new(false));
    let (looked, wait) = (AtomicU32::new(0), Arc::clone(&ended));
    let topology = adding(move |message| {
        if thread::current().name() == REPLAY && looked.fetch_add(1, Ordering::Relaxed) > 300 {
            while !wait.load(Ordering::Acquire) {
                thread::yield_now();
            }
        }
        message.into()
    });
    let mut watched = Watched::open(topology, 1, |_| {});
    send(&watched, &[1; 100]);
    watched.wait_for_messages(100);
    // All of the hundred are needed: that takes a hundred times as many steps.
    assert_eq!(watched.order(shrink("state == 100")), None);
    watched.wait_for("progress", |seen| {
        let shown = seen.shrinking.as_ref();
        shown.is_some_and(|shown| match &shown.stage {
            ShrinkStage::Searching(SoFar::Shrinking(progress)) => progress.probes > 0,
            _ => false,
        })
    });
    assert_eq!(watched.order(Order::EndShrink), None);
    ended.store(true, Ordering::Release);
    let shown = watched.wait_for("its end", has_ended).shrinking.unwrap();
    let found = found(&shown);
    assert!(!found.input.complete);
    assert_eq!(found.input.messages.len(), 100);
}

#[test]
fn a_reset_forgets_what_was_found() {
    let mut watched = alphabet(1);
    send_nonsense(&watched);
    watched.wait_for("a dead letter", |seen| seen.totals.dead_letters == 1);
    found(&shrunk(&mut watched, "dead"));
    watched.session.reset().unwrap();
    watched.wait_for("nothing", |seen| seen.shrinking.is_none());
}
