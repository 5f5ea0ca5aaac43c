//! Which numbers of a JSON text are lost as floats.

use std::fmt::Display;

use serde::de::Error;

use super::place::after_string;

/// What the message asks for, if the value is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Float {
    /// Whatever there is, or no float.
    Any,
    /// An `f32`.
    Single,
    /// An `f64`.
    Double,
}

/// Two to the power of 63: smaller integers are never read as floats.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

impl Float {
    /// Refuses an integer of this size that such a float cannot hold.
    pub fn check_integer<E: Error>(self, shown: impl Display, size: u64) -> Result<(), E> {
        let (name, most) = match self {
            Self::Any => return Ok(()),
            Self::Single => ("f32", f32::MANTISSA_DIGITS),
            Self::Double => ("f64", f64::MANTISSA_DIGITS),
        };
        // Binary digits, from the first to the last that is not 0.
        let digits = u64::BITS.saturating_sub(size.leading_zeros() + size.trailing_zeros());
        if digits <= most {
            return Ok(());
        }
        Err(E::custom(format_args!("the integer {shown} is not exact as {name}")))
    }

    /// Refuses a float that is an integer of the text, but not the same: one of more than 64 bits.
    #[inline]
    pub fn check_float<E: Error>(self, float: f64, text: &[u8]) -> Result<(), E> {
        if float.abs() < TWO_TO_63 {
            return Ok(());
        }
        match self.rounded_integer(float, text) {
            None => Ok(()),
            Some(integer) => {
                Err(E::custom(format_args!("the integer {integer} has more than 64 bits")))
            }
        }
    }

    /// The integer of a text that was read as this float and is another number, if there is one.
    #[cold]
    fn rounded_integer(self, float: f64, text: &[u8]) -> Option<&str> {
        let is_float = |number: f64| number.to_bits() == float.to_bits();
        let other = |integer: &&str| {
            let double = integer.parse().unwrap_or(f64::NAN);
            let single = || f64::from(integer.parse().unwrap_or(f32::NAN));
            // For an `f32`, `serde_json` reads some as `f32` and some as `f64`.
            let (is_read, kept) = match self {
                Self::Any | Self::Double => (is_float(double), double),
                Self::Single => (is_float(double) || is_float(single()), single()),
            };
            // All digits of what is kept.
            is_read && format!("{kept:.0}") != **integer
        };
        integers(text).find(other)
    }
}

/// The integers of a JSON text.
fn integers(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let begins = |byte: &u8| matches!(byte, b'"' | b'-' | b'0'..=b'9');
            rest = rest.get(rest.iter().position(begins)?..)?;
            if let Some(string) = rest.strip_prefix(b"\"") {
                rest = after_string(string)?;
                continue;
            }
            let belongs =
                |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
            let end = rest.iter().position(|byte| !belongs(byte)).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            rest = after;
            let number = std::str::from_utf8(number).ok()?;
            if !number.contains(['.', 'e', 'E']) {
                return Some(number);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_found_outside_of_strings() {
        let text = br#"{"1 \" 2": -3, "a": [4.5, 6e7, 80], "9": 10}"#;
        assert_eq!(integers(text).collect::<Vec<_>>(), ["-3", "80", "10"]);
        assert_eq!(integers(b"\"1").count(), 0);
    }

    #[test]
    fn an_integer_is_exact_if_its_digits_fit_whatever_its_size() {
        let exact = |float: Float, size| float.check_integer::<serde_json::Error>("", size).is_ok();
        for (size, double, single) in [
            (0, true, true),
            (1, true, true),
            (1 << 24, true, true),
            ((1 << 24) + 1, true, false),
            (1 << 53, true, true),
            ((1 << 53) + 1, false, false),
            ((1 << 53) + 2, true, false),
            (1 << 63, true, true),
            (u64::MAX, false, false),
        ] {
            assert_eq!(exact(Float::Double, size), double, "{size}");
            assert_eq!(exact(Float::Single, size), single, "{size}");
            assert!(exact(Float::Any, size));
        }
    }
}
