//! The outputs of one message, which may be more than a piece, or may be made one by one.

use super::batch::Item;

/// What a computation returned for a message and is still to be sent on.
pub(super) struct Outgoing<I> {
    /// The message's frame.
    pub frame: u32,
    /// Its outputs. An author's code: it may panic.
    pub messages: I,
}

impl<I: Iterator> Outgoing<I> {
    /// Sends at most a piece. Returns what may be left.
    pub fn give(mut self, output: &mut Vec<Item<I::Item>>, piece: usize) -> Option<Self> {
        let (first, frame) = (output.len(), self.frame);
        let messages = self.messages.by_ref().take(piece);
        output.extend(messages.map(|message| Item { frame, message }));
        (output.len() - first == piece).then_some(self)
    }
}
