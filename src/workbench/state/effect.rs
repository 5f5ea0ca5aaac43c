//! What a key or a paste leads to: an order to the engine, or a notice to the user.

use std::sync::Arc;

use bytes::Bytes;

use crate::application::Key;
use crate::core::frames::pins::Pin;
use crate::core::load::settings::LoadSettings;
use crate::core::numbers::PipelineIndex;

/// What the engine is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Take these bytes as if a source had read them.
    Inject(PipelineIndex, Bytes),
    /// Pause the engine; if it is paused, resume it.
    PauseOrResume,
    /// Make this load, or go on with it instead of the present one.
    Load(LoadSettings),
    /// End the load.
    StopLoad,
    /// Take one message.
    Step,
    /// Lose all that is in memory, and recover.
    Crash,
    /// Begin anew, with nothing kept.
    Reset,
    /// Go on with one worker more, or one less.
    ChangeWorkers {
        /// One more.
        more: bool,
    },
    /// Let a poisoned partition take messages again.
    Revive {
        /// Its state's name.
        state: Arc<str>,
        /// Its key.
        key: Key,
    },
    /// Trace every message of a key; if that is done already, no longer.
    Pin(Pin),
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
