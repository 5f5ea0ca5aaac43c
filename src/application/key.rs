//! The key of a partition, and how bytes are written as text.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::printable::is_printable;

/// How many bytes of a key need no allocation, so that a key is three words long.
const SHORT: usize = 22;

/// The key of a partition: any bytes, of any length. Short keys (up to 22 bytes) need no allocation.
///
/// As text, printable UTF-8 stands as it is, every other byte as `\xNN`, and a backslash as `\\`.
///
/// ```
/// use wallaroo::Key;
///
/// assert_eq!(Key::from('a').to_string(), "a");
/// assert_eq!(Key::from(0xff_u8).to_string(), r"\xff");
/// assert_eq!(Key::from("tab\t").to_string(), r"tab\x09");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Repr);

/// A key's bytes. Invariant: equal keys have equal representations, so that comparing short ones is
/// comparing three words: what fits is short, and after the length all is zero.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Key {
    /// The key's bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or(bytes),
            Repr::Long(bytes) => bytes,
        }
    }
}

impl Default for Key {
    fn default() -> Self {
        Self::from([])
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&[u8]> for Key {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        let mut short = [0; SHORT];
        match (u8::try_from(bytes.len()), short.get_mut(..bytes.len())) {
            (Ok(length), Some(start)) => {
                start.copy_from_slice(bytes);
                Self(Repr::Short { length, bytes: short })
            }
            _ => Self(Repr::Long(bytes.into())),
        }
    }
}

impl From<Vec<u8>> for Key {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= SHORT {
            Self::from(bytes.as_slice())
        } else {
            Self(Repr::Long(bytes.into_boxed_slice()))
        }
    }
}

impl<const N: usize> From<[u8; N]> for Key {
    #[inline]
    fn from(bytes: [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<u8> for Key {
    #[inline]
    fn from(byte: u8) -> Self {
        Self::from([byte])
    }
}

impl From<&str> for Key {
    #[inline]
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<char> for Key {
    fn from(character: char) -> Self {
        Self::from(&*character.encode_utf8(&mut [0; 4]))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&text_of_bytes(self.as_bytes()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", text_of_bytes(self.as_bytes()))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&text_of_bytes(self.as_bytes()))
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            parse_key_text(&text).map(Self::from).map_err(serde::de::Error::custom)
        } else {
            Vec::<u8>::deserialize(deserializer).map(Self::from)
        }
    }
}

/// Bytes as a person reads them: printable UTF-8 as it is, every other byte as `\xNN`, a backslash
/// as `\\`. [`parse_key_text`] reads it back.
pub fn text_of_bytes(bytes: &[u8]) -> String {
    // Escaped bytes take four times as much room, and then once is enough.
    let mut text = String::with_capacity(4 * bytes.len());
    push_text_of_bytes(&mut text, bytes);
    text
}

/// Appends the text of [`text_of_bytes`].
pub(crate) fn push_text_of_bytes(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                _ if is_printable(character) => text.push(character),
                _ => push_escaped(text, character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        push_escaped(text, chunk.invalid());
    }
}

fn push_escaped(text: &mut String, bytes: &[u8]) {
    // Without `format!`, for speed: checkpoints write many keys while no frame can enter.
    let digit = |number: u8| if number < 10 { b'0' + number } else { b'a' - 10 + number };
    for byte in bytes {
        let escape = [b'\\', b'x', digit(byte >> 4), digit(byte & 0xf)];
        text.push_str(str::from_utf8(&escape).unwrap_or_default());
    }
}

/// What may follow a backslash, for a person who types one.
const ESCAPES: &str =
    r"after a backslash type x and two hexadecimal digits (\xNN), or another backslash";

/// Reads back what [`text_of_bytes`] wrote.
///
/// # Errors
///
/// An escape is neither `\\` nor `\xNN`. The error tells what to type instead.
pub fn parse_key_text(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        bytes.extend_from_slice(plain.as_bytes());
        if let Some(after) = escape.strip_prefix("\\\\") {
            bytes.push(b'\\');
            rest = after;
        } else {
            let byte = escape
                .strip_prefix("\\x")
                .and_then(|digits| digits.get(..2))
                // `from_str_radix` would take a plus sign as well.
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or_else(|| format!("`{escape}`: {ESCAPES}"))?;
            bytes.push(byte);
            rest = escape.get(4..).unwrap_or_default();
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_survive_being_written_as_text(bytes: Vec<u8>) {
            prop_assert_eq!(parse_key_text(&text_of_bytes(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn any_key_survives_json_and_binary(bytes: Vec<u8>) {
            let key = Key::from(bytes);
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Key>(&json).unwrap(), &key);
            let binary = postcard::to_stdvec(&key).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Key>(&binary).unwrap(), key);
        }
    }

    #[test]
    fn keys_of_all_lengths_are_their_bytes() {
        for length in 0..=2 * SHORT {
            let bytes: Vec<u8> = (0_u8..).take(length).collect();
            let key = Key::from(bytes.as_slice());
            assert_eq!(key.as_bytes(), bytes);
            assert_eq!(key, Key::from(bytes.clone()));
            let longer = [&*bytes, &[0]].concat();
            assert!(key < Key::from(longer), "a key comes before those that it begins");
            assert!(
                key < Key::from([1]),
                "keys are in the order of their bytes, not of their lengths"
            );
        }
        assert_eq!(size_of::<Key>(), 3 * size_of::<usize>());
    }

    #[test]
    fn a_key_is_shown_readably() {
        assert_eq!(text_of_bytes("héllo → ✓".as_bytes()), "héllo → ✓");
        assert_eq!(text_of_bytes(b"a\\b\n\xff\x00"), r"a\\b\x0a\xff\x00");
        assert_eq!(text_of_bytes("\u{202e}evil".as_bytes()), r"\xe2\x80\xaeevil");
        assert_eq!(text_of_bytes(b""), "");
    }

    #[test]
    fn a_broken_escape_is_an_error_that_shows_it() {
        assert_eq!(
            parse_key_text(r"a\q").unwrap_err(),
            r"`\q`: after a backslash type x and two hexadecimal digits (\xNN), or another backslash"
        );
        assert!(parse_key_text(r"\x1").is_err());
        assert!(parse_key_text(r"\x+1").is_err());
    }
}
