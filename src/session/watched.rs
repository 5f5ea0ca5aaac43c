//! What the workbench needs of a session, wherever its engine is.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::Session;
use super::orders::{Answer, Order};
use super::past::Travel;
use crate::core::frames::trace_budget::TraceRate;
use crate::runtime::EngineError;
use crate::telemetry::{Draft, PartitionView, Snapshot};

/// How many messages that a source read are traced, per pipeline: all of a small experiment, and of a stream as many
/// as can be looked at.
pub const TRACES: TraceRate = TraceRate { at_once: 200, every: Duration::from_millis(250) };

/// A session that somebody looks at and gives orders to: [`Local`](super::local::Local) is in this process,
/// [`Remote`](super::remote::Remote) in another one.
pub trait Watched {
    /// Gives an order. What comes of it is among the [`answers`](Self::answers), at once or later.
    ///
    /// # Errors
    ///
    /// The engine of this process could not start again: it has ended.
    fn order(&mut self, order: Order) -> Result<(), EngineError>;

    /// Goes to a moment of the past, or back to now. What has to be told of it is among the [`answers`](Self::answers).
    fn travel(&mut self, travel: Travel);

    /// Takes the answers that have come, the oldest first.
    fn answers(&mut self) -> Vec<Answer>;

    /// Updates what is seen, for a front end that shows `view` and wants to know what `draft` would do. True if a new
    /// snapshot would differ.
    fn look(&mut self, view: &PartitionView, draft: Option<Draft>) -> bool;

    /// When [`look`](Self::look) should be called again, if nothing else happens.
    fn next_look(&self) -> Option<Duration>;

    /// What is seen of this moment.
    fn snapshot(&self) -> Snapshot;

    /// Notified when a new snapshot would differ. It may be another one after each answer.
    fn news(&self) -> Arc<Notify>;

    /// Puts what a front end has told its user into the log of this process, if the engine is in it.
    fn say(&self, text: &str);

    /// Why not all dead letters are in their file now; `None` if all are.
    fn letters_trouble(&self) -> Option<String>;

    /// Stops looking. The engine of this process ends; one of another process goes on.
    fn end(&mut self);

    /// The session of this process; `None` if the engine is in another one.
    fn here(&self) -> Option<&Session>;

    /// Where the engine is if it is in another process.
    fn place(&self) -> Option<String>;
}
