//! The search for a smallest input: on a thread of its own, in the recording of this run, while the engine goes on.
//!
//! Invariant: nothing here waits for that thread. What it finds it puts down, and notifies the front end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::core::guard::guarded;
use crate::core::replay::shrink::Progress;
use crate::core::replay::smallest::{
    FindError, Found, SearchError, SearchState, Sought, Watching, search,
};
use crate::core::replay::source::Recording;
use crate::runtime::REPLAY_THREAD_NAME;
use crate::session::past::{Opened, Sources};
use crate::telemetry::{ShrinkShown, ShrinkStage};

/// The shortest time between two notifications of progress.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// The search for a smallest input. Its drop ends the thread.
pub(in crate::session) struct Shrinking {
    when: Arc<str>,
    shared: Arc<Shared>,
}

/// What the thread and the session share.
struct Shared {
    state: SearchState,
    put: Mutex<Put>,
    changed: AtomicBool,
    begun: Instant,
    news: Arc<Notify>,
}

/// What the thread puts down.
struct Put {
    /// How many messages the recording has.
    recorded: Option<u64>,
    /// What came of it.
    outcome: Option<Outcome>,
    /// When progress was told last.
    told: Instant,
}

/// What came of a search.
struct Outcome {
    /// The input, or why there is none.
    found: Result<Arc<Found>, Arc<str>>,
    took: Duration,
}

impl Shared {
    fn put(&self, put: impl FnOnce(&mut Put)) {
        put(&mut self.put.lock());
        self.tell();
    }

    fn tell(&self) {
        self.changed.store(true, Ordering::Release);
        self.news.notify_one();
    }

    fn tell_progress(&self) {
        let mut put = self.put.lock();
        if put.told.elapsed() >= TELL_EVERY {
            put.told = Instant::now();
            drop(put);
            self.tell();
        }
    }
}

impl Watching for Shared {
    fn looks(&self, messages: u64) {
        self.state.looks(messages);
        self.tell_progress();
    }

    fn shrinks(&self, progress: &Progress) {
        self.state.shrinks(progress);
        self.tell_progress();
    }

    fn goes_on(&self) -> bool {
        self.state.goes_on()
    }
}

impl Shrinking {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The thread cannot be started: in a sentence.
    pub fn begin(
        when: Arc<str>,
        sources: Sources,
        sought: Box<dyn Sought + Send>,
    ) -> Result<Self, String> {
        let now = Instant::now();
        let put = Mutex::new(Put { recorded: None, outcome: None, told: now });
        let shared = Arc::new(Shared {
            state: SearchState::default(),
            put,
            changed: AtomicBool::new(true),
            begun: now,
            news: Arc::clone(&sources.news),
        });
        let of_thread = Arc::clone(&shared);
        let work = move || {
            let found = guarded(|| look(sources, &*sought, &of_thread));
            let took = of_thread.begun.elapsed();
            let found = found.map(Arc::new).map_err(Arc::from);
            of_thread.put(|put| put.outcome = Some(Outcome { found, took }));
        };
        thread::Builder::new()
            .name(REPLAY_THREAD_NAME.to_owned())
            .spawn(work)
            .map_err(|error| format!("the smallest input cannot be looked for: {error}"))?;
        Ok(Self { when, shared })
    }

    /// Ends the search, which keeps the smallest input so far.
    pub fn end(&self) {
        self.shared.state.stop();
    }

    /// Whether there is something that was not asked for.
    pub fn has_news(&self) -> bool {
        self.shared.changed.swap(false, Ordering::AcqRel)
    }

    /// What is seen of it.
    pub fn shown(&self) -> ShrinkShown {
        let put = self.shared.put.lock();
        let (stage, took) = match &put.outcome {
            None => {
                let so_far = self.shared.state.so_far();
                (ShrinkStage::Searching(so_far), self.shared.begun.elapsed())
            }
            Some(Outcome { found: Ok(found), took }) => {
                (ShrinkStage::Found(Arc::clone(found)), *took)
            }
            Some(Outcome { found: Err(why), took }) => {
                (ShrinkStage::Nothing(Arc::clone(why)), *took)
            }
        };
        ShrinkShown { when: Arc::clone(&self.when), took, recorded: put.recorded, stage }
    }
}

impl Drop for Shrinking {
    fn drop(&mut self) {
        self.shared.state.stop();
    }
}

/// Looks for the smallest input. Its messages get the numbers that they have in the run.
fn look(sources: Sources, sought: &dyn Sought, shared: &Shared) -> Result<Found, String> {
    let Opened { topology, recording, dropped, missing } = sources.open();
    let recorded = recording.chapters().iter().map(|info| info.messages).sum();
    shared.put(|put| put.recorded = Some(recorded));
    let found = search(&topology, &recording, sought, shared).map_err(|error| match error {
        SearchError::NotFound { why: FindError::Stopped, .. } => {
            "ended before a message was found".to_owned()
        }
        SearchError::Stopped => "ended before anything smaller was found".to_owned(),
        SearchError::NotReproduced { number } => {
            let error = SearchError::NotReproduced { number: number + dropped };
            format!("{error}{missing}")
        }
        error => format!("{error}{missing}"),
    });
    let mut found = found?;
    for message in &mut found.input.messages {
        message.number += dropped;
    }
    Ok(found)
}
