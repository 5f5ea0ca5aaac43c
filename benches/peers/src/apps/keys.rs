//! Votes for u64 keys, as an author writes the application.

use serde::{Deserialize, Serialize};
use wallaroo::{Application, BuildError, Key, Out, Reason, Sink, Source, Topology};

use crate::messages::{Count, Message};

/// A key's state, and what every vote sends on.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Total {
    key: u64,
    votes: u64,
}

/// The application.
pub fn topology() -> Result<Topology, BuildError> {
    Application::new("keys")
        .pipeline("counts", Source::new(decode))
        .to_state_partition(add, new, "totals", key)
        .to_sink(Sink::new(encode))
        .build()
}

fn decode(payload: &[u8]) -> Result<Option<Count>, Reason> {
    let count = Count::decode(payload).ok_or("a payload is a u64 key and u32 votes")?;
    Ok(Some(count))
}

fn key(count: &Count) -> Key {
    Key::from(count.key.to_be_bytes())
}

fn new(key: &Key) -> Total {
    // The partition function makes keys of eight bytes.
    let bytes = <[u8; 8]>::try_from(key.as_bytes()).unwrap_or_default();
    Total { key: u64::from_be_bytes(bytes), votes: 0 }
}

fn add(count: Count, total: &mut Total) -> Result<(Option<Total>, bool), Reason> {
    total.votes = total.votes.checked_add(count.votes.into()).ok_or("the total is full")?;
    Ok((Some(*total), true))
}

fn encode(total: &Total, output: &mut Out<'_>) {
    output.decimal(total.key);
    output.text(" => ");
    output.decimal(total.votes);
    output.byte(b'\n');
}
