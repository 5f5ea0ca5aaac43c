//! `/healthz` says that the process lives, and `/readyz` whether it takes in messages.

use super::support::frames::vote;
use super::support::receivers::{Manners, Receiver};
use super::support::sockets::nobody;
use super::support::waiting::wait_until;
use super::{Folder, Served};

#[test]
fn a_run_that_takes_messages_is_ready_and_one_that_ends_is_not_and_both_live() {
    let folder = Folder::new();
    let (sink, _socket) = nobody();
    let served = Served::start(&folder, &["--out", &sink]);
    assert_eq!(served.wait_for("/readyz", 200), "ready\n");
    served.send(&vote(b'a', 1));
    served.running.signal("TERM");
    // The output has no receiver: the run cannot end.
    assert!(served.wait_for("/readyz", 503).contains("the run is ending"));
    assert_eq!(served.get("/healthz").status, 200);
    let waits = || served.figures().sum("wallaroo_waiting_sinks", &[("state", "waiting")]) > 0.5;
    wait_until("the sink that waits", waits);
    let figures = served.figures();
    assert!(figures.sum("wallaroo_ready", &[]) < 0.5);
    assert!(figures.sum("wallaroo_budget_used_bytes", &[]) > 0.0, "the output is in flight");
    served.running.signal("TERM");
    assert_eq!(served.running.end().code, Some(1));
}

#[test]
fn a_run_that_recovers_is_not_ready_until_what_the_journal_has_is_done() {
    let folder = Folder::new();
    let (saved, (sink, _socket)) = (folder.path("saved"), nobody());
    let served = Served::start(&folder, &["--out", &sink, "--resilience-dir", &saved]);
    served.send(&vote(b'a', 1));
    let journaled = || served.figures().sum("wallaroo_journal_bytes", &[]) > 0.0;
    wait_until("the vote in the journal", journaled);
    served.running.kill();

    // The replayed vote's output waits, and nothing enters before it is written.
    let served = Served::start(&folder, &["--out", &sink, "--resilience-dir", &saved]);
    assert!(served.wait_for("/readyz", 503).contains("is being read"));
    let recoveries = || served.figures().sum("wallaroo_recoveries_total", &[]);
    wait_until("the journal to be read", || recoveries() > 0.5);
    assert!((recoveries() - 1.0).abs() < 0.1);
    assert!(served.figures().sum("wallaroo_ready", &[]) < 0.5);
    assert_eq!(served.get("/readyz").status, 503);
    served.running.kill();

    let receiver = Receiver::start(Manners::PLAIN);
    let more = ["--out", &receiver.endpoint, "--resilience-dir", &saved];
    let served = Served::start(&folder, &more);
    assert_eq!(served.wait_for("/readyz", 200), "ready\n");
    assert!((served.figures().sum("wallaroo_output_messages_total", &[]) - 1.0).abs() < 0.1);
}

#[test]
fn other_pages_and_methods_are_refused_with_what_there_is() {
    let folder = Folder::new();
    let served = Served::start(&folder, &[]);
    let missing = served.get("/other");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("/metrics, /healthz and /readyz"));
    let page = served.get("/metrics");
    assert!(page.head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert_eq!(served.get("/metrics?debug=1").status, 200);
}
