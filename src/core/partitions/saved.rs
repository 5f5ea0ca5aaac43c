//! Partitions as a checkpoint holds them, and states as bytes.
//!
//! A state is saved as [MessagePack](https://msgpack.org) with the names of its fields, in the form that
//! its type has for people (as in JSON). So it can be read without the application, and a changed type is detected by
//! its missing names.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::application::{Key, State};

/// Which changes a checkpoint holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// Those of partitions with a change that asked to be saved.
    Asked,
    /// All, because other workers take the partitions over.
    Everything,
}

/// The longest key in bytes: 16 MiB. A longer one makes its message a dead letter, because key and state
/// must fit one row of what is saved: see [`MAX_STATE`].
pub const MAX_KEY: usize = 16 * 1024 * 1024;

/// The longest state in bytes that is saved. With a key of [`MAX_KEY`] bytes and the other columns it fits a row,
/// which `SQLite` limits to 1,000,000,000 bytes.
pub const MAX_STATE: usize = 900 * 1024 * 1024;

/// A partition whose state cannot be saved. What was saved of it before stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsaved {
    /// The key.
    pub key: Key,
    /// Why.
    pub reason: String,
    /// Whether the partition has become poisoned because of that. If not, it was before, or nobody has asked to save it.
    pub is_told: bool,
}

/// What a checkpoint takes of one table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collected {
    /// The partitions with changes to save.
    pub saved: Vec<SavedPartition>,
    /// Those whose states cannot be saved.
    pub unsaved: Vec<Unsaved>,
}

/// A partition as a checkpoint holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPartition {
    /// Its place in the table of its worker: the same in every checkpoint of one run.
    pub place: u32,
    /// The key.
    pub key: Key,
    /// Whether its first message created it.
    pub dynamic: bool,
    /// Messages that it has processed.
    pub messages: u64,
    /// Whether a computation panicked on it.
    pub poisoned: bool,
    /// The state, as [`encode`] makes it.
    #[serde(with = "as_bytes")]
    pub value: Vec<u8>,
}

impl SavedPartition {
    /// What says in a recording that there is no partition of this key any more.
    #[must_use]
    pub fn gone(key: Key) -> Self {
        let (place, dynamic, messages, poisoned, value) = (0, true, 0, false, Vec::new());
        Self { place, key, dynamic, messages, poisoned, value }
    }

    /// Whether it says that there is no such partition any more. A state takes one byte at least.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.value.is_empty()
    }
}

/// Bytes as one value: `serde` takes a `Vec` for a sequence of numbers.
mod as_bytes {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(of: D) -> Result<Vec<u8>, D::Error> {
        Bytes::deserialize(of).map(Vec::from)
    }
}

/// A state as bytes.
///
/// # Errors
///
/// The state's own `Serialize` refuses.
pub fn encode<S: State>(state: &S) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(64);
    write(state, &mut bytes)?;
    Ok(bytes)
}

/// Writes a value in the form in which states are saved.
///
/// # Errors
///
/// The value's own `Serialize` refuses, or the bytes cannot be written.
pub(crate) fn write<T: Serialize>(value: &T, bytes: &mut impl io::Write) -> Result<(), String> {
    let mut serializer = rmp_serde::Serializer::new(bytes).with_struct_map().with_human_readable();
    value.serialize(&mut serializer).map_err(|error| error.to_string())
}

/// A state as bytes, if they are at most this many. No more than that are in memory at any time.
///
/// # Errors
///
/// There are more, or the state's own `Serialize` refuses.
pub fn encode_at_most<S: State>(state: &S, longest: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Limited { bytes: Vec::with_capacity(64), longest };
    write(state, &mut bytes)?;
    Ok(bytes.bytes)
}

/// Accepts up to this many bytes.
struct Limited {
    bytes: Vec<u8>,
    longest: usize,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > self.longest {
            let longest = self.longest;
            return Err(io::Error::other(format!("it takes more than {longest} bytes")));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The state or other value that these bytes were made of.
///
/// # Errors
///
/// They are of another type, or more than one value.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut left = bytes;
    let mut deserializer = rmp_serde::Deserializer::new(&mut left).with_human_readable();
    let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    if left.is_empty() { Ok(value) } else { Err(format!("{} bytes are left over", left.len())) }
}

/// A saved state as JSON, whatever its type. What JSON has no form for becomes text.
///
/// # Errors
///
/// The bytes are no saved state.
pub fn to_json(mut bytes: &[u8]) -> Result<Value, String> {
    let value = rmpv::decode::read_value(&mut bytes).map_err(|error| error.to_string())?;
    Ok(json_of(value))
}

fn json_of(value: rmpv::Value) -> Value {
    use rmpv::Value as Packed;
    match value {
        Packed::Nil => Value::Null,
        Packed::Boolean(value) => value.into(),
        Packed::Integer(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => Value::Null,
        },
        Packed::F32(number) => number.into(),
        Packed::F64(number) => number.into(),
        Packed::String(text) => String::from_utf8_lossy(text.as_bytes()).into(),
        Packed::Binary(bytes) | Packed::Ext(_, bytes) => bytes.into(),
        Packed::Array(values) => values.into_iter().map(json_of).collect(),
        Packed::Map(entries) => entries
            .into_iter()
            .map(|(key, value)| {
                let key = match json_of(key) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                (key, json_of(value))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Nothing,
        Circle(f64),
        Box { width: u64, names: Vec<String> },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Everything {
        letter: char,
        votes: u64,
        change: i64,
        shape: Shape,
        last: Option<(u8, bool)>,
        by_number: BTreeMap<u32, String>,
        bytes: Vec<u8>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Votes {
        votes: u64,
    }

    fn everything() -> impl Strategy<Value = Everything> {
        let shape = prop_oneof![
            Just(Shape::Nothing),
            any::<f64>().prop_map(Shape::Circle),
            (any::<u64>(), any::<Vec<String>>())
                .prop_map(|(width, names)| Shape::Box { width, names }),
        ];
        let rest = (any::<Option<(u8, bool)>>(), any::<BTreeMap<u32, String>>(), any::<Vec<u8>>());
        (any::<char>(), any::<u64>(), any::<i64>(), shape, rest).prop_map(
            |(letter, votes, change, shape, (last, by_number, bytes))| Everything {
                letter,
                votes,
                change,
                shape,
                last,
                by_number,
                bytes,
            },
        )
    }

    proptest! {
        #[test]
        fn a_state_comes_back_as_it_was_saved(state in everything()) {
            prop_assert_eq!(decode::<Everything>(&encode(&state).unwrap()).unwrap(), state);
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>) {
            let _ = (decode::<Everything>(&bytes), to_json(&bytes));
        }
    }

    #[test]
    fn a_state_of_another_type_is_refused_with_what_is_missing() {
        let saved = encode(&BTreeMap::from([("letters".to_owned(), 1)])).unwrap();
        assert!(decode::<Votes>(&saved).unwrap_err().contains("missing field `votes`"));
        let two = [encode(&1_u64).unwrap(), encode(&2_u64).unwrap()].concat();
        assert_eq!(decode::<u64>(&two), Err("1 bytes are left over".to_owned()));
    }

    #[test]
    fn a_saved_state_is_read_without_its_type() {
        let saved = encode(&Votes { votes: u64::MAX }).unwrap();
        assert_eq!(to_json(&saved).unwrap(), serde_json::json!({ "votes": u64::MAX }));
        let saved = encode(&BTreeMap::from([(1, 2.5)])).unwrap();
        assert_eq!(to_json(&saved).unwrap(), serde_json::json!({ "1": 2.5 }));
    }
}
