//! What is typed and pasted, and what was sent.

pub(in crate::workbench) mod input_line;
pub(in crate::workbench) mod pasted_lines;
pub(in crate::workbench::state) mod pasting;
pub(in crate::workbench::state) mod sending;
pub(in crate::workbench::state) mod sent;
