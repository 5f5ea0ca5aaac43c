//! A test of a partition has what the partition depends on, and is as the whole recording was.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wallaroo::core::replay::smallest::{Exact, ExactError, Of, Wanted, exact};
use wallaroo::core::replay::test_text::{Expected, TestPartition};
use wallaroo::{Key, TestDriver, Topology};

use crate::applications::{Bug, Failure, Item, KINDS, Kind};
use crate::recorded::{Sent, recording};
use crate::support::fragile::silence_panics_on_purpose;

/// An application that may fail, and messages for it.
fn random(seed: u64) -> (Kind, Bug, Vec<Sent>) {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let failures = [Failure::Panics, Failure::Refuses, Failure::WrongTotal];
    let failure = failures[random.random_range(0..failures.len())];
    let bug = Bug { pattern: vec![(1, 900)], failure };
    let pipelines = if kind == Kind::Shared { 2 } else { 1 };
    let message = |_| {
        let (key, of_kind) = (random.random_range(0..6), random.random_range(0..3));
        let item = Item { key, kind: of_kind, value: random.random_range(0..1000) };
        (random.random_range(0..pipelines), kind.payload(&item))
    };
    (kind, bug, (0..120).map(message).collect())
}

/// A partition as the test finds it.
fn lived(topology: &Topology, exact: &Exact, state: &str, key: &Key) -> (String, bool) {
    let mut driver = TestDriver::new(topology);
    for TestPartition { state, key, value, poisoned } in &exact.base {
        driver.restore(state, key.clone(), value).unwrap();
        if *poisoned {
            driver.poison(state, key.clone()).unwrap();
        }
    }
    for message in &exact.messages {
        driver.push_message(&message.pipeline, &message.payload).unwrap();
    }
    driver.run();
    let row = driver.partition(state, key.clone()).unwrap();
    (row.value.to_string(), row.poisoned)
}

#[test]
fn each_partition_is_in_its_test_as_it_was_whatever_was_left_out() {
    silence_panics_on_purpose();
    let (mut tests, mut left_out, mut with_base, mut red) = (0, 0, 0, 0);
    for seed in 0..60 {
        let (kind, bug, messages) = random(seed);
        let topology = Arc::new(kind.topology(&bug));
        let begin = if seed % 3 == 0 { 40 } else { 0 };
        let recorded = recording(&topology, &messages, begin);
        let until = 30 + seed % 60;
        // The truth: all messages until then, one after another.
        let mut driver = TestDriver::new(&topology);
        for (pipeline, payload) in messages.iter().take(begin + usize::try_from(until).unwrap()) {
            driver.push_message(&topology.pipelines()[*pipeline].name, payload).unwrap();
        }
        driver.run();
        let states = topology.states().iter().map(|plan| Arc::clone(&plan.name));
        for state in states {
            for row in driver.partitions(&state) {
                let of = Of::Partition((Arc::clone(&state), row.key.clone()));
                let wanted = Wanted { of, until, most: 200 };
                let exact = match exact(&topology, &recorded, &wanted, &()) {
                    Ok(exact) => exact,
                    // All that has been at it was before the recording began.
                    Err(ExactError::Untouched(key)) => {
                        assert_eq!((key, begin), (row.key, 40));
                        continue;
                    }
                    Err(error) => panic!("{seed} {state} {}: {error}", row.key),
                };
                let seen = (row.value.to_string(), row.poisoned);
                assert_eq!(lived(&topology, &exact, &state, &row.key), seen, "{seed} {state}");
                assert_eq!(exact.expected == Expected::Otherwise, row.poisoned);
                assert!(exact.messages.len() <= usize::try_from(until).unwrap());
                tests += 1;
                left_out += usize::from(exact.messages.len() * 2 < usize::try_from(until).unwrap());
                with_base += usize::from(!exact.base.is_empty());
                red += usize::from(row.poisoned);
            }
        }
    }
    assert!(tests > 200, "{tests} tests");
    assert!(left_out > tests / 2, "{left_out} of {tests} are of less than half of the messages");
    assert!(with_base > 10 && red > 3, "{with_base} begin with partitions, {red} are red");
}

#[test]
fn a_moment_is_all_of_it() {
    silence_panics_on_purpose();
    for seed in 0..20 {
        let (kind, bug, messages) = random(seed);
        let topology = Arc::new(kind.topology(&bug));
        let recorded = recording(&topology, &messages, 0);
        let wanted = |most| Wanted { of: Of::Moment, until: 50, most };
        let all = exact(&topology, &recorded, &wanted(50), &()).unwrap();
        assert_eq!((all.messages.len(), all.last), (50, 50));
        assert_eq!(all.seen.whole_states.len(), topology.states().len());
        let too_many = exact(&topology, &recorded, &wanted(49), &()).unwrap_err();
        assert_eq!(too_many, ExactError::TooMany { needed: 50, most: 49, is_sure: true });
    }
}
