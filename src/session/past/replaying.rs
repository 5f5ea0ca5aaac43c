//! The thread that does a recorded run again, as far as a moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::places::Place;
use super::shared::{Ask, Shared, Sources, Told};
use super::traveller::{Traveller, entered};
use crate::core::guard::guarded;
use crate::core::replay::ReplayError;
use crate::core::replay::from_memory::MemoryRecording;
use crate::core::replay::timeline::Timeline;

/// The thread that does a recorded run again.
pub(super) struct Replaying {
    pub sources: Sources,
    pub asks: Receiver<Ask>,
    pub shared: Arc<Shared>,
    /// Held until the thread ends.
    pub place: Place,
}

impl Replaying {
    /// Answers until nobody asks any more. What cannot be replayed is told.
    pub fn work_to_the_end(self) {
        let shared = Arc::clone(&self.shared);
        let ended = guarded(move || self.work().map_err(|error| error.to_string()));
        shared.put(|found| {
            found.ended = true;
            let text = |error| format!("the past cannot be shown: {error}");
            found.told.extend(ended.err().map(|error| Told { text: text(error), bad: true }));
        });
    }

    fn work(self) -> Result<(), ReplayError> {
        let Self { sources, asks, shared, place: _place } = self;
        if !sources.wait(&shared.end) {
            if shared.end.load(Ordering::Relaxed) {
                return Ok(());
            }
            let text = "the newest messages are not in the recording yet: a checkpoint waits";
            shared.put(|found| found.told.push(Told { text: text.to_owned(), bad: false }));
        }
        let recorded = sources.recorded.recorded();
        let (first, entered) = (recorded.dropped(), entered(&recorded, &sources.topology));
        let recording = MemoryRecording::new(recorded, sources.read);
        let timeline = Timeline::new(sources.topology, recording)?;
        let timeline = timeline.owned_by(sources.crew).until(Arc::clone(&shared.end));
        // What is now is behind the last moment if a message was taken back since.
        let at = timeline.messages() + u64::from(timeline.ends_with_taken_back());
        let mut traveller = Traveller {
            timeline,
            first,
            at,
            entered,
            past: None,
            view: None,
            told: Vec::new(),
            shared: Arc::clone(&shared),
        };
        let mut checked = BTreeSet::new();
        // Those that came while others were answered are answered together: only the last moment is shown.
        while let Ok(ask) = asks.recv() {
            let asks: Vec<Ask> = std::iter::once(ask).chain(asks.try_iter()).collect();
            let count = asks.len() as u64;
            match traveller.answer(asks) {
                Err(ReplayError::Ended) => return Ok(()),
                Err(error) => return Err(error),
                Ok(moment) => {
                    let partitions = traveller.partitions();
                    shared.put(|found| {
                        found.answered += count;
                        found.told.append(&mut traveller.told);
                        found.moment = moment.or(found.moment.take());
                        found.partitions = partitions.or(found.partitions.take());
                    });
                    if checked.insert(traveller.timeline.chapter_of(traveller.at)) {
                        match traveller.check() {
                            Err(ReplayError::Ended) => return Ok(()),
                            Ok(None) => {}
                            Ok(Some(text)) => {
                                shared.put(|found| found.told.push(Told { text, bad: true }));
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
