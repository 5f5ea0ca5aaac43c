//! From a file to a file: after any number of kills, state and outputs are those of an
//! undisturbed run.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use crate::cast::Votes;
use crate::chance::{Chance, for_seeds};
use crate::folder::Folder;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

#[test]
fn a_file_counts_once_however_often_the_run_is_killed() {
    for_seeds(4, |chance| {
        let folder = Folder::new();
        let votes = Votes::new(chance, 30_000);
        // The file grows while it is not read.
        let half = votes.bytes.len() / 18 * 9;
        let input = folder.write("votes", &votes.bytes[..half]);
        let outputs = folder.path("outputs");
        let kills = 4 + chance.below(6);
        for kill in 0..kills {
            if kill == kills / 2 {
                let mut file = OpenOptions::new().append(true).open(&input).unwrap();
                file.write_all(&votes.bytes[half..]).unwrap();
            }
            let (workers, interval) =
                (chance.one_of(&["1", "2", "3"]), chance.one_of(&["1ms", "5ms", "20ms", "1s"]));
            let durability = chance.one_of(&["process", "process", "power"]);
            let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
            let saving = ["--checkpoint-interval", interval, "--durability", durability];
            let options = [&ends[..], &saving].concat();
            if chance.below(4) == 0 {
                terminate_and_kill(&folder, &options, chance);
            } else {
                folder.run_and_kill("alphabet", &options, chance.delay());
            }
            votes.check_beginning(&folder);
        }
        let workers = chance.one_of(&["1", "2", "4"]);
        let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
        folder.run("alphabet", &ends).succeeded();
        votes.check(&folder);
        // All of it is saved: there is nothing to be done any more.
        let again = folder.run("alphabet", &ends).succeeded().json();
        assert_eq!(again["messages_in"], 0);
        votes.check(&folder);
    });
}

/// Asks the program to end, and kills it while it does.
fn terminate_and_kill(folder: &Folder, options: &[&str], chance: &mut Chance) {
    let running = Running::start(folder.command("alphabet", options));
    std::thread::sleep(chance.delay());
    running.signal("TERM");
    std::thread::sleep(Duration::from_micros(chance.below(20_000)));
    drop(running.kill());
}

#[test]
fn a_run_that_is_asked_to_end_leaves_nothing_to_be_replayed() {
    for_seeds(2, |chance| {
        let folder = Folder::new();
        let votes = Votes::new(chance, 200_000);
        let (input, outputs) = (folder.write("votes", &votes.bytes), folder.path("outputs"));
        let letters = folder.path("letters");
        let ends = ["--in", &input, "--out", &outputs, "--dead-letters", &letters];
        let mut taken = 0;
        for workers in ["2", "1", "2"] {
            let options = [&ends[..], &["--workers", workers]].concat();
            let mut running = Running::start(folder.command("alphabet", &options));
            let grown = folder.read("outputs").len() + 1000;
            wait_until("some outputs, or the end", || {
                running.has_ended()
                    || running.hears_termination() && folder.read("outputs").len() > grown
            });
            if !running.has_ended() {
                running.signal("TERM");
            }
            taken += running.end().succeeded().json()["messages_in"].as_u64().unwrap();
            assert_eq!(folder.inspect()["journal"]["frames_to_replay"], 0);
            votes.check_beginning(&folder);
        }
        taken += folder.run("alphabet", &ends).succeeded().json()["messages_in"].as_u64().unwrap();
        assert_eq!(taken, 200_000, "each frame was taken once");
        votes.check(&folder);
        votes.check_letters(&folder);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_counts_once_however_often_the_run_is_killed_and_its_disk_fails() {
    use crate::directory::disk::{Tally, run_and_kill};

    let tally = Tally::default();
    for_seeds(4, |chance| {
        let folder = Folder::new();
        let votes = Votes::new(chance, 30_000);
        let (input, outputs) = (folder.write("votes", &votes.bytes), folder.path("outputs"));
        for _ in 0..8 + chance.below(9) {
            let (workers, interval) =
                (chance.one_of(&["1", "2", "3"]), chance.one_of(&["1ms", "5ms", "20ms", "1s"]));
            let durability = chance.one_of(&["process", "process", "power"]);
            let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
            let saving = ["--checkpoint-interval", interval, "--durability", durability];
            run_and_kill(&folder, "alphabet", &[&ends[..], &saving].concat(), chance, &tally);
            votes.check_beginning(&folder);
        }
        // The disk is well again.
        let ends = ["--in", &input, "--out", &outputs, "--workers", "2"];
        folder.run("alphabet", &ends).succeeded();
        votes.check(&folder);
        let again = folder.run("alphabet", &ends).succeeded().json();
        assert_eq!(again["messages_in"], 0);
    });
    tally.tell("files on a disk that fails");
}
