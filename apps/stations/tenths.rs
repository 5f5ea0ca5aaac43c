//! Temperatures in whole tenths of a degree: how they are read and written.

use serde::{Deserialize, Serialize};

/// A temperature in tenths of a degree, from -999 to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tenths(i16);

impl Tenths {
    /// The lowest, -99.9.
    pub const MIN: Self = Self(-999);
    /// The highest, 99.9.
    pub const MAX: Self = Self(999);

    /// So many tenths; `None` if that is out of range.
    pub fn new(tenths: i64) -> Option<Self> {
        let tenths = Self(i16::try_from(tenths).ok()?);
        (Self::MIN..=Self::MAX).contains(&tenths).then_some(tenths)
    }

    /// The number of tenths.
    pub fn get(self) -> i64 {
        self.0.into()
    }

    /// Reads a number with one or two digits before the point and one behind it, after a minus sign if it is
    /// negative. `None` if it has any other form.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let tenths = match *digits {
            [ones, b'.', tenth] => 10 * digit(ones)? + digit(tenth)?,
            [tens, ones, b'.', tenth] => 100 * digit(tens)? + 10 * digit(ones)? + digit(tenth)?,
            _ => return None,
        };
        Some(Self(if negative { -tenths } else { tenths }))
    }

    /// Its text, with one decimal. There is no `-0.0`.
    #[inline]
    pub fn text(self) -> Text {
        let size = self.0.unsigned_abs();
        let [tens, ones, tenth] =
            [size / 100, size / 10, size].map(|number| b'0' + (number % 10) as u8);
        let (bytes, first) = if size < 100 {
            ([b' ', b'-', ones, b'.', tenth], 2)
        } else {
            ([b'-', tens, ones, b'.', tenth], 1)
        };
        Text { bytes, first: first - usize::from(self.0 < 0) }
    }
}

/// The value of a digit.
#[inline]
fn digit(byte: u8) -> Option<i16> {
    byte.is_ascii_digit().then(|| i16::from(byte - b'0'))
}

/// The text of a temperature.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    bytes: [u8; 5],
    first: usize,
}

impl AsRef<[u8]> for Text {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.first..).unwrap_or_default()
    }
}
