//! Keeps a run's recording: a chapter at each checkpoint.
//!
//! What cannot be recorded is said, and the run goes on: a recovery needs nothing of a recording.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::task::block_in_place;

use crate::core::event::EngineEvent;
use crate::core::numbers::Epoch;
use crate::core::replay::memory::RecordedInMemory;
use crate::core::replay::recording::{Base, Chapter, Crew, WorkerLog};
use crate::core::replay::{fingerprint, states_together};
use crate::core::topology::Topology;
use crate::resilience::history::{HistoryFile, Identity};
use crate::resilience::{Directory, HistorySettings, ResilienceError, SavedState};
use crate::runtime::parts::Base as WorkerBase;
use crate::runtime::shared::Shared;

/// Why a chapter is missing.
const TOO_LONG: &str = "more frames entered between two checkpoints than a worker keeps";

/// Where a run's recording is kept.
pub(crate) struct History {
    memory: Option<Arc<RecordedInMemory>>,
    file: Option<HistoryFile>,
}

/// The history of a directory that was opened, and what could not be read of one that was there.
pub(crate) type Opened = (Option<HistoryFile>, Option<ResilienceError>);

/// What the workers did before a checkpoint, in their order.
pub(crate) struct Logs {
    /// `None` of a worker whose log would have been too long.
    pub logs: Vec<Option<WorkerLog>>,
    /// How many workers each process has.
    pub of_each_process: NonZeroUsize,
}

/// Opens the history of a directory, of which this checkpoint was recovered. If it cannot be opened, the run is not recorded.
pub(crate) fn open(
    directory: &Directory,
    settings: Option<&HistorySettings>,
    topology: &Topology,
    recovered: Epoch,
) -> Opened {
    let Some(settings) = settings else {
        return (None, HistoryFile::settle(directory, recovered).err());
    };
    let identity = Identity {
        application: topology.name().to_string(),
        options: settings.options.clone(),
        fingerprint: fingerprint(topology),
        pipelines: topology.pipelines().iter().map(|plan| plan.name.to_string()).collect(),
    };
    // What is there may be of use, and is not removed because it cannot be read now.
    match HistoryFile::open(directory, identity, settings.bound, recovered) {
        Ok(file) => (Some(file), None),
        Err(error) => (None, Some(error)),
    }
}

impl History {
    /// That of a run; `None` if it is not recorded.
    pub fn of(shared: &Shared, (file, error): Opened) -> Option<Self> {
        let memory = shared.settings.recorded.clone();
        if let Some(error) = error {
            say(shared, error.to_string());
        }
        (memory.is_some() || file.is_some()).then_some(Self { memory, file })
    }

    /// Whether nothing is recorded any more.
    pub fn is_over(&self) -> bool {
        self.memory.is_none() && self.file.is_none()
    }

    /// Workers begin with these partitions. If a recording has not come to this checkpoint, it begins anew.
    pub fn begin(&mut self, shared: &Shared, epoch: Epoch, workers: &[WorkerBase]) {
        if let Some(memory) = &self.memory {
            memory.begin(epoch, || states_together(workers));
        }
        if let Some(file) = self.file.as_mut().filter(|file| file.begins_anew()) {
            let base = Base { epoch, partitions: states_together(workers) };
            let begun = block_in_place(|| file.begin(&base));
            self.keep_if(shared, begun);
        }
    }

    /// A checkpoint has these changes. It does not count yet.
    pub fn append(&mut self, shared: &Shared, epoch: Epoch, logs: Logs, saved: &[Vec<SavedState>]) {
        let Logs { logs, of_each_process } = logs;
        let count = NonZeroUsize::new(logs.len());
        let all: Option<Vec<_>> = logs.into_iter().collect();
        let Some((workers, count)) = all.zip(count) else {
            if self.file.take().is_some() {
                say(shared, TOO_LONG.to_owned());
            }
            if let Some(memory) = &self.memory {
                memory.skip(epoch, &states_together(saved));
            }
            return;
        };
        let crew = Crew { workers: count, of_each_process, precreate: shared.settings.precreate };
        let chapter = Chapter { epoch, crew, workers };
        if let Some(file) = &mut self.file {
            let changed = saved.iter().flatten();
            let appended = block_in_place(|| file.append(&chapter, changed, SystemTime::now()));
            self.keep_if(shared, appended);
        }
        if let Some(memory) = &self.memory {
            memory.append(chapter, states_together(saved));
        }
    }

    /// A message is taken back: these partitions become others. The checkpoint does not count yet.
    pub fn take_back(&mut self, shared: &Shared, chapter: Chapter, put_back: Vec<SavedState>) {
        if let Some(file) = &mut self.file {
            let appended = block_in_place(|| file.append(&chapter, &put_back, SystemTime::now()));
            self.keep_if(shared, appended);
        }
        if let Some(memory) = &self.memory {
            memory.append(chapter, put_back);
        }
    }

    /// Gives up the file if something cannot be written: what is in it stays.
    fn keep_if(&mut self, shared: &Shared, written: Result<(), ResilienceError>) {
        if let Err(error) = written {
            self.file = None;
            say(shared, error.to_string());
        }
    }
}

fn say(shared: &Shared, reason: String) {
    shared.observer.event(EngineEvent::NotRecorded(reason));
}
