//! The bytes of temperatures.

use std::io::{self, Write};

use wallaroo::{Out, Reason};

/// What [`write_line`] writes, in words.
pub const LINE: &str = "a line: degrees Fahrenheit with six decimals";

/// Reads a temperature: a big-endian f32. Infinities and NaN are numbers like any other.
pub fn decode(payload: &[u8]) -> Result<Option<f64>, Reason> {
    let Ok(bytes) = <[u8; 4]>::try_from(payload) else {
        return Err(format!(
            "the payload is {} bytes long, and a temperature is 4: f32 big-endian",
            payload.len()
        )
        .into());
    };
    Ok(Some(f32::from_be_bytes(bytes).into()))
}

/// The payload that [`decode`] reads as this temperature.
pub fn payload(degrees: f32) -> Vec<u8> {
    degrees.to_be_bytes().to_vec()
}

/// Writes a temperature as C's `printf` does with `%.6f\n`. What is not finite is `nan`, `inf` or
/// `-inf`; NaN has no sign, though some `printf`s show one.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "encoders are given a reference")]
pub fn write_line(degrees: &f64, output: &mut Out<'_>) -> io::Result<()> {
    if degrees.is_nan() {
        // Rust itself would write `NaN`.
        return output.write_all(b"nan\n");
    }
    writeln!(output, "{degrees:.6}")
}
