//! What a key or a paste leads to: an order to the engine, or a notice to the user.

use crate::session::orders::{Order, TestMade};
use crate::session::past::Travel;

/// What the engine, the terminal or the loop is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// What the engine is to do.
    Order(Order),
    /// Go to a moment of the past, or back to now.
    Travel(Travel),
    /// Copy a text: to the terminal's clipboard, and into a file of this name for terminals that refuse.
    Copy {
        /// The text.
        text: String,
        /// The end of the file's name.
        name: &'static str,
    },
    /// Save files beside each other.
    Save {
        /// The end of each name, and what the file contains.
        files: Vec<(String, Vec<u8>)>,
    },
    /// Save a test, under a name that a module of Rust may have.
    SaveTest(Box<TestMade>),
    /// Take the mouse, or give it to the terminal.
    Mouse(bool),
    /// Go on with another application.
    Switch(usize),
    /// Draw everything again.
    Redraw,
    /// Stop until the shell brings the program back.
    Suspend,
    /// End.
    Quit,
}

/// A short message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line of text.
    pub text: String,
    /// Whether something is wrong.
    pub bad: bool,
}
