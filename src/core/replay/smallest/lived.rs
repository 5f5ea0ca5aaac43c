//! What happens in a test with the smallest input, and that test.

use super::Smallest;
use super::base::BasePartition;
use super::probe::{ASK_EVERY, Prober};
use super::sought::{Sought, Watching};
use super::state_of::state_of;
use crate::application::Key;
use crate::core::frames::trace::{HopEvent, Trace};
use crate::core::partitions::query::PartitionRow;
use crate::core::replay::test_text::{
    Expected, Seen as SeenInTest, SeenOutputs, Test, TestMessage, TestPartition,
};
use crate::core::seen::StepSeen;
use crate::core::test_driver::{RestoreError, TestDriver};
use crate::core::topology::Topology;

/// What happens in a test with the smallest input.
#[derive(Debug, Clone)]
pub struct Lived {
    /// Each message as JSON, maybe cut; `None` if it could not be decoded.
    pub decoded: Vec<Option<String>>,
    /// The keys of the partitions that each message was sent to.
    pub keys: Vec<Vec<Key>>,
    /// Where it happens. `None` if it does not: JSON does not hold all of a state that is needed.
    pub step: Option<StepSeen>,
    /// The partitions that are needed, in the order of the input's.
    pub base: Vec<TestPartition>,
    /// What is seen at the end.
    pub seen: SeenInTest,
}

impl Lived {
    /// The test, which fails until the application is mended. `topology` is the expression that makes the application's
    /// topology; the others are for a comment.
    pub fn test(
        &self,
        input: &Smallest,
        application: &Topology,
        [title, name, topology]: [&str; 3],
    ) -> Test {
        let message = |(message, decoded): (&super::SmallestMessage, &Option<String>)| {
            let plan = application.pipelines().get(message.pipeline.0);
            TestMessage {
                pipeline: plan.map(|plan| plan.name.to_string()).unwrap_or_default(),
                payload: message.payload.to_vec(),
                decoded: decoded.clone(),
            }
        };
        Test {
            title: title.to_owned(),
            application: name.to_owned(),
            topology: topology.to_owned(),
            base: self.base.clone(),
            messages: input.messages.iter().zip(&self.decoded).map(message).collect(),
            seen: self.seen.clone(),
            expected: Expected::Otherwise,
        }
    }
}

/// Runs the smallest input as a test does. `None` if it was stopped before the end: the result may be large.
///
/// # Errors
///
/// A partition of the base cannot be given to a test as JSON.
pub fn lived(
    topology: &Topology,
    input: &Smallest,
    sought: &dyn Sought,
    watching: &dyn Watching,
) -> Result<Option<Lived>, RestoreError> {
    let base = input.base.iter().map(|saved| as_in_test(topology, saved));
    let base = base.collect::<Result<Vec<_>, _>>()?;
    let mut driver = TestDriver::new(topology);
    for TestPartition { state, key, value, poisoned } in &base {
        driver.restore(state, key.clone(), value)?;
        if *poisoned {
            driver.poison(state, key.clone())?;
        }
    }
    let prober = Prober { topology, base: &input.base, sought, watching };
    let (mut decoded, mut keys, mut step) = (Vec::new(), Vec::new(), None);
    for (at, message) in input.messages.iter().enumerate() {
        if at % ASK_EVERY == ASK_EVERY - 1 && !watching.goes_on() {
            return Ok(None);
        }
        let from = driver.traces().len();
        let happened = prober.next(&mut driver, (message.pipeline, &message.payload));
        let trace = driver.traces().get(from);
        decoded.push(trace.and_then(|trace| decoded_in(trace)));
        keys.push(trace.map(|trace| trace.keys_since(0).0).unwrap_or_default());
        step = step.or(happened);
    }
    let seen = seen_in_test(topology, &driver, step.as_ref(), sought);
    Ok(Some(Lived { decoded, keys, step, base, seen }))
}

pub(super) fn as_in_test(
    topology: &Topology,
    (state, saved): &BasePartition,
) -> Result<TestPartition, RestoreError> {
    let mut driver = TestDriver::new(topology);
    driver.restore_saved(state, saved)?;
    let row = driver.partition(state, saved.key.clone());
    row.map(in_test).ok_or_else(|| RestoreError::NoSuchPartition {
        state: state.to_string(),
        key: saved.key.clone(),
    })
}

pub(super) fn in_test(row: PartitionRow) -> TestPartition {
    let PartitionRow { state, key, value, poisoned, .. } = row;
    TestPartition { state, key, value: value.to_string(), poisoned }
}

pub(super) fn decoded_in(trace: &Trace) -> Option<String> {
    trace.hops().into_iter().find_map(|hop| match hop.event {
        HopEvent::Decoded(json) => Some(json),
        _ => None,
    })
}

/// All that went wrong; if that is nothing, what it is about: the outputs, or the partition where it happens.
fn seen_in_test(
    topology: &Topology,
    driver: &TestDriver,
    step: Option<&StepSeen>,
    sought: &dyn Sought,
) -> SeenInTest {
    let letters = driver.dead_letters().iter();
    let dead_letters = letters.map(|letter| (letter.step.to_string(), letter.reason.clone()));
    let states = topology.states().iter().flat_map(|plan| driver.partitions(&plan.name));
    let mut partitions: Vec<TestPartition> =
        states.filter(|row| row.poisoned).map(in_test).collect();
    let state = step.and_then(|step| state_of(topology, &step.pipeline, &step.step));
    let at = state.zip(step.and_then(|step| step.key.clone()));
    let at = at.filter(|_| !sought.is_about_outputs());
    let row = at.and_then(|(state, key)| driver.partition(state, key));
    let has_row = row.is_some();
    partitions.extend(row.filter(|row| !row.poisoned).map(in_test));
    let outputs = match step {
        Some(step) if !has_row => outputs_of(topology, driver, &step.pipeline),
        _ => Vec::new(),
    };
    SeenInTest {
        outputs,
        partitions,
        whole_states: Vec::new(),
        dead_letters: dead_letters.collect(),
    }
}

/// What the sinks of a pipeline have received, without those that have received nothing.
pub(super) fn outputs_of(
    topology: &Topology,
    driver: &TestDriver,
    pipeline: &str,
) -> Vec<SeenOutputs> {
    let plan = topology.pipelines().iter().find(|plan| *plan.name == *pipeline);
    let sinks = 0..plan.map_or(0, |plan| plan.sinks.len());
    let of_sink = |sink| {
        let outputs = driver.outputs_of_sink(pipeline, sink).unwrap_or_default().to_vec();
        SeenOutputs { pipeline: pipeline.to_owned(), sink, outputs }
    };
    sinks.map(of_sink).filter(|seen| !seen.outputs.is_empty()).collect()
}
