//! Whether a value has JSON at all: `serde_json` writes `null` for numbers that are not finite.
//!
//! It is a serializer that writes nothing. Of a type without floats, nothing is left of it in the program.

use std::fmt::{self, Display};

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// Refuses a value in which there is a number that is not finite.
#[inline]
pub(super) fn check<T: Serialize + ?Sized>(value: &T) -> Result<(), Refused> {
    value.serialize(Check)
}

/// Why a value is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The field, or empty.
    path: String,
    reason: String,
}

impl Refused {
    /// The same, within this field.
    #[cold]
    fn within(mut self, field: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.path = format!("{field}{dot}{}", self.path);
        self
    }
}

impl Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(formatter, "{}{colon}{}", self.path, self.reason)
    }
}

impl std::error::Error for Refused {}

impl Error for Refused {
    fn custom<T: Display>(reason: T) -> Self {
        Self { path: String::new(), reason: reason.to_string() }
    }
}

type Checked = Result<(), Refused>;

/// Looks at the numbers of a value.
#[derive(Clone, Copy)]
struct Check;

impl Check {
    #[inline]
    fn number(number: f64) -> Checked {
        if number.is_finite() {
            return Ok(());
        }
        Err(Refused::custom(format_args!("JSON has no number {number}")))
    }
}

/// Makes the methods of a serializer for values in which there is nothing to look at.
macro_rules! pass {
    ($($method:ident($($type:ty),*)),* $(,)?) => {$(
        #[inline]
        fn $method(self $(, _: $type)*) -> Checked {
            Ok(())
        }
    )*};
}

/// Makes the methods of a serializer that begin a value of several parts.
macro_rules! begin {
    ($($method:ident($($type:ty),*)),* $(,)?) => {$(
        #[inline]
        fn $method(self $(, _: $type)*) -> Result<Self, Refused> {
            Ok(self)
        }
    )*};
}

impl Serializer for Check {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    pass! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_none(),
        serialize_unit(),
        serialize_unit_struct(&'static str),
        serialize_unit_variant(&'static str, u32, &'static str),
    }

    begin! {
        serialize_seq(Option<usize>),
        serialize_tuple(usize),
        serialize_tuple_struct(&'static str, usize),
        serialize_tuple_variant(&'static str, u32, &'static str, usize),
        serialize_map(Option<usize>),
        serialize_struct(&'static str, usize),
        serialize_struct_variant(&'static str, u32, &'static str, usize),
    }

    #[inline]
    fn serialize_f32(self, number: f32) -> Checked {
        Self::number(number.into())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Checked {
        Self::number(number)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Checked {
        check(value)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Checked {
        check(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Checked {
        check(value)
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Checked {
        Ok(())
    }
}

/// Makes the parts of a value without names.
macro_rules! parts {
    ($($part:ident::$method:ident),* $(,)?) => {$(
        impl $part for Check {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Checked {
                check(value)
            }

            #[inline]
            fn end(self) -> Checked {
                Ok(())
            }
        }
    )*};
}

parts! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

/// Makes the parts of a value with names.
macro_rules! fields {
    ($($part:ident),* $(,)?) => {$(
        impl $part for Check {
            type Ok = ();
            type Error = Refused;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Checked {
                check(value).map_err(|refused| refused.within(name))
            }

            #[inline]
            fn end(self) -> Checked {
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Check {
    type Ok = ();
    type Error = Refused;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Checked {
        check(key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Checked {
        check(value)
    }

    #[inline]
    fn end(self) -> Checked {
        Ok(())
    }
}
