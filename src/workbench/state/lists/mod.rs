//! The rows of the lists: which are shown, which is selected, and what is done with it.

pub(in crate::workbench) mod badges;
pub(in crate::workbench) mod columns;
pub(in crate::workbench) mod filters;
pub(in crate::workbench::state) mod frame_at_hand;
pub(in crate::workbench) mod letters;
pub(in crate::workbench) mod marks;
mod pins;
pub(in crate::workbench) mod revival;
pub(in crate::workbench) mod rows;
pub(in crate::workbench) mod seen;
mod tour;
pub(in crate::workbench) mod widths;
