//! The dataflow of several processes: what comes of messages is what comes of them on one thread, and nothing is held any
//! more when they are done.

mod cluster;
mod letters;
mod pressure;
pub mod seen;
mod traces;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use cluster::share;
use cluster::{Cluster, lines, settings};

use crate::application::{Key, Out, Reason, Sink, Source};
use crate::core::test_driver::TestDriver;
use crate::core::topology::{Application, Pipeline, Topology};

/// How many processes, and workers of each.
const SHAPES: [(usize, usize); 4] = [(2, 1), (2, 2), (3, 1), (3, 2)];

/// A key and a text.
type Word = (u8, String);

/// A frame is a byte with the key, and a text.
#[expect(clippy::unnecessary_wraps, reason = "a decoder may refuse a frame")]
fn words(payload: &[u8]) -> Result<Option<Word>, Reason> {
    Ok(payload.split_first().map(|(key, text)| (*key, String::from_utf8_lossy(text).into_owned())))
}

/// Appends a text to what the key has. It goes on to the next key, with the length of what is there.
fn append((key, text): Word, all: &mut String) -> (Option<Word>, bool) {
    all.push_str(&text);
    // The order of all that came before is in the sum of its bytes, each times its place.
    let order = all.bytes().zip(1_u64..).map(|(byte, place)| u64::from(byte) * place).sum::<u64>();
    (Some((key.wrapping_add(1), format!("{}.{order};", all.len()))), true)
}

fn empty(_: &Key) -> String {
    String::new()
}

fn key((key, _): &Word) -> u8 {
    *key
}

fn line((key, text): &Word, out: &mut Out<'_>) {
    out.decimal(u64::from(*key));
    out.bytes(b" ");
    out.bytes(text.as_bytes());
    out.byte(b'\n');
}

fn topology(rest: impl FnOnce(Pipeline<Word>) -> Application) -> Arc<Topology> {
    let application = rest(Application::new("x").pipeline("p", Source::new(words)));
    Arc::new(application.build().unwrap())
}

/// Frames of these payloads.
fn frames(payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let frame = |payload: Vec<u8>| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        length.into_iter().chain(payload)
    };
    payloads.into_iter().flat_map(frame).collect()
}

/// So many messages of many keys.
fn many(count: u32) -> Vec<u8> {
    let payload = |number: u32| {
        let key = u8::try_from(number.wrapping_mul(2_654_435_761) >> 25).unwrap();
        [vec![key], format!("{number},").into_bytes()].concat()
    };
    frames((0..count).map(payload))
}

/// The lines of each key, in their order.
fn by_key(lines: impl IntoIterator<Item = String>) -> BTreeMap<u8, Vec<String>> {
    let mut of_keys: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for line in lines {
        let (key, text) = line.split_once(' ').unwrap();
        of_keys.entry(key.parse().unwrap()).or_default().push(text.to_owned());
    }
    of_keys
}

/// The lines of each key that a driver's sink was given.
fn expected(driver: &TestDriver, sink: usize) -> BTreeMap<u8, Vec<String>> {
    let outputs = driver.outputs_of_sink("p", sink).unwrap();
    by_key(
        outputs.iter().map(|line| String::from_utf8(line.clone()).unwrap().trim_end().to_owned()),
    )
}

