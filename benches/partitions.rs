//! What many partitions cost: making them, and looking at them while messages come.
//!
//! Keys of 8 bytes, each with a state `{word: Key, count: u64}`. The tables: how long messages wait while ten million
//! partitions come into being (`growth`); whether a front end that looks at two million holds up the work (`latency`);
//! and what a new partition costs (`times`). Arguments choose among them: `cargo bench --bench partitions -- growth`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails may panic")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the figures have few digits"
)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use wallaroo::core::numbers::PipelineIndex;
#[cfg(feature = "workbench")]
use wallaroo::core::partitions::query::RowFilter;
use wallaroo::core::partitions::query::{RowQuery, SortBy};
use wallaroo::endpoints::Endpoint;
#[cfg(feature = "workbench")]
use wallaroo::expression::{Expression, PartitionCondition, Rows};
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::telemetry::PartitionView;
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// How many keys there are.
const KEYS: u64 = 2_000_000;

/// How many partitions come into being while the longest wait is looked for.
const GROWTH: u64 = 10_000_000;

/// How often each way to make partitions takes its turn.
const ROUNDS: usize = 5;

/// For how long a front end looks while messages come one at a time.
const LOOK: Duration = Duration::from_secs(5);

/// How often a message comes meanwhile.
const MESSAGE_EVERY: Duration = Duration::from_micros(500);

/// How many rows a front end shows.
const SHOWN: usize = 30;

/// How often a key was sent.
#[derive(Clone, Serialize, Deserialize)]
struct Count {
    word: Key,
    count: u64,
}

/// Counts payloads. `encode` is called for every output.
fn counter(keys: Vec<Key>, encode: impl Fn() + Send + Sync + 'static) -> Arc<Topology> {
    let count = |_: Key, count: &mut Count| {
        count.count += 1;
        (Some(count.count), true)
    };
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)));
    let topology = Application::new("counter")
        .pipeline("words", Source::new(decode))
        .to_state_partition_with_keys(
            count,
            |word: &Key| Count { word: word.clone(), count: 0 },
            "counts",
            |word: &Key| word.clone(),
            keys,
        )
        .to_sink(Sink::new(move |_: &u64, _: &mut Vec<u8>| encode()))
        .build();
    Arc::new(topology.unwrap())
}

/// The bytes of a key: its number, so multiplied that keys come in no order.
fn key(number: u64) -> [u8; 8] {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
}

fn frames(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    numbers.flat_map(|number| [&[0, 0, 0, 8], &key(number)[..]].concat()).collect()
}

/// Starts an engine that reads a file, or else what is injected.
fn start(
    topology: &Arc<Topology>,
    workers: usize,
    file: Option<&Path>,
    precreate: bool,
) -> Session {
    let source = file.map_or(Endpoint::Null, |path| Endpoint::File(path.to_owned()));
    let settings = Settings {
        workers: NonZeroUsize::new(workers).unwrap(),
        precreate,
        sources: vec![source],
        injectable: file.is_none(),
        ..Settings::new(topology)
    };
    Session::start(Arc::clone(topology), &settings, None).unwrap()
}

/// How long the engine takes for the messages of a file, without its start.
fn seconds(topology: &Arc<Topology>, workers: usize, file: &Path, precreate: bool) -> f64 {
    let session = start(topology, workers, Some(file), precreate);
    let begin = Instant::now();
    let waiting = tokio::runtime::Builder::new_current_thread().build().unwrap();
    waiting.block_on(session.engine().ended());
    session.engine().outcome().unwrap().unwrap();
    begin.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap()
}

/// Prints the time of a message whose partition is new, of one whose partition was declared, and of
/// one whose partition a message has made before.
fn print_times(once: &Path, twice: &Path) {
    let new = counter(Vec::new(), || {});
    let declared = counter((0..KEYS).map(|number| Key::from(key(number))).collect(), || {});
    println!("\nNanoseconds a message, {KEYS} keys of 8 bytes, medians of {ROUNDS} rounds:\n");
    println!("workers     new  declared  second pass   new - declared  new / declared");
    for workers in [1, 2] {
        let nanoseconds = |seconds: f64| seconds * 1e9 / KEYS as f64;
        let (mut fresh, mut precreated, mut again) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let first = nanoseconds(seconds(&new, workers, once, false));
            fresh.push(first);
            again.push(nanoseconds(seconds(&new, workers, twice, false)) - first);
            precreated.push(nanoseconds(seconds(&declared, workers, once, true)));
        }
        let (fresh, precreated, again) = (median(fresh), median(precreated), median(again));
        println!(
            "{workers:>7} {fresh:>7.0} {precreated:>9.0} {again:>12.0} {:>16.0} {:>15.2}",
            fresh - precreated,
            fresh / precreated,
        );
    }
}

