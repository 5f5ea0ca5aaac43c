//! Text for people that the log, the messages and the workbench share.

/// A noun for so many things: `partition`, `partitions`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    format!("{noun}{}", if count == 1 { "" } else { "s" })
}

/// A count in full and its noun: `1 partition`, `2 partitions`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {}", plural(count, noun))
}

/// The value of a hexadecimal digit, in either case.
#[cfg(feature = "workbench")]
pub(crate) fn hex_digit(character: char) -> Option<u8> {
    character.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
