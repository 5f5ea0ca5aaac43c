//! Where bytes leave: files, standard output and TCP receivers.
//!
//! `sink` opens one, and `to_sink` is where its outputs go. A regular file is a `shared_file` of the workers and is
//! `watched`; a stream writes what is `pending`. A TCP sink (`receiver`, `serving`) has its outputs `kept` until the
//! `send_queue` says that they are acknowledged.

pub(super) mod kept;
pub(super) mod pending;
pub(super) mod receiver;
pub(super) mod send_queue;
pub(super) mod serving;
pub(super) mod shared_file;
pub(super) mod sink;
pub(super) mod sink_log;
pub(super) mod to_sink;
pub(super) mod watched;
