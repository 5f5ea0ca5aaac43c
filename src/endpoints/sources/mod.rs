//! Where bytes enter: files, standard input, TCP connections, injected bytes and generated load; and the numbers of
//! messages that a source makes itself.
//!
//! `source` opens one and reads it (`stream`, `plain_file`, `numbers`, `tcp`, `injected`, `load`). Frames are handed over
//! at the `intake`, which waits for the pipeline's `budget`. Each TCP client has a `seat` in one of the `places`.

pub(super) mod budget;
pub(super) mod injected;
pub(super) mod intake;
pub(super) mod load;
mod numbers;
pub(super) mod places;
mod plain_file;
pub(super) mod seat;
pub(super) mod source;
mod stream;
pub(super) mod tcp;
