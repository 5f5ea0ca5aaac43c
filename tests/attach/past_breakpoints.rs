//! Breakpoints that are set from another process.

use wallaroo::runtime::RunState;
use wallaroo::session::orders::{BreakpointOrder, Order};
use wallaroo::session::past::Travel;
use wallaroo::session::remote::{self, Reach, Remote};
use wallaroo::session::watched::Watched;
use wallaroo::session::wire::address::ControlAddress;
use wallaroo::telemetry::Snapshot;

use crate::hosted::{Hosted, all, look_until};
use crate::past::{at, moment, vote};
use crate::support::waiting::wait_until;

fn set(remote: &mut Remote, condition: &str) {
    let set = BreakpointOrder::Set(condition.to_owned());
    remote.order(Order::Breakpoint(set)).unwrap();
    look_until(remote, &all(), "the breakpoint", |seen| {
        seen.breakpoints.all.iter().any(|one| &*one.text == condition)
    });
}

/// The message of the hit that is seen.
fn hit(seen: &Snapshot) -> Option<u64> {
    seen.breakpoints.hit.as_ref().map(|hit| hit.trace.sequence.0)
}

/// How many messages had entered when the first of these was hit.
const BEFORE: u64 = 3;

#[test]
fn all_see_a_hit_and_go_to_its_moment_but_one_that_looks_at_another_one() {
    let hosted = Hosted::start();
    vote(&hosted, [(b'a', 1), (b'a', 2), (b'b', 3)]);
    let (mut sets, mut looks, mut own) = (hosted.attach(), hosted.attach(), hosted.attach());
    own.travel(Travel::To(2));
    at(&mut own, &all(), Some(2));
    set(&mut sets, "state.votes > 10");
    // One that has set one waits for it, also in the past.
    sets.travel(Travel::To(1));
    at(&mut sets, &all(), Some(1));
    vote(&hosted, [(b'a', 1), (b'b', 10), (b'a', 1)]);
    let first = BEFORE + 2;
    for remote in [&mut sets, &mut looks] {
        let seen = at(remote, &all(), Some(first));
        assert_eq!(hit(&seen), Some(first));
        assert_eq!(seen.partitions.rows.len(), 2);
        assert_eq!(seen.traces[0].sequence.0, first);
        look_until(remote, &all(), "the pause", |seen| seen.run_state == RunState::Paused);
    }
    let seen = look_until(&mut own, &all(), "the hit", |seen| hit(seen) == Some(first));
    assert_eq!(moment(&seen), Some(2));
    // The run goes on for all.
    sets.order(Order::PauseOrResume).unwrap();
    for remote in [&mut sets, &mut looks] {
        look_until(remote, &all(), "now", |seen| {
            moment(seen).is_none() && hit(seen).is_none() && seen.run_state == RunState::Running
        });
    }
    at(&mut own, &all(), Some(2));
}

#[test]
fn a_breakpoint_stays_when_nobody_looks_and_stops_the_run_for_those_that_come() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    set(&mut remote, "state.votes > 10");
    set(&mut remote, "state.votes > 1000");
    remote.order(Order::Breakpoint(BreakpointOrder::Switch(2))).unwrap();
    look_until(&mut remote, &all(), "one that is off", |seen| !seen.breakpoints.all[1].on);
    drop(remote);
    let status = || {
        let address = ControlAddress::Unix(hosted.socket());
        remote::status(&Reach { address, secret: None, read_only: false }).unwrap()
    };
    wait_until("nobody", || status().viewers == 0);
    assert_eq!((status().breakpoints, status().stopped_at), (1, None));
    vote(&hosted, [(b'a', 1), (b'a', 20), (b'a', 1)]);
    wait_until("the stop", || {
        hosted.with(|session| {
            // As a run looks by itself.
            session.refresh(&wallaroo::telemetry::PartitionView::default());
        });
        let status = status();
        status.stopped_at.as_deref() == Some("state.votes > 10") && status.state == "paused"
    });
    let mut comes = hosted.attach();
    assert_eq!(hit(&at(&mut comes, &all(), Some(2))), Some(2));
    comes.order(Order::Breakpoint(BreakpointOrder::Remove(1))).unwrap();
    comes.order(Order::PauseOrResume).unwrap();
    look_until(&mut comes, &all(), "now", |seen| {
        moment(seen).is_none() && seen.run_state == RunState::Running
    });
    assert_eq!((status().breakpoints, status().stopped_at), (0, None));
}
