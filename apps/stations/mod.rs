//! Stations: the lowest, mean and highest temperature of every weather station, the work of the One Billion
//! Row Challenge.
//!
//! A line is a measurement: `Hamburg;12.3`. Each station is a partition, its state is what its measurements so
//! far come to, and every measurement sends the new figures on. All arithmetic is in whole tenths.

mod names;
mod readings;
mod tenths;
#[cfg(test)]
mod tests;
mod wire;

use serde::{Deserialize, Serialize};
use wallaroo::{App, Application, BuildError, Key, Reason, Sink, Source, Topology};

pub use readings::Readings;
pub use tenths::Tenths;
pub use wire::decode;

/// The application, for the command line.
pub fn app() -> App {
    App::new("stations", "finds the lowest, mean and highest temperature of every station", |_| {
        topology()
    })
}

/// A temperature that a station measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// The station's name. A key, which needs no allocation if it has at most 16 bytes.
    pub station: Key,
    /// The temperature.
    pub temperature: Tenths,
}

/// What every measurement sends on: the station's figures so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    station: Key,
    min: Tenths,
    mean: Tenths,
    max: Tenths,
}

/// The application.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology() -> Result<Topology, BuildError> {
    let source = Source::new(decode)
        .lines()
        .format("a line: UTF-8 name of a station, `;`, a temperature with one decimal")
        .typed("Hamburg;12.3", typed)
        .generated(names::random_line);
    Application::new("stations")
        .pipeline("measurements", source)
        .to_state_partition(add, no_readings, "readings", station)
        .to_sink(Sink::new(wire::write_line).format(wire::LINE))
        .build()
}

/// The partition function.
fn station(measurement: &Measurement) -> Key {
    measurement.station.clone()
}

/// The state builder.
fn no_readings(_: &Key) -> Readings {
    Readings::default()
}

/// The state computation.
fn add(
    measurement: Measurement,
    readings: &mut Readings,
) -> Result<(Option<Figures>, bool), Reason> {
    let (after, mean) = readings.with(measurement.temperature).ok_or_else(|| {
        format!("no more fits: there are {} measurements already", readings.count)
    })?;
    *readings = after;
    let Readings { min, max, .. } = after;
    Ok((Some(Figures { station: measurement.station, min, mean, max }), true))
}

/// The payload of a typed line: as it is, right or wrong.
fn typed(text: &str) -> Result<Vec<u8>, Reason> {
    Ok(text.as_bytes().to_vec())
}
