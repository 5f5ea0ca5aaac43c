//! One partition as a front end shows it.

use serde::Serialize;
use serde_json::Value;

use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};

/// One partition as a front end shows it. `Serialize` gives the lines that `--state` writes, which have less:
/// [`whole`] has every field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartitionRow {
    /// The state's name.
    pub state: String,
    /// The key.
    pub key: Key,
    /// The worker that owns it.
    pub worker: WorkerIndex,
    /// Whether its first message created it, rather than `--precreate`.
    pub dynamic: bool,
    /// Messages that it has processed.
    pub messages: u64,
    /// When it was created; `None` if it was recovered.
    #[serde(skip)]
    pub created: Option<Timestamp>,
    /// Whether a change since the last checkpoint asked to be saved.
    #[serde(skip)]
    pub to_save: bool,
    /// Whether a computation panicked on it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub poisoned: bool,
    /// The state as JSON.
    pub value: Value,
}

/// A partition with all that a front end shows of it, for another process: `#[serde(with = "whole")]`, or
/// [`Whole`](whole::Whole) where there is no field.
pub mod whole {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    use super::PartitionRow;
    use crate::application::Key;
    use crate::core::numbers::{Timestamp, WorkerIndex};

    /// A partition that is sent with every field.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Whole(#[serde(with = "self")] pub PartitionRow);

    /// Every field of a [`PartitionRow`].
    #[derive(Serialize, Deserialize)]
    struct Fields<'a> {
        state: Cow<'a, str>,
        key: Cow<'a, Key>,
        worker: WorkerIndex,
        dynamic: bool,
        messages: u64,
        created: Option<Timestamp>,
        to_save: bool,
        poisoned: bool,
        value: Cow<'a, Value>,
    }

    pub(crate) fn serialize<S: Serializer>(row: &PartitionRow, to: S) -> Result<S::Ok, S::Error> {
        let PartitionRow { worker, dynamic, messages, created, to_save, poisoned, .. } = *row;
        let (state, key) = (Cow::Borrowed(&*row.state), Cow::Borrowed(&row.key));
        let value = Cow::Borrowed(&row.value);
        let fields =
            Fields { state, key, worker, dynamic, messages, created, to_save, poisoned, value };
        fields.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(of: D) -> Result<PartitionRow, D::Error> {
        let Fields { worker, dynamic, messages, created, to_save, poisoned, state, key, value } =
            Fields::deserialize(of)?;
        let (state, key, value) = (state.into_owned(), key.into_owned(), value.into_owned());
        Ok(PartitionRow {
            state,
            key,
            worker,
            dynamic,
            messages,
            created,
            to_save,
            poisoned,
            value,
        })
    }
}
