//! Measurements of stations, a line each. What has to come of them is computed here, apart from the application.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufWriter, Write};

use wallaroo::Generator;

use super::{Route, Site};
use crate::apps::stations;
use crate::digest::Digester;
use crate::expected::{Expected, Outcome};
use crate::failure::Failure;
use crate::lines::Written;

/// What the measurements of a station come to, in tenths: lowest, highest, sum, and how many there are.
type Figures = [i64; 4];

/// A station and its figures as two numbers, to be compared.
pub fn total(name: &[u8], figures: Figures) -> (u64, u64) {
    let number = |hash: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        hash(&mut hasher);
        hasher.finish()
    };
    (number(&|hasher| name.hash(hasher)), number(&|hasher| figures.hash(hasher)))
}

/// Writes the measurements, as the application's own generator makes them.
pub fn write(site: &Site, generator: &mut Generator) -> Result<Expected, Failure> {
    let topology = stations::topology()?;
    let source = topology.pipelines().first().map(|pipeline| &pipeline.source);
    let make = source.and_then(|source| source.generate.as_ref()).ok_or("there is no generator")?;
    let mut file = BufWriter::new(File::create(&site.input)?);
    let mut stations = HashMap::<String, Figures>::new();
    let mut written = Written::default();
    let mut digester = (site.job.route() != Route::Null).then(Digester::default);
    for _ in 0..site.messages {
        let measurement = String::from_utf8(make(generator))?;
        writeln!(file, "{measurement}")?;
        let line = add(&mut stations, &measurement).ok_or("a measurement is a name and a number")?;
        written.lines += 1;
        written.bytes += line.len() as u64;
        if let Some(digester) = &mut digester {
            digester.add(line.as_bytes());
        }
    }
    file.flush()?;
    let totals = stations.into_iter().map(|(name, figures)| total(name.as_bytes(), figures));
    let written_lines = digester.map(|digester| digester.finish());
    Ok(Expected::from(Outcome { written: written_lines, ..Outcome::new(written, totals) }))
}

/// Adds a measurement. Returns the line that has to come of it.
fn add(stations: &mut HashMap<String, Figures>, measurement: &str) -> Option<String> {
    let (name, number) = measurement.split_once(';')?;
    let tenths: i64 = number.replace('.', "").parse().ok()?;
    let [min, max, sum, count] =
        stations.entry(name.to_owned()).or_insert([tenths, tenths, 0, 0]);
    *min = tenths.min(*min);
    *max = tenths.max(*max);
    *sum += tenths;
    *count += 1;
    let mean = (2 * *sum + *count).div_euclid(2 * *count);
    let text = |tenths: i64| {
        let sign = if tenths < 0 { "-" } else { "" };
        format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
    };
    Some(format!("{name}={}/{}/{}\n", text(*min), text(mean), text(*max)))
}
