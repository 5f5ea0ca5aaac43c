//! What breakpoints cost that never hold: none, one for a key that does not come, and one about a field of every message. With
//! a computation that takes no time, and with one of 10 us a message.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a benchmark that fails may panic, prints, and need not be exact"
)]

#[path = "resilience/spread.rs"]
#[allow(dead_code, reason = "the median alone is not printed")]
mod spread;

use std::fs;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use spread::Spread;
use wallaroo::endpoints::Endpoint;
use wallaroo::runtime::Settings;
use wallaroo::session::Session;
use wallaroo::session::orders::{BreakpointOrder, Order};
use wallaroo::telemetry::PartitionView;
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

/// How often runs with and without take their turns.
const ROUNDS: usize = 5;

/// How many keys there are.
const KEYS: u64 = 26;

#[derive(Clone, Serialize, Deserialize)]
struct Count {
    count: u64,
}

/// Counts payloads, each for so long.
fn counter(each: Duration) -> Arc<Topology> {
    let count = move |_: Key, count: &mut Count| {
        let start = Instant::now();
        while !each.is_zero() && start.elapsed() < each {
            black_box(());
        }
        count.count += 1;
        (Some(count.count), true)
    };
    let decode = |payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)));
    let topology = Application::new("counter")
        .pipeline("words", Source::new(decode))
        .to_state_partition(count, |_: &Key| Count { count: 0 }, "counts", Key::clone)
        .to_sink(Sink::new(|count: &u64, output: &mut Vec<u8>| {
            output.extend_from_slice(&count.to_be_bytes());
        }))
        .build();
    Arc::new(topology.unwrap())
}

/// How many messages a second a run has, with this breakpoint.
fn speed(
    input: &Path,
    messages: u64,
    each: Duration,
    workers: usize,
    condition: Option<&str>,
) -> f64 {
    let topology = counter(each);
    let settings = Settings {
        sources: vec![Endpoint::File(input.to_owned())],
        sinks: vec![vec![Endpoint::Null]],
        workers: NonZeroUsize::new(workers).unwrap(),
        paused: true,
        ..Settings::new(&topology)
    };
    let mut session = Session::start(topology, &settings, None).unwrap();
    if let Some(condition) = condition {
        let set = BreakpointOrder::Set(condition.to_owned());
        assert_eq!(session.obey(Order::Breakpoint(set)).unwrap(), None);
    }
    let start = Instant::now();
    session.engine().resume();
    while session.engine().outcome().is_none() {
        session.refresh(&PartitionView::default());
        sleep(Duration::from_millis(1));
    }
    let took = start.elapsed();
    assert_eq!(session.summary().messages_in, messages);
    messages as f64 / took.as_secs_f64()
}

/// Prints speeds with a breakpoint as a part of those without, with so many messages.
fn print(name: &str, condition: &str, messages: u64, each: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    let frame = |number: u64| [&[0, 0, 0, 8], &(number % KEYS).to_be_bytes()[..]].concat();
    fs::write(&input, (0..messages).flat_map(frame).collect::<Vec<_>>()).unwrap();
    for workers in [1, 2] {
        let ratios = (0..ROUNDS).map(|_| {
            let without = speed(&input, messages, each, workers, None);
            speed(&input, messages, each, workers, Some(condition)) / without
        });
        println!("{name:<24} {each:>6.0?} {workers:>7}   {}", Spread::of(ratios));
    }
}

fn main() {
    // `cargo test --benches` asks only whether it can be built.
    if std::env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    println!("breakpoint               a message workers   speed, of that without (range)");
    let free = Duration::ZERO;
    print("on a key", "key == \"none\" && state.count > 1", 20_000_000, free);
    print("on a field", "state.count > 1000000000000", 500_000, free);
    let some = Duration::from_micros(10);
    print("on a key", "key == \"none\" && state.count > 1", 300_000, some);
    print("on a field", "state.count > 1000000000000", 300_000, some);
}
