//! What it costs that nothing is lost.
//!
//! An application that counts keys of 8 bytes runs with a resilience directory and without, in turns,
//! so that a busy machine slows down both. The tables: throughput with it as a part of the throughput
//! without; how long checkpoints hold up the work, and how large the directory becomes; the latency of
//! single messages; and how long recovery takes. Arguments choose tables by their names, and what
//! is measured in them: `cargo bench --bench resilience -- throughput tcp`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails may panic")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the figures have few digits"
)]

use std::fmt;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use wallaroo::core::event::EngineEvent;
use wallaroo::core::numbers::{PipelineIndex, WorkerIndex};
use wallaroo::core::observer::Observer;
use wallaroo::core::steps::context::Report;
use wallaroo::endpoints::Endpoint;
use wallaroo::resilience::{Durability, ResilienceSettings};
use wallaroo::runtime::{Engine, Settings};
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// Few partitions and many: of the many, all change between two checkpoints.
const KEYS: [u64; 2] = [26, 1_000_000];

/// How often with and without take their turns.
const ROUNDS: usize = 5;

/// How many single messages are timed.
const SINGLE: usize = 2_000;

/// How often a single message is sent.
const MESSAGE_EVERY: Duration = Duration::from_micros(500);

/// How often a key was sent, and what its bytes are as a number.
#[derive(Clone, Serialize, Deserialize)]
struct Count {
    number: u64,
    count: u64,
}

/// Counts payloads. `encode` is called for every output.
fn counter(encode: impl Fn() + Send + Sync + 'static) -> Arc<Topology> {
    let count = |_: Key, count: &mut Count| {
        count.count += 1;
        (Some(count.count), true)
    };
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)));
    let topology = Application::new("counter")
        .pipeline("words", Source::new(decode))
        .to_state_partition(
            count,
            |word: &Key| {
                let number = word.as_bytes().try_into().map_or(0, u64::from_be_bytes);
                Count { number, count: 0 }
            },
            "counts",
            |word: &Key| word.clone(),
        )
        .to_sink(Sink::new(move |count: &u64, output: &mut Vec<u8>| {
            encode();
            output.extend_from_slice(&count.to_be_bytes());
        }))
        .build();
    Arc::new(topology.unwrap())
}

/// Frames of so many keys, each once. A key is its number, so multiplied that keys come in no order.
fn frames(keys: u64) -> Vec<u8> {
    let key = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    (0..keys).flat_map(|number| [&[0, 0, 0, 8], &key(number)[..]].concat()).collect()
}

/// Knows how many messages have been processed, and what has happened.
#[derive(Default)]
struct Watcher {
    processed: AtomicU64,
    events: Mutex<Vec<EngineEvent>>,
}

impl Observer for Watcher {
    fn processed(&self, _: PipelineIndex, _: WorkerIndex, report: &mut Report) {
        self.processed.fetch_add(report.stateful, Ordering::Relaxed);
    }

    fn event(&self, event: EngineEvent) {
        self.events.lock().unwrap().push(event);
    }
}

