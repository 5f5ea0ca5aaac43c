//! Writes what a recovery reads, and reads it at a start.
//!
//! The `journal_writer` writes frames before they enter; the `checkpointer` makes checkpoints, and `hold` knows for whom it
//! waits. `other_workers` exchanges the workers. `replay` lets
//! the journal's frames enter again, and `trial` finds the frame that ends the process at every start.

pub(super) mod checkpointer;
pub(super) mod history;
mod hold;
pub(super) mod journal_writer;
mod other_workers;
pub(super) mod replay;
pub(super) mod saved_names;
mod sink_reports;
pub(super) mod trial;
