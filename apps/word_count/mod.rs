//! Word count: counts how often every word was sent.
//!
//! A line becomes many words, each word is a partition, its state is the count so far, and every
//! word sends its new count on. Lines are split on all workers at once; one word is always counted
//! on one worker.

mod split;
#[cfg(test)]
mod tests;
mod wire;
mod words;

use serde::{Deserialize, Serialize};
use wallaroo::{
    App, Application, BuildError, Generator, Key, Reason, Sink, Source, Topology, parse_key_text,
};

use split::split;
use words::WORDS;

/// The application, for the command line.
pub fn app() -> App {
    App::new("word_count", "counts how often every word was sent", |_| topology())
}

/// A partition's state, and what every word sends on: how often it was sent so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordCount {
    word: String,
    count: u64,
}

/// The application.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology() -> Result<Topology, BuildError> {
    let source = Source::new(wire::decode)
        .format("UTF-8 text, a line or more")
        .typed("the cat and the hat", typed)
        .generated(random_line);
    Application::new("word_count")
        .pipeline("lines", source)
        .to_parallel(split)
        .to_state_partition(count, no_words, "word counts", word)
        .to_sink(Sink::new(wire::write_line).format(wire::LINE))
        .build()
}

/// The partition function.
#[expect(clippy::ptr_arg, reason = "partition functions are given a reference to the message")]
fn word(word: &String) -> Key {
    Key::from(word.as_str())
}

/// The state builder.
fn no_words(word: &Key) -> WordCount {
    // The partition function makes keys of words, so nothing is lost.
    WordCount { word: String::from_utf8_lossy(word.as_bytes()).into_owned(), count: 0 }
}

/// The state computation.
fn count(_: String, word: &mut WordCount) -> Result<(Option<WordCount>, bool), Reason> {
    let count = word.count.checked_add(1);
    word.count = count.ok_or_else(|| format!("the count is {}, the largest", u64::MAX))?;
    Ok((Some(word.clone()), true))
}

/// The payload of a typed line: as it is, with `\xNN` for any byte and `\\` for a backslash. That is
/// how the workbench shows bytes, so what it shows can be typed: `one\x0atwo` is a text of two lines,
/// and `\xff` one that cannot be decoded, on purpose.
fn typed(text: &str) -> Result<Vec<u8>, Reason> {
    Ok(parse_key_text(text)?)
}

/// The payload of a random line: 1 to 12 words and a full stop.
fn random_line(generator: &mut Generator) -> Vec<u8> {
    let length = 1 + generator.below(12);
    let word = |_| {
        let number = usize::try_from(generator.choose(WORDS.len() as u64)).ok()?;
        WORDS.get(number).copied()
    };
    let words: Vec<_> = (0..length).filter_map(word).collect();
    format!("{}.", words.join(" ")).into_bytes()
}
