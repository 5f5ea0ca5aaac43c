//! Does a chapter again: the workers that were recorded, on one thread.
//!
//! Invariant: each worker runs its segments in the order of its schedule. In which order the workers take turns does not
//! matter: what one sends to another waits until the schedule takes it.

mod expected;
mod others;
mod put_back;
mod turns;
mod untaken;
mod workers;

use std::sync::Arc;

use crate::application::Key;
use crate::core::numbers::WorkerIndex;
use crate::core::partitions::query::{PartitionRow, Revival};
use crate::core::partitions::saved::SavedPartition;
use crate::core::replay::crew::{Place, Worker, workers_of};
use crate::core::replay::cursor::{Cursor, Next};
use crate::core::replay::error::ReplayError;
use crate::core::replay::recording::{Base, Crew, SavedState};
use crate::core::replay::schedule::{Begun, Entry, Ran, StageIndex};
use crate::core::replay::script::{Entering, Script};
use crate::core::steps::SharedPartitions;
use crate::core::topology::Topology;

pub use crate::core::replay::watch::Watch;
use expected::Expected;
use untaken::Untaken;
pub(in crate::core) use workers::Workers;

/// How a machine follows a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// As it is: what does not fit is an error.
    Exactly,
    /// As far as that can be, because other frames enter than were recorded: a run for which there is no batch is left out,
    /// and what is left at the end is processed. The messages of a key keep the order of their source.
    AsFarAsPossible,
    /// The same where other messages may come of any frames: what is sent to a worker that was sent nothing of those frames
    /// goes before all that is newer.
    WithOthers,
}

/// How a replay of a chapter ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// At the checkpoint.
    AtCheckpoint,
    /// Somewhere in the middle, because the watcher said so.
    Stopped,
}

/// The workers of a recording.
pub struct Machine {
    topology: Arc<Topology>,
    crew: Crew,
    workers: Workers,
    /// What the workers will take, if others may come before it.
    expected: Expected,
    /// The partitions that were put back since it was asked which have changed.
    put_back: Vec<SavedState>,
}

impl Machine {
    /// Workers that begin with these partitions.
    ///
    /// # Errors
    ///
    /// The application has no such state, or its type is another one.
    pub fn new(topology: Arc<Topology>, crew: Crew, base: &Base) -> Result<Self, ReplayError> {
        let workers = Workers::new(&topology, workers_of(&topology, crew, base)?);
        Ok(Self { topology, crew, workers, expected: Expected::default(), put_back: Vec::new() })
    }

    /// The application.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Does a chapter again. If its workers are others than those of the chapter before, they take the partitions over
    /// first.
    ///
    /// # Errors
    ///
    /// The schedule does not fit the application, or it makes other batches than were recorded.
    pub fn run(
        &mut self,
        script: &Script,
        follow: Follow,
        watch: &mut impl Watch,
    ) -> Result<Ended, ReplayError> {
        self.change_crew(script.crew)?;
        self.put_back(&script.put_back)?;
        let mut cursors: Vec<_> = script.workers.iter().map(Cursor::new).collect();
        cursors.iter_mut().try_for_each(Cursor::look)?;
        let mut untaken = match follow {
            // Nobody waits in vain.
            Follow::Exactly => Untaken::default(),
            Follow::AsFarAsPossible | Follow::WithOthers => Untaken::of(script),
        };
        self.expected = match follow {
            Follow::Exactly | Follow::AsFarAsPossible => Expected::default(),
            Follow::WithOthers => Expected::of(script)?,
        };
        while let Some(next) = self.choose(&cursors, follow, &untaken)? {
            if !watch.goes_on() {
                return Ok(Ended::Stopped);
            }
            let Some(cursor) = cursors.get_mut(next.worker) else { continue };
            if !next.skip && cursor.takes_frames() {
                untaken.take(cursor.frames());
            }
            self.follow(next, cursor, follow, watch)?;
            cursor.look()?;
        }
        match follow {
            Follow::Exactly => self.ends(&cursors)?,
            Follow::AsFarAsPossible | Follow::WithOthers => self.workers.drain(watch)?,
        }
        Ok(Ended::AtCheckpoint)
    }

    /// Frames enter while nothing is in flight, and these workers process all that comes of them.
    ///
    /// # Errors
    ///
    /// The application has no such pipeline, or its code has other results than before.
    pub fn process_frames(
        &mut self,
        crew: Crew,
        mut entering: Entering,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        self.change_crew(crew)?;
        watch.enters(&mut entering);
        let Entering { pipeline, frames, .. } = entering;
        self.workers.process_frames(pipeline, frames, watch)
    }

    /// All partitions, sorted by state and key.
    ///
    /// # Errors
    ///
    /// A state cannot be saved.
    pub fn partitions(&self) -> Result<Vec<SavedState>, ReplayError> {
        Worker::partitions(&self.workers.all)
    }

