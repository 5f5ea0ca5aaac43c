//! Where frames enter. They come to `queues`, which has them journaled first if they cannot be read again; they
//! wait in a `queue`, of one worker or of all, and the `gate` says when workers may take them. What has been `taken` is what
//! a checkpoint saves.

pub(super) mod gate;
pub(super) mod queue;
pub(super) mod queues;
pub(super) mod taken;
pub(super) mod waits;
