//! Where messages enter an engine: another thread looks at each one before, and says what becomes of it.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Weak};

use parking_lot::RwLock;

use super::Engine;
use crate::core::clock::Clock as _;
use crate::core::foresight::{Copied, Copies, Looked, StateKey, Surroundings, foresee_entry};
use crate::core::frames::Frames;
use crate::core::frames::dead_letter::{Cause, DeadLetter, Failure, HELD_STEP};
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::PipelineIndex;
use crate::runtime::durable::Durable;
use crate::runtime::passes::{Front, Serving};
use crate::runtime::shared::Shared;
use crate::runtime::workers::Workers;
use crate::runtime::workers::query::{Query, Request};

/// How often copies are asked for: each time may show partitions further down the pipeline.
const ROUNDS: usize = 8;

/// The source of a frame that a person has put in the place of another one.
const EDITED: &str = "edited";

/// Where messages enter an engine. It does not keep the engine: of one that has ended, there is nothing more to do.
#[derive(Clone)]
pub struct Entrance {
    shared: Weak<Shared>,
    workers: Weak<RwLock<Workers>>,
}

/// What waits to enter.
pub enum AtEntrance {
    /// This message may be looked at.
    Message {
        /// Its queue: the next one is served next.
        queue: usize,
        /// Its pipeline.
        pipeline: PipelineIndex,
        /// A copy of it.
        frames: Frames,
    },
    /// Nothing that may enter now. The thread that looks is woken when that is different.
    Nothing,
    /// The engine has ended, or has failed.
    Over,
}

impl Engine {
    /// Where messages enter.
    #[must_use]
    pub fn entrance(&self) -> Entrance {
        let workers = Arc::downgrade(&self.0.workers);
        Entrance { shared: Arc::downgrade(&self.0.shared), workers }
    }
}

