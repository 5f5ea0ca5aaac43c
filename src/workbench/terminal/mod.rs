//! The terminal: its modes, its keys and events, the signals that end it, and the last resort if nothing
//! else ends the program.

pub(super) mod events;
pub(super) mod keys;
pub(super) mod last_resort;
pub(super) mod screen;
pub(super) mod signals;
