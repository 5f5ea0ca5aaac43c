//! What is ordered from another process.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::num::NonZeroUsize;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::channel;
use std::thread;

use bytes::Bytes;
use wallaroo::application::Key;
use wallaroo::core::frames::pins::Pin;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::{Answer, BreakpointOrder, HeldOrder, Order, TestOf};
use wallaroo::session::remote::{Reach, Remote};
use wallaroo::session::watched::Watched;
use wallaroo::session::wire::address::ControlAddress;

use crate::hosted::{Hosted, all, attach, look_until};
use crate::support::frames::votes;
use crate::support::waiting::wait_until;

fn vote(remote: &mut Remote, letter: u8, count: u32) {
    let bytes = Bytes::from(votes([(letter, count)]));
    remote.order(Order::Inject(PipelineIndex(0), bytes)).unwrap();
}

fn votes_of(snapshot: &wallaroo::telemetry::Snapshot, key: &str) -> Option<u64> {
    let mut rows = snapshot.partitions.rows.iter();
    let row = rows.find(|shown| shown.row.key == Key::from(key))?;
    row.row.value["votes"].as_u64()
}

fn answer(remote: &mut Remote) -> Answer {
    let mut answers = Vec::new();
    wait_until("an answer", || {
        answers.extend(remote.answers());
        !answers.is_empty()
    });
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers.remove(0)
}

#[test]
fn votes_pause_step_and_workers_are_ordered_from_there() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    vote(&mut remote, b'a', 7);
    look_until(&mut remote, &all(), "7 votes", |seen| votes_of(seen, "a") == Some(7));
    remote.order(Order::PauseOrResume).unwrap();
    look_until(&mut remote, &all(), "the pause", |seen| seen.run_state == RunState::Paused);
    vote(&mut remote, b'a', 1);
    vote(&mut remote, b'a', 2);
    remote.order(Order::Step).unwrap();
    look_until(&mut remote, &all(), "one vote", |seen| votes_of(seen, "a") == Some(8));
    remote.order(Order::PauseOrResume).unwrap();
    look_until(&mut remote, &all(), "the other", |seen| votes_of(seen, "a") == Some(10));
    remote.order(Order::ChangeWorkers { more: true }).unwrap();
    look_until(&mut remote, &all(), "three workers", |seen| seen.workers.len() == 3);
    let pin = Pin { state: "letter state".into(), key: Key::from("a") };
    remote.order(Order::Pin(pin.clone())).unwrap();
    assert_eq!(answer(&mut remote), Answer::Pinned(Key::from("a"), true));
    look_until(&mut remote, &all(), "the pin", |seen| *seen.pinned == [pin.clone()]);
    assert_eq!(hosted.with(|session| session.wanted_workers()), NonZeroUsize::new(3).unwrap());
}

#[test]
fn a_crash_that_is_ordered_from_there_loses_nothing_that_was_typed_there() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    for count in 1..=50 {
        vote(&mut remote, b'a', count);
        if count % 10 == 0 {
            remote.order(Order::Crash).unwrap();
            assert_eq!(answer(&mut remote), Answer::Crashed(true));
        }
    }
    look_until(&mut remote, &all(), "all votes", |seen| votes_of(seen, "a") == Some(50 * 51 / 2));
}

