//! A recording of a disk, as a timeline reads it.

use std::path::Path;

use super::again::read_again;
use super::recording::Recording;
use crate::core::numbers::Epoch;
use crate::core::replay::ReplayError;
use crate::core::replay::recording::{Base, SavedState, TakenBack};
use crate::core::replay::script::Script;
use crate::core::replay::source::{self, ChapterInfo, TakenBackIn};
use crate::core::topology::Topology;
use crate::resilience::error::ResilienceError;

/// A recording of a disk, as a timeline reads it.
#[derive(Debug)]
pub struct OnDisk {
    recording: Recording,
    /// The checkpoint at its beginning.
    base: Epoch,
    chapters: Vec<ChapterInfo>,
    taken_back: Vec<TakenBackIn>,
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
        let chapters: Vec<_> = recording.chapters().map(info).collect();
        let taken_back = taken_back_in(&recording, &chapters);
        Ok(Self { base: recording.first(), recording, chapters, taken_back })
    }

    /// The part of it from a checkpoint to another.
    #[must_use]
    pub fn part(mut self, (from, to): (Epoch, Epoch)) -> Self {
        self.chapters.retain(|chapter| chapter.epoch > from && chapter.epoch <= to);
        let taken_back = taken_back_in(&self.recording, &self.chapters);
        Self { base: from, taken_back, ..self }
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

/// The messages that were taken back in these chapters. What cannot be read is said when it is replayed.
fn taken_back_in(recording: &Recording, chapters: &[ChapterInfo]) -> Vec<TakenBackIn> {
    let mut starts = Vec::with_capacity(chapters.len());
    let mut start = 0;
    for info in chapters {
        starts.push(start);
        start += info.messages;
    }
    let no_messages = chapters.iter().enumerate().filter(|(_, info)| info.messages == 0);
    let taken_back = no_messages.filter_map(|(chapter, info)| {
        let TakenBack { pipeline, sequence } = recording.chapter(info.epoch).ok()?.taken_back()?;
        let before = chapters.iter().zip(&starts).take(chapter).rev();
        let mut before = before.filter(|(info, _)| info.messages > 0);
        // It was the last one but for others that had been taken back: it is near.
        let message = before.find_map(|(info, start)| {
            let chapter = recording.chapter(info.epoch).ok()?;
            Some(start + chapter.number_of(pipeline, sequence)?)
        });
        Some(TakenBackIn { message, chapter })
    });
    taken_back.collect()
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

    fn taken_back(&self) -> &[TakenBackIn] {
        &self.taken_back
    }

    fn script(&self, chapter: usize, topology: &Topology) -> Result<Script, ReplayError> {
        let chapter = self.recording.chapter(self.info(chapter)?.epoch).map_err(not_read)?;
        let script = Script::new(&chapter, |entered| {
            let plan = topology.pipelines().get(entered.pipeline.0);
            let plan = plan.ok_or(ReplayError::NoPipeline { pipeline: entered.pipeline.0 })?;
            read_again(entered, &plan.source.framing).map_err(not_read)
        })?;
        if chapter.taken_back().is_none() {
            return Ok(script);
        }
        Ok(script.putting_back(self.recording.changes(chapter.epoch).map_err(not_read)?))
    }

    fn changed(&self, chapter: usize) -> Result<Vec<SavedState>, ReplayError> {
        self.recording.changes(self.info(chapter)?.epoch).map_err(not_read)
    }
}
