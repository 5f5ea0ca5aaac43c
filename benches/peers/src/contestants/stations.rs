//! The loops by hand for measurements of stations. They decode, round and write numbers with the application's own code,
//! which is safe: what is compared is all the rest.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;

use wallaroo::Key;

use super::{Run, output, written_lines};
use crate::apps::stations::{Measurement, Readings, decode};
use crate::expected::Outcome;
use crate::failure::Failure;
use crate::frames::BLOCK;
use crate::jobs::{Site, total_of_station};
use crate::lines::{Lines, Output, Written};
use crate::meter::{Cost, Meter};

/// The loop that one would write first, in std alone; its file is in memory before its clock starts.
pub fn plain(site: &Site) -> Result<Run, Failure> {
    let measurements = fs::read(&site.input)?;
    let (mut stations, mut lines) = (HashMap::<Key, Readings>::new(), Lines::new(output(site)?));
    let meter = Meter::process()?;
    let text = measurements.strip_suffix(b"\n").ok_or("the last line is cut off")?;
    for line in text.split(|byte| *byte == b'\n') {
        let measurement = measurement(line)?;
        let readings = stations.entry(measurement.station.clone()).or_default();
        add(measurement, readings, &mut lines)?;
    }
    let written = lines.finish()?;
    let cost = meter.cost()?;
    run(site, cost, written, stations.into_iter())
}

/// The loop that also reads, in blocks of 128 KiB, with a faster table and a faster search for the ends of lines.
pub fn plain_read(site: &Site) -> Result<Run, Failure> {
    let output = output(site)?;
    let meter = Meter::process()?;
    let (stations, written) = read(File::open(&site.input)?, output)?;
    let cost = meter.cost()?;
    run(site, cost, written, stations.into_iter())
}

/// The readings of all stations, and what was written.
type Counted = (hashbrown::HashMap<Key, Readings>, Written);

fn read(mut source: impl Read, output: Output) -> Result<Counted, Failure> {
    let (mut stations, mut lines) = (hashbrown::HashMap::<Key, Readings>::new(), Lines::new(output));
    let (mut buffer, mut filled) = (vec![0; BLOCK], 0);
    loop {
        let read = source.read(buffer.get_mut(filled..).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        filled += read;
        let mut rest = buffer.get(..filled).unwrap_or_default();
        while let Some((line, after)) = memchr::memchr(b'\n', rest).and_then(|end| {
            Some((rest.get(..end)?, rest.get(end + 1..)?))
        }) {
            let measurement = measurement(line)?;
            let readings = stations.entry_ref(&measurement.station).or_default();
            add(measurement, readings, &mut lines)?;
            rest = after;
        }
        let left = rest.len();
        buffer.copy_within(filled - left..filled, 0);
        filled = left;
    }
    if filled > 0 {
        return Err("the last line is cut off".into());
    }
    let written = lines.finish()?;
    Ok((stations, written))
}

#[inline]
fn measurement(line: &[u8]) -> Result<Measurement, Failure> {
    match decode(line) {
        Ok(Some(measurement)) => Ok(measurement),
        _ => Err("a line is no measurement".into()),
    }
}

/// Adds a measurement, and writes the line that comes of it.
#[inline]
fn add(measurement: Measurement, readings: &mut Readings, lines: &mut Lines) -> Result<(), Failure> {
    let (after, mean) = readings.with(measurement.temperature).ok_or("a sum is too large")?;
    *readings = after;
    lines.line(|line| {
        line.extend_from_slice(measurement.station.as_bytes());
        line.push(b'=');
        line.extend_from_slice(after.min.text().as_ref());
        line.push(b'/');
        line.extend_from_slice(mean.text().as_ref());
        line.push(b'/');
        line.extend_from_slice(after.max.text().as_ref());
        line.push(b'\n');
    });
    Ok(())
}

fn run(
    site: &Site,
    cost: Cost,
    written: Written,
    stations: impl ExactSizeIterator<Item = (Key, Readings)>,
) -> Result<Run, Failure> {
    let totals = stations.map(|(station, readings)| {
        let Readings { min, max, sum, count } = readings;
        total_of_station(station.as_bytes(), [min.get(), max.get(), sum, count.cast_signed()])
    });
    let outcome = Outcome { written: written_lines(site)?, ..Outcome::new(written, totals) };
    Ok(Run { outcome, cost, latency: None })
}
