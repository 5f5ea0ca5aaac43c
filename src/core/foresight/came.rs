//! What comes of a message that is looked at.

use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::WorkerIndex;
use crate::core::replay::machine::Watch;
use crate::core::steps::batch::Output;
use crate::core::steps::context::Report;

/// The max number of messages that all steps together give: one frame may become millions.
const MAX_MESSAGES: u64 = 20_000;

/// What came of the message, unless it is too much.
#[derive(Default)]
pub(super) struct Came {
    /// The first output.
    pub output: Option<Vec<u8>>,
    /// How many outputs there are.
    pub outputs: u64,
    pub letters: Vec<DeadLetter>,
    /// Whether it was too much.
    pub cut: bool,
}

impl Watch for Came {
    fn output(&mut self, _: WorkerIndex, made: Output) {
        self.outputs += made.pieces.len() as u64;
        let first = || made.pieces.iter().next().map(<[u8]>::to_vec);
        self.output = self.output.take().or_else(first);
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        self.letters.push(letter);
    }

    fn is_enough(&mut self, report: &Report) -> bool {
        self.cut |= report.steps.iter().sum::<u64>() >= MAX_MESSAGES;
        self.cut
    }
}
