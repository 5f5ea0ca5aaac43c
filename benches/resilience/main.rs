//! What it costs that nothing is lost.
//!
//! An application that counts keys of 8 bytes runs with a resilience directory and without, in turns,
//! so that a busy machine slows down both. The tables: throughput with it as a part of the throughput
//! without; how long checkpoints hold up the work, and how large the directory becomes; the latency of
//! single messages; what a recording costs and how fast it is replayed; how long it takes to go to a
//! moment of one; and how long recovery takes. Arguments choose tables by their names, and what is measured in them: `cargo bench --bench resilience -- throughput tcp`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails may panic")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the figures have few digits"
)]

mod latency;
mod load;
mod moments;
mod recording;
mod spread;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wallaroo::core::event::EngineEvent;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::Durability;
use wallaroo::runtime::Engine;

use latency::print_latency;
use load::{From, Load, Watcher, counter, resilience};
use moments::print_moments;
use recording::print_recording;
use spread::Spread;

/// Few partitions and many: of the many, all change between two checkpoints.
const KEYS: [u64; 2] = [26, 1_000_000];

/// How often with and without take their turns.
const ROUNDS: usize = 5;

/// Prints throughputs with as a part of those without, and what checkpoints took.
fn print_throughput(from: From, keys: u64) {
    let load = Load::new(from, keys);
    println!("\nThroughput: {}, {} messages, {ROUNDS} rounds:\n", load.name(), load.messages);
    println!(
        "workers durability  without     with   ratio  range         held        checkpoint   partitions  directory"
    );
    for (workers, durability) in
        [(1, Durability::Process), (2, Durability::Process), (1, Durability::Power)]
    {
        let speed = |took: Duration| load.messages as f64 / took.as_secs_f64() / 1e6;
        let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let (mut made, mut bytes) = (Vec::new(), 0);
        for _ in 0..ROUNDS {
            let directory = tempfile::tempdir().unwrap();
            let off = speed(load.run(workers, None).took);
            let run = load.run(workers, Some(resilience(directory.path(), durability)));
            let on = speed(run.took);
            without.push(off);
            with.push(on);
            ratios.push(on / off);
            made.extend(run.checkpoints);
            bytes = bytes.max(size_of_directory(directory.path()));
        }
        let held = made.iter().map(|made| made.held.as_secs_f64() * 1e3);
        let took = made.iter().map(|made| made.took.as_secs_f64() * 1e3);
        let partitions = made.iter().map(|made| made.partitions as f64);
        let (ratios, held, took) = (Spread::of(ratios), Spread::of(held), Spread::of(took));
        println!(
            "{workers:>7} {:<10} {:>8.2} {:>8.2}   {ratios:.2}   {held:.1} ms {took:.0} ms {:>9} {:>8.1} MB",
            format!("{durability:?}"),
            Spread::of(without).median(),
            Spread::of(with).median(),
            Spread::of(partitions).median(),
            bytes as f64 / 1e6,
        );
    }
}

/// The bytes of all files.
fn size_of_directory(directory: &Path) -> u64 {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Prints how long it takes until a run on a directory with many partitions goes on.
fn print_recovery() {
    let keys = KEYS[1];
    println!("\nRecovery of {keys} partitions, {ROUNDS} rounds:\n");
    println!("workers  Engine::start            recovered              files");
    let load = Load::new(From::Tcp, keys);
    for workers in [1, 2] {
        let directory = tempfile::tempdir().unwrap();
        let settings = || resilience(directory.path(), Durability::Process);
        load.run(workers, Some(settings()));
        let (mut started, mut recovered) = (Vec::new(), Vec::new());
        let bytes = size_of_directory(directory.path());
        for _ in 0..ROUNDS {
            let topology = counter(|| {});
            let settings = load::settings(&topology, workers, Endpoint::Null, Some(settings()));
            let watcher = Arc::new(Watcher::default());
            let begin = Instant::now();
            let engine = Engine::start(topology, &settings, Arc::clone(&watcher) as _).unwrap();
            started.push(begin.elapsed().as_secs_f64());
            let back = watcher.wait_for(|event| match event {
                EngineEvent::Recovered(recovered) => Some(recovered.partitions),
                _ => None,
            });
            recovered.push(begin.elapsed().as_secs_f64());
            assert_eq!(back as u64, keys);
            engine.stop();
            engine.wait().unwrap();
        }
        let (started, recovered) = (Spread::of(started), Spread::of(recovered));
        let bytes = bytes as f64 / 1e6;
        println!("{workers:>7}  {started:.2} s  {recovered:.2} s  {bytes:.1} MB");
    }
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // `cargo test --benches` asks only whether it can be built.
    if arguments.iter().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let wanted = |name: &str, among: &[&str]| {
        let mut chosen = arguments.iter().filter(|argument| among.contains(&argument.as_str()));
        let first = chosen.next();
        first.is_none_or(|first| first == name) || chosen.any(|other| other == name)
    };
    let sources = [From::File, From::Tcp];
    let tables = ["throughput", "recording", "moments", "latency", "recovery"];
    let from = |from: &From| wanted(from.name(), &sources.map(From::name));
    if wanted("throughput", &tables) {
        for source in sources.iter().filter(|source| from(source)) {
            let names = KEYS.map(|keys| keys.to_string());
            let names = names.each_ref().map(String::as_str);
            for keys in KEYS.iter().filter(|keys| wanted(&keys.to_string(), &names)) {
                print_throughput(*source, *keys);
            }
        }
    }
    // A client at full speed sends more than a history can write: its recording ends, and the run goes on.
    if wanted("recording", &tables) && from(&From::File) {
        print_recording(From::File, KEYS[0]);
    }
    if wanted("moments", &tables) && from(&From::File) {
        print_moments(KEYS[0]);
    }
    if wanted("latency", &tables) {
        sources.iter().filter(|source| from(source)).for_each(|source| print_latency(*source));
    }
    if wanted("recovery", &tables) {
        print_recovery();
    }
}
