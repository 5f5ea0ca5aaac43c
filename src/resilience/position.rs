//! How far sources had been read and sinks written at a checkpoint.

use std::sync::Arc;

use serde::Serialize;

/// How many slots a pipeline has: the connections of a slot share one order of frames.
pub const SLOTS: u64 = 64;

/// Connections whose journaled frames are taken in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slot(pub u64);

impl Slot {
    /// The slot of a connection.
    pub fn of_connection(connection: u64) -> Self {
        Self(connection % SLOTS)
    }
}

/// How far a slot's journaled frames had been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct JournalPosition {
    /// The last row of which frames had been taken; all of the slot's rows before it are done.
    pub row: u64,
    /// How many of its frames had been taken.
    pub frames: u64,
}

/// How far a source had been read or a sink written at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Position {
    /// A source that can be read again.
    Source {
        /// The pipeline's name.
        pipeline: Arc<str>,
        /// The source.
        endpoint: String,
        /// How many of its bytes had been taken, as whole frames; of a source that makes its messages itself, how many
        /// messages.
        offset: u64,
    },
    /// Sources that cannot be read again, whose frames are in the journal.
    Journal {
        /// The pipeline's name.
        pipeline: Arc<str>,
        /// Which connections.
        slot: Slot,
        /// How far.
        at: JournalPosition,
    },
    /// A sink that can be cut back.
    Sink {
        /// The pipeline's name.
        pipeline: Arc<str>,
        /// Which of the pipeline's sinks, from 0.
        sink: u64,
        /// The sink.
        endpoint: String,
        /// How many bytes had been written.
        offset: u64,
    },
}
