//! A message or a state as far as the preview of it tells: previews are cut (see [`preview`](crate::core::frames::preview)).

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::{Deserializer, Map, Value};

/// What a preview that was cut ends with. No whole JSON does.
const CUT: char = '…';

/// A message or a state, as far as the preview of it tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// All of it.
    Whole(Value),
    /// It is longer than [`PREVIEW_LIMIT`](crate::core::frames::preview::PREVIEW_LIMIT): only these first fields of it are known.
    Cut(Map<String, Value>),
    /// It has no JSON that can be read. This is what its preview says instead.
    Unreadable(String),
}

impl Shown {
    /// What [`preview_json`](crate::core::frames::preview::preview_json) has made of it.
    pub fn of_preview(preview: &str) -> Self {
        match serde_json::from_str(preview) {
            Ok(value) => Self::Whole(value),
            Err(_) => match preview.strip_suffix(CUT) {
                Some(beginning) => Self::Cut(first_fields(beginning)),
                None => Self::Unreadable(preview.to_owned()),
            },
        }
    }

    /// All of it; `None` if that is not known.
    pub fn whole(&self) -> Option<&Value> {
        match self {
            Self::Whole(value) => Some(value),
            Self::Cut(_) | Self::Unreadable(_) => None,
        }
    }

    /// A field of it; `None` if it has none, or if that is not known.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Whole(value) => value.get(name),
            Self::Cut(fields) => fields.get(name),
            Self::Unreadable(_) => None,
        }
    }
}

/// The fields of the beginning of an object that are there as a whole.
fn first_fields(beginning: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    // It ends too early, so there is an error in any case: what was read until then is what is asked for.
    let _ = FirstFields(&mut fields).deserialize(&mut Deserializer::from_str(beginning));
    fields
}

/// Reads fields of an object until there is no other one.
struct FirstFields<'a>(&'a mut Map<String, Value>);

impl<'de> DeserializeSeed<'de> for FirstFields<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FirstFields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut next: Option<String> = map.next_key()?;
        while let Some(name) = next {
            let value: Value = map.next_value()?;
            // A number may go on behind the cut. It is known to be whole when the next name begins.
            next = map.next_key()?;
            self.0.insert(name, value);
        }
        Ok(())
    }
}
