//! Processes of `--processes` that are killed at random moments: states are exact, and each output is in its file once.

use std::thread::sleep;

use super::system::{children, has_ended, signal};
use crate::cast::Votes;
use crate::chance::{Chance, for_seeds};
use crate::folder::Folder;
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// How many votes there are: enough for a few kills.
const VOTES: u64 = 30_000;

/// Chooses how often to save, and the workers of each process.
fn saving(chance: &mut Chance) -> [&'static str; 4] {
    let interval = chance.one_of(&["1ms", "5ms", "20ms", "1s"]);
    ["--checkpoint-interval", interval, "--workers", chance.one_of(&["1", "2"])]
}

/// Where votes are read, and what is made of them is written.
fn ends(folder: &Folder, votes: &Votes) -> Vec<String> {
    let input = folder.write("votes", &votes.bytes);
    let (outputs, letters) = (folder.path("outputs"), folder.path("letters"));
    ["--in", &input, "--out", &outputs, "--dead-letters", &letters].map(str::to_owned).to_vec()
}

fn words<'a>(ends: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    ends.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

/// Everything is as if nobody had been killed, and is saved.
fn check(folder: &Folder, votes: &Votes, ends: &[String]) {
    votes.check(folder);
    votes.check_letters(folder);
    let again = folder.run("alphabet", &words(ends, &[])).succeeded().json();
    assert_eq!(again["messages_in"], 0, "all of it is saved");
    votes.check(folder);
}

#[test]
fn processes_of_one_machine_count_once_whichever_is_killed_when() {
    for_seeds(3, |chance| {
        let folder = Folder::new();
        let votes = Votes::new(chance, VOTES);
        let ends = ends(&folder, &votes);
        for _ in 0..2 + chance.below(3) {
            let processes = chance.one_of(&["1", "2", "2", "3", "3"]);
            let options = words(&ends, &saving(chance));
            let options = [&options[..], &["--processes", processes]].concat();
            let mut running = Running::start(folder.command("alphabet", &options));
            let mut left = kill_children(&mut running, &folder, chance);
            wait_a_moment(&mut [&mut running], &folder, chance);
            left.extend(children(running.pid()));
            let ended = running.kill();
            assert!(matches!(ended.code, None | Some(0)), "{}", ended.stderr);
            wait_until("the end of all", || left.iter().all(|pid| has_ended(*pid)));
            votes.check_beginning(&folder);
        }
        let processes = chance.one_of(&["1", "2", "3"]);
        let options = words(&ends, &saving(chance));
        let mut running = Running::start(
            folder.command("alphabet", &[&options[..], &["--processes", processes]].concat()),
        );
        kill_children(&mut running, &folder, chance);
        running.end().succeeded();
        check(&folder, &votes, &ends);
    });
}

/// Waits for a while, which is often over before the run has begun, or until some more outputs are written.
fn wait_a_moment(all: &mut [&mut Running], folder: &Folder, chance: &mut Chance) {
    if chance.below(2) == 0 {
        return sleep(chance.delay());
    }
    let outputs = || std::fs::metadata(folder.path("outputs")).map_or(0, |file| file.len());
    let wanted = outputs() + 1 + chance.below(100_000);
    wait_until("more outputs, or the end", || {
        outputs() > wanted || all.iter_mut().any(|running| running.has_ended())
    });
}

/// Kills children of a run now and then, which begins again each time. Gives all that it had.
fn kill_children(running: &mut Running, folder: &Folder, chance: &mut Chance) -> Vec<u32> {
    let mut all = Vec::new();
    for _ in 0..=chance.below(3) {
        wait_a_moment(&mut [running], folder, chance);
        let here = children(running.pid());
        if !here.is_empty() {
            signal("KILL", chance.one_of(&here));
        }
        all.extend(here);
    }
    all
}
