//! What the loops over a piece of a state step work on.

use crate::application::Key;
use crate::core::numbers::Timestamp;
use crate::core::partitions::table::{PartitionTable, Place};
use crate::core::steps::batch::Item;
use crate::core::steps::context::Context;
use crate::core::steps::outgoing::Outgoing;

/// What the loop over a piece works on; after a panic it says which partition was at work, or whose
/// state was being built.
pub(super) struct Scope<'a, 'c, S, I: Iterator> {
    pub context: &'a mut Context<'c>,
    pub table: &'a mut PartitionTable<S>,
    pub output: &'a mut Vec<Item<I::Item>>,
    pub outgoing: &'a mut Option<(Place, Outgoing<I>)>,
    pub making_key: bool,
    pub at_work: Option<Place>,
    pub building: Option<Key>,
    /// When the piece's partitions were created. One reading of the clock is enough.
    pub now: Option<Timestamp>,
    /// Whether some of the frames have a trace, or may get one.
    pub traced: bool,
    /// How many keys were made.
    pub keys: usize,
    /// How many messages the computation has processed, and of how many it wants the change to be saved.
    pub stateful: u64,
    pub saved: u64,
}
