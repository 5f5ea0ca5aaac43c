//! Judges each message of a chapter when all that was made of it is processed.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::script::Entering;
use super::watch::Watch;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::SequenceNumber;
use crate::core::topology::Topology;

/// Is given the messages of a chapter.
pub trait Judge {
    /// A message: its number in the chapter, what happened to it, and what could not be processed of it. Workers take turns,
    /// so a later message may come first.
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]);

    /// Whether messages that were read later than those so far do not matter any more.
    fn has_found(&self) -> bool;

    /// Asked between two runs of segments, with about how many messages of the chapter have been given: whether to go on.
    fn goes_on(&mut self, given: u64) -> bool {
        let _ = given;
        true
    }
}

/// The name of a frame: its pipeline, and its number there.
type FrameName = (Arc<str>, SequenceNumber);

/// Traces messages of a chapter, and gives each to a judge when nothing of it is left to be processed.
pub struct Judged<'a, J> {
    topology: &'a Topology,
    /// Only these are traced.
    wanted: Range<u64>,
    judge: &'a mut J,
    waiting: VecDeque<(u64, Arc<Trace>)>,
    letters: HashMap<FrameName, Vec<DeadLetter>>,
    /// The number of the message that enters next; `None` if workers took them in another order than they were read.
    next: Option<u64>,
}

impl<'a, J: Judge> Judged<'a, J> {
    /// Gives these messages of a chapter to a judge.
    pub fn new(topology: &'a Topology, wanted: Range<u64>, judge: &'a mut J) -> Self {
        let (waiting, letters, next) = (VecDeque::new(), HashMap::new(), Some(0));
        Self { topology, wanted, judge, waiting, letters, next }
    }

    /// Gives those that are left: the chapter is over.
    pub fn finish(mut self) {
        self.give(true);
    }

    /// Gives those that nothing holds any more, or all of them.
    fn give(&mut self, all: bool) {
        let is_done = |(_, trace): &mut (u64, Arc<Trace>)| all || Arc::strong_count(trace) == 1;
        while let Some((number, trace)) = self.waiting.pop_front_if(is_done) {
            // Most chapters have none.
            let letters = if self.letters.is_empty() {
                Vec::new()
            } else {
                let name = (Arc::clone(&trace.pipeline), trace.sequence);
                self.letters.remove(&name).unwrap_or_default()
            };
            self.judge.message(number, &trace, &letters);
        }
    }
}

impl<J: Judge> Watch for Judged<'_, J> {
    fn enters(&mut self, entering: &mut Entering) {
        self.next = self.next.filter(|next| *next == entering.number);
        self.next = self.next.map(|next| next + entering.frames.len() as u64);
        let name = entering.name(self.topology);
        let frames = u32::try_from(entering.frames.len()).unwrap_or(u32::MAX);
        for (number, place) in (entering.number..).zip(0..frames) {
            if self.wanted.contains(&number) {
                self.waiting.push_back((number, entering.frames.begin_trace(name, place)));
            }
        }
    }

    fn dead_letter(&mut self, letter: DeadLetter) {
        let name = (Arc::clone(&letter.pipeline), letter.sequence);
        self.letters.entry(name).or_default().push(letter);
    }

    fn goes_on(&mut self) -> bool {
        self.give(false);
        // An earlier one may still wait, or enter.
        let is_first = self.judge.has_found() && self.waiting.is_empty() && self.next.is_some();
        let given = self.next.unwrap_or(0).saturating_sub(self.waiting.len() as u64);
        !is_first && self.judge.goes_on(given)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::application::{Reason, Source};
    use crate::core::frames::Frames;
    use crate::core::frames::dead_letter::{Cause, Failure};
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{PipelineIndex, Timestamp};
    use crate::core::topology::Application;

    /// Notes the pipeline of each message, and how many dead letters it has.
    #[derive(Default)]
    struct Noted(Vec<(String, usize)>);

    impl Judge for Noted {
        fn message(&mut self, _: u64, trace: &Trace, letters: &[DeadLetter]) {
            self.0.push((trace.pipeline.to_string(), letters.len()));
        }

        fn has_found(&self) -> bool {
            false
        }
    }

    fn topology() -> Topology {
        let source = || Source::new(|_: &[u8]| Ok::<_, Reason>(Some(0_u8)));
        let one = Application::new("x").pipeline("one", source()).done();
        one.pipeline("other", source()).done().build().unwrap()
    }

    #[test]
    fn a_dead_letter_is_of_the_message_with_its_number_in_its_own_pipeline() {
        let topology = topology();
        let mut noted = Noted::default();
        let mut judged = Judged::new(&topology, 0..u64::MAX, &mut noted);
        for number in [0, 1] {
            let pieces = Pieces::new(Bytes::from_static(&[0, 0, 0, 0]), vec![4], 0);
            let frames = Frames::new("input".into(), SequenceNumber(5), Timestamp(0), 4, pieces);
            let pipeline = PipelineIndex(usize::try_from(number).unwrap());
            let mut entering = Entering { pipeline, number, frames };
            judged.enters(&mut entering);
            if number == 1 {
                let failure = Failure {
                    pipeline: "other".into(),
                    step: "s".into(),
                    cause: Cause::Refused,
                    reason: String::new(),
                    key: None,
                    at: Timestamp(0),
                };
                judged.dead_letter(DeadLetter::of_frame(&entering.frames, 0, failure));
            }
        }
        judged.finish();
        assert_eq!(noted.0, [("one".to_owned(), 0), ("other".to_owned(), 1)]);
    }
}
