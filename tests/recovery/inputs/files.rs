//! From a file to a file: after any number of kills, state and outputs are those of an
//! undisturbed run.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

use serde_json::json;

use crate::chance::{Chance, for_seeds};
use crate::folder::{Folder, by_letter};
use crate::support::frames::{frame, vote};
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// Votes, and what an undisturbed run makes of them.
struct Votes {
    bytes: Vec<u8>,
    totals: BTreeMap<u8, u64>,
    outputs: BTreeMap<u8, Vec<Vec<u8>>>,
    dead_letters: u64,
}

impl Votes {
    fn new(chance: &mut Chance, count: u64) -> Self {
        let mut votes = Self {
            bytes: Vec::new(),
            totals: BTreeMap::new(),
            outputs: BTreeMap::new(),
            dead_letters: 0,
        };
        for _ in 0..count {
            if chance.below(5000) == 0 {
                votes.bytes.extend(frame(b"no vote"));
                votes.dead_letters += 1;
                continue;
            }
            let letter = b'a' + u8::try_from(chance.below(26)).unwrap();
            let count = u32::try_from(chance.below(1000)).unwrap();
            votes.bytes.extend(vote(letter, count));
            let total = votes.totals.entry(letter).or_default();
            *total += u64::from(count);
            let line = [&[letter], format!(" => {total}").as_bytes()].concat();
            votes.outputs.entry(letter).or_default().push(line);
        }
        votes
    }

    fn check(&self, folder: &Folder) {
        let found = by_letter(&folder.read("outputs"));
        for (letter, lines) in &self.outputs {
            let found = found.get(letter).map(Vec::as_slice).unwrap_or_default();
            let same = lines.iter().zip(found).take_while(|(line, found)| line == found).count();
            assert!(
                lines == found,
                "{} has {} outputs instead of {}, and the first {same} are right",
                char::from(*letter),
                found.len(),
                lines.len()
            );
        }
        assert_eq!(found.len(), self.outputs.len());
        let rows = folder.json_lines("state");
        assert_eq!(rows.len(), self.totals.len());
        for row in rows {
            let letter = row["key"].as_str().unwrap().as_bytes()[0];
            assert_eq!(row["value"]["votes"], json!(self.totals[&letter]), "{row}");
            assert_eq!(row["messages"], json!(self.outputs[&letter].len()), "{row}");
        }
    }

    /// What is in the sink when a run is killed is the beginning of what it must be.
    fn check_beginning(&self, folder: &Folder) {
        for (letter, lines) in by_letter(&folder.read("outputs")) {
            assert!(self.outputs[&letter].starts_with(&lines), "{}", char::from(letter));
        }
    }
}

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
        let mut taken = 0;
        for workers in ["2", "1", "2"] {
            let ends = ["--in", &input, "--out", &outputs, "--workers", workers];
            let mut running = Running::start(folder.command("alphabet", &ends));
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
        let ends = ["--in", &input, "--out", &outputs];
        taken += folder.run("alphabet", &ends).succeeded().json()["messages_in"].as_u64().unwrap();
        assert_eq!(taken, 200_000, "each frame was taken once");
        votes.check(&folder);
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
