//! How bytes are written as text, and read back.

use super::printable::is_printable;

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
        for text in [r"\x1", r"\x+1", "\\"] {
            assert!(parse_key_text(text).is_err(), "{text}");
        }
    }
}
