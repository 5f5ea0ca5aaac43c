//! What processes that talk to each other share: frames, proofs of a secret, and which program each runs.
//!
//! A run and those that look at it use it (`session/wire`), and so do the processes of a cluster (`cluster`).
//!
//! Invariant: no frame is longer than 16 MiB, and none takes memory before its bytes have arrived.

pub mod build;
pub mod frame;
pub mod places;
pub mod secret;
pub mod tcp;
