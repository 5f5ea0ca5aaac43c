//! A recorded run, done again: the same segments, driven by what each worker did.
//!
//! A [`recording`] is a chain of chapters. A chapter is what happened between two checkpoints: which frames each worker
//! took, and its [`schedule`], the order in which it ran which segment on which batch. At a checkpoint nothing is in
//! flight, so a chapter begins with partitions alone and ends with partitions alone.
//!
//! A [`machine`] has as many workers as were recorded, on one thread. Given a base and a chapter, it does what they did. A
//! [`player`] does one chapter after another, and compares the partitions that have changed with those that each
//! checkpoint saved. A machine also does a chapter of which frames were left out, or of which only the first messages
//! entered: then it follows the schedule as far as that can be. So a [`timeline`] gives any moment, and a [`branch`] what would have become of
//! other messages.
//!
//! The machine's workers are those of the `TestDriver`, too, and of a look at what a message would do: there the frames are
//! not of a recording, and all that comes of some is processed before the next.
//!
//! [`shrink`] finds the smallest input that still does something, [`smallest`] that of a recording, and [`test_text`] writes a
//! test of it. [`sliced`] makes a recording of some keys alone. A [`digest`] of a replay is compared with that of another version of the program.

pub mod branch;
mod compared;
mod crew;
mod cursor;
pub mod digest;
mod error;
pub mod from_memory;
pub mod judged;
mod lasting;
pub mod machine;
pub mod memory;
mod named;
mod parts;
mod place;
pub mod player;
pub mod recording;
mod revivals;
pub mod schedule;
pub mod script;
pub mod shrink;
pub mod sliced;
pub mod smallest;
pub mod source;
pub mod test_text;
pub mod timeline;
mod topology_number;
mod touched;
mod traced;
mod watch;

pub use error::ReplayError;
pub use named::states_together;
pub use topology_number::fingerprint;
pub use traced::Direction;
