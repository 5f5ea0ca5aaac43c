//! A chapter with all of its frames: what a machine does.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use bytes::BytesMut;

use super::recording::{Chapter, Crew, Entered, SavedState};
use super::revivals::{self, Taken};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::PipelineIndex;
use crate::core::topology::Topology;

/// A chapter with all of its frames. Its messages are numbered from 0, in the order in which they were read.
#[derive(Clone)]
pub struct Script {
    /// The workers.
    pub crew: Crew,
    /// What each of them does.
    pub workers: Vec<Part>,
    /// If a message was taken back, and nothing else happens: the partitions that became others.
    pub(super) put_back: Arc<[SavedState]>,
}

/// What a worker does.
#[derive(Clone)]
pub struct Part {
    /// What it runs in which order.
    pub schedule: Arc<[u8]>,
    /// The frames that it takes.
    pub entering: Vec<Entering>,
    /// Which of people's revivals of partitions are done, in the order of the schedule: others are of another part of the
    /// chapter.
    pub(super) revivals: Range<usize>,
}

/// All revivals.
const ALL: Range<usize> = 0..usize::MAX;

/// Frames that a worker takes together. There may be none: they were left out.
#[derive(Clone)]
pub struct Entering {
    /// Their pipeline.
    pub pipeline: PipelineIndex,
    /// The number of the first in the chapter.
    pub number: u64,
    /// The frames.
    pub frames: Frames,
}

impl Entering {
    /// The number behind that of the last message.
    fn end(&self) -> u64 {
        self.number + self.frames.len() as u64
    }

    /// The name of their pipeline.
    pub fn name<'a>(&self, topology: &'a Topology) -> &'a Arc<str> {
        let plan = topology.pipelines().get(self.pipeline.0);
        debug_assert!(plan.is_some(), "frames enter pipelines of the application");
        plan.map_or_else(|| topology.name(), |plan| &plan.name)
    }
}

impl Part {
    /// Keeps these messages, and the revivals behind the first and until the last of them. `behind` says behind how many
    /// messages each revival is.
    fn keep(&mut self, messages: &Range<u64>, behind: &[u64]) {
        let place = |number: u64, first: u64| {
            usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX)
        };
        let until = |end: u64| behind.partition_point(|behind| *behind <= end);
        let first = if messages.start == 0 { 0 } else { until(messages.start) };
        self.revivals = first..until(messages.end);
        for entering in &mut self.entering {
            let first = entering.number;
            let (from, to) = (place(messages.start, first), place(messages.end, first));
            if from > 0 || to < entering.frames.len() {
                entering.frames.keep(from..to);
                entering.number = first.max(messages.start);
            }
        }
    }
}

impl Script {
    /// A chapter whose frames are found like this.
    ///
    /// # Errors
    ///
    /// As `frames` says.
    pub fn new<E>(
        chapter: &Chapter,
        mut frames: impl FnMut(&Entered) -> Result<Frames, E>,
    ) -> Result<Self, E> {
        let parts = chapter.workers.iter().map(|log| {
            let entering = log.entered.iter().map(|entered| {
                let (pipeline, number) = (entered.pipeline, 0);
                Ok(Entering { pipeline, number, frames: frames(entered)? })
            });
            let schedule = Arc::from(log.schedule.as_slice());
            Ok(Part { schedule, entering: entering.collect::<Result<_, E>>()?, revivals: ALL })
        });
        let workers = parts.collect::<Result<_, E>>()?;
        let mut script = Self { crew: chapter.crew, workers, put_back: Arc::default() };
        script.number();
        Ok(script)
    }

    /// The same if a message was taken back, and these partitions became others.
    #[must_use]
    pub fn putting_back(self, partitions: Vec<SavedState>) -> Self {
        Self { put_back: partitions.into(), ..self }
    }

    /// The chapter if this message and all behind it had not entered, with all that people did.
    #[must_use]
    pub(super) fn without_from(&self, message: u64) -> Self {
        let mut cut = self.clone();
        for part in &mut cut.workers {
            part.keep(&(0..message), &[]);
            part.revivals = ALL;
        }
        cut.put_back = Arc::default();
        cut
    }

