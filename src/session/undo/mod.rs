//! Takes the last message back: found out by a thread of its own, while the engine goes on, and done by the engine if nothing
//! has happened meanwhile.
//!
//! Invariant: nothing here waits for the thread.

mod asking;
mod shared;
mod words;
mod working;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crate::core::numbers::{PipelineIndex, SequenceNumber};
use crate::runtime::REPLAY_THREAD_NAME;
use crate::telemetry::{TakenBackShown, UndoShown};
use shared::{NotTaken, Shared};
use working::Working;

/// How many messages that were taken back are remembered.
const REMEMBERED: usize = 1000;

/// What was taken back, and what is being taken back.
#[derive(Default)]
pub(super) struct Undone {
    wanted: u64,
    now: Option<Undo>,
    outcome: Option<Result<TakenBackShown, Arc<str>>>,
    messages: Arc<[(PipelineIndex, SequenceNumber)]>,
    /// How many times partitions have processed them, since the engine began.
    processed: u64,
}

impl Undone {
    /// Whether a message is being taken back.
    pub fn is_busy(&self) -> bool {
        self.now.is_some()
    }

    /// Begins to take a message back.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    fn begin(&mut self, working: Working) -> io::Result<()> {
        self.now = Some(Undo::begin(working)?);
        self.wanted += 1;
        self.outcome = None;
        Ok(())
    }

    /// Notes what has come of it. True if something has.
    pub fn note(&mut self) -> bool {
        let done = |undo: &Undo| Some((undo.shared.outcome.lock().take()?, undo.counts));
        let Some((outcome, counts)) = self.now.as_ref().and_then(done) else { return false };
        self.now = None;
        if let Ok((TakenBackShown { pipeline, sequence, .. }, processed)) = &outcome {
            self.processed += if counts { *processed } else { 0 };
            let first = (self.messages.len() + 1).saturating_sub(REMEMBERED);
            let kept = self.messages.iter().skip(first).copied();
            self.messages = kept.chain([(*pipeline, *sequence)]).collect();
        }
        let in_words = |why| match why {
            NotTaken::Said(why) => Arc::from(why),
            // Only the session knows whether there is another one.
            NotTaken::EngineGone => Arc::from(if counts { words::ENDED } else { words::ANOTHER }),
        };
        self.outcome = Some(outcome.map(|(shown, _)| shown).map_err(in_words));
        true
    }

    /// How many times partitions have processed messages that were taken back, since the engine began.
    pub fn processed(&self) -> u64 {
        self.processed
    }

    /// Another engine begins with what is saved.
    pub fn begin_again(&mut self) {
        self.processed = 0;
        if let Some(now) = &mut self.now {
            now.counts = false;
        }
    }

    /// What a front end shows of it.
    pub fn shown(&self, outputs_leave: bool) -> UndoShown {
        let Self { wanted, outcome, messages, .. } = self;
        UndoShown {
            wanted: *wanted,
            outcome: outcome.clone(),
            messages: Arc::clone(messages),
            outputs_leave,
        }
    }
}

/// A message that is being taken back. Its drop ends the thread, unless the engine has its order already.
struct Undo {
    shared: Arc<Shared>,
    /// Whether the engine is the one in which it began.
    counts: bool,
}

impl Undo {
    fn begin(working: Working) -> io::Result<Self> {
        let shared = Arc::clone(&working.shared);
        thread::Builder::new()
            .name(REPLAY_THREAD_NAME.to_owned())
            .spawn(move || working.work_to_the_end())?;
        Ok(Self { shared, counts: true })
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
    }
}
