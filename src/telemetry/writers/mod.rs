//! Writers that may block: each has a bounded queue and a thread of its own, so that a reader that does not read, or
//! a full disk, delays no other thread.

mod lasting;
mod outbox;

pub(super) use lasting::{Lasting, Trouble};
pub(crate) use outbox::{Inbox, Outbox};