    /// The rows of all partitions of all states, sorted by state and key.
    pub fn rows(&self) -> Vec<PartitionRow> {
        self.workers.rows(|_| true)
    }

    /// The tables of the workers, each with the name of its state.
    pub fn tables(&self) -> impl Iterator<Item = &(Arc<str>, SharedPartitions)> {
        self.workers.tables()
    }

    /// The row of a partition, whichever worker has it.
    pub fn row(&self, state: &str, key: &Key) -> Option<PartitionRow> {
        self.workers.row(state, key)
    }

    /// Gives a partition another state, as its owner of these workers has it. Returns the partition.
    ///
    /// # Errors
    ///
    /// There is no such state, the JSON is of another type, or it cannot be saved.
    pub fn set_state(
        &mut self,
        crew: Crew,
        state: &Arc<str>,
        key: &Key,
        json: &str,
    ) -> Result<SavedPartition, ReplayError> {
        self.change_crew(crew)?;
        Worker::set_state(&self.workers.all, state, key, json).map_err(|reason| {
            let (state, key) = (state.to_string(), key.clone());
            ReplayError::NotSet { state, key, reason }
        })
    }

    fn change_crew(&mut self, crew: Crew) -> Result<(), ReplayError> {
        if crew == self.crew {
            return Ok(());
        }
        let base = Base { partitions: self.partitions()?, ..Base::default() };
        self.workers.all = workers_of(&self.topology, crew, &base)?;
        self.crew = crew;
        Ok(())
    }

    /// Does what an entry says.
    fn follow(
        &mut self,
        Next { worker, skip }: Next,
        cursor: &mut Cursor<'_>,
        follow: Follow,
        watch: &mut impl Watch,
    ) -> Result<(), ReplayError> {
        let Some(entry) = cursor.take() else { return Ok(()) };
        self.expected.pass(worker, &entry);
        if skip {
            return Ok(());
        }
        let (stage, begun, ran) = match entry {
            Entry::Run { stage, begun, ran } => (stage, begun, ran),
            Entry::Revived { state, ref key } => {
                let tables = self.workers.all.get(worker).map(|worker| worker.tables.as_slice());
                let table = tables.and_then(|tables| tables.get(state));
                let Some((_, table)) = table else { return Err(ReplayError::NoState { state }) };
                if cursor.pass_revival() {
                    let _: Revival = table.borrow_mut().revive(key);
                    watch.did(WorkerIndex(worker), &entry);
                }
                return Ok(());
            }
            Entry::TakenBack { .. } => {
                watch.did(WorkerIndex(worker), &entry);
                return Ok(());
            }
        };
        let at = Place { worker, stage };
        if begun != Begun::Continued && self.workers.stage(at)?.batch.is_some() {
            match follow {
                Follow::Exactly => return Err(ReplayError::Longer { stage: stage.0 }),
                // It was shorter when it was recorded.
                Follow::AsFarAsPossible | Follow::WithOthers => {
                    self.workers.work(at, Begun::Continued, None, watch)?;
                }
            }
        }
        match begun {
            Begun::Continued => {}
            Begun::Frames { at_once } => {
                let Some(mut entering) = cursor.take_frames() else { return Ok(()) };
                if entering.frames.is_empty() {
                    return Ok(());
                }
                watch.enters(&mut entering);
                let Entering { pipeline, frames, .. } = entering;
                let place = self.workers.stages.get(stage.0);
                if place.is_none_or(|place| place.enters != Some(pipeline)) {
                    return Err(ReplayError::NoEntry { stage: stage.0 });
                }
                if follow == Follow::WithOthers && at_once {
                    let behind = Place { stage: StageIndex(stage.0 + 1), ..at };
                    self.take_others(behind, frames.numbers().0, watch)?;
                }
                self.workers.enter(at, frames, at_once)?;
            }
            Begun::Routed { from, first } => {
                if follow == Follow::WithOthers {
                    self.take_others(at, first, watch)?;
                }
                let Some(batch) = self.routed(at, from, first, follow, watch)? else {
                    return Ok(());
                };
                self.workers.begin(at, batch.frames, batch.payload)?;
            }
        }
        let pieces = match ran {
            Ran::Done => None,
            Ran::Pieces(pieces) => Some(pieces),
        };
        self.workers.work(at, begun, pieces, watch)?;
        let is_done = self.workers.stage(at)?.batch.is_none();
        match (follow, ran) {
            (Follow::Exactly, Ran::Pieces(_)) if is_done => {
                Err(ReplayError::Shorter { stage: stage.0 })
            }
            _ => Ok(()),
        }
    }

    /// Nothing is left at the end of a chapter.
    fn ends(&self, cursors: &[Cursor<'_>]) -> Result<(), ReplayError> {
        for (worker, (running, cursor)) in self.workers.all.iter().zip(cursors).enumerate() {
            if !running.is_idle() || cursor.frames().is_some() {
                return Err(ReplayError::Left { worker: WorkerIndex(worker) });
            }
        }
        Ok(())
    }
}
