//! What is tried, and what is said of it.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::kept::Kept;
use crate::core::numbers::PipelineIndex;

/// A message of the input that is made smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The pipeline that it entered.
    pub pipeline: PipelineIndex,
    /// The payload of its frame.
    pub payload: Bytes,
}

/// What is made smaller.
#[derive(Debug, Clone, Default)]
pub struct Input<'a> {
    /// All messages, in the order in which they entered.
    pub messages: &'a [Message],
    /// How many partitions the base has.
    pub base: usize,
    /// The messages and partitions that have to do with what it does, if that is known: for example those with the key
    /// in question. It is tried first.
    pub slice: Option<Slice>,
}

/// A part of an input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// The indices of its messages, in any order.
    pub messages: Vec<usize>,
    /// The indices of its partitions of the base, in any order.
    pub base: Vec<usize>,
}

/// Which messages and partitions are left, and which payloads are simpler than they were.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Trial {
    pub messages: Kept,
    pub base: Kept,
    /// By the index of the message.
    pub edited: BTreeMap<usize, Bytes>,
}

impl Trial {
    /// The same with these messages.
    pub fn with_messages(&self, messages: &Kept) -> Self {
        Self { messages: messages.clone(), ..self.clone() }
    }

    /// The same with these partitions.
    pub fn with_base(&self, base: &Kept) -> Self {
        Self { base: base.clone(), ..self.clone() }
    }

    /// The same with another payload of a message.
    pub fn with_payload(&self, original: usize, payload: Bytes) -> Self {
        let mut trial = self.clone();
        trial.edited.insert(original, payload);
        trial
    }
}

/// An input that is smaller than the one that was given: does it still do it?
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub(super) messages: &'a [Message],
    pub(super) trial: &'a Trial,
}

/// A message of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The index of the message in the input.
    pub original: usize,
    /// The pipeline that it enters.
    pub pipeline: PipelineIndex,
    /// Its payload, which may be simpler than that of the input.
    pub payload: &'a Bytes,
}

impl<'a> Candidate<'a> {
    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.trial.messages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.trial.messages.is_empty()
    }

    /// The messages, in the order in which they enter.
    pub fn messages(&self) -> impl Iterator<Item = Chosen<'a>> + use<'a> {
        let Self { messages, trial } = *self;
        trial.messages.iter().filter_map(move |original| {
            let Message { pipeline, payload } = messages.get(original)?;
            let payload = trial.edited.get(&original).unwrap_or(payload);
            Some(Chosen { original, pipeline: *pipeline, payload })
        })
    }

    /// The indices of the partitions of the base that are left, in ascending order.
    pub fn base(&self) -> impl Iterator<Item = usize> + use<'a> {
        self.trial.base.iter()
    }
}

/// Whether a candidate still does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No.
    No,
    /// Yes.
    Yes,
    /// Yes, after so many of its messages, whatever comes behind them. A probe that can tell makes the search shorter.
    YesAfter(usize),
}

/// Says whether a candidate still does it: it runs the candidate from the beginning. For equal candidates it says the
/// same.
///
/// A closure `FnMut(&Candidate) -> Result<Verdict, E>` is a probe.
pub trait Probe {
    /// Why a candidate could not be run.
    type Error;

    /// Whether the candidate still does it.
    ///
    /// # Errors
    ///
    /// The candidate could not be run. The search ends.
    fn probe(&mut self, candidate: &Candidate<'_>) -> Result<Verdict, Self::Error>;
}

impl<F, E> Probe for F
where
    F: FnMut(&Candidate<'_>) -> Result<Verdict, E>,
{
    type Error = E;

    fn probe(&mut self, candidate: &Candidate<'_>) -> Result<Verdict, E> {
        self(candidate)
    }
}
