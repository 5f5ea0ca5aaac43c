//! The applications that the engine is tested with.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wallaroo::{Application, Key, Reason, Sink, Source, Topology};

use crate::support::fragile::silence_panics_on_purpose;

/// A vote, as in the alphabet.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Vote {
    pub letter: u8,
    pub votes: u32,
}

/// What makes a computation of [`winding`] panic.
pub const STATELESS_PANIC: u32 = 13;
/// What makes its first state computation panic.
pub const FIRST_PANIC: u32 = 666;
/// What makes its second state computation panic.
pub const SECOND_PANIC: u32 = 667;

pub fn decode(payload: &[u8]) -> Result<Option<Vote>, Reason> {
    let Ok([letter, votes @ ..]) = <[u8; 5]>::try_from(payload) else {
        return Err("not five bytes".into());
    };
    Ok((letter != b'.').then(|| Vote { letter, votes: u32::from_be_bytes(votes) }))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "partition functions are given a reference")]
pub fn letter(vote: &Vote) -> Key {
    Key::from(vote.letter)
}

/// One pipeline with all that a step may do: two states, one behind the other, whose keys keep the
/// messages of one letter in order; none, one and many outputs; refusals, panics and outputs that
/// cannot be encoded. The second state depends on the order of its messages.
pub fn winding() -> Arc<Topology> {
    silence_panics_on_purpose();
    let none_one_or_two = |vote: Vote| {
        assert!(vote.votes != STATELESS_PANIC, "on purpose");
        let second = Vote { votes: vote.votes + 1, ..vote };
        match vote.votes % 10 {
            0 => vec![],
            1 => vec![vote, second],
            _ => vec![vote],
        }
    };
    let add = |vote: Vote, total: &mut u64| {
        *total += 1;
        assert!(vote.votes != FIRST_PANIC, "on purpose");
        if vote.votes.is_multiple_of(17) {
            return Err(Reason::from("refused, on purpose"));
        }
        let outputs = vec![vote; (vote.votes % 3) as usize];
        Ok((outputs, vote.votes.is_multiple_of(2)))
    };
    let remember = |vote: Vote, history: &mut u64| {
        assert!(vote.votes != SECOND_PANIC, "on purpose");
        *history = history.wrapping_mul(31).wrapping_add(vote.votes.into());
        (Some((vote.letter, vote.votes % 4, *history)), true)
    };
    let write = |(letter, class, history): &(u8, u32, u64), output: &mut Vec<u8>| {
        output.extend(format!("{letter}/{class} {history}").into_bytes());
        if history.is_multiple_of(23) { Err(io::Error::other("on purpose")) } else { Ok(()) }
    };
    let topology = Application::new("winding")
        .pipeline("votes", Source::new(decode))
        .to(none_one_or_two)
        .to_state_partition(add, |_: &Key| 0_u64, "totals", letter)
        .to_state_partition(
            remember,
            |_: &Key| 0_u64,
            "histories",
            |vote: &Vote| format!("{}/{}", vote.letter, vote.votes % 4),
        )
        .to_sink(Sink::new(write))
        .build();
    Arc::new(topology.unwrap())
}

/// Counts votes, as the alphabet does; its outputs are lines such as `a 10`.
pub fn counting() -> Arc<Topology> {
    let topology = Application::new("counting")
        .pipeline("votes", Source::new(decode))
        .to_state_partition(add, |_: &Key| (0, 0), "totals", letter)
        .to_sink(Sink::new(write_line))
        .build();
    Arc::new(topology.unwrap())
}

/// A state computation: the letter and its total.
pub fn add(vote: Vote, state: &mut (u8, u64)) -> (Option<(u8, u64)>, bool) {
    *state = (vote.letter, state.1 + u64::from(vote.votes));
    (Some(*state), true)
}

/// An encoder of a letter and its total.
pub fn write_line((letter, total): &(u8, u64), output: &mut Vec<u8>) {
    output.push(*letter);
    output.extend(format!(" {total}\n").into_bytes());
}

/// An application whose state builder panics for a declared key.
pub fn refusing() -> Arc<Topology> {
    let topology = Application::new("builder")
        .pipeline("votes", Source::new(decode))
        .to_state_partition_with_keys(
            |_: Vote, (): &mut ()| (None::<u8>, true),
            |key: &Key| assert!(*key != Key::from('c'), "on purpose"),
            "nothing",
            letter,
            ('a'..='e').map(Key::from).collect(),
        )
        .done()
        .build();
    Arc::new(topology.unwrap())
}
