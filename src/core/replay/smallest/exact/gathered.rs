//! The messages of a recording until a moment, which keys they have been at, and what was there then.

use std::sync::Arc;

use super::error::ExactError;
use super::wanted::{Of, Wanted};
use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, DeadLetter};
use crate::core::frames::trace::{HopEvent, Trace};
use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::core::partitions::query::PartitionRow;
use crate::core::replay::judged::{Judge, Judged};
use crate::core::replay::lasting::{ChapterAt, left_of};
use crate::core::replay::machine::{Ended, Follow, Machine};
use crate::core::replay::recording::{Crew, PartitionName};
use crate::core::replay::script::Script;
use crate::core::replay::shrink::Message;
use crate::core::replay::smallest::base::BasePartition;
use crate::core::replay::smallest::first::{FindError, add_messages, flat};
use crate::core::replay::smallest::sought::Watching;
use crate::core::replay::smallest::state_of::state_of;
use crate::core::replay::source::Recording;
use crate::core::replay::touched::Touched;
use crate::core::topology::Topology;

/// The messages until a moment, and what was there then.
pub(super) struct Gathered {
    pub messages: Vec<Message>,
    /// The number of the last of them in the recording, from 1.
    pub last: u64,
    pub base: Vec<BasePartition>,
    pub touched: Touched,
    /// The partitions that the test is of, as they were then.
    pub rows: Vec<PartitionRow>,
    /// What could not be processed of the last message, as step and reason.
    pub letters: Vec<(String, String)>,
}

impl Gathered {
    /// Replays a recording until the moment, without the messages that had been taken back by then.
    pub fn gather(
        topology: &Arc<Topology>,
        recording: &impl Recording,
        wanted: &Wanted,
        watching: &dyn Watching,
    ) -> Result<Self, ExactError> {
        let begin = recording.base()?;
        let mut machine = Machine::new(Arc::clone(topology), Crew::ALONE, &begin)?;
        let (mut messages, mut numbers) = (Vec::new(), Vec::new());
        let mut looking = Looking {
            of: &wanted.of,
            topology,
            watching,
            start: 0,
            touched: Touched::default(),
            wanted: None,
            names: Vec::new(),
            letters: Vec::new(),
            poisoned: None,
        };
        let mut has_message = !matches!(wanted.of, Of::Message(..));
        let (by, mut start) = (taken_back_by(topology, recording, wanted)?, 0);
        for (chapter, info) in recording.chapters().iter().enumerate() {
            looking.start = messages.len();
            let at = ChapterAt { chapter, start };
            let mut script = left_of(recording, topology, at, by)?.script;
            let place = match &wanted.of {
                Of::Message(pipeline, number) => find(&script, *pipeline, *number),
                Of::Moment | Of::Partition(_) => None,
            };
            let left = wanted.until.saturating_sub(start);
            if let Some(place) = place {
                script = script.until(place + 1);
                looking.wanted = Some(place);
                has_message = true;
            } else if left < script.messages() {
                script = script.until(left);
            }
            add_messages(&mut messages, &script, topology)?;
            // Those of a chapter that are left are its first ones.
            numbers.extend(start + 1..=start + script.messages());
            start += info.messages;
            let mut judged = Judged::new(topology, 0..u64::MAX, &mut looking);
            let ended = machine.run(&script, Follow::AsFarAsPossible, &mut judged)?;
            judged.finish();
            if ended == Ended::Stopped {
                return Err(FindError::Stopped.into());
            }
            if place.is_some() || start >= wanted.until {
                break;
            }
        }
        if !has_message {
            return Err(ExactError::NoMessage);
        }
        let Looking { touched, names, letters, poisoned, .. } = looking;
        let rows: Vec<PartitionRow> = match &wanted.of {
            Of::Moment => machine.rows(),
            Of::Partition((state, key)) => machine.row(state, key).into_iter().collect(),
            Of::Message(..) => {
                names.iter().filter_map(|(state, key)| machine.row(state, key)).collect()
            }
        };
        if let Of::Partition((_, key)) = &wanted.of {
            if rows.is_empty() || !touched.has(key) {
                return Err(ExactError::Untouched(key.clone()));
            }
            // What came behind it changed nothing.
            if let Some(poisoned) = poisoned.filter(|_| rows.iter().any(|row| row.poisoned)) {
                messages.truncate(poisoned + 1);
            }
        }
        debug_assert!(numbers.len() >= messages.len(), "each message has a number");
        let last = messages.len().checked_sub(1).and_then(|last| numbers.get(last).copied());
        let last = last.unwrap_or(0);
        Ok(Self { messages, last, base: flat(&begin), touched, rows, letters })
    }
}

