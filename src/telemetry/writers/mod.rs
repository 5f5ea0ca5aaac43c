//! Writers that may block: each has a bounded queue and a thread of its own, so that a reader that does
//! not read, or a full disk, holds up nobody else.

mod lasting;
mod outbox;

pub(super) use lasting::{Lasting, Trouble};
pub(crate) use outbox::{Inbox, Outbox};
