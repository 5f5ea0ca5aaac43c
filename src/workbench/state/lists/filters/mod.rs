//! The filters of the lists: what is typed, what it lets through, and which list it is of.

pub(in crate::workbench) mod filter_line;
pub(in crate::workbench::state) mod judged;
mod search;
pub(in crate::workbench::state) mod searches;
