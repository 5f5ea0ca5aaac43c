//! Frames of which some were left out, or others put in their place: for a replay.

use std::ops::Range;

use super::Frames;
use super::home::Content;
use super::pieces::Pieces;

impl Frames {
    /// Keeps these of the frames, which have not been given to steps yet. They are numbered as the first ones were: a
    /// schedule finds them under the same number.
    pub fn keep(&mut self, places: Range<usize>) {
        self.content = Content::Home(self.pieces().slice(places));
    }

    /// Puts other frames in the place of these, which have not been given to steps yet.
    pub fn replace(&mut self, pieces: Pieces) {
        debug_assert!(pieces.are_whole(), "ends ascend and are within the bytes");
        self.content = Content::Home(pieces);
    }
}
