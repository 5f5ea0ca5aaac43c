//! A run of several processes is asked to end, at any of them.

use std::io::Write;

use super::machines::Machines;
use super::system::{children, has_ended, signal};
use crate::cast::Votes;
use crate::chance::Chance;
use crate::folder::Folder;
use crate::support::frames::lines;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// Gives votes to a process that reads its standard input, and waits until their outputs are there. The input stays
/// open, so that the run does not end by itself.
fn vote(first: &mut Running, votes: &Votes, folder: &Folder) -> std::process::ChildStdin {
    let mut stdin = first.stdin();
    stdin.write_all(&votes.bytes).unwrap();
    stdin.flush().unwrap();
    let outputs = || lines(&folder.read("outputs"));
    wait_until("all outputs", || outputs() == votes.outputs());
    stdin
}

#[test]
fn a_signal_to_any_process_of_a_list_lets_all_of_them_end_well() {
    for asked in 0..3 {
        let machines = Machines::new(3, "alphabet");
        let votes = Votes::new(&mut Chance::new(1), 2000);
        let outputs = machines.folder.path("outputs");
        let mut all = machines.start_all(&["--in", "-", "--out", &outputs]);
        let stdin = vote(&mut all[0], &votes, &machines.folder);
        all[asked].signal("TERM");
        Machines::all_end_well(all);
        drop(stdin);
        votes.check(&machines.folder);
        let saved = machines.folder.inspect();
        assert_eq!(saved["journal"]["frames_to_replay"], 0, "all of it is in a checkpoint");
    }
}

#[test]
fn a_signal_to_a_child_ends_the_run_well() {
    let folder = Folder::new();
    let votes = Votes::new(&mut Chance::new(1), 2000);
    let outputs = folder.path("outputs");
    let ends = ["--in", "-", "--out", &outputs, "--processes", "3"];
    let mut running = Running::start(folder.command("alphabet", &ends));
    let stdin = vote(&mut running, &votes, &folder);
    let children = children(running.pid());
    signal("TERM", children[1]);
    running.end().succeeded();
    drop(stdin);
    votes.check(&folder);
    assert!(children.iter().all(|child| has_ended(*child)));
}

#[test]
fn a_process_that_waits_for_others_ends_at_a_signal() {
    let machines = Machines::new(2, "alphabet");
    let second = machines.start(1, &["--in", "null", "--out", "null"]);
    wait_until("that it waits", || second.said().contains("waiting for process 0"));
    second.signal("TERM");
    second.end().succeeded();
    let first = machines.start(0, &["--in", "null", "--out", "null"]);
    wait_until("that it waits", || first.said().contains("waiting for process 1"));
    first.signal("TERM");
    let ended = first.end();
    assert_eq!(ended.code, None, "as before any run has begun: {}", ended.stderr);
}

#[test]
fn a_second_signal_ends_a_process_at_once() {
    let machines = Machines::new(2, "alphabet");
    let mut all = machines.start_all(&["--in", "tcp://127.0.0.1:0", "--out", "null"]);
    all[0].address();
    // It cannot answer.
    all[0].signal("STOP");
    all[1].signal("TERM");
    wait_until("that it has heard", || all[1].said().contains("asks process 0 to end the run"));
    all[1].signal("TERM");
    let ended = all.pop().unwrap().end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted twice"), "{}", ended.stderr);
}
