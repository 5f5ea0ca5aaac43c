//! Where to go in the past.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::core::replay::Direction;
use crate::core::replay::smallest::Sought;
use crate::telemetry::{PartitionName, SearchShown};

/// Where to go in the past, from the moment that is shown. `W` is what is looked for; on its way to another process it is
/// only what a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Travel<W = Wanted> {
    /// To the message before or after.
    Message(Direction),
    /// To the nearest change: of this partition, or of any.
    Change(Direction, Option<PartitionName>),
    /// To the nearest message at one of whose steps this happens.
    Find(Direction, W),
    /// To the message that gave a partition the value that it has at the moment, or a field of it: the names and the places
    /// in lists that lead to the field; none for all of the state.
    Fault(PartitionName, #[serde(deserialize_with = "few_names")] Vec<String>),
    /// To the message with this number; 0 is the beginning.
    To(u64),
    /// Nowhere, from now to the last message: the changes of this partition that are recorded are listed, the newest of them;
    /// once more, older ones.
    Changes(PartitionName),
    /// Nowhere: a search that is under way ends.
    Stay,
    /// To the message that has this number in its pipeline.
    ToMessageOf(PipelineIndex, SequenceNumber),
    /// To now.
    Live,
}

/// How many names may lead to a field, in what another process sends.
const MAX_NAMES: usize = 64;

/// Reads names that lead to a field. Too many are refused before they are kept.
fn few_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Few;

    impl<'de> Visitor<'de> for Few {
        type Value = Vec<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "at most {MAX_NAMES} names that lead to a field")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sent: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = sent.next_element()? {
                if names.len() >= MAX_NAMES {
                    return Err(A::Error::invalid_length(MAX_NAMES + 1, &self));
                }
                names.push(name);
            }
            Ok(names)
        }
    }

    deserializer.deserialize_seq(Few)
}

impl<W> Travel<W> {
    /// Whether it leads to later moments.
    #[must_use]
    pub fn is_forth(&self) -> bool {
        matches!(
            self,
            Self::Message(Direction::Forth)
                | Self::Change(Direction::Forth, _)
                | Self::Find(Direction::Forth, _)
        )
    }

    /// The same with what is looked for in another form.
    ///
    /// # Errors
    ///
    /// It has no such form, for this reason.
    pub fn with_wanted<V, E>(self, change: impl FnOnce(W) -> Result<V, E>) -> Result<Travel<V>, E> {
        Ok(match self {
            Self::Message(direction) => Travel::Message(direction),
            Self::Change(direction, of) => Travel::Change(direction, of),
            Self::Find(direction, wanted) => Travel::Find(direction, change(wanted)?),
            Self::Fault(of, field) => Travel::Fault(of, field),
            Self::To(number) => Travel::To(number),
            Self::Changes(of) => Travel::Changes(of),
            Self::Stay => Travel::Stay,
            Self::ToMessageOf(pipeline, sequence) => Travel::ToMessageOf(pipeline, sequence),
            Self::Live => Travel::Live,
        })
    }

    /// Whether it looks through the recording: then it may take long, and another travel ends it.
    #[must_use]
    pub fn is_search(&self) -> bool {
        match self {
            Self::Change(..) | Self::Find(..) | Self::Fault(..) | Self::Changes(_) => true,
            Self::Message(_) | Self::To(_) | Self::ToMessageOf(..) | Self::Stay | Self::Live => {
                false
            }
        }
    }
}

impl Travel {
    /// What is shown of it while it looks through the recording; `None` if it rarely takes long.
    pub(super) fn as_search(&self) -> Option<SearchShown> {
        let text = match self {
            Self::Find(_, wanted) => Arc::clone(&wanted.text),
            Self::Fault((_, key), _) | Self::Changes((_, key)) => key.to_string().into(),
            Self::Change(..)
            | Self::Message(_)
            | Self::To(_)
            | Self::ToMessageOf(..)
            | Self::Stay
            | Self::Live => {
                return None;
            }
        };
        Some(SearchShown { text, looked: 0, all: 0 })
    }

    /// As it goes to another process.
    #[must_use]
    pub fn sent(self) -> Travel<Arc<str>> {
        let Ok(sent) = self.with_wanted(|wanted| Ok::<_, Infallible>(wanted.text));
        sent
    }
}

/// What is looked for.
#[derive(Clone)]
pub struct Wanted {
    /// As a person wrote it.
    pub text: Arc<str>,
    /// What is to happen at a step.
    pub sought: Arc<dyn Sought + Send + Sync>,
}

impl fmt::Debug for Wanted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Wanted").field(&self.text).finish()
    }
}

/// What was written in the same way is the same.
impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Wanted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_sent_unless_too_many_names_lead_to_it() {
        let of = |names| Travel::<Arc<str>>::Fault((0, "a".into()), vec!["x".to_owned(); names]);
        let sent = |names| {
            let bytes = rmp_serde::to_vec(&of(names)).unwrap();
            rmp_serde::from_slice::<Travel<Arc<str>>>(&bytes)
        };
        for names in [0, 1, MAX_NAMES] {
            assert_eq!(sent(names).unwrap(), of(names));
        }
        assert!(sent(MAX_NAMES + 1).is_err());
    }
}
