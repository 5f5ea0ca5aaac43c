//! The search, on a thread of its own: it computes, and this one hears signals and shows how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::cli::failure::Failure;
use crate::cli::progress::follow::Stop;
use crate::cli::progress::line::bar;
use crate::core::replay::shrink::{Progress, ShrinkError, Stage};
use crate::core::replay::smallest::{
    FindError, Lived, Smallest, Watching, find_first, lived, smallest,
};
use crate::core::replay::source::Recording;
use crate::core::text::counted;
use crate::core::topology::Topology;
use crate::expression::StepCondition;
use crate::resilience::history::OnDisk;
use crate::runtime::REPLAY_THREAD_NAME;

/// What was found.
pub(super) struct Found {
    pub input: Smallest,
    /// What happens in a test with it.
    pub again: Lived,
    /// How many messages the recording has.
    pub recorded: u64,
}

/// How far a search is, and whether it is to go on.
#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// How many messages of the recording were looked at.
    looked: AtomicU64,
    progress: Mutex<Option<Progress>>,
}

impl Watching for Shared {
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

/// A search that has begun.
pub(super) struct Search {
    shared: Arc<Shared>,
    /// How many messages the recording has.
    recorded: u64,
    outcome: Mutex<Option<oneshot::Receiver<Result<Found, Failure>>>>,
}

impl Search {
    /// Begins to look.
    pub fn start(
        topology: Arc<Topology>,
        recording: OnDisk,
        condition: StepCondition,
    ) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::default());
        let recorded = recording.chapters().iter().map(|info| info.messages).sum();
        let (ended, outcome) = oneshot::channel();
        let watching = Arc::clone(&shared);
        let search = move || {
            let _ = ended.send(search(&topology, &recording, &condition, &watching));
        };
        thread::Builder::new()
            .name(REPLAY_THREAD_NAME.to_owned())
            .spawn(search)
            .map_err(Failure::failed)?;
        Ok(Self { shared, recorded, outcome: Mutex::new(Some(outcome)) })
    }

    /// Waits for its end. If it is to stop, it ends with the smallest so far.
    pub async fn outcome(&self, stop: &Stop) -> Result<Found, Failure> {
        let Some(mut outcome) = self.outcome.lock().take() else {
            unreachable!("it is waited for once")
        };
        let ended = tokio::select! {
            ended = &mut outcome => ended,
            () = stop.asked() => {
                self.shared.stopped.store(true, Ordering::Relaxed);
                outcome.await
            }
        };
        ended.unwrap_or_else(|_| Err(Failure::failed("the search has ended early: report this")))
    }

    /// The progress line.
    pub fn line(&self) -> String {
        match *self.shared.progress.lock() {
            None => {
                let looked = self.shared.looked.load(Ordering::Relaxed);
                let bar = bar(looked, self.recorded);
                format!("looked at {} {bar}", counted(looked, "message")).trim_end().to_owned()
            }
            Some(Progress { stage, messages, base, probes }) => {
                let left = counted(messages as u64, "message");
                let doing = match stage {
                    Stage::Messages => "leaving out messages",
                    Stage::Base => "leaving out partitions",
                    Stage::Payloads => "making messages simpler",
                };
                let base = match base {
                    0 => String::new(),
                    base => format!(" and {}", counted(base as u64, "partition")),
                };
                format!("{left}{base} left, {} tried: {doing}", counted(probes, "candidate"))
            }
        }
    }
}

fn search(
    topology: &Arc<Topology>,
    recording: &OnDisk,
    condition: &StepCondition,
    watching: &Shared,
) -> Result<Found, Failure> {
    let first = match find_first(topology, recording, condition, watching) {
        Ok(first) => first,
        Err(error @ FindError::Nowhere { .. }) => {
            let trouble = condition.trouble().map(|why| format!(": {why}")).unwrap_or_default();
            return Err(Failure::Failed(format!("{error}{trouble}")));
        }
        Err(FindError::Stopped) => {
            return Err(Failure::failed("interrupted before a message was found"));
        }
        Err(error) => return Err(Failure::failed(error)),
    };
    let number = first.number();
    let input = smallest(topology, &first, condition, watching).map_err(|error| match error {
        ShrinkError::NotReproduced => Failure::Failed(format!(
            "it holds at message {number} of the recording, and not if the messages until there are run again in that \
             order by one worker: it needs several workers, a revived partition, or what is not in the messages"
        )),
        ShrinkError::Stopped => Failure::failed("interrupted before anything smaller was found"),
        ShrinkError::Probe(error) => Failure::failed(error),
    })?;
    let again = lived(topology, &input, condition).map_err(|error| {
        Failure::Failed(format!("{error}: so neither a test nor another run can begin with it"))
    })?;
    Ok(Found { input, again, recorded: first.recorded })
}
