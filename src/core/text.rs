//! Text for people that the log, the messages and the workbench share.

use std::fmt;

/// A noun for this many things: `partition`, `partitions`, `crashes`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let end = match count {
        1 => "",
        _ if noun.ends_with("sh") || noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{noun}{end}")
}

/// A count in plain digits, for scripts, and its noun: `1 partition`, `2000 partitions`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// Whether a text contains another one. A search in lower case finds both cases.
pub(crate) fn has(text: &str, wanted: &str) -> bool {
    if wanted.chars().any(char::is_uppercase) {
        text.contains(wanted)
    } else {
        text.to_lowercase().contains(wanted)
    }
}

/// The same for bytes: those of a text, whose letters without accents are found in both cases.
#[cfg(feature = "workbench")]
pub(crate) fn has_bytes(bytes: &[u8], wanted: &str) -> bool {
    let capitals = wanted.chars().any(char::is_uppercase);
    bytes.windows(wanted.len().max(1)).any(|window| {
        if capitals {
            window == wanted.as_bytes()
        } else {
            window.eq_ignore_ascii_case(wanted.as_bytes())
        }
    })
}

/// The value of a hexadecimal digit, in either case.
#[cfg(feature = "workbench")]
pub(crate) fn hex_digit(character: char) -> Option<u8> {
    character.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Bytes as lower-case hexadecimal digits, two per byte.
#[cfg(any(feature = "workbench", test))]
pub(crate) fn hex(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}

/// Bytes that are written as hexadecimal digits in pieces: a frame's digits are never in memory together.
pub(crate) struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PIECE: usize = 512;
        let mut text = String::with_capacity(2 * PIECE);
        for piece in self.0.chunks(PIECE) {
            text.clear();
            for byte in piece {
                for digit in [byte >> 4, byte & 15] {
                    text.extend(char::from_digit(digit.into(), 16));
                }
            }
            formatter.write_str(&text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_in_lower_case_finds_both_cases_and_one_with_capitals_only_its_own() {
        assert!(has("Sink Stalled", "stalled") && has("Sink Stalled", "Stalled"));
        assert!(!has("sink stalled", "Stalled") && !has("sink", "sinks"));
        #[cfg(feature = "workbench")]
        for (bytes, wanted, found) in
            [("\0NonSense", "nons", true), ("nons", "Nons", false), ("Nons", "Nons", true)]
        {
            assert_eq!(has_bytes(bytes.as_bytes(), wanted), found, "{wanted} in {bytes}");
        }
    }

    #[test]
    fn bytes_of_any_length_are_two_digits_each() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        let long = hex(&[0xa0; 1500]);
        assert_eq!(long, "a0".repeat(1500));
    }
}
