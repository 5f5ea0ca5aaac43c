//! The engine's rules as pure state machines: no threads, no I/O, and no clock but the one given.
//!
//! Bytes are cut into [`frames`]; [`steps`] turn batches of them into messages, keys, states and bytes
//! again; [`partitions`] says which worker owns a key, and holds its state. [`topology`] puts an
//! author's parts together, and [`test_driver`] runs them on one thread. [`load`] says which generated
//! messages are due when.

pub mod clock;
pub mod event;
pub mod figures;
pub mod foresight;
pub mod frames;
pub(crate) mod guard;
pub(crate) mod in_order;
pub mod json;
pub mod load;
pub mod numbers;
pub mod observer;
pub mod partitions;
pub mod replay;
pub mod seen;
pub mod steps;
pub(crate) mod sync;
pub mod test_driver;
pub(crate) mod text;
pub mod topology;
#[cfg(feature = "workbench")]
pub(crate) mod typed;
