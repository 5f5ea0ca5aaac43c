//! What a recording costs, and how fast it is replayed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use wallaroo::core::replay::player::{Played, Player};
use wallaroo::resilience::history::{Bound, OnDisk};
use wallaroo::resilience::{Durability, HistorySettings, ResilienceSettings};

use crate::load::{From, Load, counter, resilience};
use crate::spread::Spread;

/// How often a run with a recording and one without take their turns.
const ROUNDS: usize = 5;

/// The settings of a run that is recorded.
pub fn recorded(directory: &Path) -> ResilienceSettings {
    let history = HistorySettings { bound: Bound::default(), options: BTreeMap::new() };
    ResilienceSettings { history: Some(history), ..resilience(directory, Durability::Process) }
}

/// Prints throughputs of recorded runs as a part of those of saved ones, and of replays as a part of those.
pub fn print_recording(from: From, keys: u64) {
    let load = Load::new(from, keys);
    let messages = load.messages as f64;
    println!("\nRecording: {}, {} messages, {ROUNDS} rounds:\n", load.name(), load.messages);
    println!("workers     saved  recorded  ratio                 replay/recorded       history");
    for workers in [1, 2] {
        let (mut saved, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut replays, mut bytes) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let directory = tempfile::tempdir().unwrap();
            let off = resilience(directory.path(), Durability::Process);
            let off = messages / load.run(workers, Some(off)).took.as_secs_f64() / 1e6;
            let directory = tempfile::tempdir().unwrap();
            let on = load.run(workers, Some(recorded(directory.path())));
            let on = messages / on.took.as_secs_f64() / 1e6;
            let replayed = messages / replay(directory.path(), load.messages) / 1e6;
            saved.push(off);
            with.push(on);
            ratios.push(on / off);
            replays.push(replayed / on);
            bytes = directory.path().join("history.sqlite").metadata().unwrap().len();
        }
        println!(
            "{workers:>7} {:>9.2} {:>9.2}  {}   {}   {:>7.1} MB",
            Spread::of(saved).median(),
            Spread::of(with).median(),
            Spread::of(ratios),
            Spread::of(replays),
            bytes as f64 / 1e6,
        );
    }
}

/// How many seconds a replay takes, with its checks.
fn replay(directory: &Path, messages: u64) -> f64 {
    let recording = OnDisk::open(directory).unwrap();
    let begin = Instant::now();
    let mut player = Player::new(counter(|| {}), &recording);
    while player.next_epoch().is_some() {
        assert!(matches!(player.play(u64::MAX, &mut ()), Ok(Played::Verified(..))));
    }
    assert_eq!(player.messages(), messages);
    begin.elapsed().as_secs_f64()
}
