//! Simpler JSON: values are left out of objects and lists, texts become shorter, numbers smaller.

use serde_json::Value;

use super::nearer::{Payload, nearer_to_zero};

/// A text as an object or a list. `None` if it is none: a single number or word is a text as any other.
pub(super) fn read(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

/// Simpler values of at most this many bytes, those first that leave out the most.
pub(super) fn simpler(value: Value, longest: usize) -> Box<dyn Iterator<Item = Payload>> {
    let count = count(&value);
    // As it is, but without blanks.
    let same = value.to_string();
    let inside = (0..count).flat_map(move |node| {
        let value = value.clone();
        (0..).map_while(move |variant| {
            let mut simpler = value.clone();
            let is_changed = change(&mut simpler, &mut { node }, variant)?;
            Some(is_changed.then(|| simpler.to_string()))
        })
    });
    let all = std::iter::once(same).chain(inside.flatten());
    Box::new(all.filter(move |simpler| simpler.len() <= longest).map(String::into_bytes))
}

/// How many values there are, this one and those within it.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Puts a variant in place of the value with this number, itself or within it. `None` if it has no such variant; false
/// if the variant is no change.
fn change(value: &mut Value, node: &mut usize, variant: usize) -> Option<bool> {
    if *node == 0 {
        let simpler = variants(value).nth(variant)?;
        let is_changed = simpler != *value;
        *value = simpler;
        return Some(is_changed);
    }
    *node -= 1;
    let mut inside: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(values) => Box::new(values.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
    };
    let mut count_of = |value: &Value| {
        let here = count(value);
        let is_inside = *node < here;
        if !is_inside {
            *node -= here;
        }
        is_inside
    };
    let found = inside.find(|value| count_of(value))?;
    change(found, node, variant)
}

/// What is simpler than a value, without what is within it.
fn variants(value: &Value) -> Box<dyn Iterator<Item = Value> + '_> {
    match value {
        Value::Null => Box::new(std::iter::empty()),
        Value::Bool(_) => Box::new(std::iter::once(false.into())),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => {
                let sign = number.signum();
                let nearer = nearer_to_zero(number.unsigned_abs().into());
                Box::new(nearer.filter_map(move |size| {
                    i64::try_from(size).ok()?.checked_mul(sign).map(Value::from)
                }))
            }
            (None, Some(number), _) => {
                let nearer = nearer_to_zero(number.into());
                Box::new(nearer.filter_map(|size| u64::try_from(size).ok().map(Value::from)))
            }
            (None, None, Some(number)) => {
                Box::new([0.0, number.trunc(), number / 2.0].into_iter().map(Value::from))
            }
            (None, None, None) => Box::new(std::iter::empty()),
        },
        Value::String(text) => {
            let count = text.chars().count();
            let lengths = nearer_to_zero(count as u128);
            let lengths = lengths.filter_map(|length| usize::try_from(length).ok());
            let beginnings = lengths.map(|length| text.chars().take(length).collect::<String>());
            let rest = text.chars().skip(1).collect::<String>();
            Box::new(beginnings.chain((count > 0).then_some(rest)).map(Value::from))
        }
        Value::Array(values) => Box::new(without_pieces(values.len()).map(|(from, until)| {
            let outside = values.iter().enumerate().filter(|(at, _)| *at < from || *at >= until);
            outside.map(|(_, value)| value.clone()).collect()
        })),
        Value::Object(fields) => Box::new(without_pieces(fields.len()).map(|(from, until)| {
            let outside = fields.iter().enumerate().filter(|(at, _)| *at < from || *at >= until);
            let outside = outside.map(|(_, (name, value))| (name.clone(), value.clone()));
            Value::Object(outside.collect())
        })),
    }
}

/// All, halves, and smaller and smaller pieces of a list, as from where until where.
fn without_pieces(length: usize) -> impl Iterator<Item = (usize, usize)> {
    let pieces = (0..).map_while(move |halvings| length.checked_shr(halvings));
    let pieces = pieces.take_while(|piece| *piece > 0);
    pieces.flat_map(move |piece| {
        (0..length).step_by(piece).map(move |at| (at, length.min(at + piece)))
    })
}
