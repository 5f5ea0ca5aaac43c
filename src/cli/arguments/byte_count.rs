//! A number of bytes on the command line: plain, or with a unit, for example 16MiB.

use std::fmt;
use std::str::FromStr;

use crate::core::frames::framing::MAX_FRAME_LIMIT;

/// A number of bytes from 1 to the max length of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct ByteCount(pub u64);

/// The units in which it may be given, the largest first.
const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).filter(|bytes| (1..=MAX_FRAME_LIMIT).contains(bytes)).map(Self).ok_or_else(
            || {
                let most = Self(MAX_FRAME_LIMIT);
                format!(
                    "give a number of bytes from 1 to {most}, for example 65536, 64KiB or 16MiB"
                )
            },
        )
    }
}

/// Reads a number of bytes, with or without a unit.
fn read(text: &str) -> Option<u64> {
    let in_unit = |(unit, bytes)| Some((text.strip_suffix(unit)?.trim_end(), bytes));
    let (number, unit) = UNITS.into_iter().find_map(in_unit).unwrap_or((text, 1));
    number.parse().ok().and_then(|number: u64| number.checked_mul(unit))
}

/// The max length of a file, in bytes: any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct FileSize(pub u64);

impl FromStr for FileSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give a number of bytes, for example 65536, 64KiB or 10GiB".to_owned();
        read(text).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for FileSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ByteCount(self.0).fmt(formatter)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, bytes): &(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*bytes);
        match UNITS.into_iter().find(whole) {
            Some((unit, bytes)) => write!(formatter, "{}{unit}", self.0 / bytes),
            None => write!(formatter, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_is_read_plainly_or_in_a_unit_and_written_in_the_largest() {
        for (text, bytes, written) in [
            ("1", 1, "1"),
            ("65536", 65_536, "64KiB"),
            ("64KiB", 65_536, "64KiB"),
            ("16 MiB", 16 << 20, "16MiB"),
            ("900MiB", 900 << 20, "900MiB"),
            ("1000", 1000, "1000"),
        ] {
            assert_eq!(text.parse(), Ok(ByteCount(bytes)));
            assert_eq!(ByteCount(bytes).to_string(), written);
        }
        for text in ["", "0", "-1", "MiB", "1.5MiB", "2GiB", "16MB", "99999999999999999GiB"] {
            let error = text.parse::<ByteCount>().unwrap_err();
            assert!(error.contains("from 1 to 900MiB"), "{text}: {error}");
        }
    }
}