impl Watcher {
    /// Waits until an event gives something.
    fn wait_for<T>(&self, found: impl Fn(&EngineEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.events.lock().unwrap().iter().find_map(&found) {
                return found;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait_for_messages(&self, messages: u64) {
        while self.processed.load(Ordering::Relaxed) < messages {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Where messages come from.
#[derive(Clone, Copy, PartialEq)]
enum From {
    File,
    Tcp,
}

impl From {
    fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Tcp => "tcp",
        }
    }
}

/// What is counted: all keys, again and again.
struct Load {
    from: From,
    keys: u64,
    messages: u64,
    /// Some of the messages, to be sent again and again.
    block: Vec<u8>,
    file: PathBuf,
    _directory: TempDir,
}

impl Load {
    fn new(from: From, keys: u64) -> Self {
        // So many that several checkpoints are made meanwhile.
        let blocks = if keys < 1000 { 60 } else { 15 };
        let block = frames(keys).repeat((1_000_000 / keys) as usize);
        let messages = blocks * (block.len() / 12) as u64;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("words");
        if from == From::File {
            let mut file = fs::File::create(&file).unwrap();
            (0..blocks).for_each(|_| file.write_all(&block).unwrap());
        }
        Self { from, keys, messages, block, file, _directory: directory }
    }

    fn name(&self) -> String {
        format!("{}, {} partitions", self.from.name(), self.keys)
    }

    /// Counts all messages.
    fn run(&self, workers: usize, resilience: Option<ResilienceSettings>) -> Run {
        let source = match self.from {
            From::File => Endpoint::File(self.file.clone()),
            From::Tcp => Endpoint::Tcp("127.0.0.1:0".to_owned()),
        };
        let topology = counter(|| {});
        let settings = settings(&topology, workers, source, resilience);
        let watcher = Arc::new(Watcher::default());
        let engine = Engine::start(topology, &settings, Arc::clone(&watcher) as _).unwrap();
        let begin = Instant::now();
        if self.from == From::Tcp {
            self.send(&watcher);
        }
        watcher.wait_for_messages(self.messages);
        let took = begin.elapsed();
        engine.stop();
        engine.wait().unwrap();
        let checkpoints = checkpoints(&watcher);
        Run { took, checkpoints }
    }

    /// Sends as fast as it is taken.
    fn send(&self, watcher: &Watcher) {
        let address = watcher.wait_for(|event| match event {
            EngineEvent::Listening(_, address) => Some(address.clone()),
            _ => None,
        });
        let mut stream = TcpStream::connect(address).unwrap();
        for _ in 0..self.messages / (self.block.len() / 12) as u64 {
            stream.write_all(&self.block).unwrap();
        }
    }
}

/// How long the messages of a load took, and what checkpoints were made.
struct Run {
    took: Duration,
    checkpoints: Vec<Checkpoint>,
}

/// What a checkpoint took.
#[derive(Clone, Copy)]
struct Checkpoint {
    partitions: usize,
    held: Duration,
    took: Duration,
}

fn checkpoints(watcher: &Watcher) -> Vec<Checkpoint> {
    let events = watcher.events.lock().unwrap();
    let checkpoint = |event: &EngineEvent| match event {
        EngineEvent::Checkpointed { partitions, held, took, .. } => {
            Some(Checkpoint { partitions: *partitions, held: *held, took: *took })
        }
        _ => None,
    };
    events.iter().filter_map(checkpoint).collect()
}

fn settings(
    topology: &Topology,
    workers: usize,
    source: Endpoint,
    resilience: Option<ResilienceSettings>,
) -> Settings {
    Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        sources: vec![source],
        resilience,
        ..Settings::new(topology)
    }
}

fn resilience(directory: &Path, durability: Durability) -> ResilienceSettings {
    ResilienceSettings { durability, ..ResilienceSettings::new(directory.to_owned()) }
}

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
            let settings = self::settings(&topology, workers, Endpoint::Null, Some(settings()));
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

/// Prints the latency of single messages from their sending to their encoding.
fn print_latency(from: From) {
    println!("\nLatency of single messages, {}, {SINGLE} messages:\n", from.name());
    for round in 0..2 {
        for durability in [None, Some(Durability::Process), Some(Durability::Power)] {
            let (encoded, times) = channel();
            let latencies = single_messages(from, durability, encoded, &times);
            let micros = |part: f64| latencies.at(part) * 1e6;
            let [median, high, max] = [0.5, 0.99, 1.0].map(micros);
            let name = durability.map_or("without".to_owned(), |kind| format!("{kind:?}"));
            println!(
                "round {round} {name:<10} p50 {median:>6.0} us  p99 {high:>6.0} us  max {max:>7.0} us"
            );
        }
    }
}

fn single_messages(
    from: From,
    durability: Option<Durability>,
    encoded: Sender<Instant>,
    times: &Receiver<Instant>,
) -> Spread {
    let directory = tempfile::tempdir().unwrap();
    let topology = counter(move || encoded.send(Instant::now()).unwrap());
    let source = match from {
        // By hand.
        From::File => Endpoint::Null,
        From::Tcp => Endpoint::Tcp("127.0.0.1:0".to_owned()),
    };
    let resilience = durability.map(|durability| resilience(directory.path(), durability));
    let mut settings = settings(&topology, 1, source, resilience);
    settings.injectable = from == From::File;
    let watcher = Arc::new(Watcher::default());
    let engine = Engine::start(topology, &settings, Arc::clone(&watcher) as _).unwrap();
    let mut stream = (from == From::Tcp).then(|| {
        let address = watcher.wait_for(|event| match event {
            EngineEvent::Listening(_, address) => Some(address.clone()),
            _ => None,
        });
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    });
    let message = frames(1);
    let latencies = (0..SINGLE).map(|_| {
        thread::sleep(MESSAGE_EVERY);
        let sent = Instant::now();
        match &mut stream {
            Some(stream) => stream.write_all(&message).unwrap(),
            None => engine.inject(PipelineIndex(0), message.clone().into()).unwrap(),
        }
        (times.recv().unwrap() - sent).as_secs_f64()
    });
    let latencies = Spread::of(latencies);
    drop(stream);
    engine.stop();
    engine.wait().unwrap();
    latencies
}

/// Numbers, sorted.
struct Spread(Vec<f64>);

impl Spread {
    fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    fn at(&self, part: f64) -> f64 {
        let at = (self.0.len() as f64 * part) as usize;
        self.0.get(at.min(self.0.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    fn median(&self) -> f64 {
        self.at(0.5)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = formatter.precision().unwrap_or(2);
        let [median, least, most] = [0.5, 0.0, 1.0].map(|part| self.at(part));
        write!(formatter, "{median:.digits$} ({least:.digits$} to {most:.digits$})")
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
    let tables = ["throughput", "latency", "recovery"];
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
    if wanted("latency", &tables) {
        sources.iter().filter(|source| from(source)).for_each(|source| print_latency(*source));
    }
    if wanted("recovery", &tables) {
        print_recovery();
    }
}