#[test]
fn what_was_ordered_as_the_connection_broke_is_said_to_be_unknown() {
    let hosted = Hosted::start();
    let relay = hosted.socket().with_file_name("relay");
    let listener = UnixListener::bind(&relay).unwrap();
    let run = hosted.socket();
    let (begun, ends) = channel();
    let (passed, last_has_passed) = channel();
    thread::spawn(move || {
        let (mut near, mut far) = (listener.accept().unwrap().0, UnixStream::connect(run).unwrap());
        let (mut near_writes, mut far_reads) =
            (near.try_clone().unwrap(), far.try_clone().unwrap());
        begun.send([near.try_clone().unwrap(), far.try_clone().unwrap()]).unwrap();
        thread::spawn(move || std::io::copy(&mut far_reads, &mut near_writes));
        let (last, mut said, mut piece) = (votes([(b'a', 2)]), Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = near.read(&mut piece) {
            far.write_all(&piece[..read]).unwrap();
            said.extend_from_slice(&piece[..read]);
            if said.windows(last.len()).any(|bytes| bytes == last) {
                let _ = passed.send(());
            }
        }
    });
    let mut remote = attach(&relay);
    vote(&mut remote, b'a', 7);
    look_until(&mut remote, &all(), "7 votes", |seen| votes_of(seen, "a") == Some(7));
    let ends = ends.recv().unwrap();
    thread::scope(|scope| {
        // The run hears nothing.
        let (go_on, wait) = channel::<()>();
        let (busy, is_busy) = channel();
        scope.spawn(|| {
            hosted.with(move |_| {
                busy.send(()).unwrap();
                wait.recv()
            })
        });
        is_busy.recv().unwrap();
        vote(&mut remote, b'a', 1);
        vote(&mut remote, b'a', 2);
        last_has_passed.recv().unwrap();
        for end in &ends {
            end.shutdown(Shutdown::Both).unwrap();
        }
        let why = "the run does not answer: whether the last 2 orders were done is not known";
        assert_eq!(answer(&mut remote), Answer::Refused(why.to_owned()));
        go_on.send(()).unwrap();
    });
}

#[test]
fn one_that_only_looks_changes_nothing_and_is_told_so() {
    let hosted = Hosted::start();
    let address = ControlAddress::Unix(hosted.socket());
    let mut remote = Remote::attach(Reach { address, secret: None, read_only: true }).unwrap();
    let inject = Order::Inject(PipelineIndex(0), votes([(b'a', 1)]).into());
    let hold = Order::Held(HeldOrder::Drop(1));
    for order in [inject, hold, Order::PauseOrResume, Order::Crash, Order::Reset] {
        remote.order(order).unwrap();
        let Answer::Refused(why) = answer(&mut remote) else { panic!("it is done") };
        assert!(why.contains("--read-only"), "{why}");
    }
    let state = hosted.with(|session| session.engine().run_state());
    assert_eq!(state, RunState::Running);
    assert_eq!(hosted.snapshot(&all()).totals.messages_in, 0);
}

#[test]
fn more_than_a_message_may_have_is_refused_and_the_connection_goes_on() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    let long = Bytes::from(vec![0; 17 * 1024 * 1024]);
    remote.order(Order::Inject(PipelineIndex(0), long)).unwrap();
    assert!(matches!(answer(&mut remote), Answer::Refused(_)));
    vote(&mut remote, b'a', 7);
    look_until(&mut remote, &all(), "7 votes", |seen| votes_of(seen, "a") == Some(7));
}

#[test]
fn a_breakpoint_that_is_set_from_there_stops_the_engine_and_says_where() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    let set = |text: &str| Order::Breakpoint(BreakpointOrder::Set(text.to_owned()));
    remote.order(set("vote > 1")).unwrap();
    assert!(
        matches!(answer(&mut remote), Answer::Refused(text) if text.contains("no `vote` here"))
    );
    remote.order(set("state.votes == 7")).unwrap();
    look_until(&mut remote, &all(), "the breakpoint", |seen| seen.breakpoints.all.len() == 1);
    vote(&mut remote, b'a', 3);
    vote(&mut remote, b'a', 4);
    look_until(&mut remote, &all(), "the stop", |seen| {
        let hit = seen.breakpoints.hit.as_ref();
        hit.is_some_and(|hit| hit.trace.sequence.0 == 2 && hit.key == Some(Key::from("a")))
            && seen.run_state == RunState::Paused
    });
    remote.order(Order::PauseOrResume).unwrap();
    look_until(&mut remote, &all(), "the end of the stop", |seen| {
        seen.breakpoints.hit.is_none() && seen.run_state == RunState::Running
    });
}

#[test]
fn what_needs_the_recording_is_refused_in_a_sentence() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    for order in [Order::Shrink("dead".into()), Order::EndShrink, Order::Test(TestOf::Moment)] {
        remote.order(order).unwrap();
        let Answer::Refused(why) = answer(&mut remote) else { panic!("it is refused") };
        assert!(why.contains("cannot ask this of the recording yet"), "{why}");
    }
}