/// The chapter before which messages were taken back that are not in the test: that of the moment, or behind the last one.
fn taken_back_by(
    topology: &Topology,
    recording: &impl Recording,
    wanted: &Wanted,
) -> Result<usize, ExactError> {
    let chapters = recording.chapters();
    if recording.taken_back().is_empty() {
        return Ok(chapters.len());
    }
    let mut entered = 0;
    for (chapter, info) in chapters.iter().enumerate() {
        entered += info.messages;
        let is_it = match &wanted.of {
            Of::Message(pipeline, number) => {
                find(&recording.script(chapter, topology)?, *pipeline, *number).is_some()
            }
            Of::Moment | Of::Partition(_) => entered >= wanted.until,
        };
        if is_it {
            return Ok(chapter);
        }
    }
    Ok(chapters.len())
}

/// The place of a message in a chapter.
fn find(script: &Script, pipeline: PipelineIndex, number: SequenceNumber) -> Option<u64> {
    let mut entering = script.entering().filter(|entering| entering.pipeline == pipeline);
    entering.find_map(|entering| {
        let count = u32::try_from(entering.frames.len()).unwrap_or(u32::MAX);
        let first = if count > 0 { entering.frames.numbers().0 } else { return None };
        let place = u32::try_from(number.0.checked_sub(first.0)?).ok()?;
        let is_it = place < count && entering.frames.sequence(place) == number;
        is_it.then(|| entering.number + u64::from(place))
    })
}

/// The partitions that a message has been at.
fn names_of(topology: &Topology, trace: &Trace, letters: &[DeadLetter]) -> Vec<PartitionName> {
    let mut names: Vec<PartitionName> = Vec::new();
    let hops = trace.hops();
    let changed = hops.iter().filter_map(|hop| match &hop.event {
        HopEvent::StateChanged { key, .. } => Some((&*hop.step, key)),
        _ => None,
    });
    // A computation that has failed has no such hop.
    let failed = letters.iter().filter_map(|letter| Some((&*letter.step, letter.key.as_ref()?)));
    for (step, key) in changed.chain(failed) {
        let state = state_of(topology, &trace.pipeline, step);
        let name = state.map(|state| (Arc::clone(state), key.clone()));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

/// Notes which keys the messages have been at.
struct Looking<'a> {
    of: &'a Of,
    topology: &'a Topology,
    watching: &'a dyn Watching,
    /// The index of the first message of the chapter.
    start: usize,
    touched: Touched,
    /// The number of the message in the chapter, if the test is of one and it is in there.
    wanted: Option<u64>,
    /// The partitions that it has been at, and what could not be processed of it.
    names: Vec<PartitionName>,
    letters: Vec<(String, String)>,
    /// The message that poisoned the partition, if that is what the test is of.
    poisoned: Option<usize>,
}

impl Looking<'_> {
    fn poisons(&self, letter: &DeadLetter) -> bool {
        let Of::Partition((state, key)) = self.of else { return false };
        letter.cause == Cause::Panicked
            && letter.key.as_ref() == Some::<&Key>(key)
            && state_of(self.topology, &letter.pipeline, &letter.step) == Some(state)
    }
}

impl Judge for Looking<'_> {
    fn message(&mut self, number: u64, trace: &Trace, letters: &[DeadLetter]) {
        let message = self.start + usize::try_from(number).unwrap_or(usize::MAX);
        self.touched.add(message, trace);
        if letters.iter().any(|letter| self.poisons(letter)) {
            self.poisoned = self.poisoned.max(Some(message));
        }
        if self.wanted == Some(number) {
            self.names = names_of(self.topology, trace, letters);
            let said = |letter: &DeadLetter| (letter.step.to_string(), letter.reason.clone());
            self.letters = letters.iter().map(said).collect();
        }
    }

    fn has_found(&self) -> bool {
        false
    }

    fn goes_on(&mut self, given: u64) -> bool {
        self.watching.looks(self.start as u64 + given);
        self.watching.goes_on()
    }
}
