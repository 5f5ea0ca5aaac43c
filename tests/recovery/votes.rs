//! Votes as applications of these tests read them.

use wallaroo::{Key, Reason};

/// A letter and its votes.
pub type Vote = (u8, u32);

/// Reads a vote.
pub fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
    let [letter, votes @ ..] = payload else { return Err("no vote".into()) };
    Ok(Some((*letter, u32::from_be_bytes(votes.try_into()?))))
}

/// The partition function.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "partition functions are given a reference")]
pub fn letter(vote: &Vote) -> Key {
    Key::from(vote.0)
}
