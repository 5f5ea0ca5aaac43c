//! Celsius: converts temperatures from degrees Celsius to degrees Fahrenheit.
//!
//! Two computations, one behind the other, and no state: times 1.8, plus 32. A temperature arrives
//! as an f32, and all arithmetic is in f64: what the text shows beyond the f32's own precision is the
//! f32's, not the arithmetic's.

#[cfg(test)]
mod tests;
mod typed;
mod wire;

use wallaroo::{App, Application, BuildError, Generator, Sink, Source, Topology};

/// The application, for the command line.
pub fn app() -> App {
    App::new("celsius", "converts degrees Celsius to degrees Fahrenheit", |_| topology())
}

/// The application.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology() -> Result<Topology, BuildError> {
    let source = Source::new(wire::decode)
        .format("f32 big-endian degrees Celsius")
        .typed("36.6", typed::parse)
        .generated(random_temperature);
    Application::new("celsius")
        .pipeline("temperatures", source)
        .to(multiply)
        .to(add)
        .to_sink(Sink::new(wire::write_line).format(wire::LINE))
        .build()
}

/// The first computation: the size of a degree.
fn multiply(degrees: f64) -> [f64; 1] {
    [degrees * 1.8]
}

/// The second computation: where zero is.
fn add(degrees: f64) -> [f64; 1] {
    [degrees + 32.0]
}

/// The payload of a random temperature: -50.0 to 50.0 degrees, in steps of a tenth.
fn random_temperature(generator: &mut Generator) -> Vec<u8> {
    let tenths = i16::try_from(generator.below(1001)).unwrap_or_default() - 500;
    wire::payload(f32::from(tenths) / 10.0)
}
