//! Runs messages as a test does, and compares what comes of them with what was seen.

use super::error::ExactError;
use super::gathered::Gathered;
use super::wanted::{Exact, Of};
use crate::core::partitions::query::PartitionRow;
use crate::core::replay::shrink::Message;
use crate::core::replay::smallest::base::BasePartition;
use crate::core::replay::smallest::lived::{as_in_test, decoded_in, in_test, outputs_of};
use crate::core::replay::test_text::{Expected, Seen, TestMessage, TestPartition};
use crate::core::test_driver::{RestoreError, TestDriver};
use crate::core::topology::Topology;

/// Runs these messages with these partitions. `None` if something else comes of them than was seen.
pub(super) fn rehearse(
    topology: &Topology,
    gathered: &Gathered,
    (of, messages, base): (&Of, &[&Message], &[&BasePartition]),
) -> Result<Option<Exact>, ExactError> {
    let base = base.iter().map(|saved| as_in_test(topology, saved));
    let base = base.collect::<Result<Vec<TestPartition>, RestoreError>>()?;
    let mut driver = TestDriver::new(topology);
    for TestPartition { state, key, value, poisoned } in &base {
        driver.restore(state, key.clone(), value)?;
        if *poisoned {
            driver.poison(state, key.clone())?;
        }
    }
    let (mut in_test_of, mut letters_before) = (Vec::new(), 0);
    for message in messages {
        letters_before = driver.dead_letters().len();
        let Some(made) = run(topology, &mut driver, message) else { return Ok(None) };
        in_test_of.push(made);
    }
    let partitions: Option<Vec<TestPartition>> =
        gathered.rows.iter().map(|row| same_in(&driver, row)).collect();
    let letters = driver.dead_letters().iter();
    let dead_letters: Vec<(String, String)> =
        letters.map(|letter| (letter.step.to_string(), letter.reason.clone())).collect();
    let of_last = dead_letters.get(letters_before..).unwrap_or_default();
    let is_same = !matches!(of, Of::Message(..)) || of_last == gathered.letters;
    let Some(partitions) = partitions.filter(|_| is_same) else { return Ok(None) };
    let expected = match of {
        Of::Moment => Expected::AsSeen,
        _ if partitions.iter().any(|partition| partition.poisoned) => Expected::Otherwise,
        _ if !gathered.letters.is_empty() => Expected::Otherwise,
        _ => Expected::AsSeen,
    };
    let outputs = topology.pipelines().iter();
    let outputs = outputs.flat_map(|plan| outputs_of(topology, &driver, &plan.name)).collect();
    let whole_states = match of {
        Of::Moment => topology.states().iter().map(|plan| plan.name.to_string()).collect(),
        Of::Partition(_) | Of::Message(..) => Vec::new(),
    };
    let last = gathered.last;
    let seen = Seen { outputs, partitions, whole_states, dead_letters };
    Ok(Some(Exact { base, messages: in_test_of, last, seen, expected }))
}

/// Runs a message. `None` if it has no frame.
fn run(topology: &Topology, driver: &mut TestDriver, message: &Message) -> Option<TestMessage> {
    let plan = topology.pipelines().get(message.pipeline.0)?;
    let from = driver.traces().len();
    driver.push_message(&plan.name, &message.payload).ok()?;
    driver.run();
    Some(TestMessage {
        pipeline: plan.name.to_string(),
        payload: message.payload.to_vec(),
        decoded: driver.traces().get(from).and_then(|trace| decoded_in(trace)),
    })
}

/// A partition as it is in the test, if it is as it was seen.
fn same_in(driver: &TestDriver, seen: &PartitionRow) -> Option<TestPartition> {
    let row = driver.partition(&seen.state, seen.key.clone())?;
    let is_same = row.value == seen.value && row.poisoned == seen.poisoned;
    is_same.then(|| in_test(row))
}
