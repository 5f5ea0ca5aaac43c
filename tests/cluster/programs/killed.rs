//! Processes that are killed at random moments: states are exact, and each output is in its file once.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::machines::Machines;
use super::system::{children, has_ended, signal};
use crate::cast::Votes;
use crate::chance::{Chance, for_seeds};
use crate::folder::Folder;
use crate::support::program::Running;
use crate::support::waiting::{LIMIT, wait_until};

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

#[test]
fn processes_of_a_list_count_once_whichever_is_killed_when() {
    for_seeds(3, |chance| {
        let relayed = chance.below(2) == 0;
        let machines = if relayed { Machines::behind_relays } else { Machines::new };
        let mut machines = machines(3, "alphabet");
        let votes = Votes::new(chance, VOTES);
        let ends = ends(&machines.folder, &votes);
        for processes in [3, 2] {
            machines.shrink(processes);
            let saving = saving(chance);
            let mut all = machines.start_all(&words(&ends, &saving));
            for _ in 0..2 + chance.below(3) {
                let mut running: Vec<&mut Running> = all.iter_mut().collect();
                wait_a_moment(&mut running, &machines.folder, chance);
                let which = usize::try_from(chance.below(processes as u64)).unwrap();
                // What has ended by then had all that there is.
                if all.iter_mut().all(|running| !running.has_ended()) {
                    drop(all.remove(which).kill());
                    all.insert(which, machines.start(which, &words(&ends, &saving)));
                }
                votes.check_beginning(&machines.folder);
            }
            if processes == 3 && chance.below(2) == 0 {
                // All at once, and the next start is of two.
                for running in all {
                    running.kill();
                }
                continue;
            }
            let ends = words(&ends, &saving);
            start_what_has_ended(&mut all, |process| machines.start(process, &ends));
            Machines::all_end_well(all);
            votes.check(&machines.folder);
        }
        check(&machines.folder, &votes, &ends);
    });
}

/// Waits for the end of process 0. If it was killed in the last moment of the run, others have ended with that one: they are
/// started again, as whoever runs them has to.
fn start_what_has_ended(all: &mut [Running], start: impl Fn(usize) -> Running) {
    let since = Instant::now();
    while let Some((first, others)) = all.split_first_mut()
        && !first.has_ended()
    {
        assert!(since.elapsed() < LIMIT, "process 0 does not end:\n{}", first.said());
        for (at, other) in others.iter_mut().enumerate() {
            let process = at + 1;
            let awaited = first.said().contains("waiting for process");
            if awaited && since.elapsed() > Duration::from_secs(10) && other.has_ended() {
                *other = start(process);
            }
        }
        sleep(Duration::from_millis(10));
    }
    // One that was killed in that moment is started in vain: it waits for the next run.
    for other in all.iter_mut().skip(1) {
        let waits = |other: &Running| {
            other
                .said()
                .lines()
                .last()
                .is_some_and(|line| line.starts_with("waiting for process 0"))
        };
        wait_until("the end, or a wait", || other.has_ended() || waits(other));
        if !other.has_ended() {
            other.signal("TERM");
        }
    }
}
