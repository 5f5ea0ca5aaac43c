//! The past, as it is seen from another process: what it was, for each that looks by itself, and within bounds.

use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use bytes::Bytes;
use wallaroo::application::Key;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::Direction;
use wallaroo::expression::{Fields, StepCondition, When};
use wallaroo::session::orders::{Answer, BreakpointOrder, Order};
use wallaroo::session::past::{Travel, Wanted};
use wallaroo::session::remote::{Reach, Remote};
use wallaroo::session::watched::Watched;
use wallaroo::session::wire::address::ControlAddress;
use wallaroo::telemetry::{PartitionView, Snapshot};

use crate::hosted::{Hosted, all, attach, look_until, steady};
use crate::support::frames::votes;
use crate::support::waiting::wait_until;

/// Sends votes, and waits until they are counted.
pub fn vote(hosted: &Hosted, sent: impl IntoIterator<Item = (u8, u32)>) {
    let bytes = Bytes::from(votes(sent));
    let messages = hosted.with(move |session| {
        let before = session.snapshot().pipelines[0].messages_in;
        session.engine().inject(PipelineIndex(0), bytes.clone()).unwrap();
        before + bytes.len() as u64 / 9
    });
    wait_until("the votes", || {
        let seen = hosted.with(|session| session.snapshot());
        seen.pipelines[0].messages_in >= messages
    });
}

fn numbered(messages: u32) -> impl Iterator<Item = (u8, u32)> {
    (1..=messages).map(|number| (b'a' + (number % 3) as u8, number))
}

pub fn moment(seen: &Snapshot) -> Option<u64> {
    seen.past.as_ref().map(|past| past.message)
}

/// Looks until the moment is seen with its partitions.
pub fn at(remote: &mut Remote, view: &PartitionView, message: Option<u64>) -> Snapshot {
    look_until(remote, view, &format!("moment {message:?}"), |seen| {
        moment(seen) == message && !seen.replaying && seen.partitions.up_to_date
    })
}

fn told(remote: &mut Remote, what: &str) -> Answer {
    let mut found = None;
    wait_until(what, || {
        let said = |answer: &Answer| match answer {
            Answer::Told(text) | Answer::Refused(text) => text.contains(what),
            _ => false,
        };
        found = remote.answers().into_iter().find(said);
        remote.look(&all(), None);
        found.is_some()
    });
    found.unwrap()
}

fn sum(seen: &Snapshot) -> u64 {
    let rows = seen.partitions.rows.iter();
    rows.map(|shown| shown.row.value["votes"].as_u64().unwrap()).sum()
}

fn wanted(text: &str) -> Wanted {
    let sought = StepCondition::compile(text, When::Replayed, &Fields::default()).unwrap();
    Wanted { text: text.into(), sought: Arc::new(sought) }
}

/// What is seen of a moment where the run is.
fn here(hosted: &Hosted, view: &PartitionView, travel: Travel) -> Snapshot {
    hosted.with(move |session| session.travel(travel));
    let mut snapshot = hosted.snapshot(view);
    wait_until("the moment", || {
        snapshot = hosted.snapshot(view);
        snapshot.past.is_some() && !snapshot.replaying && snapshot.partitions.up_to_date
    });
    snapshot
}

