//! How many may look at the past of a session at once.

use std::sync::Arc;

/// How many may look at the past at once.
const MAX_PASTS: usize = 4;

/// How many threads may replay for them: one that is not waited for any more takes a moment to end.
const MAX_THREADS: usize = 2 * MAX_PASTS;

/// Why one more may not.
const NO_PLACE: &str =
    "4 workbenches look at the past of this run already: try again when one of them is back";

/// The same if fewer look, and some have just gone away.
const NO_THREAD: &str =
    "the replays for those that looked at the past of this run have not ended yet: try again soon";

/// The places of those that look at the past of a session, and of their threads.
#[derive(Default)]
pub(in crate::session) struct Places {
    pasts: Arc<()>,
    threads: Arc<()>,
}

/// A place of one that looks at the past; or of its thread. Its drop frees it.
pub(in crate::session) struct Place(#[expect(dead_code, reason = "its drop counts")] Arc<()>);

impl Places {
    /// A place for one that looks, and one for its thread.
    ///
    /// # Errors
    ///
    /// There is none. The error is a sentence for a person.
    pub fn take(&self) -> Result<(Place, Place), String> {
        // One handle of each is here.
        if Arc::strong_count(&self.pasts) > MAX_PASTS {
            return Err(NO_PLACE.to_owned());
        }
        if Arc::strong_count(&self.threads) > MAX_THREADS {
            return Err(NO_THREAD.to_owned());
        }
        Ok((Place(Arc::clone(&self.pasts)), Place(Arc::clone(&self.threads))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_the_one_that_looked_is_gone_and_its_thread_has_ended() {
        let places = Places::default();
        let mut taken: Vec<_> = (0..MAX_PASTS).map(|_| places.take().unwrap()).collect();
        assert_eq!(places.take().err().as_deref(), Some(NO_PLACE));
        taken.pop();
        taken.push(places.take().unwrap());
        // Those that looked are gone, and their threads still work.
        let mut working: Vec<Place> = taken.into_iter().map(|(_, thread)| thread).collect();
        for _ in 0..MAX_THREADS - MAX_PASTS {
            working.push(places.take().unwrap().1);
        }
        assert_eq!(places.take().err().as_deref(), Some(NO_THREAD));
        working.pop();
        assert!(places.take().is_ok());
    }
}
