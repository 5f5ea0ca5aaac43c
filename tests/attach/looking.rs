//! What is seen from another process.

use std::time::Instant;

use bytes::Bytes;
use wallaroo::application::Key;
use wallaroo::core::numbers::PipelineIndex;
use wallaroo::core::partitions::query::{RowFilter, SortBy};
use wallaroo::session::orders::Order;
use wallaroo::session::remote::Remote;
use wallaroo::session::watched::Watched;
use wallaroo::telemetry::{Draft, Snapshot};

use crate::hosted::{Hosted, all, condition, look_until, steady};
use crate::support::frames::votes;
use crate::support::waiting::{LIMIT, wait_until};

/// Votes for some letters, and bytes that are none.
fn vote(hosted: &Hosted) {
    hosted.with(|session| {
        let mut bytes = votes([(b'a', 1), (b'b', 2), (b'a', 4), (0xff, 8)]);
        bytes.extend([0, 0, 0, 2, 1, 2, 0, 0]);
        session.engine().inject(PipelineIndex(0), Bytes::from(bytes)).unwrap();
    });
}

#[test]
fn a_snapshot_from_another_process_is_that_of_the_run_itself() {
    let hosted = Hosted::start();
    vote(&hosted);
    let mut remote = hosted.attach();
    let mut view = all();
    view.query.sort = SortBy::Field("votes".to_owned());
    view.opened = Some((0, Key::from("a")));
    vote(&hosted);
    let complete = |seen: &Snapshot| seen.totals.dead_letters == 4 && seen.partitions.up_to_date;
    let same = |remote: &mut Remote| {
        let seen = look_until(remote, &view, "all of it", complete);
        (steady(&hosted.snapshot(&view)), steady(&seen))
    };
    let start = Instant::now();
    let (mut here, mut seen) = same(&mut remote);
    while here != seen && start.elapsed() < LIMIT {
        (here, seen) = same(&mut remote);
    }
    assert_eq!(here, seen);
    // Something of everything was compared.
    for list in ["traces", "outputs", "dead_letters", "events", "pipelines", "workers"] {
        assert!(!seen[list].as_array().unwrap().is_empty(), "{list}");
    }
    assert!(!seen["log"]["lines"].as_array().unwrap().is_empty());
    // Three, and the one that is looked at closely.
    assert_eq!(seen["partitions"]["rows"].as_array().unwrap().len(), 4);
    assert!(!seen["partitions"]["opened"]["traces"].as_array().unwrap().is_empty());
}

#[test]
fn two_that_look_see_each_its_own_view() {
    let hosted = Hosted::start();
    let (mut one, mut two) = (hosted.attach(), hosted.attach());
    let (mut some, mut few) = (all(), all());
    some.query.filter = RowFilter::from("a");
    few.query.filter = RowFilter::Condition(condition("state.votes > 1").unwrap());
    vote(&hosted);
    let keys = |snapshot: &Snapshot| {
        let rows = snapshot.partitions.rows.iter();
        rows.map(|shown| shown.row.key.to_string()).collect::<Vec<_>>()
    };
    let seen = look_until(&mut one, &some, "the key a", |seen| keys(seen) == ["a"]);
    assert_eq!(seen.partitions.view, some);
    let seen = look_until(&mut two, &few, "three keys", |seen| keys(seen).len() == 3);
    assert_eq!(seen.partitions.view, few);
    look_until(&mut one, &some, "the key a still", |seen| keys(seen) == ["a"]);
}

#[test]
fn what_a_message_would_do_is_known_there_too() {
    let hosted = Hosted::start();
    let mut remote = hosted.attach();
    let bytes = Bytes::from(votes([(b'a', 5)]));
    let draft = Draft { revision: 7, pipeline: PipelineIndex(0), bytes };
    wait_until("what it would do", || {
        remote.look(&all(), Some(draft.clone()));
        remote.snapshot().ahead.is_some_and(|ahead| {
            ahead.revision == 7 && ahead.foresight.output.as_deref() == Some(b"a => 5\n")
        })
    });
    remote.look(&all(), None);
    assert!(remote.snapshot().ahead.is_none());
}

#[test]
fn a_reset_is_seen_by_all_that_look() {
    let hosted = Hosted::start();
    let (mut one, mut two) = (hosted.attach(), hosted.attach());
    vote(&hosted);
    for remote in [&mut one, &mut two] {
        look_until(remote, &all(), "four messages", |seen| seen.partitions.rows.len() == 3);
    }
    one.order(Order::Reset).unwrap();
    for remote in [&mut one, &mut two] {
        look_until(remote, &all(), "nothing", |seen| {
            seen.partitions.rows.is_empty()
                && seen.dead_letters.is_empty()
                && seen.traces.is_empty()
        });
    }
    vote(&hosted);
    for remote in [&mut one, &mut two] {
        let seen = look_until(remote, &all(), "votes again", |seen| seen.totals.dead_letters == 2);
        assert_eq!(seen.dead_letters.len(), 2);
    }
}

#[test]
fn nothing_that_sources_read_is_traced_while_nobody_looks() {
    let hosted = Hosted::start();
    // What is ordered there is done before the next thing is.
    hosted.with(|_| ());
    let load = wallaroo::core::load::settings::LoadSettings::default();
    hosted.with(move |session| session.load(load).unwrap());
    let counted = |hosted: &Hosted| {
        let seen = hosted.snapshot(&all());
        (seen.totals.messages_in, seen.traced.all.traced)
    };
    wait_until("load", || counted(&hosted).0 > 100);
    assert_eq!(counted(&hosted).1, 0);
    let mut remote = hosted.attach();
    look_until(&mut remote, &all(), "traces", |seen| !seen.traces.is_empty());
    drop(remote);
    wait_until("the end of tracing", || {
        let (messages, traced) = counted(&hosted);
        wait_until("more load", || counted(&hosted).0 > messages + 1000);
        counted(&hosted).1 == traced
    });
}
