//! Which bytes of a frame are which field of its message, whatever the decoder.
//!
//! The author declares this nowhere. So it is found by trial: a byte belongs to the field whose value changes when the
//! byte changes.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::topology::SourcePlan;

/// The max length of a payload that is tried, in bytes: each byte costs some calls of the decoder.
const MAX_PAYLOAD: usize = 128;

/// The changes of a byte that are tried until the decoder accepts one.
const CHANGES: [u8; 6] = [0x01, 0x02, 0x04, 0x10, 0x40, 0x80];

/// Bytes of a frame that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameField {
    /// The name of the message's field, or `length` before and `end` behind the payload; empty if there is none.
    pub name: String,
    /// Where in the frame.
    pub bytes: Range<usize>,
}

/// The fields of a frame, in the order of its bytes.
pub fn fields_of(source: &SourcePlan, frame: &[u8]) -> Vec<FrameField> {
    let Range { start, end } = source.framing.wrapping().payload(frame);
    let payload = frame.get(start..end).unwrap_or_default();
    let mut fields = Vec::new();
    let names = names_of(source, payload);
    if names.is_none() && !payload.is_empty() {
        fields.push(FrameField { name: String::new(), bytes: start..start + payload.len() });
    }
    for (at, name) in (start..).zip(names.unwrap_or_default()) {
        match fields.last_mut().filter(|last: &&mut FrameField| last.name == name) {
            Some(last) => last.bytes.end = at + 1,
            None => fields.push(FrameField { name, bytes: at..at + 1 }),
        }
    }
    let around = |name: &str, bytes: Range<usize>| {
        (!bytes.is_empty()).then(|| FrameField { name: name.to_owned(), bytes })
    };
    let before = around("length", 0..start).into_iter();
    before.chain(fields).chain(around("end", end..frame.len())).collect()
}

/// The name of each byte's field; empty if it has none. `None` if the message has no fields.
fn names_of(source: &SourcePlan, payload: &[u8]) -> Option<Vec<String>> {
    if payload.len() > MAX_PAYLOAD {
        return None;
    }
    let message = (source.decode)(payload)?;
    let fields = of_message(&message)?;
    let mut tried = payload.to_vec();
    let mut name_of = |at: usize, byte: u8| {
        let name = CHANGES.iter().find_map(|change| {
            *tried.get_mut(at)? = byte ^ change;
            changed(fields, of_message(&(source.decode)(&tried)?)?)
        });
        if let Some(tried) = tried.get_mut(at) {
            *tried = byte;
        }
        name.unwrap_or_default()
    };
    Some(payload.iter().enumerate().map(|(at, byte)| name_of(at, *byte)).collect())
}

/// The fields of a message; those of the variant if it is an enum.
fn of_message(message: &Value) -> Option<&Map<String, Value>> {
    let fields = message.as_object()?;
    match fields.values().next() {
        Some(Value::Object(variant)) if fields.len() == 1 => Some(variant),
        _ => Some(fields),
    }
}

/// The one field that has another value.
fn changed(before: &Map<String, Value>, after: &Map<String, Value>) -> Option<String> {
    let mut changed = before.iter().filter(|(name, value)| after.get(*name) != Some(value));
    let (name, _) = changed.next()?;
    changed.next().is_none().then(|| name.clone())
}
