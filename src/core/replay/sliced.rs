//! A recording of some keys alone: what a person takes elsewhere of a recording that is too large, or has more in it than
//! others may see.
//!
//! It has the messages that have been at these keys, those that they depend on, and no others; and the partitions of all
//! keys of these messages. The batches are smaller than they were, so what each worker did is noted anew while it is done
//! again.
//!
//! Invariant: the partitions of these keys are at each checkpoint as they were saved, or there is no slice.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use thiserror::Error;

use super::compared::compare;
use super::error::ReplayError;
use super::judged::{Judge, Judged};
use super::machine::{Follow, Machine};
use super::player::{Played, Player};
use super::recording::{Base, Chapter, Content, Entered, SavedState, WorkerLog};
use super::schedule::{Begun, Entry, append};
use super::script::Entering;
use super::source::Recording;
use super::touched::Touched;
use super::watch::Watch;
use crate::application::Key;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::trace::Trace;
use crate::core::numbers::WorkerIndex;
use crate::core::topology::Topology;

/// A recording has no slice of these keys.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SliceError {
    /// Neither a message nor a partition has one of them.
    #[error("no message of the recording has been at the key `{0}`, and no partition has it")]
    NoSuchKey(Key),
    /// Each message depends on another one, again and again.
    #[error(
        "what happened at these keys depends on too many others: export the recording without --key"
    )]
    Endless,
    /// Which worker was first has decided what happened, and that depends on all messages.
    #[error(
        "without the messages of other keys, partition `{key}` of state `{state}` would be another one: between several \
         workers, all messages decide what comes first. Export the recording without --key"
    )]
    Tangled {
        /// The state's name.
        state: String,
        /// The partition's key.
        key: Key,
    },
    /// The recording cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A recording of some keys alone: a chapter after another.
pub struct Sliced<'a, R> {
    topology: Arc<Topology>,
    recording: &'a R,
    /// The numbers of its messages in the recording, from 0, in ascending order.
    messages: Vec<u64>,
    keys: HashSet<Key>,
    base: Base,
    /// The chapter that is next, and how many messages entered before it.
    next: (usize, u64),
    /// `None` before the first chapter.
    machine: Option<Machine>,
}

impl<'a, R: Recording> Sliced<'a, R> {
    /// Replays the recording to find what happened at these keys.
    ///
    /// # Errors
    ///
    /// There is no such slice, or the recording cannot be replayed.
    pub fn new(
        topology: Arc<Topology>,
        recording: &'a R,
        keys: &[Key],
    ) -> Result<Self, SliceError> {
        let touched = touched(&topology, recording)?;
        let mut base = recording.base()?;
        let is_in_base = |key: &Key| {
            let mut partitions = base.partitions.iter().flat_map(|(_, partitions)| partitions);
            partitions.any(|partition| partition.key == *key)
        };
        for key in keys {
            if !touched.has(key) && !is_in_base(key) {
                return Err(SliceError::NoSuchKey(key.clone()));
            }
        }
        let (messages, keys) = touched.of_keys(keys).ok_or(SliceError::Endless)?;
        base.partitions = only(mem::take(&mut base.partitions), &keys);
        let messages = messages.into_iter().map(|message| message as u64).collect();
        Ok(Self { topology, recording, messages, keys, base, next: (0, 0), machine: None })
    }

    /// The partitions that it begins with.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// How many messages it has.
    pub fn messages(&self) -> u64 {
        self.messages.len() as u64
    }

