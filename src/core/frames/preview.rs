//! Messages and states as text for people, at a bounded length.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::application::{is_printable, text_of_bytes};
use crate::core::guard::guarded;

/// The longest preview in bytes.
pub const PREVIEW_LIMIT: usize = 2048;

/// How many bytes of a frame or of an output are kept to be looked at: 16 KiB.
pub const BYTES_LIMIT: usize = 16 * 1024;

/// A value as JSON.
///
/// # Errors
///
/// The author's `Serialize` has failed or panicked. A panic is caught, because a look at a state must not end
/// its worker.
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Value, String> {
    guarded(|| serde_json::to_value(value).map_err(|error| error.to_string()))
        .map_err(|reason| not_representable(&reason))
}

fn not_representable(reason: &str) -> String {
    format!("(not representable as JSON: {reason})")
}

/// A value as JSON, cut at [`PREVIEW_LIMIT`] with an ellipsis. If its `Serialize` panics, that is what is shown: a message
/// fares the same whether it is traced or not.
pub fn preview_json<T: Serialize + ?Sized>(value: &T) -> String {
    let mut writer = Bounded(Vec::new());
    match guarded(|| Ok(serde_json::to_writer(&mut writer, value))) {
        Err(panicked) => not_representable(&panicked),
        Ok(Err(error)) if !error.is_io() => not_representable(&error.to_string()),
        Ok(Err(_)) => text(writer.0, true),
        Ok(Ok(())) => text(writer.0, false),
    }
}

/// A text of several lines, each as [`one_line`] makes it.
pub fn each_line(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", one_line(line)),
            None => one_line(line).into_owned(),
        })
        .collect()
}

/// A text of at most [`PREVIEW_LIMIT`] bytes, with an ellipsis if it was cut.
pub fn shortened(mut text: String) -> String {
    if text.len() > PREVIEW_LIMIT {
        text.truncate(text.floor_char_boundary(PREVIEW_LIMIT));
        text.push('…');
    }
    text
}

/// The first [`BYTES_LIMIT`] of some bytes.
pub fn preview_bytes(bytes: &[u8]) -> Vec<u8> {
    bytes.get(..BYTES_LIMIT).unwrap_or(bytes).to_vec()
}

/// A text, for example a reason, in one line that is safe for a terminal: line breaks and tabs become spaces,
/// other invisible characters become their bytes, as `\xNN`.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => line.push(' '),
            '\r' => {}
            _ if is_printable(character) => line.push(character),
            _ => line.push_str(&text_of_bytes(character.encode_utf8(&mut [0; 4]).as_bytes())),
        }
    }
    Cow::Owned(line)
}

fn text(bytes: Vec<u8>, cut: bool) -> String {
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if cut {
        text.push('…');
    }
    text
}

/// Takes bytes up to the limit. Then it fails, which stops the serializer early.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PREVIEW_LIMIT.saturating_sub(self.0.len());
        if room == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_value_is_cut_and_says_so() {
        assert_eq!(preview_json(&[1, 2]), "[1,2]");
        let long = preview_json(&"x".repeat(1_000_000));
        assert!(long.len() <= PREVIEW_LIMIT + '…'.len_utf8() && long.ends_with('…'));
    }

    #[test]
    fn a_text_is_one_line_that_does_nothing_to_a_terminal() {
        assert_eq!(one_line(r"key \xff, 日本"), r"key \xff, 日本");
        assert_eq!(one_line("one\n\ttwo\r\n"), "one  two ");
        assert_eq!(one_line("\x1b[2J\u{202e}"), r"\x1b[2J\xe2\x80\xae");
    }

    #[test]
    fn a_value_that_json_cannot_hold_says_why() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(preview_json(&map).contains("not representable"));
    }
}
