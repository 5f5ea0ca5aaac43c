//! How much an operator does until it is the turn of others.

use crate::core::steps::batch::Produced;
use crate::core::steps::context::Report;

/// The max number of messages of a turn, counted at each step that gives them. What comes from another worker waits
/// for the end of a turn: this is most of the latency of two workers.
const MAX_MESSAGES_PER_TURN: u64 = 8 * 1024;

/// The max number of bytes of a turn, of frames and of outputs.
const MAX_BYTES_PER_TURN: usize = 1024 * 1024;

/// What an operator has done since it was its turn.
#[derive(Default)]
pub(super) struct Turn {
    messages: u64,
    bytes: usize,
}

impl Turn {
    /// Whether it is the others' turn.
    pub fn is_over(&self) -> bool {
        self.messages >= MAX_MESSAGES_PER_TURN || self.bytes >= MAX_BYTES_PER_TURN
    }

    /// The turn after a batch's pieces, of which nothing has been passed on yet.
    pub fn after(&self, report: &Report, produced: &Produced) -> Self {
        let outputs = produced.outputs.iter().map(|output| output.pieces.bytes().len());
        // Frames count, too: they may be long, and make nothing.
        let bytes =
            usize::try_from(report.bytes).unwrap_or(usize::MAX).saturating_add(outputs.sum());
        let messages = report.frames + report.steps.iter().sum::<u64>();
        Self { messages: self.messages + messages, bytes: self.bytes.saturating_add(bytes) }
    }
}
