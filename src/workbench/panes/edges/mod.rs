//! The parts of the screen that are always shown: the first line, the input pane and the last line.

pub(super) mod ahead;
pub(super) mod footer;
pub(super) mod header;
pub(super) mod input;
pub(super) mod load;
mod meaning;
pub(super) mod moment;
