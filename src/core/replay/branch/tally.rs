//! What two runs give: their outputs and their dead letters.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::balance::{Balance, OnlyIn, Side};
use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::numbers::{SinkPlace, WorkerIndex};
use crate::core::replay::script::Entering;
use crate::core::replay::watch::Watch;
use crate::core::steps::batch::Output;
use crate::core::topology::Topology;

/// About how many bytes of outputs and dead letters are kept at the end of a chapter, and within one: what both runs give
/// is forgotten at its end only. If they take more, what comes later is not compared.
const MAX_KEPT: usize = 128 * 1024 * 1024;

/// About how many bytes one of them takes beside its own.
const ENTRY: usize = 64;

/// A dead letter, without what it is called: other messages may have entered before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LetterLeft {
    /// The pipeline.
    pub pipeline: Arc<str>,
    /// The step that could not process its message.
    pub step: Arc<str>,
    /// What kind of failure it is.
    pub cause: Cause,
    /// The failure in words.
    pub reason: String,
    /// The partition's key, if the message had one.
    pub key: Option<Key>,
    /// The payload.
    pub payload: Bytes,
}

/// The outputs of a sink that only one of two runs gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkDiffers {
    /// The sink: the first of its places, if pipelines share it.
    pub sink: SinkPlace,
    /// The outputs.
    pub outputs: OnlyIn<Box<[u8]>>,
}

/// How far two runs are compared, at the end of a chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// All that they have given.
    All,
    /// Until here, and not what comes: too much differs.
    UntilHere,
    /// Not what this chapter gave.
    UntilBefore,
}

/// What two runs give.
#[derive(Debug)]
pub(super) struct Tally {
    outputs: BTreeMap<SinkPlace, Balance<Box<[u8]>>>,
    letters: Balance<LetterLeft>,
    /// About how many bytes are kept.
    kept: usize,
    /// The most of them.
    most: usize,
    /// Whether what comes is not compared any more.
    full: bool,
}

impl Default for Tally {
    fn default() -> Self {
        let (outputs, letters) = (BTreeMap::new(), Balance::default());
        Self { outputs, letters, kept: 0, most: MAX_KEPT, full: false }
    }
}

impl Tally {
    /// Forgets what both runs have given in a chapter. If that takes too much while one of them is done, what the chapter
    /// gave is forgotten: it would be half of it.
    pub fn settle(&mut self) -> Compared {
        let was_full = self.full;
        self.kept = 0;
        for balance in self.outputs.values_mut() {
            balance.settle();
            self.kept += balance.values().map(|value| size_of_output(value)).sum::<usize>();
        }
        self.letters.settle();
        self.kept += self.letters.values().map(size_of_letter).sum::<usize>();
        self.full |= self.kept > self.most;
        match (was_full, self.full) {
            (true, _) => Compared::UntilBefore,
            (false, true) => Compared::UntilHere,
            (false, false) => Compared::All,
        }
    }

    fn output(&mut self, side: Side, place: SinkPlace, output: &[u8]) {
        if !self.full && self.outputs.entry(place).or_default().add(side, output.into()) {
            self.keep(size_of_output(output));
        }
    }

    fn letter(&mut self, side: Side, letter: LetterLeft) {
        let bytes = size_of_letter(&letter);
        if !self.full && self.letters.add(side, letter) {
            self.keep(bytes);
        }
    }

    fn keep(&mut self, size: usize) {
        self.kept += size;
        if self.kept > self.most {
            self.full = true;
            self.outputs.values_mut().for_each(Balance::forget_fresh);
            self.letters.forget_fresh();
        }
    }

    /// The outputs and dead letters that differ.
    pub fn finish(self) -> (Vec<SinkDiffers>, OnlyIn<LetterLeft>) {
        let outputs = self.outputs.into_iter();
        let outputs = outputs.map(|(sink, all)| SinkDiffers { sink, outputs: all.finish() });
        let outputs = outputs.filter(|sink| !sink.outputs.is_empty()).collect();
        (outputs, self.letters.finish())
    }
}

fn size_of_output(output: &[u8]) -> usize {
    output.len() + ENTRY
}

fn size_of_letter(letter: &LetterLeft) -> usize {
    letter.payload.len() + letter.reason.len() + 2 * ENTRY
}

/// Watches one of the runs.
pub(super) struct Tallied<'a> {
    pub topology: &'a Topology,
    pub side: Side,
    pub tally: &'a mut Tally,
    /// How many messages have entered.
    pub entered: u64,
    /// Told how many that are.
    pub progress: &'a mut dyn FnMut(u64),
}

impl Watch for Tallied<'_> {
    fn enters(&mut self, entering: &mut Entering) {
        self.entered += entering.frames.len() as u64;
        (self.progress)(self.entered);
    }

    fn output(&mut self, _: WorkerIndex, output: Output) {
        if self.tally.full {
            return;
        }
        let place = SinkPlace { pipeline: output.pipeline, sink: output.sink };
        let place = self.topology.first_place(place);
        output.pieces.iter().for_each(|piece| self.tally.output(self.side, place, piece));
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        if self.tally.full {
            return;
        }
        let DeadLetter { pipeline, step, cause, reason, key, bytes, .. } = letter;
        // Not a slice of all that was read.
        let payload = Bytes::copy_from_slice(&bytes);
        let letter = LetterLeft { pipeline, step, cause, reason, key, payload };
        self.tally.letter(self.side, letter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::{PipelineIndex, SinkIndex};

    #[test]
    fn a_chapter_that_gives_too_much_is_not_compared_and_no_more_of_it_is_kept() {
        let place = SinkPlace { pipeline: PipelineIndex(0), sink: SinkIndex(0) };
        let mut tally = Tally { most: 4 * size_of_output(b"0000"), ..Tally::default() };
        tally.output(Side::Branch, place, b"more");
        assert_eq!(tally.settle(), Compared::All);
        for number in 0..1000 {
            tally.output(Side::Happened, place, format!("{number:04}").as_bytes());
            assert!(tally.kept <= 5 * size_of_output(b"0000"));
        }
        assert_eq!(tally.settle(), Compared::UntilBefore);
        let outputs = &tally.finish().0[0].outputs;
        assert_eq!((outputs.happened.count, outputs.branch.count), (0, 1));
    }
}
