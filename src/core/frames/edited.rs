//! Frames of which some were left out, or others put in their place: for a replay.

use super::Frames;
use super::home::Content;
use super::pieces::Pieces;

impl Frames {
    /// Keeps the first of the frames. They have not been given to steps yet.
    pub fn truncate(&mut self, frames: usize) {
        self.content = Content::Home(self.pieces().slice(0..frames));
    }

    /// Puts other frames in the place of these, which have not been given to steps yet.
    pub fn replace(&mut self, pieces: Pieces) {
        debug_assert!(pieces.are_whole(), "ends ascend and are within the bytes");
        self.content = Content::Home(pieces);
    }
}
