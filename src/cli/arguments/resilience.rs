//! The options about what survives the process.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::byte_count::FileSize;
use crate::cli::app::AppOptions;
use crate::resilience::history::Bound;
use crate::resilience::{Durability, HistorySettings, ResilienceSettings};

/// Where the state is saved, and how often.
#[derive(Debug, Args)]
pub(in crate::cli) struct ResilienceArguments {
    /// Save the state in this directory, and begin with the state that is saved there
    #[arg(long, value_name = "DIRECTORY")]
    pub resilience_dir: Option<PathBuf>,
    /// How long after a change the next checkpoint begins, for example 500ms, 1s or 2m. It begins later if the
    /// last one took long to write: checkpoints take a quarter of the time at most
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub checkpoint_interval: Duration,
    /// Keep what a replay needs in the resilience directory, for so long or up to so many bytes: for example 10m or 1GiB.
    /// See `replay`
    #[arg(long, value_name = "TIME|BYTES", value_parser = bound, requires = "resilience_dir")]
    pub history: Option<Bound>,
    /// What the saved state survives: the end of the process, or with `power` also that of the machine.
    /// With `power`, a frame counts only when it is on the disk
    #[arg(long, default_value = "process", value_parser = durability())]
    pub durability: Durability,
}

impl ResilienceArguments {
    /// The settings; `None` if nothing is to be saved.
    pub fn settings(&self, options: &AppOptions) -> Option<ResilienceSettings> {
        let directory = self.resilience_dir.clone()?;
        let Self { checkpoint_interval: interval, durability, history, .. } = *self;
        let history = history.map(|bound| HistorySettings { bound, options: options.to_values() });
        Some(ResilienceSettings { directory, interval, durability, history })
    }
}

fn durability() -> impl TypedValueParser<Value = Durability> {
    PossibleValuesParser::new(["process", "power"]).map(|name| match &*name {
        "power" => Durability::Power,
        _ => Durability::Process,
    })
}

/// Reads how much is kept for a replay: a time or a number of bytes.
fn bound(text: &str) -> Result<Bound, String> {
    let bytes = text.parse().ok().filter(|FileSize(bytes)| *bytes > 0);
    if let Some(FileSize(bytes)) = bytes {
        return Ok(Bound { max_bytes: Some(bytes), max_age: None });
    }
    let time = humantime::parse_duration(text).ok().filter(|time| !time.is_zero());
    let wrong =
        || "give a time or a number of bytes, for example 10m, 24h, 256MiB or 1GiB".to_owned();
    Ok(Bound { max_age: Some(time.ok_or_else(wrong)?), max_bytes: None })
}

/// Reads a time such as `1s`.
fn interval(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).ok();
    // A longer one is of no use, and clocks cannot add it.
    time.filter(|time| (Duration::from_millis(1)..=Duration::from_hours(24)).contains(time))
        .ok_or_else(|| "give a time from 1ms to 24h, for example 500ms, 1s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resilience::DEFAULT_INTERVAL;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        assert_eq!(interval("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(interval("1s"), Ok(DEFAULT_INTERVAL));
        assert_eq!(interval("2 m"), Ok(Duration::from_mins(2)));
        assert_eq!(interval("1h 30m"), Ok(Duration::from_mins(90)));
        for wrong in ["", "1", "0", "0s", "s", "25h", "-1s", "99999999999999999999m", "9999m"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
