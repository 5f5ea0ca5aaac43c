//! Where in a JSON text an error is, in words: the path of the field, such as `items[2].price`.

use std::fmt::Write;

use crate::application::Reason;

/// Why a text is refused, with the field at fault.
pub(super) fn reason(text: &[u8], error: &serde_json::Error) -> Reason {
    let said = error.to_string();
    let (line, column) = (error.line(), error.column());
    let said = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said);
    let end = offset(text, line, column);
    // A syntax error is at the byte that does not belong there, anything else behind the value.
    let before = if error.is_syntax() { end.saturating_sub(1) } else { end };
    let path = path(text.get(..before).unwrap_or(text));
    let colon = if path.is_empty() { "" } else { ": " };
    format!("{path}{colon}{said}, at byte {end}").into()
}

/// How many bytes are before a column (from 1, or 0 for the beginning) of a line (from 1).
fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let begin = line.checked_sub(2).and_then(|before| Some(ends.clone().nth(before)?.0 + 1));
    begin.unwrap_or(0).saturating_add(column).min(text.len())
}

/// Something that is open where a text ends.
enum Open<'a> {
    /// An object: the key, as it is written, if there is one yet.
    Object { key: Option<&'a [u8]>, key_is_next: bool },
    /// An array: how many values are before.
    Array { index: usize },
}

/// The path of the value in which or directly behind which a text ends. The text is the beginning of a JSON text.
fn path(text: &[u8]) -> String {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'{' => open.push(Open::Object { key: None, key_is_next: true }),
            b'[' => open.push(Open::Array { index: 0 }),
            b'}' | b']' => {
                open.pop();
            }
            b',' => match open.last_mut() {
                Some(Open::Object { key_is_next, .. }) => *key_is_next = true,
                Some(Open::Array { index }) => *index += 1,
                None => {}
            },
            b'"' => {
                let behind = after_string(rest);
                if let Some(Open::Object { key, key_is_next: next @ true }) = open.last_mut() {
                    *next = false;
                    let length = behind.map(|behind| rest.len() - behind.len() - 1);
                    *key = length.and_then(|length| rest.get(..length));
                }
                rest = behind.unwrap_or_default();
            }
            _ => {}
        }
    }
    in_words(&open)
}

fn in_words(open: &[Open<'_>]) -> String {
    let mut path = String::new();
    for level in open {
        // Writing to a string does not fail.
        let _ = match level {
            Open::Array { index } => write!(path, "[{index}]"),
            Open::Object { key: Some(key), key_is_next: false } => {
                let dot = if path.is_empty() { "" } else { "." };
                write!(path, "{dot}{}", String::from_utf8_lossy(key))
            }
            Open::Object { .. } => Ok(()),
        };
    }
    path
}

/// What follows a string, of which the opening quote is no part; `None` if the text ends before.
pub(super) fn after_string(text: &[u8]) -> Option<&[u8]> {
    let mut bytes = text.iter();
    loop {
        match bytes.next()? {
            b'"' => return Some(bytes.as_slice()),
            b'\\' => {
                bytes.next()?;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_value_before_the_end() {
        for (text, expected) in [
            ("", ""),
            ("7", ""),
            ("{", ""),
            (r#"{"a""#, "a"),
            (r#"{"a":1"#, "a"),
            (r#"{"a":1,"#, ""),
            (r#"{"a":1,"b"#, ""),
            (r#"{"a":1,"b":{"c\"}":[1,[2,{"d":"x"#, "b.c\\\"}[1][1].d"),
            (r#"{"a":{"b":1}"#, "a"),
            (r#"{"a":{"b":1}}"#, ""),
            ("[1,2", "[1]"),
            ("]}],\"", ""),
        ] {
            assert_eq!(path(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_and_what_is_beyond_the_text_is_its_end() {
        let text = b"ab\ncd\n\nef";
        assert_eq!(offset(text, 1, 0), 0);
        assert_eq!(offset(text, 1, 2), 2);
        assert_eq!(offset(text, 2, 1), 4);
        assert_eq!(offset(text, 4, 2), 9);
        assert_eq!(offset(text, 9, usize::MAX), text.len());
        assert_eq!(offset(text, 0, 0), 0);
    }
}
