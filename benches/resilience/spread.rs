//! Median and range of measurements.

use std::fmt;

/// Numbers, sorted.
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    pub fn at(&self, part: f64) -> f64 {
        let at = (self.0.len() as f64 * part) as usize;
        self.0.get(at.min(self.0.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = formatter.precision().unwrap_or(2);
        let [median, least, most] = [0.5, 0.0, 1.0].map(|part| self.at(part));
        write!(formatter, "{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}
