//! Compares two digests.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde::Serialize;
use thiserror::Error;

use super::epoch::{EpochDigest, Header, Tally};
use super::reader::{DigestError, DigestReader};
use crate::application::Key;
use crate::core::numbers::Epoch;

/// What comes of comparing two digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The two programs did the same.
    Equal {
        /// How many epochs were compared.
        epochs: u64,
    },
    /// They did not: this is the first difference, by epoch, then partitions by state and key, then outputs by sink,
    /// then dead letters.
    Different(Difference),
    /// They cannot be compared.
    NotComparable {
        /// Why, in words.
        why: String,
    },
}

/// A difference between two digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The epoch: at its end the two are different, and at the end of the one before they are the same.
    pub epoch: Epoch,
    /// What is different.
    #[serde(flatten)]
    pub what: Differs,
}

/// What is different in two digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Differs {
    /// A partition.
    Partition {
        /// The name of its state.
        state: String,
        /// The key.
        key: Key,
        /// In which of the two it has changed in this epoch.
        changed_in: ChangedIn,
    },
    /// What a sink received.
    Outputs {
        /// The sink.
        sink: String,
        /// Its outputs in the first digest.
        first: Tally,
        /// Its outputs in the second digest.
        second: Tally,
    },
    /// The dead letters.
    DeadLetters {
        /// Those of the first digest.
        first: Tally,
        /// Those of the second digest.
        second: Tally,
    },
}

/// In which of two digests a partition has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedIn {
    /// Only in the first.
    First,
    /// Only in the second.
    Second,
    /// In both, to something else.
    Both,
}

/// Which of two digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
}

/// One of two digests cannot be read.
#[derive(Debug, Error)]
#[error("the {which} digest: {error}")]
pub struct CompareError {
    /// Which one.
    pub which: Which,
    /// Why.
    pub error: DigestError,
}

impl fmt::Display for Which {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

impl CompareError {
    fn first(error: DigestError) -> Self {
        Self { which: Which::First, error }
    }

    fn second(error: DigestError) -> Self {
        Self { which: Which::Second, error }
    }
}

/// Compares two digests. Both are read to the end, so that a difference is not told of damaged ones.
///
/// # Errors
///
/// One of them is damaged, or ends too early.
pub fn compare<A: BufRead, B: BufRead>(
    mut first: DigestReader<A>,
    mut second: DigestReader<B>,
) -> Result<Comparison, CompareError> {
    let mut found = not_comparable(first.header(), second.header());
    let mut epochs = 0;
    loop {
        let one = first.next_epoch().map_err(CompareError::first)?;
        let other = second.next_epoch().map_err(CompareError::second)?;
        let here = match (&one, &other) {
            (None, None) => return Ok(found.unwrap_or(Comparison::Equal { epochs })),
            (Some(one), Some(other)) => compare_epoch(one, other),
            (Some(more), None) => Some(ends_earlier("second", "first", more.epoch)),
            (None, Some(more)) => Some(ends_earlier("first", "second", more.epoch)),
        };
        epochs += 1;
        found = found.or(here);
    }
}

fn not_comparable(first: &Header, second: &Header) -> Option<Comparison> {
    let Header { application, options } = first;
    if *application != second.application {
        let other = &second.application;
        let why =
            format!("the first is of the application `{application}`, the second of `{other}`");
        return Some(Comparison::NotComparable { why });
    }
    let names = options.keys().chain(second.options.keys());
    let name = names
        .min_by_key(|name| (options.get(*name) == second.options.get(*name), (*name).clone()))?;
    let (one, other) = (options.get(name), second.options.get(name));
    let told = |value: Option<&String>| value.map_or("not set".to_owned(), |it| format!("`{it}`"));
    let why =
        format!("the option `{name}` is {} in the first, {} in the second", told(one), told(other));
    (one != other).then_some(Comparison::NotComparable { why })
}

fn ends_earlier(shorter: &str, longer: &str, epoch: Epoch) -> Comparison {
    let why = format!(
        "they are equal as far as both go, but the {shorter} ends before epoch {epoch} and the {longer} does not: \
         replay the same part of the same recording"
    );
    Comparison::NotComparable { why }
}

/// The first difference in an epoch.
fn compare_epoch(first: &EpochDigest, second: &EpochDigest) -> Option<Comparison> {
    let epoch = first.epoch;
    if first.epoch != second.epoch || first.entered != second.entered {
        let why = format!(
            "what entered in epoch {epoch} of the first is not what entered in epoch {} of the second: \
             replay the same recording",
            second.epoch
        );
        return Some(Comparison::NotComparable { why });
    }
    let dead_letters = || {
        let (first, second) = (first.dead_letters, second.dead_letters);
        (first != second).then_some(Differs::DeadLetters { first, second })
    };
    let what = partition(first, second).or_else(|| outputs(first, second)).or_else(dead_letters)?;
    Some(Comparison::Different(Difference { epoch, what }))
}

fn partition(first: &EpochDigest, second: &EpochDigest) -> Option<Differs> {
    let (name, one, other) = first_difference(&first.partitions, &second.partitions)?;
    let (state, key) = name.clone();
    let changed_in = match (one, other) {
        (Some(_), None) => ChangedIn::First,
        (None, Some(_)) => ChangedIn::Second,
        (Some(_), Some(_)) | (None, None) => ChangedIn::Both,
    };
    Some(Differs::Partition { state, key, changed_in })
}

fn outputs(first: &EpochDigest, second: &EpochDigest) -> Option<Differs> {
    let (sink, one, other) = first_difference(&first.outputs, &second.outputs)?;
    let (first, second) = (one.copied().unwrap_or_default(), other.copied().unwrap_or_default());
    Some(Differs::Outputs { sink: sink.clone(), first, second })
}

/// What one or both have of a name.
type Pair<'a, K, V> = (&'a K, Option<&'a V>, Option<&'a V>);

/// The first name, in order, of which the two have something else.
fn first_difference<'a, K: Ord, V: PartialEq>(
    first: &'a BTreeMap<K, V>,
    second: &'a BTreeMap<K, V>,
) -> Option<Pair<'a, K, V>> {
    let of_first = first.iter().map(|(name, value)| (name, Some(value), second.get(name)));
    let only_second = second.iter().filter(|(name, _)| !first.contains_key(name));
    let only_second = only_second.map(|(name, value)| (name, None, Some(value)));
    let mut different = of_first.filter(|(_, one, other)| one != other);
    let (mut only_second, one) = (only_second, different.next());
    match (one, only_second.next()) {
        (Some(one), Some(other)) => Some(if one.0 < other.0 { one } else { other }),
        (one, other) => one.or(other),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = self.epoch;
        match &self.what {
            Differs::Partition { state, key, changed_in } => {
                let how = match changed_in {
                    ChangedIn::First => "it has changed in the first only",
                    ChangedIn::Second => "it has changed in the second only",
                    ChangedIn::Both => "it is not the same",
                };
                write!(formatter, "epoch {epoch}: partition {key} of {state}: {how}")
            }
            Differs::Outputs { sink, first, second } => {
                let (first, second) = (first.count, second.count);
                write!(
                    formatter,
                    "epoch {epoch}: outputs of {sink}: {first} in the first, {second} in the second"
                )?;
                if first == second { formatter.write_str(", with other bytes") } else { Ok(()) }
            }
            Differs::DeadLetters { first, second } => {
                let (first, second) = (first.count, second.count);
                write!(
                    formatter,
                    "epoch {epoch}: dead letters: {first} in the first, {second} in the second"
                )?;
                if first == second { formatter.write_str(", but others") } else { Ok(()) }
            }
        }
    }
}
