//! What a condition finds in a message: in its trace, or in the dead letter that it became.

use serde_json::Value;

use super::judge::Row;
use crate::application::text_of_bytes;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::{Hop, HopEvent, Trace};

/// How many bytes of a letter are read as text: all letters that are kept are read after each key of a condition.
const READ: usize = 16 * 1024;

impl Row for Trace {
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value> {
        let hops = self.hops();
        match name {
            "pipeline" => Some((*self.pipeline).into()),
            "step" => hops.last().map(|hop| (*hop.step).into()),
            "key" => find(&hops, |event| match event {
                HopEvent::Partitioned { key, .. } => Some(key.to_string().into()),
                _ => None,
            }),
            "message" => {
                let message = find(&hops, |event| match event {
                    HopEvent::Decoded(json) => Some(of_json(json)),
                    _ => None,
                });
                of_field(message?, field)
            }
            "output" => find(&hops, |event| match event {
                HopEvent::Encoded(bytes) => Some(text_of_bytes(bytes).into()),
                _ => None,
            }),
            "dead" => {
                let dead = hops.iter().any(|hop| matches!(hop.event, HopEvent::DeadLetter(_)));
                Some(dead.into())
            }
            "latency" => Some((self.took()?.as_secs_f64() * 1e3).into()),
            _ => None,
        }
    }
}

impl Row for DeadLetter {
    fn value(&self, name: &str, field: Option<&str>) -> Option<Value> {
        match name {
            "pipeline" => Some((*self.pipeline).into()),
            "step" => Some((*self.step).into()),
            "key" => self.key.as_ref().map(|key| key.to_string().into()),
            // Nobody could read it, or what was read is not kept: it is what it was on the wire.
            "message" => {
                let read = self.bytes.get(..READ).unwrap_or(&self.bytes);
                of_field(text_of_bytes(read).into(), field)
            }
            "dead" => Some(true.into()),
            _ => None,
        }
    }
}

/// What the last hop that has it says: one message may become many.
fn find(hops: &[Hop], what: impl Fn(&HopEvent) -> Option<Value>) -> Option<Value> {
    hops.iter().rev().find_map(|hop| what(&hop.event))
}

/// A preview of a message. One that was cut is no JSON: then it is a text.
fn of_json(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| json.into())
}

fn of_field(mut message: Value, field: Option<&str>) -> Option<Value> {
    match field {
        None => Some(message),
        Some(field) => message.get_mut(field).map(Value::take),
    }
}
