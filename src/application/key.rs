//! The key of a partition.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::NonZero;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::key_text::{parse_key_text, text_of_bytes};

/// How many bytes of a key need no allocation, so that a key is three words long.
const SHORT: usize = 16;

/// The key of a partition: any bytes, of any length. Short keys (up to 16 bytes) need no allocation.
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
#[derive(Clone)]
pub struct Key(Repr);

/// A key's bytes. Invariant: equal keys have equal representations, so that comparing short ones is
/// comparing three words: what fits is short, and after the length all is zero.
///
/// A short key is made, copied, hashed and compared as whole words: a word that is read just after it
/// was written in parts makes the processor wait.
#[derive(Clone)]
enum Repr {
    Short {
        /// The length plus one. Zero says that the key is long, so both together are one word.
        size: NonZero<u64>,
        /// Two words: an array of bytes, so that it can be lent as a slice.
        words: [[u8; 8]; 2],
    },
    Long(Box<[u8]>),
}

impl Key {
    /// The key's bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Short { size, words } => {
                let bytes = words.as_flattened();
                let length = usize::try_from(size.get() - 1).unwrap_or(SHORT);
                bytes.get(..length).unwrap_or(bytes)
            }
            Repr::Long(bytes) => bytes,
        }
    }

    /// Whether it needs an allocation.
    #[inline]
    pub(crate) fn is_long(&self) -> bool {
        matches!(self.0, Repr::Long(_))
    }

    /// A short key as three words: two keys are equal if all three are.
    #[inline]
    pub(crate) fn words(&self) -> Option<[u64; 3]> {
        match &self.0 {
            Repr::Short { size, words: [first, second] } => {
                Some([size.get(), u64::from_le_bytes(*first), u64::from_le_bytes(*second)])
            }
            Repr::Long(_) => None,
        }
    }

    /// A key of at most [`SHORT`] bytes: its length, and its bytes with zeros behind them.
    #[inline]
    fn short(length: usize, first: u64, second: u64) -> Self {
        debug_assert!(length <= SHORT, "what is longer does not fit");
        let size = NonZero::<u64>::MIN.saturating_add(length as u64);
        Self(Repr::Short { size, words: [first.to_le_bytes(), second.to_le_bytes()] })
    }
}

/// Up to eight bytes as a little-endian number.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    if let Some(all) = bytes.first_chunk() {
        return u64::from_le_bytes(*all);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // They overlap, and there they are the same.
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | (u64::from(last) << (8 * (bytes.len() - 4)));
    }
    match *bytes {
        [a, b, c] => u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0]),
        [a, b] => u64::from_le_bytes([a, b, 0, 0, 0, 0, 0, 0]),
        [a] => u64::from(a),
        _ => 0,
    }
}

impl PartialEq for Key {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self.words(), other.words()) {
            // All three words are compared without a branch.
            (Some([size, a, b]), Some([other, x, y])) => (size ^ other) | (a ^ x) | (b ^ y) == 0,
            (None, None) => self.as_bytes() == other.as_bytes(),
            _ => false,
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.words() {
            Some(words) => words.iter().for_each(|word| state.write_u64(*word)),
            None => self.as_bytes().hash(state),
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
        match (self.words(), other.words()) {
            (Some([size, a, b]), Some([other, x, y])) => {
                // The first byte counts most. What is equal up to the zeros is a beginning of the other.
                let order = |size, a: u64, b: u64| (a.swap_bytes(), b.swap_bytes(), size);
                order(size, a, b).cmp(&order(other, x, y))
            }
            _ => self.as_bytes().cmp(other.as_bytes()),
        }
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
        if bytes.len() > SHORT {
            return Self(Repr::Long(bytes.into()));
        }
        let (first, second) = bytes.split_at(bytes.len().min(8));
        Self::short(bytes.len(), word(first), word(second))
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
        Self::short(1, byte.into(), 0)
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
    #[inline]
    fn from(character: char) -> Self {
        if let Ok(ascii @ ..=0x7f) = u8::try_from(character) {
            return Self::from(ascii);
        }
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
            parse_key_text(&text).map(Self::from).map_err(Error::custom)
        } else {
            deserializer.deserialize_byte_buf(BytesOfKey)
        }
    }
}

/// Makes a key of bytes. Some formats give them as a sequence of numbers, which earlier versions wrote.
struct BytesOfKey;

impl<'de> Visitor<'de> for BytesOfKey {
    type Value = Key;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes of a key")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Key, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Key, E> {
        Ok(bytes.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Key, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = numbers.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use proptest::prelude::*;

    use super::*;

    /// Pairs that are often equal, or differ in one byte, or in zeros at the end.
    fn pairs_of_bytes() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let bytes = prop::collection::vec(prop_oneof![Just(0), Just(1), any::<u8>()], 0..2 * SHORT);
        (bytes.clone(), bytes, 0..4_u8, 0..2 * SHORT).prop_map(|(one, other, kind, at)| {
            let mut two = one.clone();
            match (kind, two.get_mut(at)) {
                (0, _) => return (one, other),
                (1, Some(byte)) => *byte = byte.wrapping_add(1),
                (2, _) => two.resize(at, 0),
                _ => {}
            }
            (one, two)
        })
    }

    proptest! {
        #[test]
        fn a_key_compares_and_hashes_as_its_bytes_do(
            (one, two) in pairs_of_bytes(),
        ) {
            let hasher = RandomState::new();
            let (key, other) = (Key::from(one.clone()), Key::from(two.as_slice()));
            prop_assert_eq!(key.as_bytes(), &*one);
            prop_assert_eq!(key.cmp(&other), one.cmp(&two));
            prop_assert_eq!(key == other, one == two);
            prop_assert_eq!(key.words().is_some(), one.len() <= SHORT);
            let again = Key::from(one.as_slice());
            prop_assert_eq!(&again, &key);
            prop_assert_eq!(hasher.hash_one(&again), hasher.hash_one(&key));
            prop_assert_eq!(hasher.hash_one(&other) == hasher.hash_one(&key), one == two);
        }

        #[test]
        fn a_character_is_the_key_of_its_text(character: char) {
            prop_assert_eq!(Key::from(character), Key::from(character.to_string()));
        }

        #[test]
        fn any_key_survives_json_and_binary(bytes: Vec<u8>) {
            let key = Key::from(bytes);
            let json = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Key>(&json).unwrap(), &key);
            let binary = postcard::to_stdvec(&key).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Key>(&binary).unwrap(), &key);
            let packed = rmp_serde::to_vec(&key).unwrap();
            prop_assert_eq!(&rmp_serde::from_slice::<Key>(&packed).unwrap(), &key);
            // Formats that have no bytes give a sequence.
            let sequence = rmp_serde::to_vec(&key.as_bytes().to_vec()).unwrap();
            prop_assert_eq!(rmp_serde::from_slice::<Key>(&sequence).unwrap(), key);
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
        assert_eq!(size_of::<Key>(), 24);
    }
}
