//! Alphabet: counts the votes for every letter.
//!
//! A vote is a letter and a number of votes. Each letter is a partition, its state is the total so
//! far, and every vote sends the new total on. A total is a u64 that never wraps: a vote that it
//! cannot hold is refused and leaves it as it was.

mod letter;
#[cfg(test)]
mod tests;
mod typed;
mod wire;

use serde::{Deserialize, Serialize};
use wallaroo::{App, Application, BuildError, Generator, Key, Reason, Sink, Source, Topology};

use letter::Letter;

/// The application with its option, for the command line.
pub fn app() -> App {
    App::new("alphabet", "counts the votes for every letter", |options| {
        topology(match options.get("encoding") {
            "binary" => Encoding::Binary,
            _ => Encoding::Text,
        })
    })
    .option("encoding", &["text", "binary"], "How totals are written")
}

/// How totals are written to the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// A line for people: `a => 10`.
    Text,
    /// A frame for programs: the length 9, the letter and the total.
    Binary,
}

/// A number of votes for a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    letter: Letter,
    votes: u32,
}

/// A partition's state, and what every vote sends on: the letter's votes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    letter: Letter,
    votes: u64,
}

/// The application.
///
/// # Errors
///
/// None that a user could cause; see [`BuildError`].
pub fn topology(encoding: Encoding) -> Result<Topology, BuildError> {
    let source = Source::new(wire::decode)
        .format("1 byte letter, u32 big-endian votes")
        .typed("a 10", typed::parse)
        .generated(random_vote);
    let pipeline =
        Application::new("alphabet").pipeline("votes", source).to_state_partition_with_keys(
            add_votes,
            no_votes,
            "letter state",
            letter,
            declared_letters().map(Key::from).collect(),
        );
    let application = match encoding {
        Encoding::Text => pipeline.to_sink(Sink::new(wire::write_line).format(wire::LINE)),
        Encoding::Binary => pipeline.to_sink(Sink::new(wire::write_frame).format(wire::FRAME)),
    };
    application.build()
}

/// The letters whose partitions exist from the start with `--precreate`.
fn declared_letters() -> impl Iterator<Item = u8> {
    (b'a'..=b'z').chain([b'!'])
}

/// The partition function.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "partition functions are given a reference")]
fn letter(vote: &Vote) -> Key {
    Key::from(vote.letter.0)
}

/// The state builder.
fn no_votes(key: &Key) -> Total {
    // The partition function makes keys of one byte, so there always is a first one.
    let letter = key.as_bytes().first().copied().unwrap_or_default();
    Total { letter: Letter(letter), votes: 0 }
}

/// The state computation.
fn add_votes(vote: Vote, total: &mut Total) -> Result<(Option<Total>, bool), Reason> {
    total.votes = total.votes.checked_add(vote.votes.into()).ok_or_else(|| {
        format!(
            "{} more votes do not fit: the total is {}, and the largest is {}",
            vote.votes,
            total.votes,
            u64::MAX
        )
    })?;
    Ok((Some(*total), true))
}

/// The payload of a random vote: 0 to 99 votes for a letter from a to z.
fn random_vote(generator: &mut Generator) -> Vec<u8> {
    let letter = usize::try_from(generator.choose(26))
        .ok()
        .and_then(|number| (b'a'..=b'z').nth(number))
        .unwrap_or(b'a');
    let votes = u32::try_from(generator.below(100)).unwrap_or_default();
    wire::payload(Vote { letter: Letter(letter), votes })
}
