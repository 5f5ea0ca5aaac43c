//! The thread that takes a message back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::shared::{NotTaken, Outcome, Shared};
use super::words::{MEANWHILE, ON_THEIR_WAY, RECOVERS, WAITS};
use crate::core::guard::guarded;
use crate::core::numbers::{Epoch, SinkPlace};
use crate::core::replay::from_memory::MemoryRecording;
use crate::core::replay::memory::RecordedInMemory;
use crate::core::replay::recording::SavedState;
use crate::core::replay::timeline::{NotWithout, Timeline, WithoutLast};
use crate::core::topology::Topology;
use crate::endpoints::INPUT;
use crate::runtime::{Claim, TakenBackAnswer, TakesBack};
use crate::session::past::reads_again;
use crate::telemetry::TakenBackShown;

/// How often it is tried: something may happen after it was found out what would be.
const ATTEMPTS: usize = 5;

/// The longest wait for what is on its way, and then for a checkpoint.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is asked in that time.
const EVERY: Duration = Duration::from_millis(5);

/// The thread that takes a message back.
pub(super) struct Working {
    pub topology: Arc<Topology>,
    pub recorded: Arc<RecordedInMemory>,
    pub takes_back: TakesBack,
    /// The sinks that drop their outputs.
    pub dropping: BTreeSet<SinkPlace>,
    pub shared: Arc<Shared>,
}

impl Working {
    /// Takes the message back, and puts down what came of it.
    pub fn work_to_the_end(self) {
        let shared = Arc::clone(&self.shared);
        shared.put(guarded(move || Ok(self.work())).unwrap_or_else(said));
    }

    fn work(self) -> Outcome {
        for _ in 0..ATTEMPTS {
            self.wait()?;
            let (without, after) = self.without()?;
            let shown = self.shown(&without);
            let WithoutLast { message, put_back, processed, .. } = without;
            let claim = Claim::default();
            let told = self.takes_back.take_back(message, put_back, after, claim.clone());
            match answer(&told, &claim)? {
                TakenBackAnswer::Done => return Ok((shown, processed)),
                TakenBackAnswer::Meanwhile => {}
                TakenBackAnswer::Recovers => return said(RECOVERS),
                TakenBackAnswer::Unsaved { state, key } => {
                    return said(format!(
                        "nothing is taken back: partition `{key}` of {state} cannot be saved, so it would become what it was before"
                    ));
                }
            }
        }
        said(MEANWHILE)
    }

    /// Waits until the recording has all that was injected.
    fn wait(&self) -> Result<(), NotTaken> {
        let end = Instant::now() + PATIENCE;
        while !self.takes_back.is_idle() {
            if self.shared.is_over() || Instant::now() >= end {
                let recovered = self.takes_back.is_recovered();
                return said(if recovered { ON_THEIR_WAY } else { RECOVERS });
            }
            thread::sleep(EVERY);
        }
        match self.takes_back.save().recv_timeout(PATIENCE) {
            Ok(()) => Ok(()),
            Err(RecvTimeoutError::Timeout) => said(WAITS),
            Err(RecvTimeoutError::Disconnected) => Err(NotTaken::EngineGone),
        }
    }

    /// What would be without the last message, and the checkpoint of which that is.
    fn without(&self) -> Result<(WithoutLast, Epoch), NotTaken> {
        let recorded = self.recorded.recorded();
        let (first, last) = (recorded.first(), recorded.last());
        let timeline = Timeline::new(
            Arc::clone(&self.topology),
            MemoryRecording::new(recorded, reads_again()),
        );
        let in_words = |error| NotTaken::Said(in_words(error, first));
        let timeline = timeline.map_err(|error| in_words(error.into()))?;
        let mut timeline = timeline.until(Arc::clone(&self.shared.end));
        let without = timeline.without_last(|source| source == INPUT);
        Ok((without.map_err(in_words)?, last.unwrap_or_default()))
    }

    fn shown(&self, without: &WithoutLast) -> TakenBackShown {
        let WithoutLast { message, put_back, outputs, dead_letters, .. } = without;
        let partitions = put_back.iter().flat_map(|(_, partitions): &SavedState| partitions);
        let left = outputs.iter().filter(|(place, _)| !self.dropping.contains(place));
        TakenBackShown {
            pipeline: message.pipeline,
            sequence: message.sequence,
            partitions: partitions.clone().count() as u64,
            first: partitions.clone().next().map(|first| (first.key.clone(), first.is_gone())),
            outputs: left.map(|(_, count)| count).sum(),
            dead_letters: *dead_letters,
        }
    }
}

/// Waits for the answer, and gives up if the engine does not begin with it.
fn answer(told: &Receiver<TakenBackAnswer>, claim: &Claim) -> Result<TakenBackAnswer, NotTaken> {
    match told.recv_timeout(PATIENCE) {
        Ok(answer) => Ok(answer),
        Err(RecvTimeoutError::Timeout) if claim.take() => said(WAITS),
        // It is being done: that waits for no sink and for no message.
        Err(RecvTimeoutError::Timeout) => told.recv().map_err(|_| NotTaken::EngineGone),
        Err(RecvTimeoutError::Disconnected) => Err(NotTaken::EngineGone),
    }
}

fn said<T>(why: impl Into<String>) -> Result<T, NotTaken> {
    Err(NotTaken::Said(why.into()))
}

/// Why the last message of a recording that begins with this checkpoint is not taken back.
fn in_words(error: NotWithout, first: Option<Epoch>) -> String {
    match error {
        NotWithout::Nothing if first.is_some_and(|first| first > Epoch(0)) => {
            "nothing is taken back: the recording does not hold an older message any more"
                .to_owned()
        }
        NotWithout::Nothing => "nothing is taken back: no message has entered".to_owned(),
        NotWithout::NotInjected { .. } | NotWithout::Replay(_) => {
            format!("nothing is taken back: {error}")
        }
    }
}
