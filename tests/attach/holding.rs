//! Messages that are held before they enter, as another process sees them and decides of them.

use wallaroo::core::numbers::PipelineIndex;
use wallaroo::session::orders::{BreakpointOrder, HeldOrder, Order};
use wallaroo::session::remote::{self, Reach};
use wallaroo::session::watched::Watched;
use wallaroo::session::wire::address::ControlAddress;
use wallaroo::telemetry::Snapshot;

use crate::hosted::{Hosted, all, look_until};
use crate::support::frames::votes;

/// The number and the letter of the message that is held.
fn held(seen: &Snapshot) -> Option<(u64, u8)> {
    seen.breakpoints.held.as_ref().map(|held| (held.number, held.frame[4]))
}

#[test]
fn whoever_is_attached_sees_what_is_held_and_decides_what_becomes_of_it() {
    let hosted = Hosted::start();
    let (mut sets, mut looks) = (hosted.attach(), hosted.attach());
    let hold = BreakpointOrder::SetHold("key == 'b'".to_owned());
    sets.order(Order::Breakpoint(hold)).unwrap();
    look_until(&mut looks, &all(), "the breakpoint", |seen| {
        seen.breakpoints.all.iter().any(|one| one.hold)
    });
    let sent = votes([(b'a', 1), (b'b', 2), (b'a', 3), (b'b', 4)]);
    hosted.with(|session| session.engine().inject(PipelineIndex(0), sent.into()).unwrap());
    for remote in [&mut sets, &mut looks] {
        look_until(remote, &all(), "the first", |seen| held(seen) == Some((1, b'b')));
    }
    let address = ControlAddress::Unix(hosted.socket());
    let reach = Reach { address, secret: None, read_only: false };
    let status = remote::status(&reach).unwrap();
    assert_eq!((&*status.state, status.held_at.as_deref()), ("holding", Some("key == 'b'")));
    looks.order(Order::Held(HeldOrder::Drop(1))).unwrap();
    let seen = look_until(&mut sets, &all(), "the next", |seen| held(seen) == Some((2, b'b')));
    assert_eq!(seen.totals.dead_letters, 1);
    sets.order(Order::Held(HeldOrder::LetGo(2))).unwrap();
    let end = look_until(&mut looks, &all(), "the end", |seen| {
        held(seen).is_none() && seen.totals.stateful == 3 && seen.dead_letters.len() == 1
    });
    assert_eq!(end.totals.messages_in, 4);
}