#[test]
fn a_moment_of_the_past_is_there_what_it_is_where_the_run_is() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(10));
    // One that is refused.
    hosted.with(|session| {
        let bytes = Bytes::from_static(&[0, 0, 0, 2, 1, 2]);
        session.engine().inject(PipelineIndex(0), bytes).unwrap();
    });
    vote(&hosted, numbered(10));
    let mut remote = hosted.attach();
    let mut view = all();
    view.opened = Some((0, Key::from("a")));
    let travels = [
        (Travel::To(3), 3),
        (Travel::Message(Direction::Forth), 4),
        (Travel::To(21), 21),
        (Travel::Change(Direction::Back, Some((0, Key::from("a")))), 20),
        (Travel::Find(Direction::Back, wanted("key == 'b' && state.votes < 12")), 4),
        (Travel::To(12), 12),
        (Travel::To(0), 0),
    ];
    for (travel, message) in travels {
        remote.travel(travel.clone());
        let there = at(&mut remote, &view, Some(message));
        let here = here(&hosted, &view, travel);
        assert_eq!(moment(&here), Some(message));
        let (there, here) = (steady(&there), steady(&here));
        for part in ["past", "totals", "partitions", "traces", "outputs", "dead_letters"] {
            assert_eq!(there[part], here[part], "{part} of moment {message}");
        }
        assert_eq!(there["traces"].as_array().unwrap().is_empty(), message == 0);
        assert_eq!(there["dead_letters"].as_array().unwrap().len(), usize::from(message > 10));
    }
    // The changes of a partition are listed, and it is now again.
    remote.travel(Travel::Changes((0, Key::from("a"))));
    let seen = look_until(&mut remote, &view, "the changes", |seen| seen.changes.is_some());
    assert_eq!(seen.changes.unwrap().changes.len(), 6);
    remote.travel(Travel::Live);
    let seen = at(&mut remote, &view, None);
    assert_eq!((sum(&seen), seen.changes.is_none()), (110, true));
    assert_eq!(seen.traces.len(), 21);
}

#[test]
fn each_that_looks_back_moves_nobody_elses_screen() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(5));
    let (mut one, mut two, mut three) = (hosted.attach(), hosted.attach(), hosted.attach());
    one.travel(Travel::To(1));
    two.travel(Travel::To(3));
    assert_eq!(sum(&at(&mut one, &all(), Some(1))), 1);
    assert_eq!(sum(&at(&mut two, &all(), Some(3))), 6);
    assert_eq!(sum(&at(&mut three, &all(), None)), 15);
    // The run goes on, and that is seen by the one that looks at now.
    vote(&hosted, [(b'z', 100)]);
    look_until(&mut three, &all(), "the vote", |seen| sum(seen) == 115);
    one.travel(Travel::Message(Direction::Forth));
    assert_eq!(sum(&at(&mut one, &all(), Some(2))), 3);
    two.travel(Travel::Live);
    look_until(&mut two, &all(), "now", |seen| moment(seen).is_none() && sum(seen) == 115);
    assert_eq!(sum(&at(&mut one, &all(), Some(2))), 3);
    assert_eq!(moment(&hosted.snapshot(&all())), None);
    // What one orders whose effect is to be seen brings that one back, and no other one.
    two.travel(Travel::To(3));
    at(&mut two, &all(), Some(3));
    one.order(Order::Inject(PipelineIndex(0), votes([(b'z', 1)]).into())).unwrap();
    assert!(matches!(told(&mut one, "this is now again"), Answer::Told(_)));
    look_until(&mut one, &all(), "its vote", |seen| moment(seen).is_none() && sum(seen) == 116);
    assert_eq!(sum(&at(&mut two, &all(), Some(3))), 6);
    // A reset leaves nobody a past.
    three.order(Order::Reset).unwrap();
    look_until(&mut two, &all(), "the reset", |seen| {
        moment(seen).is_none() && seen.partitions.rows.is_empty() && seen.traces.is_empty()
    });
}

#[test]
fn one_that_only_looks_may_look_back_and_sets_no_breakpoint() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(5));
    let address = ControlAddress::Unix(hosted.socket());
    let mut remote = Remote::attach(Reach { address, secret: None, read_only: true }).unwrap();
    remote.travel(Travel::To(2));
    assert_eq!(sum(&at(&mut remote, &all(), Some(2))), 3);
    // What is refused does not bring it back.
    for order in [Order::Step, Order::Breakpoint(BreakpointOrder::Set("true".to_owned()))] {
        remote.order(order).unwrap();
        assert!(matches!(told(&mut remote, "--read-only"), Answer::Refused(_)));
    }
    assert_eq!(sum(&at(&mut remote, &all(), Some(2))), 3);
    assert!(hosted.snapshot(&all()).breakpoints.all.is_empty());
}

