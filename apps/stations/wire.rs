//! The bytes of measurements and figures.

use wallaroo::{Key, Out, Reason};

use super::{Figures, Measurement, Tenths};

/// What [`write_line`] writes, in words.
pub const LINE: &str =
    "a line: the station, `=`, the lowest, mean and highest with `/` between them";

/// The longest name of a station in bytes.
const MAX_NAME: usize = 100;

/// Reads a measurement: the station's name up to the first `;`, and behind it the temperature.
#[inline]
pub fn decode(line: &[u8]) -> Result<Option<Measurement>, Reason> {
    let Some((name, number)) =
        line.iter().position(|byte| *byte == b';').and_then(|end| line.split_at_checked(end))
    else {
        return Err("the line has no `;`: a measurement is as `Hamburg;12.3`".into());
    };
    if name.is_empty() || name.len() > MAX_NAME {
        let length = name.len();
        return Err(format!("a name has 1 to {MAX_NAME} bytes, and this one {length}").into());
    }
    if let Err(error) = str::from_utf8(name) {
        return Err(format!("the name is not UTF-8: {error}").into());
    }
    let Some(temperature) = number.strip_prefix(b";").and_then(Tenths::parse) else {
        return Err("behind `;` is no number with one decimal from -99.9 to 99.9".into());
    };
    Ok(Some(Measurement { station: Key::from(name), temperature }))
}

/// Writes figures as a line.
pub fn write_line(figures: &Figures, output: &mut Out<'_>) {
    output.bytes(figures.station.as_bytes());
    output.byte(b'=');
    output.bytes(figures.min.text());
    output.byte(b'/');
    output.bytes(figures.mean.text());
    output.byte(b'/');
    output.bytes(figures.max.text());
    output.byte(b'\n');
}
