//! A run that was killed and has begun again is one recording.

use std::io::Write;
use std::net::TcpStream;

use crate::recorded::{check_state, command, record, replay, some_votes, write_votes};
use crate::support::folder::Folder;
use crate::support::frames::{lines, votes};
use crate::support::program::Running;
use crate::support::waiting::wait_until;

#[test]
fn a_run_that_was_killed_is_replayed_as_it_has_gone_on() {
    for workers in ["1", "2"] {
        let folder = Folder::new();
        let input = write_votes(&folder, &some_votes(150_000));
        let outputs = folder.path("outputs");
        let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
        for outputs in [1, 40_000, 80_000] {
            let running = Running::start(command(&folder, "alphabet", &ends));
            wait_until("outputs", || lines(&folder.read_if_any("outputs")) >= outputs);
            let ended = running.kill();
            assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
        }
        record(&folder, "alphabet", &ends);
        let again = folder.path("outputs again");
        let figures = replay(&folder, "alphabet", &["--out", &again, "--json"]).succeeded().json();
        check_state(&folder);
        assert_eq!(figures["messages"], 150_000, "each vote is recorded once");
        assert_eq!(lines(&folder.read("outputs again")), 150_000);
        if workers == "1" {
            assert!(folder.read("outputs again") == folder.read("outputs"));
        }
    }
}

#[test]
fn votes_of_the_journal_are_recorded_once_they_are_in_a_checkpoint() {
    let folder = Folder::new();
    let outputs = folder.path("outputs");
    let ends = ["--in", "tcp://127.0.0.1:0", "--out", &outputs, "--workers", "2"];
    for round in 0..3 {
        let running = Running::start(command(&folder, "alphabet", &ends));
        let mut client = TcpStream::connect(running.address()).unwrap();
        client.write_all(&votes(some_votes(500))).unwrap();
        wait_until("outputs", || lines(&folder.read("outputs")) >= 500 * (round + 1));
        if round < 2 {
            running.kill();
            continue;
        }
        running.signal("TERM");
        running.end().succeeded();
    }
    let figures = replay(&folder, "alphabet", &["--json"]).succeeded().json();
    check_state(&folder);
    assert_eq!(figures["messages"], 1500);
}

#[test]
fn other_workers_take_the_partitions_over_in_a_replay_too() {
    let folder = Folder::new();
    let outputs = folder.path("outputs");
    for workers in ["1", "3", "2"] {
        let input = write_votes(&folder, &some_votes(300));
        // Each run reads a file of its own, which has to stay.
        let own = folder.path(&format!("votes {workers}"));
        std::fs::rename(&input, &own).unwrap();
        record(&folder, "alphabet", &["--in", &own, "--out", &outputs, "--workers", workers]);
    }
    let figures = replay(&folder, "alphabet", &["--json"]).succeeded().json();
    check_state(&folder);
    assert_eq!(figures["messages"], 900);
    assert!(figures["verified_epochs"].as_u64().unwrap() >= 3, "{figures}");
}
