//! Frames of which some were left out, or others put in their place: for a replay, or by a person.

use std::ops::Range;
use std::sync::Arc;

use super::Frames;
use super::home::Content;
use super::pieces::Pieces;

impl Frames {
    /// A copy of the first frame, of which nobody waits for the end. `None` if there are no frames.
    pub fn copy_of_first(&self) -> Option<Self> {
        let end = *self.ends().first()?;
        let bytes = self.bytes().slice(..(end as usize).min(self.bytes().len()));
        let pieces = Pieces::new(bytes, vec![end], self.byte_offset());
        Some(Self::new(Arc::clone(&self.source), self.first, self.read_at, self.wrapping, pieces))
    }

    /// Puts other frames in the place of these, which wait, as if this source had given them. They have the offset of
    /// these.
    pub fn replace_from(&mut self, source: Arc<str>, pieces: &Pieces) {
        let at = self.byte_offset();
        self.source = source;
        self.replace(Pieces::new(pieces.bytes().clone(), pieces.ends().to_vec(), at));
    }

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
