//! The bytes of votes and totals.

use wallaroo::{Out, Reason};

use super::letter::Letter;
use super::{Total, Vote};

/// What [`write_line`] writes, in words.
pub const LINE: &str = "a line: the letter, ` => `, the total in decimal digits";

/// What [`write_frame`] writes, in words.
pub const FRAME: &str = "u32 big-endian length 9, 1 byte letter, u64 big-endian total";

/// Reads a vote: one byte for the letter, then the votes as a big-endian u32.
pub fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
    let Ok([letter, votes @ ..]) = <[u8; 5]>::try_from(payload) else {
        return Err(format!(
            "the payload is {} bytes long, and a vote is 5: 1 byte letter, u32 big-endian votes",
            payload.len()
        )
        .into());
    };
    Ok(Some(Vote { letter: Letter(letter), votes: u32::from_be_bytes(votes) }))
}

/// The payload that [`decode`] reads as this vote.
pub fn payload(vote: Vote) -> Vec<u8> {
    let mut payload = vec![vote.letter.0];
    payload.extend(vote.votes.to_be_bytes());
    payload
}

/// Writes a total as a line. The letter is written as the byte that it is, printable or not.
pub fn write_line(total: &Total, output: &mut Out<'_>) {
    output.byte(total.letter.0);
    output.text(" => ");
    output.decimal(total.votes);
    output.byte(b'\n');
}

/// Writes a total as a frame, header included.
pub fn write_frame(total: &Total, output: &mut Out<'_>) {
    output.bytes(9_u32.to_be_bytes());
    output.byte(total.letter.0);
    output.bytes(total.votes.to_be_bytes());
}
