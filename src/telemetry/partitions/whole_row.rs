//! A partition with all that a front end shows of it: the lines that `--state` writes have less.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::application::Key;
use crate::core::numbers::{Timestamp, WorkerIndex};
use crate::core::partitions::query::PartitionRow;

/// Every field of a [`PartitionRow`].
#[derive(Serialize, Deserialize)]
struct Whole<'a> {
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

pub(super) fn serialize<S: Serializer>(row: &PartitionRow, to: S) -> Result<S::Ok, S::Error> {
    let PartitionRow { worker, dynamic, messages, created, to_save, poisoned, .. } = *row;
    let (state, key) = (Cow::Borrowed(&*row.state), Cow::Borrowed(&row.key));
    let value = Cow::Borrowed(&row.value);
    let whole = Whole { state, key, worker, dynamic, messages, created, to_save, poisoned, value };
    whole.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(of: D) -> Result<PartitionRow, D::Error> {
    let Whole { worker, dynamic, messages, created, to_save, poisoned, state, key, value } =
        Whole::deserialize(of)?;
    let (state, key, value) = (state.into_owned(), key.into_owned(), value.into_owned());
    Ok(PartitionRow { state, key, worker, dynamic, messages, created, to_save, poisoned, value })
}
