//! Where frames enter. They come to `queues`, which has them journaled first if they cannot be read again; they
//! wait in the `queue` of one worker, and the `gate` says when that worker may take them.

pub(super) mod gate;
pub(super) mod queue;
pub(super) mod queues;
