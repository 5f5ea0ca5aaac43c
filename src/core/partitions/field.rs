//! One field of a state, without the rest: what rows are sorted by or judged by, two million of them at a time.
//!
//! Invariant: an answer is the one that the state as JSON would give. There is no answer if the state is neither
//! a struct nor a plain value; then the caller makes JSON of all of it.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeStruct, Serializer};
use serde_json::Value;

use super::sort_value::SortValue;
use crate::core::frames::preview::to_json;
use crate::core::guard::guarded;

impl SortValue {
    /// A field of a state; the state itself if it has no fields.
    pub fn of_field<S: Serialize>(state: &S, name: &str) -> Self {
        match found_in(state, name) {
            Some(Found::Plain(value) | Found::Field(Some(value))) => Self::of_json(value),
            Some(Found::Field(None)) => Self::Nothing,
            None => Self::of_json_field(state, name),
        }
    }
}

/// A field of a state as JSON; `None` if it has no such field.
pub(super) fn json_field<S: Serialize>(state: &S, name: &str) -> Option<Value> {
    match found_in(state, name) {
        Some(Found::Field(field)) => field,
        Some(Found::Plain(_)) => None,
        None => match to_json(state) {
            Ok(Value::Object(mut fields)) => fields.remove(name),
            _ => None,
        },
    }
}

/// What a state says without making JSON of all of it.
#[derive(Debug, PartialEq)]
enum Found {
    /// It is a plain value.
    Plain(Value),
    /// It is a struct: its field of the name, if it has one.
    Field(Option<Value>),
}

/// `None` if only JSON can tell.
fn found_in<S: Serialize>(state: &S, name: &str) -> Option<Found> {
    // The reason does not matter: JSON is made instead.
    guarded(|| state.serialize(Extract { name }).map_err(|_| String::new())).ok()
}

/// Only JSON can tell.
#[derive(Debug)]
struct NotPlain;

impl Display for NotPlain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("neither a struct nor a plain value")
    }
}

impl std::error::Error for NotPlain {}

impl Error for NotPlain {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Takes a plain value, or the named field of a struct.
#[derive(Clone, Copy)]
struct Extract<'a> {
    name: &'a str,
}

/// Takes one field out of those of a struct.
struct Fields<'a> {
    name: &'a str,
    found: Option<Value>,
}

impl SerializeStruct for Fields<'_> {
    type Ok = Found;
    type Error = NotPlain;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), NotPlain> {
        if name == self.name {
            self.found = Some(serde_json::to_value(value).map_err(|_| NotPlain)?);
        }
        Ok(())
    }

    fn end(self) -> Result<Found, NotPlain> {
        Ok(Found::Field(self.found))
    }
}

/// The methods that take a whole number.
macro_rules! integers {
    ($($method:ident: $integer:ty),*) => {
        $(fn $method(self, value: $integer) -> Result<Found, NotPlain> {
            Ok(Found::Plain(value.into()))
        })*
    };
}

/// The methods that take what is no plain value.
macro_rules! refusals {
    ($($method:ident($($argument:ty),*) -> $given:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$given, NotPlain> {
            Err(NotPlain)
        })*
    };
}

type Never = Impossible<Found, NotPlain>;

impl<'a> Serializer for Extract<'a> {
    type Ok = Found;
    type Error = NotPlain;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Never;

    integers!(
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64
    );

    refusals!(
        serialize_bytes(&[u8]) -> Found;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    );

    fn serialize_f32(self, value: f32) -> Result<Found, NotPlain> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Found, NotPlain> {
        Ok(Found::Plain(value.into()))
    }

    fn serialize_char(self, value: char) -> Result<Found, NotPlain> {
        Ok(Found::Plain(value.to_string().into()))
    }

    fn serialize_str(self, value: &str) -> Result<Found, NotPlain> {
        Ok(Found::Plain(value.into()))
    }

    fn serialize_none(self) -> Result<Found, NotPlain> {
        Ok(Found::Plain(Value::Null))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Found, NotPlain> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Found, NotPlain> {
        Ok(Found::Plain(Value::Null))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Found, NotPlain> {
        Ok(Found::Plain(Value::Null))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Found, NotPlain> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Found, NotPlain> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Found, NotPlain> {
        Err(NotPlain)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, NotPlain> {
        Ok(Fields { name: self.name, found: None })
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Kind {
        Plain,
        Holding(u8),
    }

    #[derive(Serialize)]
    struct Inner(i64);

    #[derive(Serialize)]
    struct Everything {
        number: u64,
        fraction: f32,
        infinite: f64,
        yes: bool,
        letter: char,
        text: String,
        nothing: Option<u8>,
        something: Option<u8>,
        inner: Inner,
        plain: Kind,
        holding: Kind,
        list: Vec<u8>,
        unit: (),
        large: u128,
        #[serde(skip)]
        _skipped: u8,
    }

    const NAMES: [&str; 16] = [
        "number",
        "fraction",
        "infinite",
        "yes",
        "letter",
        "text",
        "nothing",
        "something",
        "inner",
        "plain",
        "holding",
        "list",
        "unit",
        "large",
        "_skipped",
        "unknown",
    ];

    fn agree<S: Serialize>(state: &S) {
        for name in NAMES {
            let json = SortValue::of_json_field(state, name);
            assert_eq!(SortValue::of_field(state, name), json, "{name}");
            let whole = to_json(state).ok().and_then(|json| json.get(name).cloned());
            assert_eq!(json_field(state, name), whole, "{name}");
        }
    }

    #[test]
    fn a_field_is_the_one_that_json_has() {
        let state = Everything {
            number: u64::MAX,
            fraction: 0.1,
            infinite: f64::INFINITY,
            yes: true,
            letter: 'é',
            text: "some".to_owned(),
            nothing: None,
            something: Some(3),
            inner: Inner(-7),
            plain: Kind::Plain,
            holding: Kind::Holding(1),
            list: vec![1, 2],
            unit: (),
            large: 5,
            _skipped: 0,
        };
        let number = Found::Field(Some(u64::MAX.into()));
        assert_eq!(found_in(&state, "number"), Some(number));
        agree(&state);
        agree(&Some(state));
    }

    #[test]
    fn a_state_without_fields_is_its_own_value() {
        agree(&7_u32);
        agree(&"text");
        agree(&Inner(3));
        agree(&(1, 2));
        agree(&std::collections::BTreeMap::from([("number", 1), ("text", 2)]));
        agree(&Kind::Plain);
        agree(&Kind::Holding(2));
    }

    #[test]
    fn a_state_that_panics_has_no_fields() {
        struct Panics;
        impl Serialize for Panics {
            fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                panic!("on purpose")
            }
        }
        agree(&Panics);
    }
}
