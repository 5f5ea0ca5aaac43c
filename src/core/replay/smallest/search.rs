//! The whole way from a recording to its smallest input, and how far a search is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use thiserror::Error;

use super::{FindError, Lived, Smallest, Sought, Watching, find_first, lived, smallest};
use crate::core::replay::shrink::{Progress, ShrinkError};
use crate::core::replay::source::Recording;
use crate::core::replay::test_text::{TOPOLOGY, Test};
use crate::core::test_driver::RestoreError;
use crate::core::topology::Topology;

/// The smallest input of a recording.
#[derive(Debug, Clone)]
pub struct Found {
    /// The input.
    pub input: Smallest,
    /// What happens in a test with it.
    pub again: Lived,
    /// How many messages the recording has.
    pub recorded: u64,
}

impl Found {
    /// A test of it, which fails until the application is mended. `when` is what was looked for, `application` the
    /// application's name and options.
    pub fn test(&self, topology: &Topology, when: &str, application: &str) -> Test {
        let last = self.input.messages.last().map_or(0, |message| message.number);
        let title = format!("message {last}: {when}");
        self.again.test(&self.input, topology, [&title, application, TOPOLOGY])
    }
}

/// There is no smallest input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SearchError {
    /// No message was found to which it happens.
    #[error("{why}{}", .trouble.as_ref().map(|trouble| format!(": {trouble}")).unwrap_or_default())]
    NotFound {
        /// Why.
        why: FindError,
        /// Why it could be said of no step, if that is so.
        trouble: Option<String>,
    },
    /// It does not happen again.
    #[error(
        "it holds at message {number} of the recording, and not if the messages until there are run again in that \
         order by one worker: it needs several workers, a revived partition, or what is not in the messages"
    )]
    NotReproduced {
        /// The number of the message, from 1.
        number: u64,
    },
    /// The search was stopped before.
    #[error("stopped before anything smaller was found: let it run longer")]
    Stopped,
    /// The search was stopped when so much was left that it takes long to run it once more.
    #[error(
        "stopped with {messages} messages left, which are too many to be shown: let it run longer"
    )]
    StoppedLarge {
        /// How many messages were left.
        messages: u64,
    },
    /// A partition of the base does not fit the application.
    #[error(transparent)]
    Base(RestoreError),
    /// A partition that is needed cannot be given to a test.
    #[error("{0}: so neither a test nor another run can begin with it")]
    NoTest(RestoreError),
}

/// Looks for the smallest input of a recording with which it happens, and runs it once more.
///
/// # Errors
///
/// It happens to no message, not again, or the search was stopped before anything was found.
pub fn search(
    topology: &Arc<Topology>,
    recording: &impl Recording,
    sought: &dyn Sought,
    watching: &dyn Watching,
) -> Result<Found, SearchError> {
    let first = find_first(topology, recording, sought, watching).map_err(|why| {
        let is_nowhere = matches!(why, FindError::Nowhere { .. });
        let trouble = sought.trouble().filter(|_| is_nowhere);
        SearchError::NotFound { why, trouble }
    })?;
    let number = first.number();
    let input = smallest(topology, &first, sought, watching).map_err(|error| match error {
        ShrinkError::NotReproduced => SearchError::NotReproduced { number },
        ShrinkError::Stopped => SearchError::Stopped,
        ShrinkError::Probe(error) => SearchError::Base(error),
    })?;
    let again = lived(topology, &input, sought, watching).map_err(SearchError::NoTest)?;
    let again = again.ok_or(SearchError::StoppedLarge { messages: input.messages.len() as u64 })?;
    Ok(Found { input, again, recorded: first.recorded })
}

/// How far a search is, and whether it is to go on: its thread and whoever waits for it share this.
#[derive(Debug, Default)]
pub struct SearchState {
    stopped: AtomicBool,
    /// How many messages of the recording were looked at.
    looked: AtomicU64,
    progress: Mutex<Option<Progress>>,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoFar {
    /// It looks for the first message to which it happens, and has looked at so many.
    Looking(u64),
    /// It makes the input smaller.
    Shrinking(Progress),
}

impl SearchState {
    /// Ends the search with the smallest input so far.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// How far it is.
    pub fn so_far(&self) -> SoFar {
        let looked = || SoFar::Looking(self.looked.load(Ordering::Relaxed));
        self.progress.lock().map_or_else(looked, SoFar::Shrinking)
    }
}

impl Watching for SearchState {
    fn looks(&self, messages: u64) {
        self.looked.store(messages, Ordering::Relaxed);
    }

    fn shrinks(&self, progress: &Progress) {
        *self.progress.lock() = Some(*progress);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }
}