/// Runs messages on several processes, and checks that they end as on one thread: partitions, and the outputs of each sink
/// in order per key.
fn check(topology: &Arc<Topology>, bytes: &[u8]) {
    let mut driver = TestDriver::new(topology);
    driver.push("p", bytes).unwrap();
    driver.run();
    for (processes, workers) in SHAPES {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(topology, workers, folder.path());
        let mut cluster = Cluster::start(topology, &settings, processes);
        cluster.inject(0, bytes.to_vec());
        cluster.drain();
        let rows = cluster.partitions();
        let owners: std::collections::BTreeSet<_> = rows.iter().map(|row| row.worker).collect();
        assert_eq!(owners.len(), processes * workers, "all workers have something to do");
        for state in topology.states() {
            let got = rows.iter().filter(|row| row.state == *state.name);
            let got: Vec<_> = got.map(|row| (&row.key, row.messages, &row.value)).collect();
            let rows_there = driver.partitions(&state.name);
            let wanted: Vec<_> =
                rows_there.iter().map(|row| (&row.key, row.messages, &row.value)).collect();
            assert!(got == wanted, "{processes} processes with {workers} workers: {}", state.name);
        }
        let seen = cluster.finish();
        for (sink, _) in topology.pipelines()[0].sinks.iter().enumerate() {
            let written = by_key(lines(folder.path(), 0, sink));
            assert!(written == expected(&driver, sink), "{processes}, {workers}, sink {sink}");
        }
        let written: u64 = seen.iter().map(|seen| seen.written.load(Ordering::Relaxed)).sum();
        assert_eq!(written, seen[0].written.load(Ordering::Relaxed), "process 0 has the sinks");
        assert!(seen.iter().all(|seen| seen.letters.lock().is_empty()));
        let frames: Vec<_> = seen.iter().map(|seen| seen.frames.load(Ordering::Relaxed)).collect();
        assert_eq!(
            (frames[0], frames[1]),
            (driver.report().frames, 0),
            "process 0 takes all frames"
        );
    }
}

#[test]
fn messages_of_many_keys_end_as_on_one_thread() {
    let topology = topology(|pipeline| {
        pipeline.to_state_partition(append, empty, "first", key).to_sink(Sink::new(line))
    });
    check(&topology, &many(20_000));
}

#[test]
fn messages_that_go_from_host_to_host_and_back_end_as_on_one_thread() {
    let topology = topology(|pipeline| {
        pipeline
            .to_state_partition(append, empty, "first", key)
            .to_state_partition(append, empty, "second", key)
            .to(|(key, text): Word| Some((key, text.replace(';', "!"))))
            .to_state_partition(append, empty, "third", key)
            .to_sinks([Sink::new(line), Sink::new(line)])
    });
    check(&topology, &many(5_000));
}

#[test]
fn a_parallel_step_gives_each_message_once_and_a_pipeline_without_a_sink_counts_them() {
    let parallel = |(key, text): Word| Some((key, format!("<{text}>")));
    let count = |_: Word, count: &mut u64| {
        *count += 1;
        (None::<Word>, true)
    };
    let written = topology(|pipeline| pipeline.to_parallel(parallel).to_sink(Sink::new(line)));
    let ended = topology(|pipeline| {
        pipeline.to_parallel(parallel).to_state_partition(count, |_: &Key| 0, "counts", key).done()
    });
    let (bytes, all) = (many(20_000), 20_000);
    let mut driver = TestDriver::new(&written);
    driver.push("p", &bytes).unwrap();
    driver.run();
    let sorted = |mut lines: BTreeMap<u8, Vec<String>>| {
        for lines in lines.values_mut() {
            lines.sort();
        }
        lines
    };
    for (processes, workers) in SHAPES {
        let folder = tempfile::tempdir().unwrap();
        let settings = |topology| settings(topology, workers, folder.path());
        let cluster = Cluster::start(&written, &settings(&written), processes);
        cluster.inject(0, bytes.clone());
        cluster.finish();
        let lines = by_key(lines(folder.path(), 0, 0));
        assert!(sorted(lines) == sorted(expected(&driver, 0)), "{processes}, {workers}");

        let mut cluster = Cluster::start(&ended, &settings(&ended), processes);
        cluster.inject(0, bytes.clone());
        cluster.drain();
        let counted: u64 = cluster.partitions().iter().map(|row| row.messages).sum();
        let seen = cluster.finish();
        let ended: u64 = seen.iter().map(|seen| seen.ended.load(Ordering::Relaxed)).sum();
        assert_eq!((counted, ended), (all, all), "{processes}, {workers}");
    }
}
