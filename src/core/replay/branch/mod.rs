//! A recording done again with other messages or other states, and what that makes different.
//!
//! What happened is done again, too, by the same machine and from the same base, chapter by chapter: so what differs comes
//! of the edits alone. Where a state is set or frames of another pipeline are put in, both are stopped until nothing is in
//! flight, and go on.

mod balance;
mod edits;
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::compared::{compare, is_same};
use super::error::ReplayError;
use super::lasting::{ChapterAt, Left, left_of};
use super::machine::{Follow, Machine};
use super::named::{Named, named};
use super::recording::{PartitionName, SavedState};
use super::script::{Entering, Script};
use super::source::Recording;
use super::timeline::Timeline;
use crate::application::Key;
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::{PipelineIndex, SequenceNumber, Timestamp};
use crate::core::partitions::saved::SavedPartition;
use crate::core::topology::Topology;
pub use balance::{FIRST, Only, OnlyIn, Side};
pub use edits::BranchEdit;
use edits::{Between, ChapterEdits};
use tally::{Compared, Tallied, Tally};
pub use tally::{LetterLeft, SinkDiffers};

/// How many partitions that differ are given with their states.
pub const MOST_PARTITIONS: usize = 1000;

/// The name of the source of frames that are put in.
const PUT_IN: &str = "branch";

/// What a branch makes different, at the end of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How many messages entered in what happened, from the chapter of the first edit on, and how many in the branch.
    pub entered: (u64, u64),
    /// How many partitions differ.
    pub partition_count: u64,
    /// The first of them, sorted by state and key.
    pub partitions: Vec<PartitionDiffers>,
    /// The outputs of each sink that has others.
    pub outputs: Vec<SinkDiffers>,
    /// The dead letters.
    pub dead_letters: OnlyIn<LetterLeft>,
    /// The message until which outputs and dead letters were compared, if that is not the last one: too much differs.
    pub compared_until: Option<u64>,
    /// Why what happened is not what comes of it when it is done again, if that is so: then some of the difference does not
    /// come of the edits.
    pub unfaithful: Option<ReplayError>,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_none(&self) -> bool {
        self.partition_count == 0 && self.outputs.is_empty() && self.dead_letters.is_empty()
    }
}

/// A partition that differs at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDiffers {
    /// The name of its state.
    pub state: Arc<str>,
    /// Its key.
    pub key: Key,
    /// As it happened; `None` if it did not come into being.
    pub happened: Option<SavedPartition>,
    /// In the branch; `None` if it does not come into being there.
    pub branch: Option<SavedPartition>,
}

/// One of the two runs.
struct Run {
    side: Side,
    /// `None` before the first chapter.
    machine: Option<Machine>,
    /// The partitions that have changed.
    changed: Named,
    entered: u64,
}

impl Run {
    fn new(side: Side) -> Self {
        Self { side, machine: None, changed: Named::new(), entered: 0 }
    }
}

impl<R: Recording> Timeline<R> {
    /// How many messages a branch with these edits has to do again: what happened and the branch, from the chapter of the
    /// first edit on.
    pub fn messages_of_branch(&self, edits: &[BranchEdit]) -> u64 {
        2 * (self.messages() - self.start(self.with_taken_back(self.first_chapter(edits))))
    }

    /// A chapter from which on all messages are that are taken back behind this one.
    fn with_taken_back(&self, chapter: usize) -> usize {
        let taken_back = self.recording().taken_back().iter();
        let behind = taken_back.filter(|one| one.chapter >= chapter);
        let messages = behind.filter_map(|one| one.message);
        messages.map(|message| self.chapter_of(message)).fold(chapter, usize::min)
    }

    fn first_chapter(&self, edits: &[BranchEdit]) -> usize {
        let chapters = edits.iter().map(|edit| self.chapter_of_edit(edit));
        chapters.min().unwrap_or(self.recording().chapters().len())
    }

    fn chapter_of_edit(&self, edit: &BranchEdit) -> usize {
        self.chapter_of(edit.at(self.messages()).unwrap_or(u64::MAX))
    }

