//! Reads JSON with `serde_json`, and refuses what that would read as something else: an integer that a float
//! cannot hold, a float of too many bits, and a key that is twice in a map.
//!
//! [`Strict`] stands between `serde_json` and the message's own `Deserialize`: as a deserializer around that of
//! `serde_json`, as a visitor ([`Watched`]) around that of the message, and so on for each value within.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::numbers::Float;

/// Reads one value, and nothing behind it.
pub(super) fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    let mut inner = serde_json::Deserializer::from_slice(text);
    let value = T::deserialize(Strict::value(&mut inner, text))?;
    inner.end()?;
    Ok(value)
}

/// The keys of a map so far.
type Keys = HashSet<String>;

/// What `serde` passes along for a value or for the values within it, and what has to be known of it.
struct Strict<'a, I> {
    inner: I,
    /// The whole text.
    text: &'a [u8],
    /// If the value is a key, those before it in its map.
    keys: Option<&'a mut Keys>,
}

impl<'a, I> Strict<'a, I> {
    fn value(inner: I, text: &'a [u8]) -> Self {
        Self { inner, text, keys: None }
    }

    /// What is watched, and the visitor that watches.
    fn around<V>(self, visitor: V, float: Float, unique: bool) -> (I, Watched<'a, V>) {
        let Self { inner, text, keys } = self;
        (inner, Watched { visitor, text, keys, float, unique })
    }
}

/// Makes the methods of a deserializer, each with what a float must be.
macro_rules! deserialize {
    ($($method:ident($($argument:ident: $type:ty),*) $float:ident),* $(,)?) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let (inner, visitor) = self.around(visitor, Float::$float, true);
            inner.$method($($argument,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<'_, D> {
    type Error = D::Error;

    deserialize! {
        deserialize_any() Any,
        deserialize_bool() Any,
        deserialize_i8() Any,
        deserialize_i16() Any,
        deserialize_i32() Any,
        deserialize_i64() Any,
        deserialize_i128() Any,
        deserialize_u8() Any,
        deserialize_u16() Any,
        deserialize_u32() Any,
        deserialize_u64() Any,
        deserialize_u128() Any,
        deserialize_f32() Single,
        deserialize_f64() Double,
        deserialize_char() Any,
        deserialize_str() Any,
        deserialize_string() Any,
        deserialize_bytes() Any,
        deserialize_byte_buf() Any,
        deserialize_option() Any,
        deserialize_unit() Any,
        deserialize_unit_struct(name: &'static str) Any,
        deserialize_newtype_struct(name: &'static str) Any,
        deserialize_seq() Any,
        deserialize_tuple(length: usize) Any,
        deserialize_tuple_struct(name: &'static str, length: usize) Any,
        deserialize_map() Any,
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) Any,
        deserialize_identifier() Any,
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        // A struct itself refuses a field that is there twice.
        let (inner, visitor) = self.around(visitor, Float::Any, false);
        inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// A message's visitor, and what is watched for.
struct Watched<'a, V> {
    visitor: V,
    text: &'a [u8],
    keys: Option<&'a mut Keys>,
    float: Float,
    /// Whether the keys of a map are compared with each other.
    unique: bool,
}

impl<'a, V> Watched<'a, V> {
    /// Refuses a key that was there before.
    #[inline]
    fn note<E: Error>(&mut self, value: impl fmt::Display) -> Result<(), E> {
        let Some(keys) = &mut self.keys else { return Ok(()) };
        let key = value.to_string();
        if keys.contains(&key) {
            return Err(E::custom(format_args!("duplicate key `{key}`")));
        }
        keys.insert(key);
        Ok(())
    }

    /// A deserializer of a value that is this value, as in an `Option`.
    fn within<D>(self, inner: D) -> (V, Strict<'a, D>) {
        (self.visitor, Strict { inner, text: self.text, keys: self.keys })
    }
}

/// Makes the methods of a visitor for values that may be keys, and of which nothing else is asked.
macro_rules! visit {
    ($($method:ident($type:ty)),* $(,)?) => {$(
        #[inline]
        fn $method<E: Error>(mut self, value: $type) -> Result<V::Value, E> {
            self.note(value)?;
            self.visitor.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    visit! {
        visit_bool(bool),
        visit_i128(i128),
        visit_u128(u128),
        visit_char(char),
        visit_str(&str),
        visit_borrowed_str(&'de str),
    }

    #[inline]
    fn visit_i64<E: Error>(mut self, value: i64) -> Result<V::Value, E> {
        self.float.check_integer(value, value.unsigned_abs())?;
        self.note(value)?;
        self.visitor.visit_i64(value)
    }

    #[inline]
    fn visit_u64<E: Error>(mut self, value: u64) -> Result<V::Value, E> {
        self.float.check_integer(value, value)?;
        self.note(value)?;
        self.visitor.visit_u64(value)
    }

    #[inline]
    fn visit_f64<E: Error>(mut self, value: f64) -> Result<V::Value, E> {
        self.float.check_float(value, self.text)?;
        self.note(value)?;
        self.visitor.visit_f64(value)
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<V::Value, E> {
        self.visitor.visit_bytes(value)
    }

    fn visit_borrowed_bytes<E: Error>(self, value: &'de [u8]) -> Result<V::Value, E> {
        self.visitor.visit_borrowed_bytes(value)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let (visitor, inner) = self.within(inner);
        visitor.visit_some(inner)
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let (visitor, inner) = self.within(inner);
        visitor.visit_newtype_struct(inner)
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Strict::value(inner, self.text))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let keys = self.unique.then(Keys::new);
        self.visitor.visit_map(Entries { inner, text: self.text, keys })
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Strict { inner, text: self.text, keys: self.keys })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Strict { inner, text: self.text, keys: self.keys })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Strict::value(seed, self.text))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The keys and values of an object.
struct Entries<'a, A> {
    inner: A,
    text: &'a [u8],
    /// The keys so far, if they are compared.
    keys: Option<Keys>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let keys = self.keys.as_mut();
        self.inner.next_key_seed(Strict { inner: seed, text: self.text, keys })
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Strict::value(seed, self.text))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<'a, A> {
    type Error = A::Error;
    type Variant = Strict<'a, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let Self { inner, text, keys } = self;
        let (name, inner) = inner.variant_seed(Strict { inner: seed, text, keys })?;
        Ok((name, Strict::value(inner, text)))
    }
}

/// What is in a variant of an enum.
impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Strict::value(seed, self.text))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let (inner, visitor) = self.around(visitor, Float::Any, true);
        inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let (inner, visitor) = self.around(visitor, Float::Any, false);
        inner.struct_variant(fields, visitor)
    }
}
