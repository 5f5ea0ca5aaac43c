//! Runs that are killed, some of them on a disk that fails at random, and how many there were.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::folder::Folder;
use crate::support::program::{PROGRAM, Running};
use crate::support::shim::{Action, Chosen, EINTR, EIO, ENOSPC, Fault, Shim};

/// How many runs there were, how many of them were killed, ended with an error, and met faults of the
/// disk, and how many faults.
#[derive(Default)]
pub struct Tally {
    starts: AtomicU64,
    kills: AtomicU64,
    errors: AtomicU64,
    faults: AtomicU64,
}

impl Tally {
    /// Says what there was, for people who run the long version with `--nocapture`.
    pub fn tell(&self, test: &str) {
        let [starts, kills, errors, faults] =
            [&self.starts, &self.kills, &self.errors, &self.faults]
                .map(|count| count.load(Ordering::Relaxed));
        println!(
            "{test}: {starts} starts, {kills} killed, {errors} ended by an error, {faults} faults of the disk"
        );
    }
}

/// A fault at random: which calls fail, how often and how.
fn fault(chance: &mut Chance) -> Fault {
    let every = chance.one_of(&[3, 20, 100, 400]);
    let seed = chance.below(u64::MAX);
    let chosen = match chance.below(4) {
        0 => Chosen::Only(1 + chance.below(200)),
        1 => Chosen::From(1 + chance.below(200)),
        _ => Chosen::OneIn(every, seed),
    };
    let (kinds, action) = chance.one_of(&[
        ("owstunm", Action::Error(EIO)),
        ("owstunmr", Action::Error(EIO)),
        ("s", Action::Error(EIO)),
        ("owt", Action::Error(ENOSPC)),
        ("rw", Action::Short),
        ("rw", Action::Error(EINTR)),
        ("ws", Action::Delay(500)),
        ("w", Action::Torn),
        ("owstunm", Action::Kill),
    ]);
    // All reads and writes interrupted for ever would never end.
    let endless = matches!(action, Action::Error(EINTR) | Action::Delay(_));
    let chosen = if endless { Chosen::OneIn(every, seed) } else { chosen };
    Fault { kinds, chosen, action }
}

/// Runs on a disk that fails, and kills after a while. An error ends it only if there was a fault, and
/// with a sentence.
pub fn run_and_kill(
    folder: &Folder,
    app: &str,
    options: &[&str],
    chance: &mut Chance,
    tally: &Tally,
) {
    let shim = Shim::new(folder.root(), fault(chance));
    let (after, start) = (chance.delay(), Instant::now());
    let mut command = Command::new(PROGRAM);
    command.args(folder.command(app, options)).envs(shim.environment());
    let mut running = Running::spawn(command, Stdio::piped());
    while start.elapsed() < after && !running.has_ended() {
        std::thread::sleep(Duration::from_micros(200));
    }
    let ended = running.kill();
    let faults = shim.faults();
    match ended.code {
        None => tally.kills.fetch_add(1, Ordering::Relaxed),
        Some(0) => 0,
        Some(code) => {
            assert!(code == 1 && faults > 0, "it ended with {code}: {}", ended.stderr);
            assert!(
                ended.stderr.trim_end().contains(' '),
                "without a sentence: {:?}",
                ended.stderr
            );
            tally.errors.fetch_add(1, Ordering::Relaxed)
        }
    };
    tally.starts.fetch_add(1, Ordering::Relaxed);
    tally.faults.fetch_add(faults, Ordering::Relaxed);
}
