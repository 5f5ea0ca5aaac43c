//! How a person types a vote: `a 10`.
//!
//! What is wrong is shown while the person types, so each message says what to type next.

use std::num::IntErrorKind;

use wallaroo::{Reason, parse_key_text};

use super::letter::Letter;
use super::{Vote, wire};

/// The payload of a typed vote: a letter, a space, the votes.
pub fn parse(text: &str) -> Result<Vec<u8>, Reason> {
    let mut words = text.split_ascii_whitespace();
    let letter = words.next().ok_or("type a letter and its votes, such as `a 10`")?;
    let letter = parse_letter(letter)?;
    let votes = words.next().ok_or("type a space and the number of votes, such as `a 10`")?;
    let votes = parse_votes(votes)?;
    if let Some(more) = words.next() {
        return Err(format!("`{more}` is too much: a vote is a letter and a number").into());
    }
    Ok(wire::payload(Vote { letter, votes }))
}

fn parse_letter(word: &str) -> Result<Letter, Reason> {
    let bytes = parse_key_text(word)?;
    match *bytes {
        [byte] => Ok(Letter(byte)),
        _ => Err(format!(
            r"`{word}` is {} bytes, and a letter is one: put a space before the votes; type any byte as \xNN",
            bytes.len()
        )
        .into()),
    }
}

fn parse_votes(word: &str) -> Result<u32, Reason> {
    word.parse::<u32>().map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => {
            format!("`{word}` is too many votes: the largest number is {}", u32::MAX).into()
        }
        _ => format!("`{word}` is no number of votes: type 0 to {}", u32::MAX).into(),
    })
}
