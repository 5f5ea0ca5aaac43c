//! Does a recording again from its beginning, and checks it against every checkpoint.

use std::sync::Arc;

use super::compared::compare;
use super::error::ReplayError;
use super::machine::{Ended, Follow, Machine, Watch};
use super::recording::{Crew, SavedState};
use super::source::Recording;
use crate::core::numbers::Epoch;
use crate::core::topology::Topology;

/// Does a recording again, a chapter at a time.
pub struct Player<'a, R> {
    topology: Arc<Topology>,
    recording: &'a R,
    /// The chapter that is next: behind the last one if it does not go on.
    next: usize,
    /// `None` before the first chapter.
    machine: Option<Machine>,
    /// How many messages have entered.
    messages: u64,
}

/// What came of a chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Played {
    /// The partitions are as its checkpoint saved them. These had changed.
    Verified(Epoch, Vec<SavedState>),
    /// The watcher stopped it, or only some of its messages entered: there is nothing to compare with, and it does not go
    /// on.
    Part,
    /// There are no more.
    End,
}

impl<'a, R: Recording> Player<'a, R> {
    /// The beginning of a recording.
    pub fn new(topology: Arc<Topology>, recording: &'a R) -> Self {
        Self { topology, recording, next: 0, machine: None, messages: 0 }
    }

    /// How many messages have entered.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The epoch of the next chapter. `None` at the end.
    pub fn next_epoch(&self) -> Option<Epoch> {
        self.recording.chapters().get(self.next).map(|info| info.epoch)
    }

    /// Does the next chapter, of which no more messages enter than up to this number of the recording.
    ///
    /// # Errors
    ///
    /// The recording cannot be read, is of another application, or the partitions are others than those saved.
    pub fn play(&mut self, until: u64, watch: &mut impl Watch) -> Result<Played, ReplayError> {
        let at = self.next;
        let Some(info) = self.recording.chapters().get(at).copied() else {
            return Ok(Played::End);
        };
        let script = self.recording.script(at, &self.topology)?;
        let left = until.saturating_sub(self.messages);
        let (recording, topology) = (self.recording, &self.topology);
        let machine = match &mut self.machine {
            Some(machine) => machine,
            none => {
                let base = recording.base()?;
                none.insert(Machine::new(Arc::clone(topology), script.crew, &base)?)
            }
        };
        if left < info.messages {
            machine.run(&script.until(left), Follow::AsFarAsPossible, watch)?;
            self.messages += left;
            self.next = usize::MAX;
            return Ok(Played::Part);
        }
        if machine.run(&script, Follow::Exactly, watch)? == Ended::Stopped {
            self.next = usize::MAX;
            return Ok(Played::Part);
        }
        self.next += 1;
        self.messages += info.messages;
        let changed = machine.changed();
        compare(info.epoch, &changed, &recording.changed(at)?)?;
        Ok(Played::Verified(info.epoch, changed))
    }

    /// The partitions as they are now.
    ///
    /// # Errors
    ///
    /// Nothing has been done yet, and the beginning cannot be read.
    pub fn machine(&mut self) -> Result<&mut Machine, ReplayError> {
        match &mut self.machine {
            Some(machine) => Ok(machine),
            none => {
                // Whose the partitions are is said by the first chapter.
                let crew = match self.recording.chapters() {
                    [] => Crew::ALONE,
                    [_, ..] => self.recording.script(0, &self.topology)?.crew,
                };
                let base = self.recording.base()?;
                Ok(none.insert(Machine::new(Arc::clone(&self.topology), crew, &base)?))
            }
        }
    }
}