    /// Does the recording again with these edits, and says what differs at its end. `progress` is told how many of the
    /// [messages](Self::messages_of_branch) are done.
    ///
    /// # Errors
    ///
    /// An edit is of a message that there is not, or a state does not fit; the recording cannot be read, or is of another
    /// application.
    pub fn branch(
        &mut self,
        edits: &[BranchEdit],
        progress: &mut dyn FnMut(u64),
    ) -> Result<Difference, ReplayError> {
        let messages = self.messages();
        let beyond = |edit: &&BranchEdit| match edit {
            BranchEdit::PutIn { before, .. } => !(1..=messages + 1).contains(before),
            BranchEdit::SetState { after, .. } => *after > messages,
            // Found out in its chapter.
            BranchEdit::LeaveOut { .. } | BranchEdit::Replace { .. } => false,
        };
        if let Some(edit) = edits.iter().find(beyond) {
            return Err(ReplayError::NoMessage { message: edit.message() });
        }
        let (first, chapters) = (self.first_chapter(edits), self.recording().chapters().len());
        if chapters == 0 && !edits.is_empty() {
            return Err(ReplayError::NoMessage { message: 1 });
        }
        let first = self.with_taken_back(first);
        self.go_to(first)?;
        let base = self.partitions().clone();
        let mut tally = Tally::default();
        let (mut happened, mut branch) = (Run::new(Side::Happened), Run::new(Side::Branch));
        let (mut unfaithful, mut compared_until) = (None, None);
        for chapter in first..chapters {
            let before_all = self.start(chapter);
            let at = ChapterAt { chapter, start: before_all };
            // What was taken back does not enter in either run.
            let Left { script, is_whole } =
                left_of(self.recording(), self.topology(), at, chapters)?;
            let of_chapter = edits.iter().filter(|edit| self.chapter_of_edit(edit) == chapter);
            let topology = Arc::clone(self.topology());
            let all = ChapterEdits::new(of_chapter, (before_all, messages), &script, &topology)?;
            let done = 2 * (before_all - self.start(first));
            self.run_chapter(&mut happened, &script, &all, &mut tally, &mut |entered| {
                progress(done + entered);
            })?;
            let done = done + script.messages();
            self.run_chapter(&mut branch, &script, &all, &mut tally, &mut |entered| {
                // Others enter than did.
                progress(done + entered.min(script.messages()));
            })?;
            let changed = happened.take_changed();
            branch.take_changed();
            if unfaithful.is_none()
                && is_whole
                && let Some(info) = self.recording().chapters().get(chapter)
            {
                let saved = self.recording().changed(chapter)?;
                unfaithful = compare(info.epoch, &changed, &saved).err();
            }
            let until = match tally.settle() {
                Compared::All => None,
                Compared::UntilHere => (chapter + 1 < chapters).then(|| self.start(chapter + 1)),
                Compared::UntilBefore => Some(before_all),
            };
            compared_until = compared_until.or(until);
        }
        progress(self.messages_of_branch(edits));
        let (partition_count, partitions) = differing(&base, &happened.changed, &branch.changed);
        let (outputs, dead_letters) = tally.finish();
        let entered = (happened.entered, branch.entered);
        Ok(Difference {
            entered,
            partition_count,
            partitions,
            outputs,
            dead_letters,
            compared_until,
            unfaithful,
        })
    }

    /// Does a chapter again in one of the runs. Both stop at the same places.
    fn run_chapter(
        &self,
        run: &mut Run,
        script: &Script,
        edits: &ChapterEdits<'_>,
        tally: &mut Tally,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ReplayError> {
        let topology = Arc::clone(self.topology());
        let Run { side, machine, changed, entered } = run;
        let machine = match machine {
            Some(machine) => machine,
            none => none.insert(self.machine(script.crew)?),
        };
        let mut watch = Tallied { topology: &topology, side: *side, tally, entered: 0, progress };
        let last = edits.between.last_key_value().is_none_or(|(last, _)| *last < u64::MAX);
        let ends = edits.between.keys().copied().chain(last.then_some(u64::MAX));
        let mut from = 0;
        for to in ends {
            if edits.between.is_empty() && *side == Side::Happened {
                self.run(machine, script, &mut watch)?;
            } else if from < to {
                let part = script.within(from..to);
                match side {
                    Side::Happened => self.run(machine, &part, &mut watch)?,
                    Side::Branch => {
                        let part = edits.edited(part);
                        self.follow(machine, &part, Follow::WithOthers, &mut watch)?;
                    }
                }
            }
            from = to;
            let between = edits.between.get(&to).filter(|_| *side == Side::Branch);
            for between in between.into_iter().flatten() {
                match *between {
                    Between::State { state, key, json } => {
                        let saved = machine.set_state(script.crew, state, key, json)?;
                        changed.insert((Arc::clone(state), key.clone()), saved);
                    }
                    Between::Frames(pipeline, frames) => {
                        let entering = put_in(&topology, pipeline, frames);
                        machine.process_frames(script.crew, entering, &mut watch)?;
                    }
                }
            }
        }
        *entered += watch.entered;
        Ok(())
    }
}

impl Run {
    /// Notes the partitions that have changed in a chapter.
    fn take_changed(&mut self) -> Vec<SavedState> {
        let changed = self.machine.as_mut().map(Machine::changed).unwrap_or_default();
        self.changed.extend(named(&changed));
        changed
    }
}

/// These frames, which enter alone.
fn put_in(topology: &Topology, pipeline: PipelineIndex, frames: &[Bytes]) -> Entering {
    let plan = topology.pipelines().get(pipeline.0);
    let wrapping = plan.map_or(Wrapping::Header(0), |plan| plan.source.framing.wrapping());
    let (mut bytes, mut ends) = (BytesMut::new(), Vec::new());
    for frame in frames {
        bytes.extend_from_slice(frame);
        ends.extend(u32::try_from(bytes.len()));
    }
    let pieces = Pieces::new(bytes.freeze(), ends, 0);
    let (number, at) = (SequenceNumber(0), Timestamp(0));
    let frames = Frames::new(PUT_IN.into(), number, at, wrapping, pieces);
    Entering { pipeline, number: 0, frames }
}

/// The partitions that differ, of those that have changed in one of the runs.
fn differing(base: &Named, happened: &Named, branch: &Named) -> (u64, Vec<PartitionDiffers>) {
    let names: BTreeSet<&PartitionName> = happened.keys().chain(branch.keys()).collect();
    let (mut count, mut first) = (0, Vec::new());
    for name in names {
        let of = |run: &'_ Named| {
            let partition = run.get(name).or_else(|| base.get(name)).cloned();
            partition.filter(|partition| !partition.is_gone())
        };
        let (one, other) = (of(happened), of(branch));
        let same = match (&one, &other) {
            (Some(one), Some(other)) => is_same(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        if same {
            continue;
        }
        count += 1;
        if first.len() < MOST_PARTITIONS {
            let (state, key) = name.clone();
            first.push(PartitionDiffers { state, key, happened: one, branch: other });
        }
    }
    (count, first)
}
