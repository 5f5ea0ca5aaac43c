//! A recording in memory, as a timeline reads it.

use std::sync::Arc;

use super::error::ReplayError;
use super::memory::{Recorded, RecordedChapter};
use super::recording::{Base, Entered, SavedState, TakenBack};
use super::script::Script;
use super::source::{ChapterInfo, Recording, TakenBackIn};
use crate::core::frames::Frames;
use crate::core::frames::framing::Framing;
use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::core::topology::Topology;

/// A recording in memory, as a timeline reads it.
pub struct MemoryRecording {
    recorded: Recorded,
    infos: Vec<ChapterInfo>,
    taken_back: Vec<TakenBackIn>,
    read: ReadAgain,
}

/// Gives the frames of a recording, also those that have to be read from a file again.
pub type ReadAgain = Box<dyn Fn(&Entered, &Arc<dyn Framing>) -> Result<Frames, String> + Send>;

impl MemoryRecording {
    /// What was recorded. `read` reads the frames of files again.
    pub fn new(recorded: Recorded, read: ReadAgain) -> Self {
        let info = |recorded: &Arc<RecordedChapter>| ChapterInfo {
            epoch: recorded.chapter.epoch,
            messages: recorded.chapter.messages(),
        };
        let infos = recorded.chapters().map(info).collect();
        let mut recording = Self { recorded, infos, taken_back: Vec::new(), read };
        let chapters = recording.recorded.chapters().enumerate();
        let taken_back = chapters.filter_map(|(chapter, recorded)| {
            let TakenBack { pipeline, sequence } = recorded.chapter.taken_back()?;
            let message = recording.number_of(pipeline, sequence);
            Some(TakenBackIn { message, chapter })
        });
        recording.taken_back = taken_back.collect();
        recording
    }

    /// The number of a message in the recording, from 1, given its number in its pipeline. `None` if it is not there.
    pub fn number_of(&self, pipeline: PipelineIndex, sequence: SequenceNumber) -> Option<u64> {
        let mut before: u64 = self.infos.iter().map(|info| info.messages).sum();
        let mut chapters = self.recorded.chapters().zip(&self.infos).rev();
        // The last one: after a crash, what was recorded before it counts no more.
        chapters.find_map(|(recorded, info)| {
            before -= info.messages;
            Some(before + recorded.chapter.number_of(pipeline, sequence)?)
        })
    }

    fn chapter(&self, at: usize) -> Result<&RecordedChapter, ReplayError> {
        let chapter = self.recorded.chapter(at).map(AsRef::as_ref);
        chapter.ok_or_else(|| ReplayError::NotRead(format!("the recording has no chapter {at}")))
    }
}

impl Recording for MemoryRecording {
    fn base(&self) -> Result<Base, ReplayError> {
        Ok(self.recorded.base())
    }

    fn chapters(&self) -> &[ChapterInfo] {
        &self.infos
    }

    fn taken_back(&self) -> &[TakenBackIn] {
        &self.taken_back
    }

    fn script(&self, chapter: usize, topology: &Topology) -> Result<Script, ReplayError> {
        let RecordedChapter { chapter, changed, .. } = self.chapter(chapter)?;
        let script = Script::new(chapter, |entered| {
            let plan = topology.pipelines().get(entered.pipeline.0);
            let plan = plan.ok_or(ReplayError::NoPipeline { pipeline: entered.pipeline.0 })?;
            (self.read)(entered, &plan.source.framing).map_err(ReplayError::NotRead)
        })?;
        let is_taken_back = chapter.taken_back().is_some();
        Ok(if is_taken_back { script.putting_back(changed.clone()) } else { script })
    }

    fn changed(&self, chapter: usize) -> Result<Vec<SavedState>, ReplayError> {
        Ok(self.chapter(chapter)?.changed.clone())
    }
}
