//! A breakpoint that holds keeps each message of which its condition would hold from entering, until a person says what
//! becomes of it.

use wallaroo::core::frames::dead_letter::Cause;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::replay::Direction;
use wallaroo::runtime::RunState;
use wallaroo::session::orders::{Answer, BreakpointOrder, HeldOrder, Order};
use wallaroo::session::past::Travel;
use wallaroo::telemetry::{HeldShown, Snapshot};

use crate::then::{Watched, alphabet, counted, frames, moment, votes};

fn hold(watched: &mut Watched, condition: &str) {
    let order = Order::Breakpoint(BreakpointOrder::SetHold(condition.to_owned()));
    assert_eq!(watched.session.obey(order).unwrap(), None, "{condition}");
}

fn breakpoint(watched: &mut Watched, order: BreakpointOrder) -> Option<String> {
    watched.order(Order::Breakpoint(order))
}

fn decide(watched: &mut Watched, order: HeldOrder) {
    assert_eq!(watched.order(Order::Held(order)), None);
}

/// Waits until so many messages have been held, and the last one is.
fn held(watched: &mut Watched, number: u64) -> HeldShown {
    let is_it =
        |seen: &Snapshot| seen.breakpoints.held.as_ref().is_some_and(|held| held.number == number);
    let seen = watched.wait_for(&format!("held {number}"), is_it);
    seen.breakpoints.held.as_deref().unwrap().clone()
}

/// The vote that a held message is.
fn vote_of(held: &HeldShown) -> (u8, u32) {
    (held.frame[4], u32::from_be_bytes(held.frame[5..9].try_into().unwrap()))
}

const SENT: [(u8, u32); 6] = [(b'a', 3), (b'b', 1), (b'a', 4), (b'b', 2), (b'a', 5), (b'c', 1)];

#[test]
fn a_message_is_held_before_it_enters_and_what_it_would_do_is_told() {
    for workers in [1, 2, 4] {
        let mut watched = alphabet(workers);
        hold(&mut watched, "state.votes >= 7");
        watched.vote(&SENT);
        let first = held(&mut watched, 1);
        assert_eq!((vote_of(&first), first.sequence.0), ((b'a', 4), 3));
        assert_eq!((&*first.step, &first.key.unwrap().to_string()[..]), ("add_votes", "a"));
        let change = &first.foresight.changes[0];
        assert!(change.before.contains('3') && change.after.contains('7'), "{change:?}");
        // Those before it have entered, and nothing else.
        let seen = watched.wait_for_messages(2);
        assert_eq!(votes(&seen), counted(&SENT[..2]));
        assert_eq!(seen.run_state, RunState::Running);
        decide(&mut watched, HeldOrder::LetGo(1));
        assert_eq!(vote_of(&held(&mut watched, 2)), (b'a', 5));
        assert_eq!(votes(&watched.wait_for_messages(4)), counted(&SENT[..4]));
        decide(&mut watched, HeldOrder::LetGo(2));
        assert_eq!(votes(&watched.wait_for_messages(6)), counted(&SENT));
        let shown = watched.session.snapshot().breakpoints.all.clone();
        assert_eq!((shown[0].hits, shown[0].hold), (2, true));
    }
}

#[test]
fn one_that_is_dropped_is_a_dead_letter_and_nothing_of_it_comes_after_a_crash() {
    for crashes in [false, true] {
        let mut watched = alphabet(2);
        hold(&mut watched, "state.votes >= 7");
        watched.vote(&SENT);
        held(&mut watched, 1);
        decide(&mut watched, HeldOrder::Drop(1));
        // 3 + 5.
        assert_eq!(vote_of(&held(&mut watched, 2)), (b'a', 5));
        if crashes {
            watched.session.obey(Order::Crash).unwrap();
            assert_eq!(vote_of(&held(&mut watched, 3)), (b'a', 5));
        }
        let left = [SENT[0], SENT[1], SENT[3], SENT[4], SENT[5]];
        decide(&mut watched, HeldOrder::LetGo(if crashes { 3 } else { 2 }));
        let seen = watched.wait_for_messages(5);
        assert_eq!(votes(&seen), counted(&left));
        let [letter] = seen.dead_letters.as_slice() else { panic!("{:?}", seen.dead_letters) };
        assert_eq!((letter.cause, &*letter.step, letter.sequence.0), (Cause::Dropped, "held", 3));
        assert_eq!(letter.frame(), frames(&[(b'a', 4)]));
        assert_eq!(
            letter.reason,
            "a person has dropped it before it entered, at the breakpoint state.votes >= 7"
        );
        if !crashes {
            assert_eq!((seen.totals.messages_in, seen.totals.dead_letters), (6, 1));
        }
        // The past has neither its message nor its effect.
        let then = watched.travel(Travel::Message(Direction::Back));
        assert_eq!((moment(&then), votes(&then)), (Some(4), counted(&left[..4])));
        let then = watched.travel(Travel::To(3));
        assert_eq!(votes(&then), counted(&left[..3]));
    }
}

