//! Who is told what happens in a replay.

use super::schedule::Entry;
use super::script::Entering;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::WorkerIndex;
use crate::core::steps::batch::Output;
use crate::core::steps::context::Report;

/// Is told what happens in a replay.
pub trait Watch {
    /// These frames enter. Traces may begin.
    fn enters(&mut self, entering: &mut Entering) {
        let _ = entering;
    }

    /// A worker made outputs.
    fn output(&mut self, worker: WorkerIndex, output: Output) {
        let _ = (worker, output);
    }

    /// A message could not be processed.
    fn dead_letter(&mut self, letter: DeadLetter) {
        let _ = letter;
    }

    /// A worker has done this. After [`enters`](Self::enters), if it began with these frames.
    fn did(&mut self, worker: WorkerIndex, entry: &Entry) {
        let _ = (worker, entry);
    }

    /// Asked after each piece of a batch but the last, given what has been counted: whether the rest of the batch is left
    /// out, and what waits behind it. What has been made of it goes on. Then the workers are not used again.
    fn is_enough(&mut self, report: &Report) -> bool {
        let _ = report;
        false
    }

    /// Asked between two runs of segments: whether to go on.
    fn goes_on(&mut self) -> bool {
        true
    }
}

/// Nobody watches.
impl Watch for () {}
