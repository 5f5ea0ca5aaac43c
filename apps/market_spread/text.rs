//! Text of a fixed number of bytes: symbols, order ids, times.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wallaroo::{Key, parse_key_text, text_of_bytes};

/// A symbol: four bytes, padded on the left.
pub type Symbol = Text<4>;

/// The id of an order.
pub type OrderId = Text<6>;

/// When something happened on the market: `20261121-09:30:00.000`. Nothing reads it.
pub type Time = Text<21>;

/// Text of `N` bytes, padded on the left with spaces. Any byte may be in it. JSON and other formats
/// for people hold it as keys are written (`IBM`, `\xff`) without its padding, binary formats the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize>(pub [u8; N]);

impl<const N: usize> Text<N> {
    /// These bytes, with spaces before them; `None` if they are more than `N`.
    pub fn padded(bytes: &[u8]) -> Option<Self> {
        let mut padded = [b' '; N];
        let start = N.checked_sub(bytes.len())?;
        padded.get_mut(start..)?.copy_from_slice(bytes);
        Some(Self(padded))
    }

    /// The bytes without their padding.
    fn unpadded(&self) -> &[u8] {
        let start = self.0.iter().position(|byte| *byte != b' ').unwrap_or(N);
        self.0.get(start..).unwrap_or_default()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self([b' '; N])
    }
}

impl<const N: usize> From<Text<N>> for Key {
    fn from(text: Text<N>) -> Self {
        Self::from(text.0)
    }
}

impl<const N: usize> Serialize for Text<N>
where
    [u8; N]: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&text_of_bytes(self.unpadded()))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Text<N>
where
    [u8; N]: DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; N]>::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        let bytes = parse_key_text(&text).map_err(D::Error::custom)?;
        Self::padded(&bytes)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is longer than {N} bytes")))
    }
}