#[test]
fn one_that_is_edited_is_a_dead_letter_and_the_other_one_enters_in_its_place() {
    for crashes in [false, true] {
        let mut watched = alphabet(2);
        hold(&mut watched, "key == 'b'");
        watched.vote(&SENT);
        held(&mut watched, 1);
        // It is not held itself.
        decide(&mut watched, HeldOrder::Edit(1, frames(&[(b'b', 70)]).into()));
        assert_eq!(vote_of(&held(&mut watched, 2)), (b'b', 2));
        if crashes {
            watched.session.obey(Order::Crash).unwrap();
            assert_eq!(vote_of(&held(&mut watched, 3)), (b'b', 2));
        }
        let seen = watched.wait_for_messages(3);
        let mut left = SENT;
        left[1] = (b'b', 70);
        assert_eq!(votes(&seen), counted(&left[..3]));
        assert_eq!(
            (seen.dead_letters.len(), seen.dead_letters[0].frame()),
            (1, frames(&[(b'b', 1)]))
        );
        decide(&mut watched, HeldOrder::LetGo(if crashes { 3 } else { 2 }));
        assert_eq!(votes(&watched.wait_for_messages(6)), counted(&left));
        for message in 1..6 {
            let then = watched.travel(Travel::To(message));
            assert_eq!(votes(&then), counted(&left[..usize::try_from(message).unwrap()]));
        }
    }
}

#[test]
fn what_takes_the_place_of_a_message_is_one_message() {
    let mut watched = alphabet(1);
    hold(&mut watched, "key == 'b'");
    watched.vote(&SENT);
    held(&mut watched, 1);
    for (bytes, why) in [
        (Vec::new(), "nothing is typed"),
        (vec![0, 0, 0, 9, 1], "this is no message: "),
        (frames(&SENT), "one message takes the place of one message"),
    ] {
        let why_not = watched.order(Order::Held(HeldOrder::Edit(1, bytes.into()))).unwrap();
        assert!(why_not.starts_with(why), "{why_not}");
    }
    // It is still held. A message that nobody can read may take its place.
    decide(&mut watched, HeldOrder::Edit(1, vec![0, 0, 0, 1, b'?'].into()));
    held(&mut watched, 2);
    let seen = watched.session.snapshot();
    let causes: Vec<_> = seen.dead_letters.iter().map(|letter| letter.cause).collect();
    assert_eq!(causes, [Cause::Refused, Cause::Dropped]);
    for order in
        [HeldOrder::LetGo(1), HeldOrder::Drop(1), HeldOrder::Edit(1, frames(&[(b'a', 1)]).into())]
    {
        assert_eq!(watched.order(Order::Held(order)).unwrap(), "this message is not held any more");
    }
}

#[test]
fn without_the_breakpoint_all_go_on() {
    let ends: [fn(&mut Watched); 6] = [
        |watched| assert_eq!(breakpoint(watched, BreakpointOrder::Remove(1)), None),
        |watched| assert_eq!(breakpoint(watched, BreakpointOrder::Switch(1)), None),
        |watched| assert_eq!(breakpoint(watched, BreakpointOrder::SwitchHold(1)), None),
        // Each time, one goes.
        |watched| {
            for number in 1..=SENT.len() as u64 {
                held(watched, number);
                decide(watched, HeldOrder::LetGo(number));
            }
        },
        |watched| watched.session.stop(),
        |watched| {
            assert_eq!(breakpoint(watched, BreakpointOrder::Remove(1)), None);
            watched.session.obey(Order::ChangeWorkers { more: true }).unwrap();
        },
    ];
    for (at, end) in ends.into_iter().enumerate() {
        let mut watched = alphabet(2);
        hold(&mut watched, "state.votes < 1000");
        watched.vote(&SENT);
        held(&mut watched, 1);
        end(&mut watched);
        let of_workers = watched.wait_for(&format!("the end {at}"), |seen| {
            seen.workers.iter().map(|worker| worker.messages).sum::<u64>() == 6
        });
        assert!(of_workers.breakpoints.held.is_none() && of_workers.dead_letters.is_empty());
    }
}

