//! Which worker goes on.

use std::collections::VecDeque;

use super::untaken::Untaken;
use super::{Follow, Machine};
use crate::core::frames::Frames;
use crate::core::numbers::{PipelineIndex, Timestamp, WorkerIndex};
use crate::core::replay::cursor::{Cursor, Next};
use crate::core::replay::error::ReplayError;
use crate::core::replay::schedule::{Begun, Entry, StageIndex};

/// Whether a worker can do what its next entry says.
enum Readiness {
    /// With frames that were read then.
    Ready(Timestamp),
    /// Another worker has to go on first.
    NotYet,
    /// What it needs does not exist.
    Never,
}

/// A worker that waits for what does not come.
enum InVain {
    /// It cannot come.
    Surely(usize),
    /// It can, and somebody has to go on.
    Perhaps(usize),
}

impl Machine {
    /// The worker whose turn it is: of those that can go on, the one whose frames were read first. `None` if all are at
    /// the end.
    pub(super) fn choose(
        &self,
        cursors: &[Cursor<'_>],
        follow: Follow,
        untaken: &Untaken,
    ) -> Result<Option<Next>, ReplayError> {
        let (mut best, mut waiting) = (None::<(Timestamp, Next)>, None::<(Timestamp, Next)>);
        let (mut never, mut not_yet) = (None, None);
        for (worker, cursor) in cursors.iter().enumerate() {
            let Some(entry) = cursor.entry() else { continue };
            match self.readiness(worker, cursor, entry)? {
                Readiness::Ready(since) => {
                    let is_behind = follow == Follow::WithOthers
                        && self.may_be_overtaken(cursor, entry, untaken);
                    let first = if is_behind { &mut waiting } else { &mut best };
                    if first.as_ref().is_none_or(|(first, _)| since < *first) {
                        *first = Some((since, Next { worker, skip: false }));
                    }
                }
                Readiness::Never => _ = never.get_or_insert(worker),
                Readiness::NotYet => _ = not_yet.get_or_insert(worker),
            }
        }
        let skip = |worker| Ok(Some(Next { worker, skip: true }));
        match (best, never.or(not_yet), follow) {
            (Some((_, next)), ..) => Ok(Some(next)),
            (None, None, _) => Ok(waiting.map(|(_, next)| next)),
            (None, Some(worker), Follow::Exactly) => {
                let at = cursors.get(worker).map_or(0, Cursor::position);
                Err(ReplayError::NoBatch { worker: WorkerIndex(worker), at })
            }
            (None, Some(worker), Follow::AsFarAsPossible | Follow::WithOthers) => {
                if let Some(never) = never {
                    return skip(never);
                }
                match (self.waits_in_vain(cursors, untaken), waiting) {
                    (Some(InVain::Surely(worker)), _) => skip(worker),
                    (_, Some((_, next))) => Ok(Some(next)),
                    (Some(InVain::Perhaps(oldest)), None) => skip(oldest),
                    (None, None) => skip(worker),
                }
            }
        }
    }

    /// Whether messages of older frames may still come to where an entry goes.
    fn may_be_overtaken(&self, cursor: &Cursor<'_>, entry: &Entry, untaken: &Untaken) -> bool {
        let Entry::Run { stage, begun, .. } = entry else { return false };
        if !self.keeps_order(*stage) {
            return false;
        }
        let (first, to) = match begun {
            Begun::Routed { first, .. } => (*first, stage.0),
            Begun::Frames { at_once: true } => match cursor.frames() {
                Some(entering) => (entering.frames.numbers().0, stage.0 + 1),
                None => return false,
            },
            Begun::Frames { at_once: false } | Begun::Continued => return false,
        };
        let (begin, pipeline) = self.pipeline_of(stage.0);
        let is_older = |frames: &Frames| frames.numbers().0 < first;
        let stages = || {
            let all = self.workers.all.iter();
            all.flat_map(|worker| worker.stages.get(begin..to).unwrap_or_default())
        };
        pipeline.is_some_and(|pipeline| untaken.has_older(pipeline, first))
            || stages().any(|stage| {
                let mut waiting = stage.inbox.iter().filter_map(VecDeque::front);
                stage.batch.as_ref().is_some_and(|frames| is_older(frames))
                    || waiting.any(|batch| is_older(&batch.frames))
            })
    }

    /// Whether messages of a key come to a stage in the order of their source.
    pub(super) fn keeps_order(&self, stage: StageIndex) -> bool {
        self.workers.stages.get(stage.0).is_some_and(|stage| stage.keeps_order)
    }

    /// The first stage of the pipeline of a stage, and the pipeline.
    fn pipeline_of(&self, stage: usize) -> (usize, Option<PipelineIndex>) {
        let stages = &self.workers.stages;
        let begins = |at: &usize| stages.get(*at).is_some_and(|at| at.enters.is_some());
        let begin = (0..=stage).rev().find(begins).unwrap_or(0);
        (begin, stages.get(begin).and_then(|stage| stage.enters))
    }

    fn readiness(
        &self,
        worker: usize,
        cursor: &Cursor<'_>,
        entry: &Entry,
    ) -> Result<Readiness, ReplayError> {
        let Entry::Run { stage, begun, .. } = entry else {
            return Ok(Readiness::Ready(Timestamp(0)));
        };
        let running = self.workers.all.get(worker).and_then(|worker| worker.stages.get(stage.0));
        let running = running.ok_or(ReplayError::NoStage { stage: stage.0 })?;
        let batch = running.batch.as_ref().map(|frames| frames.read_at());
        Ok(match begun {
            Begun::Continued => batch.map_or(Readiness::Never, Readiness::Ready),
            Begun::Frames { .. } => match cursor.frames() {
                Some(entering) => Readiness::Ready(entering.frames.read_at()),
                None => Readiness::Never,
            },
            Begun::Routed { from, first } => {
                let mut inbox = running.inbox.get(from.0).into_iter().flatten();
                let wanted = inbox.find(|batch| batch.frames.numbers().0 == *first);
                wanted.map_or(Readiness::NotYet, |batch| Readiness::Ready(batch.frames.read_at()))
            }
        })
    }

    /// A worker that waits for what does not come: the frames have been left out, or nothing of them is left to be sent to
    /// it. If all may come, the one that waits for the oldest frames: others may wait for it.
    fn waits_in_vain(&self, cursors: &[Cursor<'_>], untaken: &Untaken) -> Option<InVain> {
        let mut oldest = None;
        for (worker, cursor) in cursors.iter().enumerate() {
            let Some(Entry::Run { stage, begun: Begun::Routed { first, .. }, .. }) = cursor.entry()
            else {
                continue;
            };
            let (begin, pipeline) = self.pipeline_of(stage.0);
            let found = pipeline.and_then(|pipeline| untaken.find(pipeline, *first));
            let Some((is_untaken, read_at)) = found else {
                return Some(InVain::Surely(worker));
            };
            let is_of = |frames: &Frames| frames.numbers().0 == *first;
            let mut before = self
                .workers
                .all
                .iter()
                .flat_map(|worker| worker.stages.get(begin..stage.0).unwrap_or_default());
            let comes = is_untaken
                || before.any(|stage| {
                    let mut waiting = stage.inbox.iter().flatten();
                    stage.batch.as_ref().is_some_and(|frames| is_of(frames))
                        || waiting.any(|batch| is_of(&batch.frames))
                });
            if !comes {
                return Some(InVain::Surely(worker));
            }
            if oldest.is_none_or(|(since, _)| read_at < since) {
                oldest = Some((read_at, worker));
            }
        }
        oldest.map(|(_, worker)| InVain::Perhaps(worker))
    }
}
