//! What the partitions would be without the last message.
//!
//! A message that was taken back was the last one then, but for others that had been taken back. So in a chapter, those that
//! were are the last ones of it.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::Timeline;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::numbers::{SinkPlace, WorkerIndex};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::compared::is_same;
use crate::core::replay::error::ReplayError;
use crate::core::replay::lasting::{ChapterAt, lasting};
use crate::core::replay::machine::{Machine, Watch};
use crate::core::replay::named::{Named, named, states_of};
use crate::core::replay::recording::{PartitionName, SavedState, TakenBack};
use crate::core::replay::script::Script;
use crate::core::replay::source::Recording;
use crate::core::steps::batch::Output;

/// What would be without the last message that was not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutLast {
    /// The message.
    pub message: TakenBack,
    /// Its number in the recording, from 1.
    pub number: u64,
    /// The partitions that would be others, by state and key: as they would be, or [gone](SavedPartition::gone).
    pub put_back: Vec<SavedState>,
    /// How many times partitions have processed it.
    pub processed: u64,
    /// How many outputs it had, by the first place of their sink.
    pub outputs: BTreeMap<SinkPlace, u64>,
    /// How many dead letters there were of it.
    pub dead_letters: u64,
}

/// The last message cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotWithout {
    /// There is none.
    #[error("no message is in the recording that could be taken back")]
    Nothing,
    /// It comes of this source.
    #[error(
        "the last message, #{sequence}, came from `{from}`: only a message that was typed or sent from here can be taken back"
    )]
    NotInjected {
        /// Its number in its pipeline.
        sequence: u64,
        /// The name of its source or connection.
        from: String,
    },
    /// It cannot be found out.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

impl<R: Recording> Timeline<R> {
    /// How many messages of a chapter were not taken back by the beginning of the chapter `by`.
    pub(in crate::core::replay) fn lasting(&self, chapter: usize, by: usize) -> u64 {
        lasting(self.recording(), ChapterAt { chapter, start: self.start(chapter) }, by)
    }

    /// The first chapter behind this one in which a message is taken back; how many chapters there are if there is none.
    pub(super) fn next_taken_back(&self, chapter: usize) -> usize {
        let all = self.recording().taken_back().iter().map(|one| one.chapter);
        let next = all.filter(|at| *at > chapter).min();
        next.unwrap_or(self.recording().chapters().len())
    }

    /// Whether a message was taken back after the last message: then the last moment is not what is now.
    pub fn ends_with_taken_back(&self) -> bool {
        let chapters = self.recording().chapters().len();
        self.next_taken_back(self.chapter_of(self.messages())) < chapters
    }

    /// What would be without the last message that was not taken back. What people did after it stays done. `is_injected` says
    /// of the name of a source whether its messages may be taken back.
    ///
    /// # Errors
    ///
    /// There is no message, it may not be taken back, or the recording cannot be replayed.
    pub fn without_last(
        &mut self,
        is_injected: impl Fn(&str) -> bool,
    ) -> Result<WithoutLast, NotWithout> {
        let taken_back: BTreeSet<u64> =
            self.recording().taken_back().iter().filter_map(|one| one.message).collect();
        let number = (1..=self.messages()).rev().find(|number| !taken_back.contains(number));
        let number = number.ok_or(NotWithout::Nothing)?;
        let chapter = self.chapter_of(number);
        let place = number - self.start(chapter) - 1;
        self.go_to(chapter)?;
        let script = self.script()?;
        let message = named_in(&script, place, is_injected)?;
        // If what happened cannot be done again, what would have happened cannot be found out.
        self.check(number)?;

        let mut with = Counted::default();
        let mut machine = self.machine(script.crew)?;
        self.run(&mut machine, &script.until(place + 1), &mut with)?;
        let mut without = Counted::default();
        let mut machine = self.machine(script.crew)?;
        self.run(&mut machine, &script.without_from(place), &mut without)?;

        let mut names = names_in(&machine.changed());
        let chapters = self.recording().chapters().len();
        names.extend(names_in(&self.recording().changed(chapter)?));
        for later in chapter + 1..chapters {
            names.extend(names_in(&self.recording().changed(later)?));
            let script = self.recording().script(later, self.topology())?.without_from(0);
            if script.has_revivals() {
                self.run(&mut machine, &script, &mut ())?;
            }
        }
        self.go_to(chapters)?;
        let put_back = self.differing(&machine, names)?;
        let here = named(&put_back).filter_map(|(name, _)| self.partitions().get(&name));
        let here: u64 = here.map(|partition| partition.messages).sum();
        let there: u64 = named(&put_back).map(|(_, partition)| partition.messages).sum();
        let processed = here.saturating_sub(there);
        let topology = self.topology();
        let mut outputs = BTreeMap::new();
        for (place, count) in with.outputs {
            let more = count - count.min(without.outputs.get(&place).copied().unwrap_or(0));
            *outputs.entry(topology.first_place(place)).or_default() += more;
        }
        outputs.retain(|_, count| *count > 0);
        let dead_letters = with.dead_letters.saturating_sub(without.dead_letters);
        Ok(WithoutLast { message, number, put_back, processed, outputs, dead_letters })
    }

    /// Those of these partitions that are others in a machine than here.
    fn differing(
        &self,
        machine: &Machine,
        names: BTreeSet<PartitionName>,
    ) -> Result<Vec<SavedState>, ReplayError> {
        let mut differing = Named::new();
        for name in names {
            let (here, there) = (self.partitions().get(&name), machine.partition(&name)?);
            let wanted = match (here, there) {
                (Some(here), Some(there)) if is_same(here, &there) => continue,
                (_, Some(there)) => there,
                (Some(_), None) => SavedPartition::gone(name.1.clone()),
                (None, None) => continue,
            };
            differing.insert(name, wanted);
        }
        Ok(states_of(differing))
    }
}

/// The name of a message of a chapter, if it may be taken back.
fn named_in(
    script: &Script,
    place: u64,
    is_injected: impl Fn(&str) -> bool,
) -> Result<TakenBack, NotWithout> {
    let (entering, frame) = script.find(place).ok_or(NotWithout::Nothing)?;
    let sequence = entering.frames.numbers().0.plus(frame.into());
    let from = entering.frames.source();
    if !is_injected(from) {
        return Err(NotWithout::NotInjected { sequence: sequence.0, from: from.to_string() });
    }
    Ok(TakenBack { pipeline: entering.pipeline, sequence })
}

fn names_in(states: &[SavedState]) -> BTreeSet<PartitionName> {
    named(states).map(|(name, _)| name).collect()
}

/// Counts what comes of a chapter.
#[derive(Default)]
struct Counted {
    outputs: BTreeMap<SinkPlace, u64>,
    dead_letters: u64,
}

impl Watch for Counted {
    fn output(&mut self, _: WorkerIndex, output: Output) {
        let place = SinkPlace { pipeline: output.pipeline, sink: output.sink };
        *self.outputs.entry(place).or_default() += output.pieces.iter().count() as u64;
    }

    fn dead_letter(&mut self, _: DeadLetter) {
        self.dead_letters += 1;
    }
}
