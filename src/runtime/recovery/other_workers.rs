//! Goes on with other workers: more or fewer of them, or as many with other partitions, because a message was taken back.
//!
//! Invariant: what they begin with counts from when their generation does, all of it at once. A process that is killed before
//! goes on with what was before.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::Instant;

use super::checkpointer::{Checkpointer, Then, told};
use crate::core::event::{EngineEvent, TakenBackNews};
use crate::core::numbers::Epoch;
use crate::core::replay::recording::{Chapter, Crew, SavedState, TakenBack};
use crate::resilience::Checkpoint;
use crate::runtime::error::EngineError;
use crate::runtime::parts::{News, TakeBack};
use crate::runtime::processes::hosting::RoundEnd;
use crate::runtime::taken_back::TakenBackAnswer;
use crate::runtime::workers::Workers;

/// What other workers have begun with.
struct Exchanged {
    partitions: usize,
    /// How many of them another worker had.
    moved: usize,
}

impl Checkpointer {
    /// Goes on with other workers: makes a checkpoint, then one of everything, then starts new workers with it.
    pub(super) async fn set_workers(&mut self, workers: NonZeroUsize) -> Result<(), EngineError> {
        // The gate stays closed in the next one until its sinks have reported. If a sink that has a task is stalled
        // or has no receiver, this one waits for it, while the other pipelines go on. A file is written by the
        // workers: if its disk hangs, no pipeline goes on.
        self.checkpoint(Then::GoOn).await?;
        let began = Instant::now();
        self.checkpoint(Then::OtherWorkers).await?;
        let from = self.workers().len();
        let Exchanged { partitions, moved } = self.exchange(workers, None).await?;
        self.release();
        let (to, held) = (self.shared.settings.all_workers(workers).get(), began.elapsed());
        self.tell(EngineEvent::WorkersChanged { from, to, partitions, moved, held });
        Ok(())
    }

    /// Takes a message back, if nothing has happened since it was found out what would be without it: as many workers go on
    /// with the partitions that there would be. That is a checkpoint of its own.
    pub(super) async fn take_back(&mut self, order: TakeBack) -> Result<(), EngineError> {
        let TakeBack { message, put_back, after, claim, done } = order;
        if !*self.may_begin.borrow() {
            let _ = done.send(TakenBackAnswer::Recovers);
            return Ok(());
        }
        if self.shared.gate.has_changed() {
            // As above.
            self.checkpoint(Then::GoOn).await?;
            if self.busy > after {
                let _ = done.send(TakenBackAnswer::Meanwhile);
                return Ok(());
            }
        }
        let began = Instant::now();
        let positions = self.checkpoint(Then::OtherWorkers).await?;
        if let Some(answer) = self.refusal(after) {
            self.release();
            let _ = done.send(answer);
            return Ok(());
        }
        if !claim.take() {
            self.release();
            return Ok(());
        }
        let (of_each_process, all) = {
            let workers = self.workers();
            (workers.of_each_process(), workers.len())
        };
        let epoch = self.epoch.next();
        self.tell(EngineEvent::CheckpointBegun(epoch));
        self.epoch = epoch;
        if let (Some(history), Some(workers)) = (&mut self.history, NonZeroUsize::new(all)) {
            let precreate = self.shared.settings.precreate;
            let crew = Crew { workers, of_each_process, precreate };
            let chapter = Chapter::of_taken_back(epoch, crew, message);
            history.take_back(&self.shared, chapter, put_back.clone());
        }
        let partitions = put_back.iter().map(|(_, partitions)| partitions.len()).sum();
        if partitions == 0 {
            // The same workers go on with what they have.
            self.write(vec![Vec::new(); all], &positions)?;
            block_in_place(|| self.directory.in_place())?;
        } else {
            self.exchange(of_each_process, Some(put_back)).await?;
        }
        self.release();
        let (held, took) = (began.elapsed(), began.elapsed());
        self.tell(EngineEvent::Checkpointed { epoch, partitions, held, took, last: None });
        let TakenBack { pipeline, sequence } = message;
        let news = TakenBackNews { pipeline, sequence, partitions, held };
        self.tell(EngineEvent::TakenBack(news));
        let _ = done.send(TakenBackAnswer::Done);
        Ok(())
    }

    /// Why a message is not taken back after a checkpoint that the gate is still closed for, if that was found out as of the
    /// checkpoint `after`.
    fn refusal(&self, after: Epoch) -> Option<TakenBackAnswer> {
        if self.busy > after {
            return Some(TakenBackAnswer::Meanwhile);
        }
        let (state, key) = self.unsaved.first()?;
        Some(TakenBackAnswer::Unsaved { state: Arc::clone(state), key: key.clone() })
    }

    /// Ends the workers, and starts so many in each process with the last checkpoint. If partitions are put back, it is the
    /// one before this one, with them over it. The gate is closed.
    async fn exchange(
        &mut self,
        workers: NonZeroUsize,
        put_back: Option<Vec<SavedState>>,
    ) -> Result<Exchanged, EngineError> {
        // What sinks have dropped since the checkpoint asked: a round does not end while anything is lent.
        let come_home = self.workers().come_home();
        if let Some(come_home) = come_home {
            told(come_home).await;
        }
        block_in_place(|| self.workers().dismiss(RoundEnd::Rescaled));
        for queues in &self.shared.queues {
            queues.exchange(workers.get());
        }
        // Before the new workers start: if all inputs have ended, they report at once that they have drained.
        let all = self.shared.settings.all_workers(workers);
        let _ = self.shared.news.send(News::Replaced(all.get()));
        // They are locked while they are open, and have to be read.
        self.files.clear();
        let Self { shared, senders, directory, .. } = self;
        let started = block_in_place(|| -> Result<_, EngineError> {
            let mut checkpoint = Checkpoint::find(directory)?;
            if let Some(put_back) = put_back {
                checkpoint = checkpoint.with(put_back);
            }
            let (new, base) = Workers::start(shared, senders, workers, &checkpoint)?;
            let generation = directory.begin_generation(all.get() as u64)?;
            Ok((new, base, checkpoint, generation))
        });
        let (new, base, checkpoint, generation) = started?;
        debug_assert!(checkpoint.epoch == self.epoch, "workers begin with the last checkpoint");
        let partitions = base.iter().flatten().map(|(_, partitions)| partitions.len()).sum();
        let moved = new.moved();
        *self.workers.write() = new;
        self.unsaved.clear();
        self.files = generation.files;
        self.generation = generation.generation;
        self.begin(base, checkpoint.positions)?;
        Ok(Exchanged { partitions, moved })
    }
}
