//! The values of a row, as the language has them.

use std::collections::HashMap;

use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use cel::objects::{Key, Map};
use serde_json::{Number, Value};

/// How deep a value of a row may be nested: what is deeper is missing.
const DEEPEST: usize = 60;

/// A value of a row. All whole numbers are of one type if they fit into it, so that they can be added.
pub(super) fn boxed(value: Value) -> Option<Box<dyn Val>> {
    Some(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(value)),
        Value::Number(number) => match plain(&number)? {
            Plain::Int(value) => Box::new(CelInt::from(value)),
            Plain::Uint(value) => Box::new(CelUInt::from(value)),
            Plain::Double(value) => Box::new(CelDouble::from(value)),
        },
        Value::String(text) => Box::new(CelString::from(text)),
        nested @ (Value::Array(_) | Value::Object(_)) => whole(nested, 0)?.try_into().ok()?,
    })
}

enum Plain {
    Int(i64),
    Uint(u64),
    Double(f64),
}

fn plain(number: &Number) -> Option<Plain> {
    let int = number.as_i64().map(Plain::Int);
    let uint = || number.as_u64().map(Plain::Uint);
    int.or_else(uint).or_else(|| number.as_f64().map(Plain::Double))
}

fn whole(value: Value, depth: usize) -> Option<cel::Value> {
    if depth > DEEPEST {
        return None;
    }
    Some(match value {
        Value::Null => cel::Value::Null,
        Value::Bool(value) => cel::Value::Bool(value),
        Value::Number(number) => match plain(&number)? {
            Plain::Int(value) => cel::Value::Int(value),
            Plain::Uint(value) => cel::Value::UInt(value),
            Plain::Double(value) => cel::Value::Float(value),
        },
        Value::String(text) => cel::Value::from(text),
        Value::Array(all) => {
            let all: Option<Vec<_>> = all.into_iter().map(|one| whole(one, depth + 1)).collect();
            cel::Value::List(all?.into())
        }
        Value::Object(fields) => {
            let field = |(name, value)| Some((Key::from(name), whole(value, depth + 1)?));
            let map: Option<HashMap<Key, cel::Value>> = fields.into_iter().map(field).collect();
            cel::Value::Map(Map { map: map?.into() })
        }
    })
}
