//! What a run and those that look at it from another process say to each other.
//!
//! Each message is a frame of `MessagePack`. A connection begins with a handshake; what follows are the
//! messages. Both ends are of the same build, so the messages are the types of the engine themselves.
//!
//! Frames, secrets and the like are those of `wire`, which the processes of a cluster use too.

pub mod address;
pub mod handshake;
pub mod messages;
pub(super) mod stream;
