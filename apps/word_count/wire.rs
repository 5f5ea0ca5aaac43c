//! The bytes of lines and counts.

use wallaroo::{Out, Reason};

use super::WordCount;

/// What [`write_line`] writes, in words.
pub const LINE: &str = "a line: the word, ` => `, its count in decimal digits";

/// Reads a text: the whole payload, which must be UTF-8. An empty one is a text without words.
pub fn decode(payload: &[u8]) -> Result<Option<String>, Reason> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => Err(format!("the payload is not UTF-8: {error}").into()),
    }
}

/// Writes a count as a line.
pub fn write_line(count: &WordCount, output: &mut Out<'_>) {
    output.text(&count.word);
    output.text(" => ");
    output.decimal(count.count);
    output.byte(b'\n');
}
