//! The engine against a loop written by hand for the same job.
//!
//! Both count the same random votes, from a file into nothing and from file to file. Criterion
//! measures each alone; then all take turns, and the table at the end says how fast the engine is as
//! a part of the loop: a busy machine slows down both. Last comes the memory of a long run.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails may panic"
)]
#![allow(clippy::cast_precision_loss, reason = "ratios have two digits")]

#[path = "../apps/alphabet/mod.rs"]
#[allow(dead_code, reason = "only the topology is used here")]
mod alphabet;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use hashbrown::HashMap;
use tempfile::TempDir;
use wallaroo::Generator;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::PartitionView;

/// How many votes each measured run counts.
const VOTES: u64 = 4_000_000;

/// How many times as many votes the long run counts whose memory is measured.
const LONG: u64 = 15;

/// How often everything takes its turn for the table of ratios.
const ROUNDS: usize = 9;

/// How many bytes the loop reads at a time.
const CHUNK: usize = 64 * 1024;

/// What counts the votes.
#[derive(Clone, Copy)]
enum Contestant {
    Loop,
    Engine { workers: NonZeroUsize },
}

impl Contestant {
    const ALL: [Self; 3] = [
        Self::Loop,
        Self::Engine { workers: NonZeroUsize::new(1).unwrap() },
        Self::Engine { workers: NonZeroUsize::new(2).unwrap() },
    ];

    fn name(self) -> String {
        match self {
            Self::Loop => "loop".to_owned(),
            Self::Engine { workers } => format!("engine, workers: {workers}"),
        }
    }

    /// Counts all votes of a file.
    fn count(self, votes: &Path, sink: &Endpoint) {
        match self {
            Self::Loop => count_by_hand(votes, sink).unwrap(),
            Self::Engine { workers } => drop(count_with_engine(workers, votes, sink, |_| {})),
        }
    }
}

/// The loop: reads a chunk, cuts frames, adds votes, writes a line for each.
fn count_by_hand(votes: &Path, sink: &Endpoint) -> io::Result<()> {
    let mut source = File::open(votes)?;
    let mut sink: Box<dyn Write> = match sink {
        Endpoint::File(path) => Box::new(File::create(path)?),
        _ => Box::new(io::sink()),
    };
    let mut totals: HashMap<u8, u64> = HashMap::new();
    let (mut input, mut output) = (vec![0; CHUNK], Vec::new());
    let mut filled = 0;
    loop {
        let read = source.read(&mut input[filled..])?;
        if read == 0 {
            return sink.flush();
        }
        filled += read;
        let mut rest = &input[..filled];
        while let Some((header, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*header) as usize;
            let Some((payload, after)) = after.split_at_checked(length) else { break };
            let [letter, votes @ ..] = *<&[u8; 5]>::try_from(payload).unwrap();
            let total = totals.entry(letter).or_default();
            *total = total.checked_add(u32::from_be_bytes(votes).into()).unwrap();
            output.push(letter);
            writeln!(output, " => {total}")?;
            rest = after;
        }
        let left = rest.len();
        input.copy_within(filled - left..filled, 0);
        filled = left;
        sink.write_all(&output)?;
        output.clear();
    }
}

/// The engine, with telemetry. `meanwhile` is called again and again until all is counted.
fn count_with_engine(
    workers: NonZeroUsize,
    votes: &Path,
    sink: &Endpoint,
    mut meanwhile: impl FnMut(u64),
) -> Session {
    let topology = Arc::new(alphabet::topology(alphabet::Encoding::Text).unwrap());
    let settings = Settings {
        workers,
        sources: vec![Endpoint::File(votes.to_owned())],
        sinks: vec![vec![sink.clone()]],
        ..Settings::new(&topology)
    };
    let mut session = Session::start(topology, &settings, None).unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    while session.engine().outcome().is_none() {
        let tick = Duration::from_millis(50);
        let _ =
            waiting.block_on(async { tokio::time::timeout(tick, session.engine().ended()).await });
        session.refresh(&PartitionView::default());
        meanwhile(session.summary().messages_in);
    }
    session.engine().outcome().unwrap().unwrap();
    session
}

