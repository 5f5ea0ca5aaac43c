//! Why a message could not be processed.

use std::sync::Arc;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::application::Key;
use crate::core::numbers::Timestamp;

/// What made a message a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The bytes are not a whole frame.
    Framing,
    /// An author's code returned an error.
    Refused,
    /// An author's code panicked.
    Panicked,
    /// An earlier message had poisoned the partition.
    Poisoned,
    /// What an author's code made is longer than the engine allows.
    TooLong,
    /// Starts of the program ended while this frame of the journal was processed alone.
    SetAside,
    /// A person has dropped the message before it entered.
    Dropped,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Framing,
        Self::Refused,
        Self::Panicked,
        Self::Poisoned,
        Self::TooLong,
        Self::SetAside,
        Self::Dropped,
    ];

    /// Its name, in the JSON of a dead letter and in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Framing => "framing",
            Self::Refused => "refused",
            Self::Panicked => "panicked",
            Self::Poisoned => "poisoned",
            Self::TooLong => "too_long",
            Self::SetAside => "set_aside",
            Self::Dropped => "dropped",
        }
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let cause = Self::ALL.into_iter().find(|cause| cause.name() == name);
        cause.ok_or_else(|| D::Error::custom("no cause of a dead letter"))
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why a message is a dead letter: the fields of a [`DeadLetter`](super::dead_letter::DeadLetter)
/// that are not of its frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The step that could not process the message.
    pub step: Arc<str>,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The failure in words.
    pub reason: String,
    /// The partition's key, if the message had one.
    pub key: Option<Key>,
    /// When it happened.
    pub at: Timestamp,
}
