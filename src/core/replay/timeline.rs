//! Any moment of a recording, and where something happened.
//!
//! A moment is the end of a message: the messages until then have entered and have been processed, and no others. They are
//! numbered from 1, in the order in which they were read. The moment 0 is the beginning.

mod changes;
mod search;
mod without_last;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::compared::compare;
use super::error::ReplayError;
use super::machine::{Follow, Machine, Watch};
use super::named::{Named, states_of};
use super::parts::parts_of;
use super::place::Place;
use super::recording::{Base, Crew, PartitionName, SavedState};
use super::script::{Entering, Script};
use super::source::Recording;
use super::traced::{Direction, Ending, Nearest, OneTraced, changes};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::SequenceNumber;
use crate::core::topology::Topology;
pub use changes::PartOfState;
pub use search::Searched;
pub use without_last::{NotWithout, WithoutLast};

/// Any moment of a recording.
pub struct Timeline<R> {
    topology: Arc<Topology>,
    recording: R,
    /// How many messages entered before each chapter, and in all.
    starts: Vec<u64>,
    place: Place,
    /// The workers if nothing is recorded.
    crew: Crew,
    /// Becomes true when nobody waits for what is asked any more.
    end: Arc<AtomicBool>,
}

/// A moment of a recording.
pub struct Past {
    /// The number of its message.
    pub message: u64,
    /// What happened to that message. `None` at the beginning.
    pub trace: Option<Arc<Trace>>,
    /// The partitions, as they were.
    pub machine: Machine,
    /// The dead letters since the last checkpoint, in their order.
    pub dead_letters: Vec<DeadLetter>,
    /// By pipeline, the greatest number of the messages that had entered by then since the last checkpoint; `None` if there
    /// were none.
    pub entered: Vec<Option<SequenceNumber>>,
}

impl<R: Recording> Timeline<R> {
    /// The moments of this recording.
    ///
    /// # Errors
    ///
    /// Its beginning cannot be read.
    pub fn new(topology: Arc<Topology>, recording: R) -> Result<Self, ReplayError> {
        let mut starts = vec![0_u64];
        for info in recording.chapters() {
            starts.push(starts.last().copied().unwrap_or(0).saturating_add(info.messages));
        }
        let place = Place::new(&recording)?;
        let end = Arc::new(AtomicBool::new(false));
        Ok(Self { topology, recording, starts, place, crew: Crew::ALONE, end })
    }

    /// Says who has the partitions if nothing is recorded.
    #[must_use]
    pub fn owned_by(self, crew: Crew) -> Self {
        Self { crew, ..self }
    }

    /// Ends each replay with an error once this becomes true.
    #[must_use]
    pub fn until(self, end: Arc<AtomicBool>) -> Self {
        Self { end, ..self }
    }

    /// The same from now on, of another one.
    pub fn end_with(&mut self, end: Arc<AtomicBool>) {
        self.end = end;
    }

    /// The application.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// The recording.
    pub fn recording(&self) -> &R {
        &self.recording
    }

