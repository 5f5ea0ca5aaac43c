//! Makes payloads simpler, message by message.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;

use super::candidate::Probe;
use super::probes::{End, Probes};
use super::simpler::Simpler;

/// The max number of payloads that are tried for one message.
const MAX_PER_MESSAGE: u32 = 20_000;

/// What was tried for each message.
#[derive(Default)]
pub(super) struct Payloads {
    messages: BTreeMap<usize, Tried>,
}

/// What was tried for a message.
#[derive(Default)]
struct Tried {
    /// How many payloads.
    count: u32,
    /// The payloads that it has had: it gets none of them again, so the search ends whatever is called simpler.
    had: HashSet<Bytes>,
}

impl Payloads {
    /// Tries simpler payloads until none of them does it.
    pub fn simplify<P: Probe>(
        &mut self,
        probes: &mut Probes<'_, P>,
        simpler: &Simpler<'_>,
    ) -> Result<(), End<P::Error>> {
        let messages = probes.best.messages.clone();
        for original in messages.iter() {
            let tried = self.messages.entry(original).or_default();
            while tried.simplify(original, probes, simpler)? {}
        }
        Ok(())
    }

    /// Whether there was a message for which not all that is simpler was tried.
    pub fn were_too_many(&self) -> bool {
        self.messages.values().any(|tried| tried.count >= MAX_PER_MESSAGE)
    }
}

impl Tried {
    /// Finds one simpler payload of a message that still does it. Returns false if there is none.
    fn simplify<P: Probe>(
        &mut self,
        original: usize,
        probes: &mut Probes<'_, P>,
        simpler: &Simpler<'_>,
    ) -> Result<bool, End<P::Error>> {
        let Some(message) = probes.input.get(original) else { return Ok(false) };
        if !probes.best.messages.contains(original) {
            // It was behind the message with which it happened.
            return Ok(false);
        }
        let payload = probes.best.edited.get(&original).unwrap_or(&message.payload).clone();
        self.had.insert(payload.clone());
        for candidate in simpler(message, &payload) {
            if candidate.len() > payload.len() || self.had.contains(&*candidate) {
                continue;
            }
            if self.count >= MAX_PER_MESSAGE {
                return Ok(false);
            }
            self.count += 1;
            if probes.try_it(probes.best.with_payload(original, candidate.into()))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
