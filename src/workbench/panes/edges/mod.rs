//! What is on the screen whatever else is: the first line, the input pane and the last line.

pub(super) mod footer;
pub(super) mod header;
pub(super) mod input;
