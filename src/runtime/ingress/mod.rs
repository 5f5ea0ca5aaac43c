//! Where frames enter. They come to `queues`, which has them journaled first if they cannot be read again. They wait
//! in a `queue`, of one worker or of all, and the `gate` says when workers may take them. A checkpoint saves the
//! positions of what has been `taken`.

pub(super) mod gate;
pub(super) mod queue;
pub(super) mod queues;
pub(super) mod taken;
pub(super) mod waits;
