//! The messages of a connection, after its handshake.
//!
//! A run never sends a whole snapshot twice: what is kept of single messages and events is numbered, and one that
//! looks gets what is new since the last number that it was sent.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::event::EngineEvent;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::partitions::query::RowQuery;
use crate::core::partitions::sent::FilterSent;
use crate::session::orders::{Answer, Order};
use crate::session::past::Travel;
use crate::session::status::Status;
use crate::telemetry::{ChangesShown, Draft, LogLine, OutputShown, PartitionName, Snapshot};

/// Why what is asked of the recording from another process is not done.
pub(in crate::session) const NOT_FROM_THERE: &str =
    "an attached workbench cannot ask this of the recording yet: it is where the engine is";

/// What one that looks sends to a run.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::session) enum ToRun {
    /// From now on it looks at this.
    Look(Box<Looked>),
    /// The engine is to do this.
    Order(Order),
    /// It goes to this moment of the past, or back to now. What is looked for is as a person wrote it.
    Travel(Travel<Arc<str>>),
}

/// What a run sends to one that looks, or asks.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::session) enum ToViewer {
    /// What is seen now.
    Update(Box<Update>),
    /// What the lists of the next update's moment of the past are.
    Then(Box<Then>),
    /// The changes of a partition that are listed, beside a moment of the past; `None` if none are any more.
    Changes(Option<Arc<ChangesShown>>),
    /// What came of an order, or has to be told of the past.
    Answer(Answer),
    /// What was asked for.
    Status(Box<Status>),
    /// Nothing is new, and the run is there.
    Alive,
    /// The run has ended, and why if it failed.
    Ended(Option<String>),
    /// Too many are connected: it is let go.
    TooMany,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::session) struct Looked {
    /// Another number for each view.
    pub revision: u64,
    /// Which partitions.
    pub view: ViewSent,
    /// What would this message do?
    pub draft: Option<Draft>,
}

/// Which partitions are looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::session) struct ViewSent {
    pub state: usize,
    pub query: RowQuery<FilterSent>,
    pub opened: Option<PartitionName>,
    pub wanted: Option<String>,
}

/// Values with numbers that follow each other.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::session) struct Delta<T> {
    /// The number of the first one. If it is not the number after the last one that was sent, those between are lost.
    pub first: u64,
    /// The values, the oldest first.
    pub values: Vec<T>,
}

impl<T> Default for Delta<T> {
    fn default() -> Self {
        Self { first: 1, values: Vec::new() }
    }
}

/// The lists of a moment of the past, each with the newest first. They are sent whole, with as many of each as there is room
/// for, when they have changed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::session) struct Then {
    pub traces: Vec<Arc<Trace>>,
    pub outputs: Vec<Arc<OutputShown>>,
    pub dead_letters: Vec<Arc<DeadLetter>>,
}

/// What is seen now.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::session) struct Update {
    /// A snapshot without what is kept of single messages and events.
    pub figures: Snapshot,
    /// The revision of the view whose rows it has; `None` if they are of none that was sent.
    pub rows_of: Option<u64>,
    /// Whether the application has begun anew: nothing that was sent before counts.
    pub anew: bool,
    pub traces: Delta<Arc<Trace>>,
    /// Traces that were sent before, and have got longer.
    pub grown: Vec<(u64, Arc<Trace>)>,
    pub outputs: Delta<Arc<OutputShown>>,
    pub dead_letters: Delta<Arc<DeadLetter>>,
    pub events: Delta<Arc<EngineEvent>>,
    pub lines: Delta<Arc<LogLine>>,
    /// How many warnings and errors the log had in all.
    pub warnings: u64,
    /// Why not all dead letters are in their file.
    pub letters_trouble: Option<String>,
    /// How many orders of this connection the run has heard.
    pub orders_heard: u64,
}
