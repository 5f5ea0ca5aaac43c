//! A recording of a disk, as a timeline reads it.

use std::path::Path;

use super::again::read_again;
use super::recording::Recording;
use crate::core::numbers::Epoch;
use crate::core::replay::ReplayError;
use crate::core::replay::recording::{Base, SavedState};
use crate::core::replay::script::Script;
use crate::core::replay::source::{self, ChapterInfo};
use crate::core::topology::Topology;
use crate::resilience::error::ResilienceError;

/// A recording of a disk, as a timeline reads it.
#[derive(Debug)]
pub struct OnDisk {
    recording: Recording,
    /// The checkpoint at its beginning.
    base: Epoch,
    chapters: Vec<ChapterInfo>,
}

impl OnDisk {
    /// Opens a recording: a resilience directory with history, or an exported file.
    ///
    /// # Errors
    ///
    /// As [`Recording::open`].
    pub fn open(path: &Path) -> Result<Self, ResilienceError> {
        let recording = Recording::open(path)?;
        let info =
            |info: super::ChapterInfo| ChapterInfo { epoch: info.epoch, messages: info.messages };
        let chapters = recording.chapters().map(info).collect();
        Ok(Self { base: recording.first(), recording, chapters })
    }

    /// The part of it from a checkpoint to another.
    #[must_use]
    pub fn part(mut self, (from, to): (Epoch, Epoch)) -> Self {
        self.chapters.retain(|chapter| chapter.epoch > from && chapter.epoch <= to);
        Self { base: from, ..self }
    }

    /// What it is a recording of.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    fn info(&self, chapter: usize) -> Result<ChapterInfo, ReplayError> {
        let info = self.chapters.get(chapter).copied();
        info.ok_or_else(|| ReplayError::NotRead(format!("the recording has no chapter {chapter}")))
    }
}

fn not_read(error: impl ToString) -> ReplayError {
    ReplayError::NotRead(error.to_string())
}

impl source::Recording for OnDisk {
    fn base(&self) -> Result<Base, ReplayError> {
        self.recording.base_at(self.base).map_err(not_read)
    }

    fn chapters(&self) -> &[ChapterInfo] {
        &self.chapters
    }

    fn script(&self, chapter: usize, topology: &Topology) -> Result<Script, ReplayError> {
        let chapter = self.recording.chapter(self.info(chapter)?.epoch).map_err(not_read)?;
        Script::new(&chapter, |entered| {
            let plan = topology.pipelines().get(entered.pipeline.0);
            let plan = plan.ok_or(ReplayError::NoPipeline { pipeline: entered.pipeline.0 })?;
            read_again(entered, &plan.source.framing).map_err(not_read)
        })
    }

    fn changed(&self, chapter: usize) -> Result<Vec<SavedState>, ReplayError> {
        self.recording.changes(self.info(chapter)?.epoch).map_err(not_read)
    }
}
