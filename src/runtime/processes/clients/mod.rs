//! Clients of TCP sources that are connected to another process than process 0.
//!
//! Each process listens, reads, and cuts into frames. What is cut goes to process 0, where it enters as if the connection
//! were there: it is numbered, journaled and taken by its workers. So all that is promised of a connection of process 0
//! is promised of those, and the directory does not know where a client was.
//!
//! `line` is the way of one pipeline's frames at a host, `served` its sources, `watcher` what is told of them, `entering` their other end at process 0,
//! `came` what is said between the two.
//!
//! Invariants: what process 0 has not let in is bounded at the host: frames take of the host's budget until process 0 says
//! that they have entered, and while much that is no frame is kept, no client is accepted. So a sink that stands still stops the clients of all processes. Things are numbered, and process 0
//! takes each number once, in order: what was on its way when a round ended is said again in the next one.

pub(super) mod came;
pub(in crate::runtime) mod entering;
pub(super) mod line;
pub(super) mod served;
pub(super) mod watcher;

#[cfg(test)]
mod tests;
