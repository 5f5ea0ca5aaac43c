//! Processes of a list that are killed, stopped and cut off at any moment, and then go on in any number: states are exact, each
//! output is in its file once and in the order of its key, and dead letters are complete.
//!
//! `CLUSTER_KILLS=N` makes [`anything_may_happen_at_any_moment`] go on until so many processes were killed, and says which
//! ones were killed when.

mod run;
mod tally;
mod task;
mod trouble;

use super::machines::Machines;
use crate::chance::{Chance, for_seeds};
use run::Run;
use tally::Tally;
use task::Task;
use trouble::Trouble;

/// How many processes a list has at most.
const MOST: usize = 3;

/// How often a run is begun, with another number of processes each time. Only the last one is left alone in the end.
const STARTS: usize = 3;

/// Does a task with such troubles, so many of them at most in each start.
fn trial(
    chance: &mut Chance,
    task: fn(&mut Chance) -> Task,
    (troubles, most): (&[Trouble], u64),
    tally: &Tally,
) {
    let task = task(chance);
    let needs_relays = troubles.iter().any(|trouble| trouble.is_of_relays());
    let relayed = needs_relays || chance.below(2) == 0;
    let machines = if relayed { Machines::behind_relays } else { Machines::new };
    let mut machines = machines(MOST, task.app());
    task.prepare(&machines.folder);
    for phase in task.phases(&machines.folder) {
        for start in 0..STARTS {
            machines.take_first(chance.one_of(&[1, 2, 3, 3]));
            let mut run = Run::start(&machines, &phase, chance);
            // One alone is so fast that little is left for the others.
            let most = if machines.count() == 1 { 1 } else { most };
            for _ in 0..=chance.below(most) {
                run.meet_with(chance.one_of(troubles), chance, tally);
                task.check_beginning(&machines.folder);
            }
            if start + 1 < STARTS {
                run.kill_all(tally);
                task.check_beginning(&machines.folder);
            } else {
                run.end_well();
            }
        }
    }
    task.check(&machines.folder);
}

#[test]
fn processes_count_once_whichever_is_killed_when_and_however_many_go_on() {
    let tally = Tally::default();
    for_seeds(1, |chance| trial(chance, Task::votes, (&Trouble::KILLS, 2), &tally));
    assert!(tally.kills() > 0, "somebody is killed");
}

#[test]
fn a_process_that_stands_still_for_too_long_is_lost_and_comes_back() {
    let tally = Tally::default();
    for_seeds(1, |chance| trial(chance, Task::votes, (&[Trouble::Stop], 1), &tally));
}

#[test]
fn connections_may_stall_and_break_at_any_moment() {
    let tally = Tally::default();
    let troubles = [Trouble::Stall, Trouble::Blink, Trouble::Reset];
    for_seeds(1, |chance| trial(chance, Task::votes, (&troubles, 1), &tally));
}

#[test]
#[ignore = "the tests above have one kind each; this is for CLUSTER_KILLS"]
fn anything_may_happen_at_any_moment() {
    let wanted = std::env::var("CLUSTER_KILLS").ok().and_then(|text| text.parse().ok());
    let (tally, wanted) = (Tally::default(), wanted.unwrap_or(10));
    // Each trial kills at least one.
    for_seeds(wanted, |chance| {
        if tally.kills() < wanted {
            trial(chance, Task::any, (&Trouble::ALL, 8), &tally);
            eprintln!("{tally}");
        }
    });
}
