//! Frames whose bytes are in another process: at their home, where they were read.
//!
//! A process to which they are lent has all of them but their bytes. Whatever needs the bytes, or is shown or counted
//! once, happens at home, and [`Home`] takes it there.
//!
//! Invariant: frames that are away make no dead letter and begin no trace that is shown. Each is told to their home.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Frames;
use super::dead_letter::{DeadLetter, Failure};
pub use super::home::Home;
use super::home::{Content, Relay};
use super::pieces::Pieces;
use super::pins::{Pin, Pins, Watch};
use super::trace::Trace;
use super::wrapping::Wrapping;
use crate::core::numbers::{SequenceNumber, Timestamp};

/// What a process needs to know of frames that are lent to it: all but their bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// The source's or the connection's name.
    pub source: Arc<str>,
    /// The number of the first frame in its pipeline.
    pub first: SequenceNumber,
    /// How many frames.
    pub count: u32,
    /// When the bytes were read, by the clock of the process that lends them.
    pub read_at: Timestamp,
    /// Which frames are traced, in ascending order.
    pub traced: Vec<u32>,
    /// The pinned keys, if a trace may still begin because of one.
    pub pins: Option<Arc<[Pin]>>,
    /// Whether something is held until all steps are done with them.
    pub works: bool,
}

impl Frames {
    /// What another process needs to know of the frames, to process messages of them.
    pub fn lent(&self) -> Lent {
        let mut traced: Vec<u32> = self.traces.iter().map(|(frame, _)| *frame).collect();
        if let Some(watch) = &self.watch {
            traced.extend(watch.frames());
            traced.sort_unstable();
        }
        Lent {
            source: Arc::clone(&self.source),
            first: self.first,
            count: u32::try_from(self.len()).unwrap_or(u32::MAX),
            read_at: self.read_at,
            traced,
            pins: self.watch.as_ref().map(|watch| watch.pins()),
            works: self.work.is_some(),
        }
    }

    /// Frames that another process has lent. `pins` are those of this process: its traces share their budget.
    pub fn away(lent: &Lent, home: Arc<dyn Home>, pins: &Pins) -> Self {
        let mut frames = Self::new(
            Arc::clone(&lent.source),
            lent.first,
            lent.read_at,
            Wrapping::Header(0),
            Pieces::default(),
        );
        frames.content = Content::Away { home: Arc::clone(&home), count: lent.count };
        frames.watch = lent.pins.clone().map(|lent| Arc::new(pins.watch_for(lent)));
        // Only their home knows their pipeline, and shows them with it.
        let pipeline = Arc::from("");
        for frame in &lent.traced {
            let trace = frames.new_trace(&pipeline, *frame);
            frames.traces.push((*frame, trace));
        }
        frames.with_hold(home)
    }

    /// Whether the bytes are in another process.
    pub fn is_away(&self) -> bool {
        self.content.home().is_some()
    }

    /// A message of a frame could not be processed. `None` if the frame is away: the dead letter is made at home.
    #[must_use]
    pub fn dead_letter(&self, frame: u32, failure: Failure) -> Option<DeadLetter> {
        match self.content.home() {
            None => {
                if let Some(work) = &self.work {
                    work.refused(frame, &failure);
                }
                Some(DeadLetter::of_frame(self, frame, failure))
            }
            Some(home) => {
                home.dead_letter(frame, failure);
                None
            }
        }
    }

    /// Begins a frame's trace, because a key is pinned. `None` if it has one: another thread or process may have been
    /// faster.
    pub(super) fn begin_late(
        &self,
        watch: &Watch,
        pipeline: &Arc<str>,
        frame: u32,
    ) -> Option<Arc<Trace>> {
        if let Some(home) = self.content.home() {
            // First of all: whoever finds the trace adds hops to it.
            home.begin_trace(pipeline, frame);
        }
        let trace = self.new_trace(pipeline, frame);
        watch.add(frame, &trace).then_some(trace)
    }

    /// Begins the trace that a process has begun to which the frames are lent. `None` if it is not to be shown here:
    /// because there is a trace already, or because the frames are away.
    pub fn follow_trace(&self, pipeline: &Arc<str>, frame: u32) -> Option<Arc<Trace>> {
        if self.trace(frame).is_some() {
            return None;
        }
        self.begin_late(self.watch.as_ref()?, pipeline, frame).filter(|trace| trace.is_at_home())
    }

