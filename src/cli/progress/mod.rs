//! What a command says on standard error while it works, and how it is interrupted.

pub(super) mod console;
pub(super) mod follow;
pub(super) mod interrupts;
pub(super) mod line;
pub(super) mod tally;
