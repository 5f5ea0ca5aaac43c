//! Tests of what was seen, made by a thread of their own from the recording of this run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::test::{TestMade, TestOf};
use crate::core::guard::guarded;
use crate::core::replay::smallest::{Of, Wanted, Watching, exact};
use crate::core::topology::Topology;
use crate::runtime::REPLAY_THREAD_NAME;
use crate::session::past::{Opened, Sources};

/// The max number of messages in a test: more cannot be read.
const MOST_MESSAGES: usize = 200;

/// A test that is being made. Its drop ends the thread.
pub(in crate::session) struct Testing(Arc<Shared>);

/// What the thread and the session share.
struct Shared {
    ended: AtomicBool,
    made: Mutex<Option<Result<TestMade, String>>>,
    news: Arc<Notify>,
}

impl Watching for Shared {
    fn goes_on(&self) -> bool {
        !self.ended.load(Ordering::Relaxed)
    }
}

impl Testing {
    /// Starts the thread. `moment` is the one that is shown, if that is not now.
    ///
    /// # Errors
    ///
    /// The thread cannot be started: in a sentence.
    pub fn begin(sources: Sources, of: TestOf, moment: Option<u64>) -> Result<Self, String> {
        let news = Arc::clone(&sources.news);
        let shared =
            Arc::new(Shared { ended: AtomicBool::new(false), made: Mutex::default(), news });
        let of_thread = Arc::clone(&shared);
        let work = move || {
            let made = guarded(|| make(sources, &of, moment, &of_thread));
            *of_thread.made.lock() = Some(made);
            of_thread.news.notify_one();
        };
        thread::Builder::new()
            .name(REPLAY_THREAD_NAME.to_owned())
            .spawn(work)
            .map_err(|error| format!("no test can be made: {error}"))?;
        Ok(Self(shared))
    }

    /// Whether it is made.
    pub fn has_ended(&self) -> bool {
        self.0.made.lock().is_some()
    }

    /// Takes the test, or why there is none, when it is made.
    pub fn take(&self) -> Option<Result<TestMade, String>> {
        self.0.made.lock().take()
    }
}

impl Drop for Testing {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

fn make(
    sources: Sources,
    of: &TestOf,
    moment: Option<u64>,
    shared: &Shared,
) -> Result<TestMade, String> {
    let Opened { topology, recording, dropped, missing } = sources.open();
    let until = moment.map_or(Ok(u64::MAX), |moment| until(moment, dropped))?;
    let wanted = Wanted { of: in_recording(&topology, of)?, until, most: MOST_MESSAGES };
    let exact = exact(&topology, &recording, &wanted, shared);
    let exact = exact.map_err(|error| format!("no test: {error}{missing}"))?;
    let last = exact.last + dropped;
    let title = match &wanted.of {
        Of::Moment => format!("all partitions after message {last}"),
        Of::Partition((state, key)) => format!("partition {key} of {state} after message {last}"),
        Of::Message(..) => format!("message {last}"),
    };
    Ok(TestMade::of(&exact.test(title, topology.name().to_string())))
}

/// A moment as the recording counts, of whose beginning so many messages were dropped.
fn until(moment: u64, dropped: u64) -> Result<u64, String> {
    moment.checked_sub(dropped).ok_or_else(|| {
        format!(
            "no test: message {moment} is shown, and the recording begins after message {dropped}"
        )
    })
}

fn in_recording(topology: &Topology, of: &TestOf) -> Result<Of, String> {
    Ok(match of {
        TestOf::Moment => Of::Moment,
        TestOf::Message(pipeline, number) => Of::Message(*pipeline, *number),
        TestOf::Partition((state, key)) => {
            let plan = topology.states().get(*state);
            let plan = plan.ok_or_else(|| "the application has no such state".to_owned())?;
            Of::Partition((Arc::clone(&plan.name), key.clone()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::until;

    #[test]
    fn a_moment_before_the_recording_is_not_taken_for_another() {
        assert_eq!((until(7, 5), until(5, 5)), (Ok(2), Ok(0)));
        assert!(until(4, 5).is_err_and(|why| why.contains("begins after message 5")));
    }
}
