//! Reverse: sends every text back to front.
//!
//! It has no state and no partitions: one computation between a decoder and an encoder. A text is
//! reversed by its characters (Unicode scalar values), so what comes out is UTF-8 again.

#[cfg(test)]
mod tests;
mod wire;

use wallaroo::{
    App, Application, BuildError, Generator, Reason, Sink, Source, Topology, parse_key_text,
};

/// The application with its option, for the command line.
pub fn app() -> App {
    App::new("reverse", "sends every text back to front", |options| {
        topology(match options.get("framing") {
            "lines" => Framing::Lines,
            "varint" => Framing::Varint,
            _ => Framing::Header,
        })
    })
    .option("framing", &["header", "lines", "varint"], "How the source is cut into texts")
}

/// How the source is cut into texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By the default header: 4 bytes, the text's length.
    Header,
    /// At the ends of lines.
    Lines,
    /// By lengths that are varints.
    Varint,
}

/// The application.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology(framing: Framing) -> Result<Topology, BuildError> {
    let source = Source::new(wire::decode);
    let source = match framing {
        Framing::Header => source,
        Framing::Lines => source.lines(),
        Framing::Varint => source.varint(),
    };
    let source = source.format("UTF-8 text").typed("hello", typed).generated(random_text);
    Application::new("reverse")
        .pipeline("texts", source)
        .to(reverse)
        .to_sink(Sink::new(wire::write_line).format(wire::LINE))
        .build()
}

/// The computation.
fn reverse(text: String) -> [String; 1] {
    [text.chars().rev().collect()]
}

/// The characters of random texts, of one to four bytes.
const CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyz äéßλж→𝄞";

/// The payload of a typed text: as it is, with `\xNN` for any byte and `\\` for a backslash. That is
/// how the workbench shows bytes, so what it shows can be typed; the bytes need not be UTF-8, so that
/// a text that cannot be decoded is easily typed on purpose.
fn typed(text: &str) -> Result<Vec<u8>, Reason> {
    Ok(parse_key_text(text)?)
}

/// The payload of a random text: 1 to 20 characters.
fn random_text(generator: &mut Generator) -> Vec<u8> {
    let count = CHARACTERS.chars().count() as u64;
    let length = 1 + generator.below(20);
    let character = |_| {
        let number = usize::try_from(generator.below(count)).ok()?;
        CHARACTERS.chars().nth(number)
    };
    (0..length).filter_map(character).collect::<String>().into_bytes()
}
