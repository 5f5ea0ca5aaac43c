//! What a run and those that look at it from another process say to each other.
//!
//! Each message is a frame of `MessagePack`. A connection begins with a handshake; what follows are the
//! messages. Both ends are of the same build, so the messages are the types of the engine themselves.
//!
//! Invariant: no frame is longer than 16 MiB, and none takes memory before its bytes have arrived.

pub mod address;
pub(super) mod build;
pub(super) mod frame;
pub mod handshake;
pub mod messages;
pub mod secret;
pub(super) mod stream;
