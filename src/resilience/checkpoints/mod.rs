//! What workers have saved: a `worker_file` is written in epochs, a `worker_reader` reads and checks it, and
//! `decision` says which epoch counts. `recovery` puts the workers together.

pub(super) mod decision;
pub(super) mod recovery;
pub(super) mod worker_file;
pub(super) mod worker_reader;
