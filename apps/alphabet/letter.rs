//! A letter: any byte, shown as text if it is printable.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use wallaroo::{parse_key_text, text_of_bytes};

/// A letter: any byte. JSON and other formats for people hold the text that its key has on screens
/// (`a`, `\xff`), binary formats the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter(pub u8);

impl Serialize for Letter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&text_of_bytes(&[self.0]))
        } else {
            serializer.serialize_u8(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Letter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u8::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        match *parse_key_text(&text).map_err(D::Error::custom)? {
            [byte] => Ok(Self(byte)),
            ref bytes => {
                Err(D::Error::custom(format!("`{text}` is {} bytes, not one letter", bytes.len())))
            }
        }
    }
}
