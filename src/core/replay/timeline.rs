//! Any moment of a recording, and where something happened.
//!
//! A moment is the end of a message: the messages until then have entered and have been processed, and no others. They are
//! numbered from 1, in the order in which they were read. The moment 0 is the beginning.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::compared::compare;
use super::error::ReplayError;
use super::judged::Judged;
use super::machine::{Follow, Machine, Watch};
use super::named::states_of;
use super::parts::parts_of;
use super::place::Place;
use super::recording::{Base, Crew, PartitionName, SavedState};
use super::script::{Edit, Entering, Script};
use super::source::Recording;
use super::traced::{Direction, Ending, Nearest, OneTraced, changes};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::core::numbers::SequenceNumber;
use crate::core::topology::Topology;

/// Any moment of a recording.
pub struct Timeline<R> {
    topology: Arc<Topology>,
    recording: R,
    /// How many messages entered before each chapter, and in all.
    starts: Vec<u64>,
    place: Place,
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
        Ok(Self { topology, recording, starts, place, end })
    }

    /// Ends each replay with an error once this becomes true.
    #[must_use]
    pub fn until(self, end: Arc<AtomicBool>) -> Self {
        Self { end, ..self }
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
            let machine = self.machine(Crew::ALONE)?;
            let (dead_letters, entered) = (Vec::new(), Vec::new());
            return Ok(Past { message, trace: None, machine, dead_letters, entered });
        }
        let (script, topology) = (self.script()?, Arc::clone(&self.topology));
        let mut machine = self.machine(script.crew)?;
        let mut seen = OneTraced::new(&topology, message.checked_sub(first + 1));
        let script = script.until(message - first);
        let entered = last_numbers(&script, &topology);
        self.run(&mut machine, &script, &mut seen)?;
        let chapters = self.recording.chapters().len();
        if message == self.messages() && chapter + 1 < chapters {
            // After the last message, a partition may have been revived.
            self.go_to(chapters)?;
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

    fn run(
        &self,
        machine: &mut Machine,
        script: &Script,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        self.follow(machine, script, Follow::AsFarAsPossible, watch)
    }

    fn follow(
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
        let chapters = self.recording.chapters().len();
        let all: Vec<usize> = match direction {
            Direction::Back => {
                (0..chapters).filter(|at| self.start(*at) + 1 < from).rev().collect()
            }
            Direction::Forth => (0..chapters).filter(|at| self.start(at + 1) > from).collect(),
        };
        for chapter in all {
            if !in_chapter(&self.recording.changed(chapter)?) {
                continue;
            }
            let first = self.start(chapter);
            let wanted = match direction {
                Direction::Back => 0..(from - 1).min(self.start(chapter + 1)).saturating_sub(first),
                Direction::Forth => from.saturating_sub(first)..u64::MAX,
            };
            for part in parts_of(wanted, direction) {
                if let Some(found) = self.find_in(chapter, part, direction, &mut is_it)? {
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
        let in_chapter = |changed: &[SavedState]| match of {
            None => !changed.is_empty(),
            Some((state, key)) => changed.iter().any(|(name, partitions)| {
                name == state && partitions.iter().any(|partition| partition.key == *key)
            }),
        };
        let topology = Arc::clone(&self.topology);
        let changes = |trace: &Trace| changes(trace, &topology, of);
        self.find(from, direction, in_chapter, changes)
    }

    fn find_in(
        &mut self,
        chapter: usize,
        wanted: Range<u64>,
        direction: Direction,
        is_it: &mut dyn FnMut(&Trace) -> bool,
    ) -> Result<Option<u64>, ReplayError> {
        self.go_to(chapter)?;
        let script = self.script()?;
        let mut machine = self.machine(script.crew)?;
        let script = match direction {
            Direction::Back => Arc::new(script.until(wanted.end)),
            Direction::Forth => script,
        };
        let mut nearest = Nearest::new(direction, is_it);
        let mut judged = Judged::new(&self.topology, wanted, &mut nearest);
        self.run(&mut machine, &script, &mut judged)?;
        judged.finish();
        Ok(nearest.found)
    }

    /// All partitions at the end, if other messages had entered, or some had not. A message is given with its number and its
    /// frame.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, or is of another application.
    pub fn branch(
        &mut self,
        mut edit: impl FnMut(u64, &[u8]) -> Edit,
        watch: &mut impl Watch,
    ) -> Result<Vec<SavedState>, ReplayError> {
        let chapters = self.recording.chapters().len();
        self.go_to(0)?;
        let mut machine: Option<Machine> = None;
        for chapter in 0..chapters {
            let first = self.start(chapter);
            let script = self.recording.script(chapter, &self.topology)?;
            let script = script.edited(|number, frame| edit(first + number + 1, frame));
            let machine = match &mut machine {
                Some(machine) => machine,
                none => none.insert(self.machine(script.crew)?),
            };
            self.run(machine, &script, watch)?;
        }
        machine
            .map_or_else(|| Ok(self.recording.base()?.partitions), |machine| machine.partitions())
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
    fn start(&self, chapter: usize) -> u64 {
        self.starts.get(chapter).or(self.starts.last()).copied().unwrap_or(0)
    }

    /// The chapter that a message is in; of the beginning, the first one.
    pub fn chapter_of(&self, message: u64) -> usize {
        let last = self.recording.chapters().len().saturating_sub(1);
        self.starts.partition_point(|start| *start < message).saturating_sub(1).min(last)
    }

    fn go_to(&mut self, chapter: usize) -> Result<(), ReplayError> {
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

    /// A machine with the partitions of here.
    fn machine(&self, crew: Crew) -> Result<Machine, ReplayError> {
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
