//! Ending a run whose receiver is not there.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};

use crate::support::frames::vote;
use crate::support::program::{Running, run};
use crate::support::waiting::wait_until;
use crate::{accept, alphabet, client, listener};

/// A client that votes and leaves.
fn vote_once(running: &Running) {
    let mut client = client(running);
    client.write_all(&vote(b'a', 1)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    // Closed by the program, when it has taken the vote.
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn an_interrupted_run_says_that_it_waits_for_a_receiver_and_a_second_signal_ends_it() {
    let (free, out) = listener();
    drop(free);
    let running = alphabet(&out, &[]);
    vote_once(&running);
    // It says so before anybody asks, too.
    let warning = format!("warning: waiting for {out}: ");
    wait_until("the warning", || running.said().contains(&warning));
    running.signal("INT");
    let waits = format!("{out} has no receiver");
    wait_until("what the run waits for", || running.said().contains(&waits));
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("interrupted twice"), "{}", ended.stderr);
}

#[test]
fn an_interrupted_run_ends_when_its_receiver_comes() {
    let (free, out) = listener();
    let address = free.local_addr().unwrap();
    drop(free);
    let running = alphabet(&out, &[]);
    vote_once(&running);
    running.signal("INT");
    let late = TcpListener::bind(address).unwrap();
    let mut received = String::new();
    accept(&late).read_to_string(&mut received).unwrap();
    assert_eq!(received, "a => 1\n");
    running.end().succeeded();
}

#[test]
fn a_run_without_outputs_needs_no_receiver() {
    let (free, out) = listener();
    drop(free);
    run(["run", "--app", "alphabet", "--in", "null", "--out", &out]).succeeded();
}