    /// What takes the hops of a frame's trace home, if the frame is away.
    pub(super) fn relay(&self, frame: u32) -> Option<Relay> {
        let home = Arc::clone(self.content.home()?);
        Some(Relay::new(home, frame))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parking_lot::Mutex;

    use super::*;
    use crate::application::{Key, Reason};
    use crate::core::clock::LogicalClock;
    use crate::core::frames::Hold;
    use crate::core::frames::trace::{HOP_LIMIT, Hop, HopEvent};
    use crate::core::numbers::{StepIndex, WorkerIndex};
    use crate::core::steps::context::{Context, Report, StepName};

    /// What has come home, in words.
    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Told {
        fn tell(&self, text: String) {
            self.0.lock().push(text);
        }
    }

    impl Hold for Told {
        fn charge(&self, bytes: usize) {
            self.tell(format!("{bytes} bytes"));
        }
    }

    impl Home for Told {
        fn begin_trace(&self, pipeline: &Arc<str>, frame: u32) {
            self.tell(format!("{pipeline} traces {frame}"));
        }

        fn hop(&self, frame: u32, hop: Hop) {
            self.tell(format!("{frame} {:?}", hop.event));
        }

        fn leave_out(&self, frame: u32, hops: u64) {
            self.tell(format!("{frame} leaves out {hops}"));
        }

        fn dead_letter(&self, frame: u32, failure: Failure) {
            self.tell(format!("{frame} is dead: {}", failure.reason));
        }
    }

    fn two() -> Frames {
        let pieces = Pieces::new(Bytes::from_static(b"\x01a\x01b"), vec![2, 4], 0);
        Frames::new("test".into(), SequenceNumber(7), Timestamp(5), 1, pieces)
    }

    fn pins() -> Pins {
        let pins = Pins::default();
        pins.pin(Pin { state: "s".into(), key: Key::from(1_u8) });
        pins
    }

    /// These frames as another process has them, and what they tell.
    fn away(frames: &Frames) -> (Arc<Frames>, Arc<Told>) {
        let bytes = rmp_serde::to_vec_named(&frames.lent()).unwrap();
        let (lent, told): (Lent, Arc<Told>) =
            (rmp_serde::from_slice(&bytes).unwrap(), Arc::default());
        assert_eq!(lent, frames.lent());
        let frames = Frames::away(&lent, Arc::<Told>::clone(&told), &Pins::default());
        (Arc::new(frames), told)
    }

    #[test]
    fn frames_that_are_away_have_all_but_their_bytes() {
        let mut frames = two();
        let trace = frames.begin_trace(&"p".into(), 1);
        let (away, told) = away(&frames);
        assert!(away.is_away() && !frames.is_away());
        assert_eq!((away.len(), away.numbers()), (frames.len(), frames.numbers()));
        assert_eq!((away.source(), away.read_at()), (frames.source(), frames.read_at()));
        assert!(away.any_traced() && away.trace(0).is_none() && !away.is_watched());
        assert_eq!(away.trace(1).unwrap().sequence, trace.sequence);
        away.charge(3);
        assert_eq!(*told.0.lock(), ["3 bytes"]);
    }

    #[test]
    fn a_step_makes_no_dead_letter_of_frames_that_are_away_and_tells_their_home() {
        let mut frames = two();
        let trace = frames.begin_trace(&"p".into(), 1);
        let (away, told) = away(&frames);
        let name = StepName { pipeline: "p".into(), step: "s".into(), index: StepIndex(0) };
        let (clock, mut report, worker) =
            (LogicalClock::default(), Report::default(), WorkerIndex(0));
        let mut context = Context { worker, clock: &clock, piece: 1, report: &mut report };
        context.refuse(&name, &away, 1, &Reason::from("no"));
        assert!(report.dead_letters.is_empty());
        assert_eq!(*told.0.lock(), ["1 DeadLetter(\"no\")", "1 is dead: no"]);
        assert!(trace.hops().is_empty(), "another process cannot reach it");
    }

    #[test]
    fn a_trace_that_begins_away_is_begun_at_home_before_its_first_hop_and_not_shown() {
        let mut frames = two();
        frames.watch(pins().watch().unwrap());
        let (away, told) = away(&frames);
        let key = Key::from(1_u8);
        let begin = || away.begin_pinned(&"p".into(), 0, ("s", &key), Timestamp::default);
        let trace = begin().unwrap();
        assert!(!trace.is_at_home() && begin().is_none());
        let hop = |event| Hop { step: "s".into(), worker: WorkerIndex(0), at: Timestamp(0), event };
        trace.push(hop(HopEvent::Filtered));
        trace.leave_out(2);
        assert_eq!(*told.0.lock(), ["p traces 0", "0 Filtered", "0 leaves out 2"]);

        let at_home = frames.follow_trace(&"p".into(), 0).unwrap();
        assert!(at_home.is_at_home() && at_home.frame == b"\x01a");
        assert!(frames.follow_trace(&"p".into(), 0).is_none(), "there is one");
        at_home.leave_out(HOP_LIMIT as u64);
        assert_eq!(frames.trace(0).unwrap().hops_left_out(), HOP_LIMIT);
    }
}
