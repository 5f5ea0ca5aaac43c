//! What the window "What if" is about: a message, a moment and a partition.

use std::sync::Arc;

use serde_json::Value;

use crate::application::Key;
use crate::session::what_if::{MessageName, Spot};
use crate::workbench::words;

/// What the window is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    /// The message that is selected, or that of the moment.
    pub message: Option<HereMessage>,
    /// The moment.
    pub moment: Spot,
    /// The moment of the past that is shown; `None` if it is now.
    pub shown: Option<u64>,
    /// The partition that is selected.
    pub partition: Option<HerePartition>,
}

/// A message that can be left out or edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HereMessage {
    /// Its name.
    pub name: MessageName,
    /// Its frame; `None` if not all of it is kept.
    pub frame: Option<Vec<u8>>,
}

/// A partition whose state can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HerePartition {
    /// The name of its state.
    pub state: Arc<str>,
    /// Its key.
    pub key: Key,
    /// Whether it is poisoned.
    pub poisoned: bool,
    /// Its state as it is shown.
    pub value: Value,
}

impl HerePartition {
    /// Its name, as a person reads it.
    pub fn name(&self) -> String {
        format!("{} of {}", words::key(&self.key), self.state)
    }
}