    /// How many messages entered.
    pub fn messages(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The moment of a message: at most the last one.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, or is of another application.
    pub fn at(&mut self, message: u64) -> Result<Past, ReplayError> {
        let message = message.min(self.messages());
        let chapter = self.chapter_of(message);
        self.go_to(chapter)?;
        let first = self.start(chapter);
        if self.recording.chapters().is_empty() {
            let machine = self.machine(self.crew)?;
            let (dead_letters, entered) = (Vec::new(), Vec::new());
            return Ok(Past { message, trace: None, machine, dead_letters, entered });
        }
        let (script, topology) = (self.script()?, Arc::clone(&self.topology));
        let mut machine = self.machine(script.crew)?;
        let mut seen = OneTraced::new(&topology, message.checked_sub(first + 1));
        let script = script.until(message - first);
        let entered = last_numbers(&script, &topology);
        self.run(&mut machine, &script, &mut seen)?;
        let end = self.next_taken_back(chapter);
        if message == self.messages() && chapter + 1 < end {
            // After the last message, a partition may have been revived.
            self.go_to(end)?;
            machine = self.machine(script.crew)?;
        }
        let OneTraced { trace, dead_letters, .. } = seen;
        Ok(Past { message, trace, machine, dead_letters, entered })
    }

    /// Does the whole chapter of a message again.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at). Or it ends in other partitions than its checkpoint saved, or makes other batches than were
    /// recorded: then the application's code is not a function of message and state.
    pub fn check(&mut self, message: u64) -> Result<(), ReplayError> {
        let chapter = self.chapter_of(message);
        let Some(info) = self.recording.chapters().get(chapter).copied() else { return Ok(()) };
        self.go_to(chapter)?;
        let script = self.script()?;
        let mut machine = self.machine(script.crew)?;
        self.follow(&mut machine, &script, Follow::Exactly, &mut ())?;
        compare(info.epoch, &machine.changed(), &self.recording.changed(chapter)?)
    }

    pub(super) fn run(
        &self,
        machine: &mut Machine,
        script: &Script,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        self.follow(machine, script, Follow::AsFarAsPossible, watch)
    }

    pub(super) fn follow(
        &self,
        machine: &mut Machine,
        script: &Script,
        follow: Follow,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let mut watch = Ending { end: &self.end, watch };
        machine.run(script, follow, &mut watch)?;
        if self.end.load(Ordering::Relaxed) { Err(ReplayError::Ended) } else { Ok(()) }
    }

    /// The nearest message before or after this one of which something is true. `in_chapter` says of a chapter whether there
    /// may be one, given the partitions that it changed; otherwise it is not replayed.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, or is of another application.
    pub fn find(
        &mut self,
        from: u64,
        direction: Direction,
        in_chapter: impl Fn(&[SavedState]) -> bool,
        mut is_it: impl FnMut(&Trace) -> bool,
    ) -> Result<Option<u64>, ReplayError> {
        for chapter in self.chapters_from(from, direction) {
            if !in_chapter(&self.recording.changed(chapter)?) {
                continue;
            }
            let first = self.start(chapter);
            for part in parts_of(self.wanted_in(chapter, from, direction), direction) {
                let mut nearest = Nearest::new(direction, &mut is_it);
                self.judge_in(chapter, part, direction, &mut nearest)?;
                if let Some(found) = nearest.found {
                    return Ok(Some(first + found + 1));
                }
            }
        }
        Ok(None)
    }

    /// The nearest message before or after this one that changed a partition, or any partition.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn change(
        &mut self,
        from: u64,
        direction: Direction,
        of: Option<&PartitionName>,
    ) -> Result<Option<u64>, ReplayError> {
        let Some(name) = of else {
            let topology = Arc::clone(&self.topology);
            let in_chapter = |changed: &[SavedState]| !changed.is_empty();
            return self.find(from, direction, in_chapter, |trace| changes(trace, &topology));
        };
        let of = PartOfState { name: name.clone(), field: Vec::new() };
        Ok(match direction {
            Direction::Back => {
                self.changes_before(from, &of, 1)?.first().map(|change| change.number)
            }
            Direction::Forth => self.change_after(from, &of)?.map(|change| change.number),
        })
    }

    /// The partitions at the end.
    ///
    /// # Errors
    ///
    /// The recording cannot be read.
    pub fn end(&mut self) -> Result<Vec<SavedState>, ReplayError> {
        self.go_to(self.recording.chapters().len())?;
        Ok(states_of(self.place.partitions.clone()))
    }

    /// How many messages entered before a chapter.
    pub(super) fn start(&self, chapter: usize) -> u64 {
        self.starts.get(chapter).or(self.starts.last()).copied().unwrap_or(0)
    }

    /// The chapter that a message is in; of the beginning, the first one.
    pub fn chapter_of(&self, message: u64) -> usize {
        let last = self.recording.chapters().len().saturating_sub(1);
        self.starts.partition_point(|start| *start < message).saturating_sub(1).min(last)
    }

    pub(super) fn go_to(&mut self, chapter: usize) -> Result<(), ReplayError> {
        self.place.go_to(chapter, &self.recording)
    }

    /// The chapter at whose beginning this is.
    fn script(&mut self) -> Result<Arc<Script>, ReplayError> {
        if let Some(script) = &self.place.script {
            return Ok(Arc::clone(script));
        }
        let script = Arc::new(self.recording.script(self.place.chapter, &self.topology)?);
        self.place.script = Some(Arc::clone(&script));
        Ok(script)
    }

    /// The partitions of here.
    pub(super) fn partitions(&self) -> &Named {
        &self.place.partitions
    }

    /// A machine with the partitions of here.
    pub(super) fn machine(&self, crew: Crew) -> Result<Machine, ReplayError> {
        let partitions = states_of(self.place.partitions.clone());
        let base = Base { partitions, ..Base::default() };
        Machine::new(Arc::clone(&self.topology), crew, &base)
    }
}

/// By pipeline, the greatest number of the messages that enter.
fn last_numbers(script: &Script, topology: &Topology) -> Vec<Option<SequenceNumber>> {
    let mut last = vec![None; topology.pipelines().len()];
    for Entering { pipeline, frames, .. } in script.entering().filter(|all| !all.frames.is_empty())
    {
        if let Some(last) = last.get_mut(pipeline.0) {
            *last = (*last).max(Some(frames.numbers().1));
        }
    }
    last
}