#[test]
fn it_holds_after_a_crash_a_change_of_workers_and_a_reset() {
    let mut watched = alphabet(2);
    hold(&mut watched, "key == 'b'");
    watched.vote(&SENT);
    held(&mut watched, 1);
    // The same message is held again.
    watched.session.obey(Order::Crash).unwrap();
    assert_eq!(vote_of(&held(&mut watched, 2)), (b'b', 1));
    watched.session.obey(Order::ChangeWorkers { more: true }).unwrap();
    watched.wait_for("the workers", |seen| seen.changing_to.is_none() && seen.workers.len() == 3);
    assert_eq!(vote_of(&held(&mut watched, 2)), (b'b', 1));
    decide(&mut watched, HeldOrder::LetGo(2));
    assert_eq!(vote_of(&held(&mut watched, 3)), (b'b', 2));
    watched.session.obey(Order::Reset).unwrap();
    watched.vote(&[(b'a', 1), (b'b', 7)]);
    assert_eq!(vote_of(&held(&mut watched, 4)), (b'b', 7));
    assert_eq!(votes(&watched.wait_for_messages(1)), counted(&[(b'a', 1)]));
}

#[test]
fn a_pause_and_a_step_are_a_persons_still() {
    let mut watched = alphabet(2);
    assert_eq!(watched.order(Order::PauseOrResume), None);
    hold(&mut watched, "key == 'b'");
    watched.vote(&SENT);
    assert_eq!(watched.order(Order::Step), None);
    assert_eq!(votes(&watched.wait_for_messages(1)), counted(&SENT[..1]));
    assert!(watched.session.snapshot().breakpoints.held.is_none());
    // The next one is held, and the step is its own.
    assert_eq!(watched.order(Order::Step), None);
    held(&mut watched, 1);
    decide(&mut watched, HeldOrder::LetGo(1));
    assert_eq!(votes(&watched.wait_for_messages(2)), counted(&SENT[..2]));
    let seen = watched.wait_for("the pause", |seen| seen.run_state == RunState::Paused);
    assert_eq!((seen.waits.unwrap().frames, seen.breakpoints.held.is_none()), (4, true));
    assert_eq!(watched.order(Order::PauseOrResume), None);
    assert_eq!(vote_of(&held(&mut watched, 2)), (b'b', 2));
}

#[test]
fn one_that_cannot_hold_says_why() {
    let mut watched = alphabet(1);
    for (condition, why) in [
        ("latency_us > 5", "`latency_us` is not known before a message has entered"),
        ("worker == 1", "which worker takes a message is not known before"),
    ] {
        let order = Order::Breakpoint(BreakpointOrder::SetHold(condition.to_owned()));
        match watched.session.obey(order).unwrap() {
            Some(Answer::Refused(text)) => assert!(text.starts_with(why), "{text}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(breakpoint(&mut watched, BreakpointOrder::Set(condition.to_owned())), None);
    }
    let why = breakpoint(&mut watched, BreakpointOrder::SwitchHold(1)).unwrap();
    assert!(why.starts_with("`latency_us` is not known"), "{why}");
    assert!(!watched.session.snapshot().breakpoints.all[0].hold);
}

#[test]
fn bytes_of_a_held_message_are_all_there() {
    let mut watched = alphabet(1);
    hold(&mut watched, "dead");
    let bytes = [0, 0, 0, 3, 1, 2, 3].to_vec();
    watched.session.engine().inject(PipelineIndex(0), bytes.clone().into()).unwrap();
    let first = held(&mut watched, 1);
    assert!(first.is_whole() && first.frame == bytes);
    assert_eq!(first.foresight.failures, 1);
}
