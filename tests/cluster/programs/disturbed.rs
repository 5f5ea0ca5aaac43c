//! Processes that stand still, and connections that fail: the run begins again, and nothing counts twice.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::machines::Machines;
use super::system::signal;
use crate::cast::Votes;
use crate::chance::{Chance, for_seeds};
use crate::support::program::Running;
use crate::support::waiting::wait_until;

/// How long the processes wait for a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);

/// What happens to a process, or to the way to it.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    /// It is stopped for longer than the others wait.
    Stop,
    /// Its connections pass nothing for so long.
    Stall,
    /// They end, as if it were killed.
    Blink,
    /// They are reset, as if its machine had begun anew.
    Reset,
}

const ALL: [Disturbance; 4] =
    [Disturbance::Stop, Disturbance::Stall, Disturbance::Blink, Disturbance::Reset];

/// The processes of a run.
struct Run {
    machines: Machines,
    all: Vec<Running>,
}

impl Run {
    /// How often a process has begun again because another one was lost.
    fn losses(&self) -> usize {
        self.all.iter().map(|running| running.said().matches(": beginning again").count()).sum()
    }

    fn one_has_ended(&mut self) -> bool {
        self.all.iter_mut().any(Running::has_ended)
    }

    /// Disturbs a process until another one is lost, the run has ended, or more than that cannot happen: whoever has not met
    /// the others cannot be lost.
    fn disturb(&mut self, how: Disturbance, process: usize) {
        let before = self.losses();
        let (relay, pid) = (&self.machines.relays[process], self.all[process].pid());
        match how {
            Disturbance::Stop => signal("STOP", pid),
            Disturbance::Stall => relay.stall(),
            Disturbance::Blink => relay.blink(),
            Disturbance::Reset => relay.reset(),
        }
        let since = Instant::now();
        wait_until("a loss, or the end", || {
            self.losses() > before || self.one_has_ended() || since.elapsed() > PATIENCE * 2
        });
        match how {
            Disturbance::Stop => signal("CONT", pid),
            Disturbance::Stall | Disturbance::Reset => self.machines.relays[process].go_on(),
            Disturbance::Blink => {}
        }
    }
}

/// Runs votes to the end, and disturbs the processes a few times.
fn disturbed(chance: &mut Chance, disturbances: &[Disturbance], times: u64) {
    let machines = Machines::behind_relays(3, "alphabet");
    let votes = Votes::new(chance, 60_000);
    let input = machines.folder.write("votes", &votes.bytes);
    let (outputs, letters) = (machines.folder.path("outputs"), machines.folder.path("letters"));
    let ends = ["--in", &input, "--out", &outputs, "--dead-letters", &letters];
    let patience = format!("{}s", PATIENCE.as_secs());
    let often = ["--checkpoint-interval", "20ms", "--patience", &patience];
    let all = machines.start_all(&[&ends[..], &often].concat());
    let mut run = Run { machines, all };
    for _ in 0..times {
        match chance.below(2) {
            0 => sleep(chance.delay()),
            _ => wait_until("outputs, or the end", || {
                !run.machines.folder.read("outputs").is_empty() || run.one_has_ended()
            }),
        }
        let process = usize::try_from(chance.below(3)).unwrap();
        if !run.one_has_ended() {
            run.disturb(chance.one_of(disturbances), process);
        }
        votes.check_beginning(&run.machines.folder);
    }
    Machines::all_end_well(run.all);
    votes.check(&run.machines.folder);
    votes.check_letters(&run.machines.folder);
}

#[test]
fn a_process_that_stands_still_for_too_long_is_lost_and_comes_back() {
    for_seeds(1, |chance| disturbed(chance, &[Disturbance::Stop], 1));
}

#[test]
fn connections_may_stall_and_break_at_any_moment() {
    for_seeds(2, |chance| disturbed(chance, &ALL[1..], 2));
}

#[test]
#[ignore = "the two above have one kind each; this is for CRASH_ROUNDS"]
fn anything_may_happen_to_any_process_and_any_connection() {
    for_seeds(20, |chance| disturbed(chance, &ALL, 4));
}
