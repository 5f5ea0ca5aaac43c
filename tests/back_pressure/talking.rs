//! Receivers that talk, close their own direction, or do not close: the end of a run waits for them, and
//! nothing is lost.

use std::io::{Read, Write};
use std::net::Shutdown;

use tempfile::TempDir;

use crate::support::frames::vote;
use crate::support::program::{Running, run};
use crate::support::receivers::{Manners, Receiver};
use crate::support::waiting::wait_until;
use crate::{alphabet, client, totals};

/// More than a receiver's system takes that does not read.
const VOTES: u32 = 60_000;

/// Gives the alphabet votes for `a`, and waits until all are read.
fn give(running: &Running, votes: u32) {
    let mut client = client(running);
    client.write_all(&vote(b'a', 1).repeat(votes as usize)).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

/// All whole lines of all connections, each once, in the order of their totals.
fn union(connections: &[Vec<u8>]) -> String {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    let whole = |text: String| text[..text.rfind('\n').map_or(0, |end| end + 1)].to_owned();
    let mut lines: Vec<(u32, String)> = connections
        .iter()
        .flat_map(|bytes| whole(text(bytes)).lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| (line.strip_prefix("a => ").unwrap().parse().unwrap(), format!("{line}\n")))
        .collect();
    lines.sort();
    lines.dedup();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[test]
fn a_run_that_ends_by_itself_delivers_everything_to_a_slow_receiver_that_talks() {
    let folder = TempDir::new().unwrap();
    let votes = folder.path().join("votes");
    std::fs::write(&votes, vote(b'a', 1).repeat(VOTES as usize)).unwrap();
    let receiver = Receiver::start(Manners::TALKING);
    let ends = ["--in", votes.to_str().unwrap(), "--out", &receiver.endpoint, "--json"];
    let ended = run(["run", "--app", "alphabet"].iter().chain(&ends)).succeeded();
    assert_eq!(ended.json()["messages_out"], VOTES);
    let connections = receiver.all();
    assert_eq!(connections.len(), 1);
    assert_eq!(String::from_utf8(connections.concat()).unwrap(), totals('a', 0, VOTES));
}

#[test]
fn a_run_that_is_interrupted_delivers_everything_to_a_slow_receiver_that_talks() {
    let receiver = Receiver::start(Manners::TALKING);
    let running = alphabet(&receiver.endpoint, &[]);
    give(&running, VOTES);
    running.signal("TERM");
    assert_eq!(running.end().succeeded().json()["messages_out"], VOTES);
    assert_eq!(String::from_utf8(receiver.all().concat()).unwrap(), totals('a', 0, VOTES));
}

#[test]
fn a_receiver_that_only_closes_its_own_direction_gets_everything() {
    let receiver = Receiver::start(Manners { half_closes: true, ..Manners::PLAIN });
    let running = alphabet(&receiver.endpoint, &[]);
    give(&running, VOTES);
    running.signal("TERM");
    running.end().succeeded();
    assert_eq!(union(&receiver.all()), totals('a', 0, VOTES));
}

#[test]
fn a_receiver_that_stalls_for_ever_is_told_of_and_a_second_signal_ends_the_run() {
    let receiver = Receiver::start(Manners::TALKING);
    receiver.stall(true);
    let running = alphabet(&receiver.endpoint, &[]);
    // More than the receiver's system takes, and so few that the run reads all of them whatever it expects their
    // outputs to be: the budget is 4 MiB, and 9 bytes are expected for each byte at most when the first are known.
    give(&running, VOTES / 3);
    running.signal("TERM");
    let waits = format!("{} takes no outputs; interrupt again", receiver.endpoint);
    wait_until("what the run waits for", || running.said().contains(&waits));
    running.signal("TERM");
    assert_eq!(running.end().code, Some(1));
}

#[test]
fn a_receiver_that_never_closes_is_told_of_and_does_not_keep_a_run_from_ending() {
    let receiver = Receiver::start(Manners { stays: true, ..Manners::PLAIN });
    let running = alphabet(&receiver.endpoint, &[]);
    give(&running, 10);
    running.signal("TERM");
    let waits = format!("{} has not closed the connection; interrupt again", receiver.endpoint);
    wait_until("what the run waits for", || running.said().contains(&waits));
    assert_eq!(receiver.length(), totals('a', 0, 10).len());
    running.end().succeeded();
}
