//! Keys that a client chooses so that they collide cost no more than others.

use std::fs;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use wallaroo::core::numbers::{Timestamp, WorkerIndex};
use wallaroo::core::partitions::placement::Placement;
use wallaroo::core::partitions::query::Partitions;
use wallaroo::core::partitions::saved::Extent;
use wallaroo::core::partitions::table::PartitionTable;
use wallaroo::{Application, Key, Reason, Source, TestDriver};

/// How many keys there are: enough that comparing each with all others takes many times as long.
const KEYS: u64 = 10_000;

/// How much longer colliding keys may take.
const LIMIT: u32 = 2;

/// How often each is measured, in turn. The shortest time of each counts.
const ROUNDS: usize = 9;

/// How long this thread has computed. What else the machine does meanwhile does not count where the
/// system tells that.
fn computed() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    // The system counts up to now when the thread lets go.
    thread::yield_now();
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// With this at the end of a key of 16 bytes, one factor of foldhash's multiplication is zero, and so is
/// the hash of placement: `ARBITRARY7` of foldhash 0.2 (`src/lib.rs`), the seed that
/// `hash_bytes_short` combines with the last 8 bytes.
const ZERO_FACTOR: u64 = 0x3f84_d5b5_b547_0917;

fn keys(end: impl Fn(u64) -> u64) -> Vec<Key> {
    let key = |number: u64| {
        // Multiplied, so that ordinary keys are no worse spread than these.
        let start = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Key::from([start.to_ne_bytes(), end(number).to_ne_bytes()].concat())
    };
    (0..KEYS).map(key).collect()
}

fn colliding() -> Vec<Key> {
    keys(|_| ZERO_FACTOR)
}

fn ordinary() -> Vec<Key> {
    keys(|number| number)
}

/// Fails if the work takes much longer for colliding keys than for ordinary ones.
fn assert_costs_the_same(work: impl Fn(&[Key]) -> Duration) {
    let (colliding, ordinary) = (colliding(), ordinary());
    let (mut expected, mut found) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        expected = expected.min(work(&ordinary));
        found = found.min(work(&colliding));
    }
    println!("{found:?}, and {expected:?} with ordinary keys");
    assert!(found < expected * LIMIT, "{found:?}, and {expected:?} with ordinary keys");
}

#[test]
fn the_keys_of_these_tests_do_collide_where_placement_hashes_them() {
    let placement = Placement::new(1.try_into().unwrap());
    assert!(colliding().iter().all(|key| placement.hash(key) == 0));
    assert!(ordinary().iter().all(|key| placement.hash(key) != 0));
}

#[test]
fn colliding_keys_are_processed_as_fast_as_others() {
    let topology = Application::new("counter")
        .pipeline("keys", Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload)))))
        .to_state_partition(
            |_: Key, count: &mut u64| {
                *count += 1;
                (None::<u64>, true)
            },
            |_: &Key| 0,
            "counts",
            Key::clone,
        )
        .done()
        .build()
        .unwrap();
    assert_costs_the_same(|keys| {
        let frames: Vec<u8> = keys.iter().flat_map(|key| crate::frame(key.as_bytes())).collect();
        let mut driver = TestDriver::new(&topology);
        let start = computed();
        // Twice: created, and found.
        for _ in 0..2 {
            driver.push("keys", &frames).unwrap();
            driver.run();
        }
        let took = computed().saturating_sub(start);
        let rows = driver.partitions("counts");
        assert_eq!(rows.len(), keys.len());
        assert!(rows.iter().all(|row| row.value == 2));
        took
    });
}

#[test]
fn colliding_keys_come_back_from_a_checkpoint_as_fast_as_others() {
    assert_costs_the_same(|keys| {
        let mut table = PartitionTable::new(WorkerIndex(0));
        table.remember_changes();
        for (key, state) in keys.iter().zip(0_u64..) {
            let place = table.create(key.clone(), state, Timestamp(0), true);
            table.save(place);
        }
        table.begin_collecting(Extent::Asked);
        while table.collect(64) {}
        let saved = table.take_collected().saved;
        assert_eq!(saved.len(), keys.len());
        let mut restored = PartitionTable::<u64>::new(WorkerIndex(0));
        let start = computed();
        // Twice: made, and found, as those that are declared are.
        for partition in saved.iter().chain(&saved) {
            restored.restore(partition).unwrap();
        }
        let took = computed().saturating_sub(start);
        assert_eq!(restored.len(), keys.len());
        took
    });
}

#[test]
fn colliding_keys_are_declared_as_fast_as_others() {
    assert_costs_the_same(|keys| {
        let start = computed();
        let source = Source::new(|payload: &[u8]| Ok::<_, Reason>(Some(Key::from(payload))));
        let topology = Application::new("counter")
            .pipeline("keys", source)
            .to_state_partition_with_keys(
                |_: Key, _: &mut u64| (None::<u64>, true),
                |_: &Key| 0,
                "counts",
                Key::clone,
                keys.to_vec(),
            )
            .done()
            .build()
            .unwrap();
        let driver = TestDriver::with_declared_partitions(&topology);
        let took = computed().saturating_sub(start);
        assert_eq!(driver.partitions("counts").len(), keys.len());
        took
    });
}
