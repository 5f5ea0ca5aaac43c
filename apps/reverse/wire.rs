//! The bytes of texts.

use wallaroo::{Out, Reason};

/// What [`write_line`] writes, in words.
pub const LINE: &str = "a line: the reversed text";

/// Reads a text: the whole payload, which must be UTF-8. An empty one is a text too.
pub fn decode(payload: &[u8]) -> Result<Option<String>, Reason> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(format!("the payload is not UTF-8: {error}").into()),
    }
}

/// Writes a text as a line.
#[expect(clippy::ptr_arg, reason = "encoders are given a reference to the message")]
pub fn write_line(text: &String, output: &mut Out<'_>) {
    output.text(text);
    output.byte(b'\n');
}
