//! JSON as the program writes it: characters that control a terminal are escaped.
//!
//! JSON itself escapes only control characters below U+0020. What is written here may be read on a
//! terminal all the same, and `\uNNNN` is the same text to every reader of JSON.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::application::is_printable;

/// Writes a value as JSON in one line.
///
/// # Errors
///
/// The value has no JSON form, or it cannot be written.
pub fn write_json<T: Serialize + ?Sized>(writer: impl Write, value: &T) -> serde_json::Result<()> {
    value.serialize(&mut Serializer::with_formatter(writer, Printable))
}

/// A JSON text in which every character that controls a terminal is escaped, except line breaks: those
/// are only between values.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let stands = |character: char| character == '\n' || is_printable(character);
    if json.chars().all(stands) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if stands(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(text)
}

struct Printable;

impl Formatter for Printable {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(escaped(fragment).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_read_back_as_it_was() {
        let text = "a\u{7f}\u{9b}\u{202e}\u{e0041}\"\\\n日é";
        let mut json = Vec::new();
        write_json(&mut json, &[text]).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert_eq!(json, r#"["a\u007f\u009b\u202e\udb40\udc41\"\\\n日é"]"#);
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [text]);
    }
}
