//! Rust literals and names for any bytes and texts.

use std::fmt::Write;

use crate::application::{Key, is_printable};

/// The most `#` that a raw string may have.
const MAX_HASHES: usize = 255;

/// Names that no function may have, and `main`, which means something else.
const TAKEN: [&str; 54] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "main", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union", "driver",
];

/// The longest name in bytes.
const MAX_NAME: usize = 100;

/// A text as the name of a function: what may not be in one becomes `_`.
pub(super) fn name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        match character.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => name.push(letter),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
        if name.len() == MAX_NAME {
            break;
        }
    }
    let name = name.trim_matches('_');
    let begins_with_digit = name.starts_with(|first: char| first.is_ascii_digit());
    if name.is_empty() || begins_with_digit || TAKEN.contains(&name) {
        return format!("recorded_{name}").trim_end_matches('_').to_owned();
    }
    name.to_owned()
}

/// Bytes as a byte string.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut literal = "b\"".to_owned();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            // A digit behind it would look as if it were part of the escape.
            0 if !bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => literal.push_str("\\0"),
            b'\n' => literal.push_str("\\n"),
            b'\r' => literal.push_str("\\r"),
            b'\t' => literal.push_str("\\t"),
            b'"' | b'\\' => literal.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => literal.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => drop(write!(literal, "\\x{byte:02x}")),
        }
    }
    literal.push('"');
    literal
}

/// A text as a string: raw if it is easier to read so.
pub(super) fn text(text: &str) -> String {
    if !text.chars().all(is_printable) {
        return escaped(text);
    }
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    // One `#` more than follow any quote.
    let after_quotes = text.split('"').skip(1);
    let hashes = after_quotes.map(|rest| 1 + rest.bytes().take_while(|byte| *byte == b'#').count());
    let hashes = hashes.max().unwrap_or(0);
    if hashes > MAX_HASHES {
        return escaped(text);
    }
    let hashes = "#".repeat(hashes);
    format!("r{hashes}\"{text}\"{hashes}")
}

fn escaped(text: &str) -> String {
    let mut literal = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            _ if is_printable(character) => literal.push(character),
            _ => literal.extend(character.escape_default()),
        }
    }
    literal.push('"');
    literal
}

/// A key as an expression that becomes a [`Key`].
pub(super) fn key(key: &Key) -> String {
    match str::from_utf8(key.as_bytes()) {
        Ok(readable) if readable.chars().all(is_printable) => text(readable),
        _ => format!("*{}", bytes(key.as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use syn::{Ident, LitByteStr, LitStr, parse_str};

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_literal_with_their_value(value: Vec<u8>) {
            prop_assert_eq!(parse_str::<LitByteStr>(&bytes(&value)).unwrap().value(), value);
        }

        #[test]
        fn any_text_is_a_literal_with_its_value(value in r###"(?s:.|"#|"##|\\)*"###) {
            let literal = text(&value);
            prop_assert_eq!(parse_str::<LitStr>(&literal).unwrap().value(), value);
            // The compiler refuses characters that change the direction of what is read.
            prop_assert!(literal.chars().all(is_printable));
        }

        #[test]
        fn any_text_is_a_name(value: String) {
            let name = name(&value);
            prop_assert!(parse_str::<Ident>(&name).is_ok(), "{name}");
            prop_assert!(name.len() <= MAX_NAME + 10);
        }
    }

    #[test]
    fn literals_are_as_a_person_writes_them() {
        assert_eq!(bytes(b"a\0\0\0\x0a\"\\\xff"), r#"b"a\0\0\0\n\"\\\xff""#);
        assert_eq!(bytes(b"\x001"), r#"b"\x001""#);
        assert_eq!(text("90"), r#""90""#);
        assert_eq!(text(r#"{"meters":90}"#), r##"r#"{"meters":90}"#"##);
        assert_eq!(text(r"a\b"), r#"r"a\b""#);
        assert_eq!(text("\u{202e}\""), r#""\u{202e}\"""#);
        let deep = format!("\"{}", "#".repeat(300));
        assert_eq!(text(&deep), format!("\"\\{deep}\""));
        assert_eq!(key(&Key::from("é")), r#""é""#);
        assert_eq!(key(&Key::from(0xff_u8)), r#"*b"\xff""#);
    }

    #[test]
    fn every_keyword_becomes_a_name() {
        for word in TAKEN {
            assert_eq!(name(word), format!("recorded_{word}"));
        }
        assert_eq!(name("Market-Spread: 7 orders!"), "market_spread_7_orders");
        assert_eq!(name("88 102"), "recorded_88_102");
        assert_eq!(name("日本"), "recorded");
    }
}
