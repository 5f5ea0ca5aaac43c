//! What the typed message would do, kept up to date beside the engine: its workers only copy the few partitions
//! that the message touches.
//!
//! It is computed on a thread of its own, one draft at a time; the newest one is next.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::partitions::question::{LOOK, Question};
use crate::core::foresight::{Copied, Copies, Foresight, StateKey, Surroundings, foresee};
use crate::core::numbers::{PipelineIndex, Timestamp};
use crate::runtime::{AHEAD_THREAD_NAME, Engine};

/// The max length of a draft in bytes.
const MAX_DRAFT: usize = 256 * 1024;

/// How often it is looked at again while other messages change the partitions.
const AGAIN: Duration = Duration::from_millis(250);

/// How often copies are asked for: each time may show partitions further down the pipeline.
const ROUNDS: usize = 8;

/// A message that might be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Another number whenever the text has changed.
    pub revision: u64,
    /// The pipeline.
    pub pipeline: PipelineIndex,
    /// The bytes that would be sent.
    pub bytes: Bytes,
}

/// What a draft would do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Foreseen {
    /// The draft's number.
    pub revision: u64,
    /// The pipeline.
    pub pipeline: PipelineIndex,
    /// What it would do.
    pub foresight: Foresight,
}

/// What the answer depends on beside the draft: how much has happened, and how many workers there are.
type Moment = (u64, usize);

/// A draft that is being looked at.
struct Task {
    draft: Draft,
    moment: Moment,
    copies: Copies,
    round: usize,
}

enum Stage {
    Idle,
    /// The thread is at work.
    Running(Task, Receiver<Foresight>),
    /// The workers copy partitions.
    Asking {
        task: Task,
        wanted: Arc<[StateKey]>,
        question: Question<Copies>,
    },
}

/// Keeps what the draft would do up to date.
pub(crate) struct AheadWatch {
    draft: Option<Draft>,
    stage: Stage,
    shown: Option<(Arc<Foreseen>, Moment)>,
    not_before: Timestamp,
    frame_limit: u64,
    done: Arc<Notify>,
}

impl AheadWatch {
    /// Without a draft. `frame_limit` is the longest payload in bytes, and `done` is notified when there is
    /// something new.
    pub fn new(frame_limit: u64, done: Arc<Notify>) -> Self {
        let (stage, not_before) = (Stage::Idle, Timestamp(0));
        Self { draft: None, stage, shown: None, not_before, frame_limit, done }
    }

    /// Looks at another draft from now on, or at none.
    pub fn watch(&mut self, draft: Option<Draft>) {
        let draft = draft.filter(|draft| draft.bytes.len() <= MAX_DRAFT);
        let number = |draft: &Draft| (draft.revision, draft.pipeline);
        if draft.as_ref().map(number) != self.draft.as_ref().map(number) {
            (self.draft, self.not_before) = (draft, Timestamp(0));
        }
    }

    /// Looks again, because a partition has changed without a message. What is under way is dropped.
    pub fn look_anew(&mut self) {
        (self.stage, self.shown) = (Stage::Idle, None);
    }

    /// What the draft would do; `None` until that is known.
    pub fn shown(&self) -> Option<Arc<Foreseen>> {
        let draft = self.draft.as_ref()?;
        let (shown, _) = self.shown.as_ref()?;
        let same = (shown.revision, shown.pipeline) == (draft.revision, draft.pipeline);
        same.then(|| Arc::clone(shown))
    }

