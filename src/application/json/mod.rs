//! JSON as the wire format: a decoder and an encoder for any `serde` type, a line a message.
//!
//! Invariant: a number is what the text says, or the message is refused. What is not so is listed at [`Json`].

mod finite;
mod numbers;
mod place;
mod strict;
#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;

use super::{Decoder, Encoder, Message, Out, Reason, Sink, Source};

/// Messages of type `T` as JSON: a decoder and an encoder. [`Source::json_lines`] and [`Sink::json_lines`] are a
/// source and a sink of it, so that an application over JSON lines is a struct, a partition function and a state:
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use wallaroo::{Application, Key, Sink, Source, TestDriver};
///
/// #[derive(Serialize, Deserialize)]
/// struct Purchase {
///     user: String,
///     cents: u64,
/// }
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Total {
///     user: String,
///     cents: u64,
/// }
///
/// fn add(purchase: Purchase, total: &mut Total) -> (Option<Total>, bool) {
///     total.cents += purchase.cents;
///     (Some(total.clone()), true)
/// }
///
/// let new_total = |user: &Key| Total { user: user.to_string(), cents: 0 };
/// let topology = Application::new("totals")
///     .pipeline("purchases", Source::json_lines(r#"{"user":"ann","cents":250}"#))
///     .to_state_partition(add, new_total, "totals", |purchase: &Purchase| purchase.user.clone())
///     .to_sink(Sink::json_lines())
///     .build()?;
///
/// let mut driver = TestDriver::new(&topology);
/// driver.push("purchases", b"{\"user\":\"ann\",\"cents\":250}\n{\"cents\":7.5,\"user\":\"ann\"}\n")?;
/// driver.run();
/// assert_eq!(driver.outputs("purchases")?, [b"{\"user\":\"ann\",\"cents\":250}\n"]);
/// assert_eq!(
///     driver.dead_letters()[0].reason,
///     "cents: invalid type: floating point `7.5`, expected u64, at byte 12"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What is read
///
/// One value, with blanks around it; anything behind it is refused. Fields that `T` does not have are passed
/// over, unless it says `#[serde(deny_unknown_fields)]`. A byte order mark is passed over.
///
/// * An integer is exact or refused, also in a field of type `f64` or `f32`: 9007199254740993 is not an `f64`. Integers
///   of more than 64 bits need a field of type `u128` or `i128`.
/// * A number with a fraction or an exponent is refused in a field for an integer, also if it is `1.0`, and so is `-0`. As `f64` or
///   `f32` it is the nearest one, and what is written of it is read back as the same; one that is too large is
///   refused, and so are `NaN` and `Infinity`, which are not JSON.
/// * A key that is twice in an object is refused: in the fields of a struct and in a map. Only among fields that
///   are passed over it is not seen.
/// * More than 127 values within each other are refused.
///
/// `serde` itself reads what is behind `#[serde(flatten)]` and the content of enums that are `untagged` or have a
/// `tag`, after it was read as any value: there, an integer in a field of type `f64` is rounded, and the reason of
/// a refusal names the struct around it instead of the field.
///
/// # What is written
///
/// The value without blanks, and `\n` behind it. A number that is `NaN` or infinite is refused, because JSON has
/// none: a dead letter instead of a `null`. To write JSON in another frame, give an encoder of your own that calls
/// `serde_json::to_writer` with the [`Out`].
pub struct Json<T>(PhantomData<fn(T) -> T>);

impl<T> Json<T> {
    /// The decoder and encoder.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message> Decoder for Json<T> {
    type Message = T;

    fn decode(&self, payload: &[u8]) -> Result<Option<T>, Reason> {
        read(payload).map(Some)
    }
}

impl<T: Message> Encoder<T> for Json<T> {
    #[inline]
    fn encode(&self, message: &T, output: &mut Out<'_>) -> Result<(), Reason> {
        finite::check(message)?;
        serde_json::to_writer(&mut *output, message)?;
        output.byte(b'\n');
        Ok(())
    }
}

/// Reads one value, and nothing behind it.
fn read<T: Message>(payload: &[u8]) -> Result<T, Reason> {
    let text = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    if text.trim_ascii().is_empty() {
        return Err("there is no JSON: the payload is empty".into());
    }
    strict::read(text).map_err(|error| place::reason(text, &error))
}

impl<T: Message> Source<Json<T>> {
    /// A source of lines, each a [`Json`] value. `example` is a line that the workbench shows to whoever types
    /// the first message; what is typed is the JSON itself.
    ///
    /// ```
    /// use wallaroo::{Json, Source};
    ///
    /// let temperatures = Source::<Json<(String, f64)>>::json_lines(r#"["Oslo",-3.5]"#);
    /// # let _ = temperatures;
    /// ```
    #[must_use]
    pub fn json_lines(example: impl Into<String>) -> Self {
        let check = |text: &str| read::<T>(text.as_bytes()).map(|_| text.as_bytes().to_vec());
        Self::new(Json::new()).lines().format("a line of JSON").typed(example, check)
    }
}

impl<T: Message> Sink<Json<T>> {
    /// A sink of lines, each a [`Json`] value.
    #[must_use]
    pub fn json_lines() -> Self {
        Self::new(Json::new()).format("a line of JSON")
    }
}

impl<T> Default for Json<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Json<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Json<T> {}

impl<T> fmt::Debug for Json<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Json")
    }
}
