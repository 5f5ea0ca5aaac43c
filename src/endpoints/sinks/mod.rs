//! Where bytes leave: files, standard output and TCP receivers.
//!
//! `sink` opens one and writes to it until its end. A stream or a file writes what is `pending`; a file
//! is `watched`. A TCP sink (`receiver`, `serving`) has its outputs `kept` until the `send_queue` says that
//! they are acknowledged.

pub(super) mod kept;
pub(super) mod pending;
pub(super) mod receiver;
pub(super) mod send_queue;
pub(super) mod serving;
pub(super) mod sink;
pub(super) mod sink_log;
pub(super) mod watched;
