//! Values that rows are sorted by, and their order.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::frames::preview::to_json;

/// A value that rows are sorted by. Values of different kinds are sorted by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// No value.
    Nothing,
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// Messages a second, if they have been measured, and all messages for those that are equally fast.
    Rate(Option<f64>, u64),
}

impl SortValue {
    pub(super) fn of_json_field<S: Serialize>(state: &S, name: &str) -> Self {
        match to_json(state) {
            Ok(Value::Object(mut fields)) => {
                fields.remove(name).map_or(Self::Nothing, Self::of_json)
            }
            Ok(value) => Self::of_json(value),
            Err(_) => Self::Nothing,
        }
    }

    pub(super) fn of_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(value) => Self::Integer(value.into()),
            Value::Number(number) => number
                .as_i128()
                .map(Self::Integer)
                .or_else(|| number.as_f64().map(Self::Float))
                .unwrap_or(Self::Nothing),
            Value::String(text) => Self::Text(text),
            nested @ (Value::Array(_) | Value::Object(_)) => Self::Text(nested.to_string()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Nothing => 0,
            Self::Integer(_) | Self::Float(_) | Self::Rate(..) => 1,
            Self::Text(_) => 2,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an order of mixed numbers need not be exact")]
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => one.cmp(two),
            (Self::Float(one), Self::Float(two)) => one.total_cmp(two),
            (Self::Integer(one), Self::Float(two)) => (*one as f64).total_cmp(two),
            (Self::Float(one), Self::Integer(two)) => one.total_cmp(&(*two as f64)),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Rate(one, one_has), Self::Rate(two, two_has)) => {
                let by_rate = one.unwrap_or(0.0).total_cmp(&two.unwrap_or(0.0));
                by_rate.then(one_has.cmp(two_has))
            }
            _ => self.kind().cmp(&other.kind()),
        }
    }
}
