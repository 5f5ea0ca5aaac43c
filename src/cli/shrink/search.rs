//! The search, on a thread of its own: it computes, and this one hears signals and shows how far it is.

use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::cli::failure::Failure;
use crate::cli::progress::follow::Stop;
use crate::cli::progress::line::bar;
use crate::core::replay::smallest::{FindError, Found, SearchError, SearchState, SoFar, search};
use crate::core::replay::source::Recording;
use crate::core::topology::Topology;
use crate::expression::StepCondition;
use crate::resilience::history::OnDisk;
use crate::runtime::REPLAY_THREAD_NAME;

/// A search that has begun.
pub(super) struct Search {
    state: Arc<SearchState>,
    /// How many messages the recording has.
    recorded: u64,
    outcome: Mutex<Option<oneshot::Receiver<Result<Found, SearchError>>>>,
}

impl Search {
    /// Begins to look.
    pub fn start(
        topology: Arc<Topology>,
        recording: OnDisk,
        condition: StepCondition,
    ) -> Result<Self, Failure> {
        let state = Arc::new(SearchState::default());
        let recorded = recording.chapters().iter().map(|info| info.messages).sum();
        let (ended, outcome) = oneshot::channel();
        let watching = Arc::clone(&state);
        let search = move || {
            let _ = ended.send(search(&topology, &recording, &condition, &*watching));
        };
        thread::Builder::new()
            .name(REPLAY_THREAD_NAME.to_owned())
            .spawn(search)
            .map_err(Failure::failed)?;
        Ok(Self { state, recorded, outcome: Mutex::new(Some(outcome)) })
    }

    /// Waits for its end. If it is to stop, it ends with the smallest so far.
    pub async fn outcome(&self, stop: &Stop) -> Result<Found, Failure> {
        let Some(mut outcome) = self.outcome.lock().take() else {
            unreachable!("it is waited for once")
        };
        let ended = tokio::select! {
            ended = &mut outcome => ended,
            () = stop.asked() => {
                self.state.stop();
                outcome.await
            }
        };
        let Ok(found) = ended else {
            return Err(Failure::failed("the search has ended early: report this"));
        };
        found.map_err(|error| match error {
            SearchError::NotFound { why: FindError::Stopped, .. } => {
                Failure::failed("interrupted before a message was found")
            }
            SearchError::Stopped => {
                Failure::failed("interrupted before anything smaller was found")
            }
            error => Failure::failed(error),
        })
    }

    /// The progress line.
    pub fn line(&self) -> String {
        let so_far = self.state.so_far();
        let words = so_far.in_words();
        match so_far {
            SoFar::Looking(looked) => {
                format!("{words} {}", bar(looked, self.recorded)).trim_end().to_owned()
            }
            SoFar::Shrinking(_) => words,
        }
    }
}