#[test]
fn where_nothing_is_recorded_it_is_told_what_to_start_the_run_with() {
    let hosted = Hosted::start_with(None);
    vote(&hosted, numbered(5));
    let mut remote = hosted.attach();
    remote.travel(Travel::Message(Direction::Back));
    let why = "this run is not recorded: start it with --resilience-dir and --history";
    assert_eq!(told(&mut remote, "recorded"), Answer::Refused(why.to_owned()));
    assert_eq!(sum(&at(&mut remote, &all(), None)), 15);
}

#[test]
fn only_a_few_look_back_at_once_and_one_that_goes_away_makes_room() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(20_000));
    let mut back: Vec<_> = (0..4).map(|_| hosted.attach()).collect();
    for remote in &mut back {
        remote.travel(Travel::To(7));
        at(remote, &all(), Some(7));
    }
    let mut fifth = hosted.attach();
    fifth.travel(Travel::To(7));
    let Answer::Refused(why) = told(&mut fifth, "look at the past") else { panic!("it may") };
    assert!(why.contains("try again"), "{why}");
    // In the midst of a search.
    let mut leaves = back.pop().unwrap();
    leaves.travel(Travel::Find(Direction::Forth, wanted("state.votes > 1000000000000")));
    look_until(&mut leaves, &all(), "the search", |seen| seen.search.is_some() || seen.replaying);
    drop(leaves);
    wait_until("a free place", || {
        fifth.travel(Travel::To(7));
        fifth.look(&all(), None);
        moment(&fifth.snapshot()) == Some(7)
    });
}

#[test]
fn thousands_of_travels_hold_up_neither_the_run_nor_others_and_the_last_one_counts() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(3000));
    let (mut hostile, mut other) = (hosted.attach(), hosted.attach());
    let long = Wanted { text: "x".repeat(100_000).into(), ..wanted("true") };
    hostile.travel(Travel::Find(Direction::Back, long));
    assert!(matches!(told(&mut hostile, "too long"), Answer::Refused(_)));
    let wrong = Wanted { text: "votes >".into(), ..wanted("true") };
    hostile.travel(Travel::Find(Direction::Back, wrong));
    let Answer::Refused(_) = told(&mut hostile, "") else { panic!("it is a condition") };
    for number in 0..20_000 {
        hostile.travel(match number % 5 {
            0 => Travel::To(number % 3000),
            1 => Travel::Live,
            2 => Travel::Message(Direction::Back),
            3 => Travel::Find(Direction::Back, wanted("state.votes > 1000000000000")),
            _ => Travel::Changes((0, Key::from("a"))),
        });
    }
    hostile.travel(Travel::To(5));
    // At the same time, another one sees what happens.
    vote(&hosted, [(b'z', 1)]);
    look_until(&mut other, &all(), "the vote", |seen| seen.totals.messages_in == 3001);
    other.travel(Travel::To(3));
    assert_eq!(sum(&at(&mut other, &all(), Some(3))), 6);
    assert_eq!(sum(&at(&mut hostile, &all(), Some(5))), 15);
}

#[test]
fn a_connection_that_breaks_in_the_past_comes_back_to_now() {
    let hosted = Hosted::start();
    vote(&hosted, numbered(5));
    let relay = hosted.socket().with_file_name("relay");
    let listener = UnixListener::bind(&relay).unwrap();
    let run = hosted.socket();
    let (begun, ends) = channel();
    thread::spawn(move || {
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), UnixStream::connect(&run).unwrap());
            let (mut reads, mut writes) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            let _ = begun.send(near.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut reads, &mut writes));
            thread::spawn(move || std::io::copy(&mut near, &mut far));
        }
    });
    let mut remote = attach(&relay);
    remote.travel(Travel::To(2));
    assert_eq!(sum(&at(&mut remote, &all(), Some(2))), 3);
    ends.recv().unwrap().shutdown(std::net::Shutdown::Both).unwrap();
    assert!(matches!(told(&mut remote, "had broken"), Answer::Told(_)));
    assert_eq!(sum(&at(&mut remote, &all(), None)), 15);
    remote.travel(Travel::To(2));
    assert_eq!(sum(&at(&mut remote, &all(), Some(2))), 3);
}
