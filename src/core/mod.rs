//! The engine's rules as pure state machines: no threads, no I/O, and no clock but the one given.
//!
//! Bytes are cut into frames ([`framing`], [`frames`]); steps (`steps`) turn batches of them into
//! messages, keys, states and bytes again; [`placement`] says which worker owns a key; what cannot
//! be processed becomes a [`dead_letter`]; [`trace`] tells what happened to one message.
//! [`topology`] puts an author's parts together, and [`test_driver`] runs them on one thread.

pub mod assembler;
pub mod batch;
pub mod clock;
pub mod context;
pub mod dead_letter;
pub mod event;
mod field;
pub mod frame_counter;
pub mod frames;
pub mod framing;
pub(crate) mod guard;
pub mod json;
pub mod numbers;
pub mod observer;
pub mod partition_query;
pub mod partition_table;
pub mod placement;
pub mod preview;
pub mod revival;
pub mod saved;
pub(crate) mod steps;
pub(crate) mod sync;
pub mod test_driver;
pub mod topology;
pub mod trace;
