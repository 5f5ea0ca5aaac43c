//! The window "What if": what a branch of the recording does differently.
//!
//! The changes stay when the window is closed: they are of messages and moments that one goes to one after another.

mod changes;
mod here;
mod keys;
mod looking;
mod reading;
mod window;
mod writing;

pub(in crate::workbench) use changes::Changes;
pub(in crate::workbench) use here::HereMessage;
pub use window::WhatIfWindow;
pub(in crate::workbench) use writing::{What, Writing};