    /// Numbers the messages.
    fn number(&mut self) {
        let parts = self.workers.iter_mut();
        let mut all: Vec<_> = parts.flat_map(|part| &mut part.entering).collect();
        all.sort_by_key(|entering| {
            (entering.frames.read_at(), entering.pipeline, entering.frames.numbers().0)
        });
        let mut next = 0;
        for entering in all {
            entering.number = next;
            next += entering.frames.len() as u64;
        }
    }

    /// How many messages enter.
    pub fn messages(&self) -> u64 {
        self.entering().map(|entering| entering.frames.len() as u64).sum()
    }

    /// All frames, worker by worker.
    pub fn entering(&self) -> impl Iterator<Item = &Entering> {
        self.workers.iter().flat_map(|part| &part.entering)
    }

    /// The frames of which this message is one, and its place among them. `None` if there are fewer messages.
    pub fn find(&self, message: u64) -> Option<(&Entering, u32)> {
        self.entering().find_map(|entering| {
            let place = message.checked_sub(entering.number)?;
            let place = u32::try_from(place).ok()?;
            ((place as usize) < entering.frames.len()).then_some((entering, place))
        })
    }

    /// The chapter if no more than its first messages had entered.
    #[must_use]
    pub fn until(&self, messages: u64) -> Self {
        self.within(0..messages)
    }

    /// The part of the chapter in which these messages enter, with what people did after the first and until the last of
    /// them.
    #[must_use]
    pub fn within(&self, messages: Range<u64>) -> Self {
        let mut cut = self.clone();
        if messages.end < u64::MAX {
            // It is behind all messages.
            cut.put_back = Arc::default();
        }
        let behind = self.behind();
        for (at, part) in cut.workers.iter_mut().enumerate() {
            part.keep(&messages, behind.get(at).map_or(&[], Vec::as_slice));
        }
        cut
    }

    /// Whether people revived a partition.
    pub(super) fn has_revivals(&self) -> bool {
        self.workers.iter().any(|part| revivals::are_in(&part.schedule))
    }

    /// For each revival of each worker: how many messages it is behind. Empty if there is none.
    fn behind(&self) -> Vec<Vec<u64>> {
        if !self.has_revivals() {
            return Vec::new();
        }
        let taken = |entering: &Entering| Taken {
            pipeline: entering.pipeline,
            first: entering.frames.numbers().0,
            end: entering.end(),
        };
        let workers = self.workers.iter();
        let workers = workers
            .map(|part| (&*part.schedule, part.entering.iter().map(taken).collect::<Vec<_>>()));
        revivals::behind(&workers.collect::<Vec<_>>())
    }

    /// The chapter with these of its messages alone. The numbers of the others behind them in their source are smaller by
    /// what is left out.
    #[must_use]
    pub fn only(&self, is_in: impl Fn(u64) -> bool) -> Self {
        let mut only = self.clone();
        for Entering { number, frames, .. } in
            only.workers.iter_mut().flat_map(|part| &mut part.entering)
        {
            let all = (*number..).zip(0..frame_count(frames));
            if all.clone().all(|(number, _)| is_in(number)) {
                continue;
            }
            let (mut bytes, mut ends) = (BytesMut::new(), Vec::new());
            for (_, frame) in all.filter(|(number, _)| is_in(*number)) {
                bytes.extend_from_slice(frames.frame(frame));
                // They are not longer than all of them were.
                ends.extend(u32::try_from(bytes.len()));
            }
            frames.replace(Pieces::new(bytes.freeze(), ends, frames.byte_offset()));
        }
        only
    }

    /// Gives all messages in order to `look`, until it breaks.
    pub fn each<B>(
        &self,
        mut look: impl FnMut(u64, PipelineIndex, &[u8]) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut all: Vec<_> = self.entering().collect();
        all.sort_by_key(|entering| entering.number);
        for Entering { pipeline, number, frames } in all {
            for (number, frame) in (*number..).zip(0..frame_count(frames)) {
                look(number, *pipeline, frames.frame(frame))?;
            }
        }
        ControlFlow::Continue(())
    }
}

fn frame_count(frames: &Frames) -> u32 {
    u32::try_from(frames.len()).unwrap_or(u32::MAX)
}
