//! What load is wanted.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::pace::Pace;
use super::search::Search;
use crate::application::Skew;
use crate::core::numbers::PipelineIndex;

/// A share of something, in parts of 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Share(pub u32);

impl Share {
    /// All of it.
    pub const WHOLE: u32 = 10_000;
}

impl fmt::Display for Share {
    /// As a percentage: `0.5 %`, `10 %`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 100, self.0 % 100);
        match part {
            0 => write!(formatter, "{whole} %"),
            _ if part % 10 == 0 => write!(formatter, "{whole}.{} %", part / 10),
            _ => write!(formatter, "{whole}.{part:02} %"),
        }
    }
}

/// How uneven keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keys {
    /// All are equally likely.
    Even,
    /// Zipf's law; the exponent in tenths.
    Zipf(u32),
    /// One has this share, and the others are equally likely.
    OneHot(Share),
}

impl Keys {
    /// The same for a generator.
    pub fn skew(self) -> Skew {
        match self {
            Self::Even => Skew::Even,
            Self::Zipf(tenths) => Skew::Zipf(f64::from(tenths) / 10.0),
            Self::OneHot(Share(parts)) => Skew::OneHot(f64::from(parts) / f64::from(Share::WHOLE)),
        }
    }
}

/// What the messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mix {
    /// How uneven their keys are.
    pub keys: Keys,
    /// How many of them are malformed.
    pub malformed: Share,
    /// How those are spoiled; `None` if in every way there is.
    pub fault: Option<Fault>,
}

/// A load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadSettings {
    /// How fast its messages come.
    pub pace: Pace,
    /// What they are.
    pub mix: Mix,
    /// Which pipeline they are for; `None` if all that have a generator share the rate.
    pub pipeline: Option<PipelineIndex>,
    /// Whether the rate is doubled until the latency passes a limit.
    pub search: Option<Search>,
    /// The same seed gives the same messages.
    pub seed: u64,
}

impl Default for LoadSettings {
    /// What a demonstration needs: enough to see everything move, uneven keys, and a few dead letters.
    fn default() -> Self {
        Self {
            pace: Pace { rate: 3_000, burst: 1 },
            mix: Mix { keys: Keys::Zipf(10), malformed: Share(50), fault: None },
            pipeline: None,
            search: None,
            seed: 1,
        }
    }
}

impl LoadSettings {
    /// The same with this rate, within the limits.
    #[must_use]
    pub fn at_rate(self, rate: u64) -> Self {
        Self { pace: Pace { rate: rate.clamp(1, Pace::MAX_RATE), ..self.pace }, ..self }
    }

    /// The same with twice the rate.
    #[must_use]
    pub fn faster(self) -> Self {
        self.at_rate(self.pace.rate.saturating_mul(2))
    }

    /// The same with half the rate.
    #[must_use]
    pub fn slower(self) -> Self {
        self.at_rate(self.pace.rate / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_without_needless_digits() {
        let texts = [0, 5, 50, 100, 1_050, 10_000].map(|parts| Share(parts).to_string());
        assert_eq!(texts, ["0 %", "0.05 %", "0.5 %", "1 %", "10.5 %", "100 %"]);
    }

    #[test]
    fn a_rate_is_doubled_and_halved_within_its_limits() {
        let settings = LoadSettings::default();
        assert_eq!(settings.faster().slower(), settings);
        assert_eq!(settings.at_rate(0).pace.rate, 1);
        assert_eq!(settings.at_rate(1).slower().pace.rate, 1);
        assert_eq!(settings.at_rate(u64::MAX).faster().pace.rate, Pace::MAX_RATE);
    }
}
