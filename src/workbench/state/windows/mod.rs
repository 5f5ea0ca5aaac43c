//! What opens over the panes, and what keys do there.

pub(in crate::workbench) mod breakpoints;
pub(in crate::workbench::state) mod choices;
pub(in crate::workbench) mod detail;
pub(in crate::workbench) mod help;
pub(in crate::workbench) mod load;
pub(in crate::workbench::state) mod over_panes;
pub(in crate::workbench) mod overlay;
pub(in crate::workbench) mod palette;
pub(in crate::workbench) mod question;
pub(in crate::workbench::state) mod reset;
pub(in crate::workbench) mod reset_files;
pub(in crate::workbench) mod seek;
pub(in crate::workbench) mod shrink;
pub(in crate::workbench) mod themes;
pub(in crate::workbench) mod victims;
pub(in crate::workbench) mod what_if;
