//! Messages that are held at the fronts of several queues, and what was decided of them, whatever else happens meanwhile.

use std::io::Write;
use std::net::TcpStream;

use serde::{Deserialize, Serialize};
use wallaroo::application::{Out, Reason, Sink, Source};
use wallaroo::core::frames::dead_letter::Cause;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::session::orders::{BreakpointOrder, HeldOrder, Order};
use wallaroo::telemetry::Snapshot;
use wallaroo::{Application, Endpoint, Key, Topology};

use crate::then::{Watched, alphabet, counted, frames, votes};

/// How many messages this letter becomes: more than are looked at before it enters.
const MANY: usize = 30_000;

#[derive(Serialize, Deserialize)]
struct Total {
    votes: u64,
}

/// Counts letters, and has a queue per worker: its first exchange is not by key.
fn spread() -> Topology {
    let read = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
    let count = |letter: u8, total: &mut Total| {
        total.votes += 1;
        (Some(letter), true)
    };
    Application::new("spread")
        .pipeline("letters", Source::new(read))
        .to(|letter: u8| vec![letter; if letter == b'z' { MANY } else { 1 }])
        .to_parallel(|letter: u8| Some(letter))
        .to_state_partition(
            count,
            |_: &Key| Total { votes: 0 },
            "totals",
            |letter: &u8| char::from(*letter).to_string(),
        )
        .to_sink(Sink::new(|letter: &u8, out: &mut Out<'_>| out.decimal(u64::from(*letter))))
        .build()
        .unwrap()
}

fn framed(letters: &[u8]) -> Vec<u8> {
    letters.iter().flat_map(|letter| [0, 0, 0, 1, *letter]).collect()
}

fn hold(watched: &mut Watched, condition: &str) {
    let order = Order::Breakpoint(BreakpointOrder::SetHold(condition.to_owned()));
    assert_eq!(watched.order(order), None);
}

fn change_workers(watched: &mut Watched, more: bool) {
    assert_eq!(watched.order(Order::ChangeWorkers { more }), None);
}

fn held(seen: &Snapshot) -> Option<u64> {
    let held = seen.breakpoints.held.as_ref()?;
    held.decided.is_none().then_some(held.number)
}

/// Lets all messages of three connections go, while the number of workers changes at one of them.
fn let_all_go(more: bool, at: u64, waits: bool) {
    let mut watched = Watched::open(spread(), 2, |settings| {
        settings.sources = vec![Endpoint::Tcp("127.0.0.1:0".to_owned())];
    });
    hold(&mut watched, "state.votes < 1000");
    let seen = watched.wait_for("the address", |seen| seen.pipelines[0].listening.is_some());
    let address = seen.pipelines[0].listening.clone().unwrap();
    let mut clients = [b'a', b'b'].map(|letter| {
        let mut client = TcpStream::connect(&*address).unwrap();
        client.write_all(&framed(&[letter; 3])).unwrap();
        client
    });
    watched.session.engine().inject(PipelineIndex(0), framed(b"ccc").into()).unwrap();
    watched.wait_for("all", |seen| held(seen).is_some());
    while watched.session.engine().waits().frames < 9 {
        std::thread::yield_now();
    }
    let mut last = 0;
    loop {
        let is_over =
            |seen: &Snapshot| votes(seen).values().sum::<u64>() == 9 && held(seen).is_none();
        let what = format!("more than {last}, {more} at {at} {waits}");
        let seen = watched.wait_for(&what, |seen| {
            held(seen).is_some_and(|number| number > last) || is_over(seen)
        });
        let Some(number) = held(&seen) else { break };
        last = number;
        if number == at {
            change_workers(&mut watched, more);
            let wanted = if more { 3 } else { 1 };
            if waits {
                watched.wait_for("the workers", |seen| seen.workers.len() == wanted);
            }
        }
        // It may not be the first one of its queue any more: then it is held again.
        let _ = watched.order(Order::Held(HeldOrder::LetGo(number)));
    }
    let seen = watched.wait_for_messages(9);
    assert_eq!(votes(&seen).into_values().collect::<Vec<_>>(), [3, 3, 3]);
    assert!(seen.dead_letters.is_empty());
    for client in &mut clients {
        client.flush().unwrap();
    }
}

#[test]
fn all_messages_go_on_though_the_workers_change_while_one_is_held_or_let_go() {
    for more in [false, true] {
        for at in 1..=4 {
            for waits in [false, true] {
                let_all_go(more, at, waits);
            }
        }
    }
}

#[test]
fn what_is_said_once_is_said_again_if_nobody_had_decided_before_a_crash() {
    let mut watched = Watched::open(spread(), 2, |_| {});
    hold(&mut watched, "state.votes == 1000000");
    let send = |watched: &Watched| {
        watched.session.engine().inject(PipelineIndex(0), framed(b"z").into()).unwrap();
    };
    send(&watched);
    for number in [1, 2] {
        let seen = watched.wait_for("that it is held", |seen| held(seen) == Some(number));
        assert!(seen.breakpoints.held.as_ref().unwrap().unjudged.is_some());
        assert_eq!(seen.breakpoints.all[0].unjudged, 0);
        if number == 1 {
            watched.session.obey(Order::Crash).unwrap();
        }
    }
    assert_eq!(watched.order(Order::Held(HeldOrder::LetGo(2))), None);
    watched.wait_for_messages(MANY as u64);
    // That one is not held.
    send(&watched);
    let seen = watched.wait_for_messages(2 * MANY as u64);
    assert_eq!(seen.breakpoints.all[0].unjudged, 2);
}

#[test]
fn what_was_decided_counts_before_the_breakpoint_is_gone() {
    let sent = [(b'a', 3), (b'b', 1), (b'c', 2)];
    let ends = [BreakpointOrder::Remove(1), BreakpointOrder::Switch(1)];
    for (end, edits) in ends.into_iter().flat_map(|end| [(end.clone(), false), (end, true)]) {
        let mut watched = alphabet(2);
        hold(&mut watched, "key == 'a'");
        watched.vote(&sent);
        watched.wait_for("that it is held", |seen| held(seen) == Some(1));
        let order = if edits {
            HeldOrder::Edit(1, frames(&[(b'a', 70)]).into())
        } else {
            HeldOrder::Drop(1)
        };
        assert_eq!(watched.order(Order::Held(order)), None);
        assert_eq!(watched.order(Order::Breakpoint(end.clone())), None);
        let mut left = sent[1..].to_vec();
        left.extend(edits.then_some((b'a', 70)));
        watched.wait_for_messages(left.len() as u64);
        // It would come again if no checkpoint had it.
        watched.session.obey(Order::Crash).unwrap();
        let seen = watched.wait_for_messages(left.len() as u64);
        assert_eq!(votes(&seen), counted(&left), "{end:?} {edits}");
        let causes: Vec<_> = seen.dead_letters.iter().map(|letter| letter.cause).collect();
        assert_eq!(causes, [Cause::Dropped]);
        assert!(seen.breakpoints.held.is_none());
    }
}

#[test]
fn a_pause_is_a_pause_though_a_message_is_held() {
    let mut watched = alphabet(1);
    hold(&mut watched, "key == 'a'");
    watched.vote(&[(b'a', 3)]);
    watched.wait_for("that it is held", |seen| held(seen) == Some(1));
    // Whoever pauses may not have seen the message.
    assert_eq!(watched.order(Order::PauseOrResume), None);
    let seen = watched.wait_for("the pause", |seen| seen.run_state == wallaroo::RunState::Paused);
    assert_eq!(held(&seen), Some(1));
}
