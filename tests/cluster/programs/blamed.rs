//! Who is said to be lost, and who comes back.

use std::io::Write;

use super::machines::Machines;
use crate::support::frames::{lines, vote};
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// How often it has begun again.
fn begun_again(running: &Running) -> usize {
    running.said().matches(": beginning again").count()
}

#[test]
fn the_one_that_was_killed_is_named_and_those_without_a_directory_of_their_own_come_back() {
    let machines = Machines::new(3, "alphabet");
    let outputs = machines.folder.path("outputs");
    let ends = ["--in", "-", "--out", &outputs];
    let start = |process: usize| {
        let mut line = machines.line(process, &ends);
        if process > 0 {
            // Only process 0 has a directory.
            let at = line.iter().position(|word| word == "--resilience-dir").unwrap();
            line.drain(at..at + 2);
        }
        Running::start(line)
    };
    let mut all: Vec<Running> = (0..3).map(start).collect();
    let mut input = all[0].stdin();
    // Partitions of all three answer: process 0 says that they have met before the others are connected to each other.
    input.write_all(&(b'a'..=b'z').flat_map(|letter| vote(letter, 1)).collect::<Vec<_>>()).unwrap();
    input.flush().unwrap();
    wait_until("all outputs", || lines(&machines.folder.read("outputs")) == 26);
    drop(all.remove(2).kill());
    wait_until("the others to begin again", || all.iter().all(|running| begun_again(running) > 0));
    let said = all[0].said();
    assert!(said.contains("process 2 is lost"), "{said}");
    assert!(!said.contains("process 1 is lost"), "{said}");
    all.push(start(2));
    let meetings = || all[0].said().matches("all 3 processes have met").count();
    wait_until("all to meet again", || meetings() > 1);
    all[1].signal("TERM");
    Machines::all_end_well(all);
    drop(input);
}