/// Prints what a partition adds to this process's memory, and how long messages wait while the tables grow.
/// To be called first, while no memory has been given back.
fn print_growth() {
    let batch = 200;
    println!("\n{GROWTH} new partitions, {batch} messages at a time, and how long these wait:\n");
    for workers in [1, 2] {
        let (encoded, times) = channel();
        let topology = counter(Vec::new(), move || encoded.send(Instant::now()).unwrap());
        let session = start(&topology, workers, None, false);
        let before = resident_kib();
        let waits = (0..GROWTH / batch).map(|at| {
            let frames = frames(at * batch..(at + 1) * batch);
            let begin = Instant::now();
            session.engine().inject(PipelineIndex(0), frames.into()).unwrap();
            let last = (0..batch).map(|_| times.recv().unwrap()).max().unwrap();
            last - begin
        });
        println!("{workers} workers: {}", Percentiles::of(waits.collect()));
        // What the first engine has given back, the second one uses again.
        if workers == 1 {
            println!("memory a partition: {} bytes", (resident_kib() - before) * 1024 / GROWTH);
        }
    }
}

/// Prints the latency of single messages while a front end looks at the partitions in several ways.
fn print_latency() {
    let (encoded, times) = channel();
    let topology = counter(Vec::new(), move || encoded.send(Instant::now()).unwrap());
    let mut session = start(&topology, 2, None, false);
    session.engine().inject(PipelineIndex(0), frames(0..KEYS).into()).unwrap();
    assert_eq!(times.iter().take(KEYS as usize).count() as u64, KEYS);

    println!(
        "\nLatency of single messages with {KEYS} partitions, 2 workers, by what is looked at:\n"
    );
    let by = |sort: SortBy| RowQuery { sort, limit: SHOWN, ..RowQuery::default() };
    let count = || SortBy::Field("count".to_owned());
    let last = usize::try_from(KEYS).unwrap() - SHOWN;
    let looks = [
        ("nothing", None),
        ("by key", Some(by(SortBy::Key))),
        ("by a field", Some(RowQuery { descending: true, ..by(count()) })),
        ("the last", Some(RowQuery { offset: last, ..by(SortBy::Key) })),
        ("keys with 7f", Some(RowQuery { filter: "\\x7f".into(), ..by(count()) })),
        #[cfg(feature = "workbench")]
        (
            "a condition",
            Some(RowQuery { filter: condition("state.count > 1 && messages < 9"), ..by(count()) }),
        ),
        #[cfg(feature = "workbench")]
        (
            "one on rates",
            Some(RowQuery { filter: condition("rate > 0.5 || key == 'a'"), ..by(count()) }),
        ),
    ];
    for (name, query) in looks {
        let view = query.map(|query| PartitionView { state: 0, query, opened: None });
        let (latency, answer, answers) = look(&mut session, view.as_ref(), &times);
        println!("{name:<14} {latency}   first answer {answer:>8.1?}, {answers} in {LOOK:?}");
    }
}

/// A condition that the workers judge.
#[cfg(feature = "workbench")]
fn condition(text: &str) -> RowFilter {
    let expression = Arc::new(Expression::compile(text, Rows::Partitions).unwrap());
    RowFilter::Condition(Arc::new(PartitionCondition::new(expression)))
}

/// Looks, and sends messages one at a time meanwhile: their latency, how long the first answer took,
/// and how many there were.
fn look(
    session: &mut Session,
    view: Option<&PartitionView>,
    times: &Receiver<Instant>,
) -> (Percentiles, Duration, usize) {
    let begin = Instant::now();
    let (mut latencies, mut first, mut answers) = (Vec::new(), Duration::ZERO, 0);
    let mut shown = session.snapshot().partitions;
    for number in (0..KEYS).cycle() {
        let sent = Instant::now();
        session
            .engine()
            .inject(PipelineIndex(0), Bytes::from(frames(std::iter::once(number))))
            .unwrap();
        if let Some(view) = view {
            session.refresh(view);
            let now = session.snapshot().partitions;
            if now.view == *view && now.asked != shown.asked {
                answers += 1;
                first = if answers == 1 { begin.elapsed() } else { first };
                shown = now;
            }
        }
        latencies.push(times.recv().unwrap() - sent);
        if begin.elapsed() > LOOK {
            break;
        }
        std::thread::sleep(MESSAGE_EVERY);
    }
    (Percentiles::of(latencies), first, answers)
}

/// Durations, sorted.
struct Percentiles(Vec<Duration>);

impl Percentiles {
    fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    fn at(&self, part: f64) -> Duration {
        let at = (self.0.len() as f64 * part) as usize;
        self.0.get(at.min(self.0.len() - 1)).copied().unwrap()
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = |part| self.at(part).as_secs_f64() * 1e6;
        let [median, high, higher, max] = [0.5, 0.99, 0.999, 1.0].map(micros);
        write!(
            formatter,
            "p50 {median:>6.0} us  p99 {high:>6.0} us  p99.9 {higher:>6.0} us  max {max:>7.0} us"
        )
    }
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn main() {
    // `cargo test --benches` asks only whether it can be built.
    if std::env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let wanted = |table: &str| {
        let mut chosen =
            std::env::args().skip(1).filter(|argument| argument != "--bench").peekable();
        chosen.peek().is_none() || chosen.any(|argument| argument == table)
    };
    if wanted("growth") {
        print_growth();
    }
    if wanted("latency") {
        print_latency();
    }
    if !wanted("times") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, times: u64| -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, frames((0..times).flat_map(|_| 0..KEYS))).unwrap();
        path
    };
    print_times(&file("once", 1), &file("twice", 2));
}