/// The votes in a file, and where the outputs go.
struct Material {
    directory: TempDir,
    votes: PathBuf,
}

impl Material {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let votes = directory.path().join("votes");
        fs::write(&votes, frames(VOTES)).unwrap();
        Self { directory, votes }
    }

    fn sinks(&self) -> [(&'static str, Endpoint); 2] {
        let written = Endpoint::File(self.directory.path().join("totals"));
        [("file to null", Endpoint::Null), ("file to file", written)]
    }
}

/// Random votes, framed: the same every time.
fn frames(votes: u64) -> Vec<u8> {
    let topology = alphabet::topology(alphabet::Encoding::Text).unwrap();
    let generate = topology.pipelines()[0].source.generate.clone().unwrap();
    let mut generator = Generator::new(1, 0.0);
    let mut frames = Vec::new();
    for _ in 0..votes {
        let payload = generate(&mut generator);
        frames.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        frames.extend(payload);
    }
    frames
}

fn measure_each(criterion: &mut Criterion, material: &Material) {
    for (name, sink) in material.sinks() {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(VOTES)).sample_size(10);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(4));
        for contestant in Contestant::ALL {
            group.bench_function(BenchmarkId::from_parameter(contestant.name()), |bencher| {
                bencher.iter(|| contestant.count(&material.votes, &sink));
            });
        }
        group.finish();
    }
}

/// Lets all take turns and prints the ratios of each round's throughputs: the median, and the range.
fn print_ratios(material: &Material) {
    println!(
        "\nThroughput of the engine as a part of the loop's, {ROUNDS} rounds of {VOTES} votes:\n"
    );
    println!("{:<14} {:<20} {:>12} {:>7}   range", "", "", "M votes/s", "ratio");
    for (name, sink) in material.sinks() {
        let seconds = |contestant: &Contestant| {
            let start = Instant::now();
            contestant.count(&material.votes, &sink);
            start.elapsed().as_secs_f64()
        };
        let rounds: Vec<[f64; 3]> =
            (0..ROUNDS).map(|_| Contestant::ALL.each_ref().map(seconds)).collect();
        for (at, contestant) in Contestant::ALL.iter().enumerate() {
            let speeds = sorted(rounds.iter().map(|round| VOTES as f64 / round[at] / 1e6));
            let ratios = sorted(rounds.iter().map(|round| round[0] / round[at]));
            println!(
                "{name:<14} {:<20} {:>12.1} {:>7.2}   {:.2} to {:.2}",
                contestant.name(),
                speeds[ROUNDS / 2],
                ratios[ROUNDS / 2],
                ratios[0],
                ratios[ROUNDS - 1],
            );
        }
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Prints this process's memory at the beginning, in the middle and at the end of a long run.
fn print_memory(material: &Material) {
    let votes = material.directory.path().join("many votes");
    let once = fs::read(&material.votes).unwrap();
    let mut many = File::create(&votes).unwrap();
    (0..LONG).for_each(|_| many.write_all(&once).unwrap());
    drop(once);

    let mut seen: Vec<(u64, u64)> = Vec::new();
    let workers = NonZeroUsize::new(2).unwrap();
    let note = |count| seen.push((count, resident_kib()));
    drop(count_with_engine(workers, &votes, &Endpoint::Null, note));
    println!("\nResident memory while two workers count {} votes:\n", LONG * VOTES);
    for (moment, at) in [("beginning", 0), ("middle", seen.len() / 2), ("end", seen.len() - 1)] {
        let (count, kib) = seen[at];
        println!("{moment:<10} {count:>10} votes counted {kib:>8} KiB");
    }
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn main() {
    let material = Material::new();
    let mut criterion = Criterion::default().configure_from_args();
    measure_each(&mut criterion, &material);
    criterion.final_summary();
    // `cargo test --benches` asks only whether it works, a profiler only for one contestant.
    let only = ["--test", "--list", "--profile-time"];
    if !std::env::args().any(|argument| only.contains(&argument.as_str())) {
        print_ratios(&material);
        print_memory(&material);
    }
}
