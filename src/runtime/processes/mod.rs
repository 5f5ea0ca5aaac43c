//! Several processes as one engine.
//!
//! Process 0 has the engine, with all that exists once: sources, queues, journal, checkpoints, sinks, figures. Every other
//! process only hosts workers. All of them meet ([`crate::cluster::meeting`]) and begin a `round`, which lasts until the
//! number of workers changes, the run ends, or a process is lost. Process 0 asks the workers of `others` as it asks its
//! own; `hosting` is what another process does in a round.

mod answers;
pub(super) mod clients;
pub(super) mod figures;
mod homecoming;
mod hosted;
pub mod hosting;
mod listener;
mod marks;
mod messages;
pub(crate) mod naming;
pub(super) mod neighbours;
pub(super) mod others;
mod portions;
mod remote;
mod round;
mod round_end;
#[cfg(test)]
pub(super) mod tests;
