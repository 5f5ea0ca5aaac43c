//! Runs a candidate in a driver, until it happens.

use bytes::Bytes;

use super::base::BasePartition;
use super::sought::{Sought, Watching, first_step};
use crate::core::numbers::PipelineIndex;
use crate::core::replay::shrink::{Candidate, Probe, Verdict};
use crate::core::seen::{StepSeen, seen_in};
use crate::core::test_driver::{RestoreError, TestDriver};
use crate::core::topology::Topology;

/// How many messages are run between two questions whether the search goes on.
pub(super) const ASK_EVERY: usize = 1024;

/// Runs candidates.
pub(super) struct Prober<'a> {
    pub topology: &'a Topology,
    pub base: &'a [BasePartition],
    pub sought: &'a dyn Sought,
    pub watching: &'a dyn Watching,
}

impl Prober<'_> {
    /// Runs messages, of pipelines, with partitions of the base, until it happens. Returns after how many that is; `None`
    /// if it does not happen, or if the search was stopped.
    pub fn run<'b>(
        &self,
        messages: impl Iterator<Item = (PipelineIndex, &'b Bytes)>,
        base: impl Iterator<Item = usize>,
    ) -> Result<Option<usize>, RestoreError> {
        let mut driver = TestDriver::new(self.topology);
        let base: Vec<&BasePartition> = base.filter_map(|at| self.base.get(at)).collect();
        for (state, partition) in base {
            driver.restore_saved(state, partition)?;
        }
        for (at, (pipeline, payload)) in messages.enumerate() {
            if at % ASK_EVERY == 0 && !self.watching.goes_on() {
                return Ok(None);
            }
            driver.forget_seen();
            if self.next(&mut driver, (pipeline, payload)).is_some() {
                return Ok(Some(at + 1));
            }
        }
        Ok(None)
    }

    /// Runs one more message. Returns the first of its steps at which it happens.
    pub fn next(
        &self,
        driver: &mut TestDriver,
        (pipeline, payload): (PipelineIndex, &[u8]),
    ) -> Option<StepSeen> {
        let plan = self.topology.pipelines().get(pipeline.0)?;
        // What has no frame cannot enter: a candidate with it is none.
        let (from, letters) = (driver.traces().len(), driver.dead_letters().len());
        driver.push_message(&plan.name, payload).ok()?;
        while driver.step() {}
        let letters = driver.dead_letters().get(letters..).unwrap_or_default();
        let traces = driver.traces().get(from..).unwrap_or_default();
        traces.iter().find_map(|trace| {
            // Of what cannot be said it is not known that it happens.
            let seen = seen_in(trace, self.topology, letters);
            first_step(self.sought, &seen).ok().flatten().cloned()
        })
    }
}

impl Probe for &Prober<'_> {
    type Error = RestoreError;

    fn probe(&mut self, candidate: &Candidate<'_>) -> Result<Verdict, RestoreError> {
        let messages = candidate.messages().map(|message| (message.pipeline, message.payload));
        let happened = self.run(messages, candidate.base())?;
        Ok(happened.map_or(Verdict::No, Verdict::YesAfter))
    }
}
