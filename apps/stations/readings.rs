//! What the measurements of a station come to.

use serde::{Deserialize, Serialize};

use super::Tenths;

/// A partition's state: what the measurements of a station so far come to, in tenths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// The lowest.
    pub min: Tenths,
    /// The highest.
    pub max: Tenths,
    /// The sum of all.
    pub sum: i64,
    /// How many there were.
    pub count: u64,
}

impl Default for Readings {
    /// No measurements: any one is lower than `min` or is it, and so with `max`.
    fn default() -> Self {
        Self { min: Tenths::MAX, max: Tenths::MIN, sum: 0, count: 0 }
    }
}

impl Readings {
    /// The readings with one more measurement, and the mean of all of them. `None` if a number would be too large.
    #[inline]
    pub fn with(self, temperature: Tenths) -> Option<(Self, Tenths)> {
        let after = Self {
            min: self.min.min(temperature),
            max: self.max.max(temperature),
            sum: self.sum.checked_add(temperature.get())?,
            count: self.count.checked_add(1)?,
        };
        Some((after, after.mean()?))
    }

    /// The mean, half a tenth rounded up: toward the higher number, also below zero.
    #[inline]
    fn mean(self) -> Option<Tenths> {
        let count = i64::try_from(self.count).ok()?;
        let (whole, rest) =
            (self.sum.checked_div_euclid(count)?, self.sum.checked_rem_euclid(count)?);
        Tenths::new(whole + i64::from(rest >= count - rest))
    }
}
