//! The beginning of a chapter, and the way to another one.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::ReplayError;
use super::named::{Named, named, put};
use super::recording::{PartitionName, SavedState};
use super::script::Script;
use super::source::Recording;
use crate::core::partitions::saved::SavedPartition;

/// How many chapters can be gone back without the beginning of the recording.
const BACK: usize = 1024;

/// What a chapter has changed, as it was before it: `None` of a partition that was not there.
type Before = Vec<(PartitionName, Option<SavedPartition>)>;

/// The partitions at the beginning of a chapter.
pub(super) struct Place {
    pub chapter: usize,
    pub partitions: Named,
    /// The chapter, if it has been read.
    pub script: Option<Arc<Script>>,
    /// Of the chapters before this one, the last ones.
    before: VecDeque<Before>,
}

impl Place {
    /// The beginning of a recording.
    pub fn new(recording: &impl Recording) -> Result<Self, ReplayError> {
        let partitions = named(&recording.base()?.partitions).collect();
        Ok(Self { chapter: 0, partitions, script: None, before: VecDeque::new() })
    }

    /// Goes to the beginning of a chapter.
    pub fn go_to(&mut self, chapter: usize, recording: &impl Recording) -> Result<(), ReplayError> {
        if self.chapter > chapter && self.before.len() < self.chapter - chapter {
            *self = Self::new(recording)?;
        }
        while self.chapter > chapter {
            self.back();
        }
        while self.chapter < chapter {
            self.forth(&recording.changed(self.chapter)?);
        }
        Ok(())
    }

    fn back(&mut self) {
        for (name, partition) in self.before.pop_back().unwrap_or_default() {
            match partition {
                Some(partition) => self.partitions.insert(name, partition),
                None => self.partitions.remove(&name),
            };
        }
        self.chapter -= 1;
        self.script = None;
    }

    fn forth(&mut self, changed: &[SavedState]) {
        let mut before = Before::new();
        put(&mut self.partitions, changed, |name, was| before.push((name, was)));
        self.before.push_back(before);
        if self.before.len() > BACK {
            self.before.pop_front();
        }
        self.chapter += 1;
        self.script = None;
    }
}