impl Entrance {
    /// Whether the engine has ended, or has failed: nothing enters any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.upgrade().is_none_or(|shared| shared.abort.load(Ordering::Acquire))
    }

    /// Whether the run ends: then all that waits enters.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.shared.upgrade().is_none_or(|shared| shared.gate.is_ending())
    }

    /// Whether all that has entered is processed, and its outputs are written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.upgrade().is_none_or(|shared| shared.gate.is_empty())
    }

    /// The next message that waits: the queues behind this one come first. To be asked when all passes are used.
    #[must_use]
    pub fn next(&self, after: Option<usize>) -> AtEntrance {
        let shared = self.shared.upgrade();
        let Some(shared) = shared.filter(|shared| !shared.abort.load(Ordering::Acquire)) else {
            return AtEntrance::Over;
        };
        if !shared.gate.waits_for_pass() {
            return AtEntrance::Nothing;
        }
        let all = shared.queues.iter().enumerate();
        let all = all.flat_map(|(pipeline, queues)| {
            (0..queues.count()).map(move |queue| (PipelineIndex(pipeline), queues, queue))
        });
        let all: Vec<_> = all.enumerate().collect();
        let begin = all.iter().position(|(at, _)| Some(*at) > after).unwrap_or(0);
        let (before, behind) = all.split_at(begin);
        let found = behind.iter().chain(before).find_map(|(at, (pipeline, queues, queue))| {
            Some((*at, *pipeline, queues.copy_of_front(*queue)?))
        });
        match found {
            Some((queue, pipeline, frames)) => AtEntrance::Message { queue, pipeline, frames },
            None => AtEntrance::Nothing,
        }
    }

    /// What a message would do, by the partitions of this moment. `None` if the engine ends or its workers change
    /// meanwhile: then it may be asked again.
    ///
    /// # Errors
    ///
    /// It cannot be looked at, for this reason.
    pub fn look(&self, pipeline: PipelineIndex, frames: &Frames) -> Result<Option<Looked>, String> {
        let Some(shared) = self.shared.upgrade() else { return Ok(None) };
        let topology = Arc::clone(&shared.topology);
        let frame_limit = shared.settings.frame_limit;
        drop(shared);
        let mut copies = Copies::new();
        for round in 0..ROUNDS {
            let Some(workers) = self.workers() else { return Ok(None) };
            let around =
                Surroundings { topology: &topology, workers, frame_limit, copies: &copies };
            let looked = foresee_entry(around, pipeline, frames.clone())?;
            if looked.foresight.missing.is_empty() || round + 1 == ROUNDS {
                return Ok(Some(looked));
            }
            let wanted: Arc<[StateKey]> = looked.foresight.missing.into();
            let Some(found) = self.copies(&wanted, workers) else { return Ok(None) };
            copies.extend(found);
            for name in &*wanted {
                copies.entry(name.clone()).or_insert(Copied::New);
            }
        }
        Ok(None)
    }

    fn workers(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.workers.upgrade()?.read().len())
    }

    /// Copies of these partitions. `None` if not all of so many workers have answered.
    fn copies(&self, wanted: &Arc<[StateKey]>, workers: NonZeroUsize) -> Option<Copies> {
        let (reply, replies) = mpsc::channel();
        self.workers.upgrade()?.read().ask(|| {
            let (wanted, reply) = (Arc::clone(wanted), reply.clone().into());
            Request::Query(Query::Copies { wanted, reply })
        });
        drop(reply);
        let answers: Vec<Copies> = replies.iter().collect();
        (answers.len() == workers.get()).then(|| answers.into_iter().flatten().collect())
    }

    /// Wakes the workers, because messages need no pass any more.
    pub fn wake(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.queues.iter().for_each(|queues| queues.wake());
        }
    }

    /// Lets a message enter. False if passes serve something else by now: then it has to be looked at again.
    #[must_use]
    pub fn let_in(&self, (pipeline, number): Front, serving: Serving) -> bool {
        let Some(shared) = self.shared.upgrade() else { return false };
        let passes = shared.settings.passes.as_ref();
        let is_given = passes.is_some_and(|passes| passes.give((pipeline, number), serving));
        if let Some(queues) = shared.queues.get(pipeline.0) {
            queues.wake();
        }
        is_given
    }

    /// Takes a message away before it enters: it is a dead letter, for this reason, and counts as taken. The dead letter
    /// is told at once, though it counts with the next checkpoint: a crash before that undoes it. False if it does not
    /// wait any more.
    #[must_use]
    pub fn take_away(&self, (pipeline, number): Front, reason: &str) -> bool {
        let Some(shared) = self.shared.upgrade() else { return false };
        let Some(queues) = shared.queues.get(pipeline.0) else { return false };
        let is_taken = queues.take_away(number, |frames| tell(&shared, pipeline, frames, reason));
        if is_taken {
            shared.gate.change();
            // The next one may be there already, or it was the last one of all.
            queues.wake();
        }
        is_taken
    }

    /// Puts another frame in the place of a message that waits, which is a dead letter, for this reason. False if it
    /// does not wait any more.
    #[must_use]
    pub fn exchange(&self, (pipeline, number): Front, frame: &Pieces, reason: &str) -> bool {
        let Some(shared) = self.shared.upgrade() else { return false };
        let Some(queues) = shared.queues.get(pipeline.0) else { return false };
        let tell = |frames: &Frames| tell(&shared, pipeline, frames, reason);
        queues.exchange_front(number, (&EDITED.into(), frame), tell)
    }

    /// Whether a message is the first one of its queue.
    #[must_use]
    pub fn waits(&self, (pipeline, number): Front) -> bool {
        let is_it = |shared: Arc<Shared>| {
            let queues = shared.queues.get(pipeline.0)?;
            let mut fronts = (0..queues.count()).filter_map(|queue| queues.copy_of_front(queue));
            fronts.any(|frames| frames.numbers().0 == number).then_some(())
        };
        self.shared.upgrade().and_then(is_it).is_some()
    }

    /// Makes a checkpoint: see [`Engine::save`].
    #[must_use]
    pub fn save(&self) -> Receiver<()> {
        let shared = self.shared.upgrade();
        let durable = shared.as_ref().and_then(|shared| shared.durable.as_ref());
        durable.map_or_else(|| mpsc::channel().1, Durable::save)
    }
}

/// Makes a dead letter of a message that a person does not let enter. It is stored before its position is.
fn tell(shared: &Shared, pipeline: PipelineIndex, frames: &Frames, reason: &str) {
    let plan = shared.topology.pipelines().get(pipeline.0);
    let failure = Failure {
        pipeline: plan.map_or_else(|| "".into(), |plan| Arc::clone(&plan.name)),
        step: HELD_STEP.into(),
        cause: Cause::Dropped,
        reason: reason.to_owned(),
        key: None,
        at: shared.clock.now(),
    };
    shared.observer.dead_letter(pipeline, DeadLetter::of_frame(frames, 0, failure));
}