    /// Goes on. True if something is known that was not. `work` is any count that grows when partitions change.
    pub fn poll(&mut self, engine: &Engine, work: u64) -> bool {
        let mut news = false;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => Stage::Idle,
            Stage::Running(task, result) => match result.try_recv() {
                Ok(foresight) => {
                    if let Some(asking) = self.take(engine, task, foresight) {
                        asking
                    } else {
                        news = true;
                        Stage::Idle
                    }
                }
                Err(TryRecvError::Empty) => Stage::Running(task, result),
                Err(TryRecvError::Disconnected) => Stage::Idle,
            },
            Stage::Asking { task, wanted, mut question } => {
                if question.is_answered(task.moment.1) {
                    self.collect(engine, task, &wanted, question.answers)
                } else {
                    Stage::Asking { task, wanted, question }
                }
            }
        };
        self.begin(engine, work);
        news
    }

    /// When [`poll`](Self::poll) should be called again, if nothing else happens.
    pub fn next_poll(&self, engine: &Engine, work: u64) -> Option<Duration> {
        match &self.stage {
            // The thread notifies.
            Stage::Running(..) => None,
            Stage::Asking { .. } => Some(LOOK),
            Stage::Idle => self.is_due(engine, work).then(|| self.not_before.since(engine.now())),
        }
    }

    /// Whether what is [shown](Self::shown) will be another one if nothing else happens.
    pub fn is_at_work(&self, engine: &Engine, work: u64) -> bool {
        !matches!(self.stage, Stage::Idle) || self.is_due(engine, work)
    }

    fn is_due(&self, engine: &Engine, work: u64) -> bool {
        let moment = (work, engine.workers());
        let known = self.shown.as_ref().is_some_and(|(_, of)| *of == moment);
        // A recovery brings partitions back: until its end, those that are there are not all.
        self.draft.is_some() && !engine.is_recovering() && !(known && self.shown().is_some())
    }

    fn begin(&mut self, engine: &Engine, work: u64) {
        if !matches!(self.stage, Stage::Idle) || !self.is_due(engine, work) {
            return;
        }
        let now = engine.now();
        let Some(draft) = self.draft.clone().filter(|_| now >= self.not_before) else { return };
        self.not_before = now.after(AGAIN);
        let moment = (work, engine.workers());
        self.run(engine, Task { draft, moment, copies: Copies::new(), round: 0 });
    }

    fn run(&mut self, engine: &Engine, task: Task) {
        let (send, result) = mpsc::channel();
        let Some(workers) = NonZeroUsize::new(task.moment.1) else { return };
        let (topology, frame_limit) = (Arc::clone(engine.topology()), self.frame_limit);
        let (draft, copies) = (task.draft.clone(), task.copies.clone());
        let done = Arc::clone(&self.done);
        let work = move || {
            let around =
                Surroundings { topology: &topology, workers, frame_limit, copies: &copies };
            // The session is gone if it is not wanted any more.
            let _ = send.send(foresee(around, draft.pipeline, &draft.bytes));
            done.notify_one();
        };
        // Without a thread, nothing is said of the draft.
        let started = thread::Builder::new().name(AHEAD_THREAD_NAME.to_owned()).spawn(work);
        self.stage = started.map_or(Stage::Idle, |_| Stage::Running(task, result));
    }

    /// Takes a result: asks for the copies that are missing, or shows it.
    fn take(&mut self, engine: &Engine, task: Task, foresight: Foresight) -> Option<Stage> {
        if !foresight.missing.is_empty() && task.round < ROUNDS {
            let wanted: Arc<[StateKey]> = foresight.missing.clone().into();
            let question = Question::new(engine.now(), task.moment.0, engine.copies(&wanted));
            return Some(Stage::Asking { task, wanted, question });
        }
        let Draft { revision, pipeline, .. } = task.draft;
        self.shown = Some((Arc::new(Foreseen { revision, pipeline, foresight }), task.moment));
        None
    }

    /// Takes the workers' copies, and runs the message again.
    fn collect(
        &mut self,
        engine: &Engine,
        mut task: Task,
        wanted: &[StateKey],
        answers: Vec<Copies>,
    ) -> Stage {
        // A worker has ended: its partitions are not known, and it is tried again.
        if answers.len() < task.moment.1 {
            return Stage::Idle;
        }
        task.copies.extend(answers.into_iter().flatten());
        for name in wanted {
            task.copies.entry(name.clone()).or_insert(Copied::New);
        }
        task.round += 1;
        self.run(engine, task);
        std::mem::replace(&mut self.stage, Stage::Idle)
    }
}
