//! The window itself.

use super::here::Here;
use super::writing::Writing;

/// The window "What if".
pub struct WhatIfWindow {
    /// What it is about.
    pub(in crate::workbench) here: Here,
    /// Which of the changes is selected.
    pub(in crate::workbench) selected: usize,
    /// What is being typed.
    pub(in crate::workbench) writing: Option<Writing>,
}