    /// How many keys its messages have been at, with those that were asked for.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    fn slice(&mut self, chapter: usize) -> Result<(Chapter, Vec<SavedState>), SliceError> {
        let Self { topology, recording, messages, keys, base, next, machine } = self;
        let before = next.1;
        let Some(info) = recording.chapters().get(chapter).copied() else {
            let reason = format!("the recording has no chapter {chapter}");
            return Err(ReplayError::NotRead(reason).into());
        };
        *next = (chapter + 1, before + info.messages);
        let is_in = |number| messages.binary_search(&(before + number)).is_ok();
        let script = recording.script(chapter, topology)?.only(is_in);
        let machine = match machine {
            Some(machine) => machine,
            none => none.insert(Machine::new(Arc::clone(topology), script.crew, base)?),
        };
        let mut noted = Noted::new(script.crew.workers.get(), keys);
        machine.run(&script, Follow::AsFarAsPossible, &mut noted)?;
        let changed = only(machine.changed(), keys);
        let compared = compare(info.epoch, &changed, &only(recording.changed(chapter)?, keys));
        compared.map_err(|error| match error {
            // The whole recording was replayed before, and was as it was.
            ReplayError::Differs { state, key, .. } => SliceError::Tangled { state, key },
            other => other.into(),
        })?;
        let chapter = Chapter { epoch: info.epoch, crew: script.crew, workers: noted.workers };
        Ok((chapter, changed))
    }
}

impl<R: Recording> Iterator for Sliced<'_, R> {
    type Item = Result<(Chapter, Vec<SavedState>), SliceError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (chapter, _) = self.next;
        (chapter < self.recording.chapters().len()).then(|| self.slice(chapter))
    }
}

/// The partitions that have one of these keys.
fn only(states: Vec<SavedState>, keys: &HashSet<Key>) -> Vec<SavedState> {
    let of_keys = states.into_iter().map(|(state, mut partitions)| {
        partitions.retain(|partition| keys.contains(&partition.key));
        (state, partitions)
    });
    of_keys.filter(|(_, partitions)| !partitions.is_empty()).collect()
}

/// Which messages of a recording have been at which keys. It is replayed as it was, and checked.
fn touched<R: Recording>(topology: &Arc<Topology>, recording: &R) -> Result<Touched, ReplayError> {
    let mut player = Player::new(Arc::clone(topology), recording);
    let mut touching = Touching::default();
    loop {
        touching.before = usize::try_from(player.messages()).unwrap_or(usize::MAX);
        let mut judged = Judged::new(topology, 0..u64::MAX, &mut touching);
        let outcome = player.play(u64::MAX, &mut judged)?;
        judged.finish();
        match outcome {
            Played::Verified(..) => {}
            Played::Part | Played::End => return Ok(touching.touched),
        }
    }
}

#[derive(Default)]
struct Touching {
    /// How many messages entered before the chapter.
    before: usize,
    touched: Touched,
}

impl Judge for Touching {
    fn message(&mut self, number: u64, trace: &Trace, _: &[DeadLetter]) {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        self.touched.add(self.before.saturating_add(number), trace);
    }

    fn has_found(&self) -> bool {
        false
    }
}

/// What each worker does.
struct Noted<'a> {
    workers: Vec<WorkerLog>,
    /// The frames with which the next run begins.
    entered: Option<Entered>,
    keys: &'a HashSet<Key>,
}

impl<'a> Noted<'a> {
    fn new(workers: usize, keys: &'a HashSet<Key>) -> Self {
        Self { workers: vec![WorkerLog::default(); workers], entered: None, keys }
    }
}

impl Watch for Noted<'_> {
    fn enters(&mut self, Entering { pipeline, frames, .. }: &mut Entering) {
        let (bytes, ends) = (frames.bytes(), frames.ends().to_vec());
        // There may be bytes of other frames behind them.
        let length = bytes.len().min(usize::try_from(frames.byte_length()).unwrap_or(usize::MAX));
        let pieces = Pieces::new(bytes.slice(..length), ends, frames.byte_offset());
        self.entered = Some(Entered {
            pipeline: *pipeline,
            source: Arc::clone(frames.source()),
            first: frames.numbers().0,
            read_at: frames.read_at(),
            count: frames.len() as u64,
            content: Content::Frames(pieces),
        });
    }

    fn did(&mut self, worker: WorkerIndex, entry: &Entry) {
        let Some(log) = self.workers.get_mut(worker.0) else { return };
        match entry {
            Entry::Run { begun: Begun::Frames { .. }, .. } => {
                log.entered.extend(self.entered.take());
            }
            Entry::Revived { key, .. } if !self.keys.contains(key) => return,
            Entry::Run { .. } | Entry::Revived { .. } | Entry::TakenBack { .. } => {}
        }
        append(&mut log.schedule, entry);
    }
}
