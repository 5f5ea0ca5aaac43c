//! What is known of a run in another process: its snapshot, put together from updates.

use std::sync::Arc;

use crate::core::event::EngineEvent;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::session::orders::Answer;
use crate::session::view::SHOWN;
use crate::session::wire::messages::{Delta, Then, Update};
use crate::telemetry::collector::{DEAD_LETTER_BYTES_KEPT, KEPT};
use crate::telemetry::ring::Ring;
use crate::telemetry::{ChangesShown, LogLine, LogShown, OutputShown, Snapshot};

/// What is known of a run in another process.
pub(super) struct Seen {
    /// The newest figures.
    figures: Snapshot,
    /// The revision of the view whose rows those have.
    pub rows_of: Option<u64>,
    traces: Kept<Trace>,
    outputs: Kept<OutputShown>,
    dead_letters: Kept<DeadLetter>,
    events: Kept<EngineEvent>,
    lines: Kept<LogLine>,
    /// The lists of the moment of the past, if the figures are of one; and those of the next update's.
    then: Then,
    next_then: Option<Then>,
    /// The changes of a partition that were listed last, beside a moment of the past.
    pub changes: Option<Arc<ChangesShown>>,
    warnings: u64,
    pub letters_trouble: Option<String>,
    /// Why the run does not answer.
    pub away: Option<Arc<str>>,
    /// What came of orders, and nobody has taken.
    pub answers: Vec<Answer>,
    /// Whether there is something that was not looked at.
    pub changed: bool,
}

/// The newest values, and the number of the last one.
struct Kept<T> {
    ring: Ring<Arc<T>>,
    last: u64,
}

impl<T> Kept<T> {
    fn new(ring: Ring<Arc<T>>) -> Self {
        Self { ring, last: 0 }
    }

    /// Adds what is new. If there is a gap, what was before it is forgotten: it would seem to be next to what is new.
    fn take(&mut self, delta: Delta<Arc<T>>) {
        if delta.values.is_empty() {
            return;
        }
        if delta.first != self.last + 1 {
            self.ring.take();
        }
        self.last = delta.first - 1 + delta.values.len() as u64;
        delta.values.into_iter().for_each(|value| self.ring.push(value));
    }

    fn forget(&mut self) {
        self.ring.take();
        self.last = 0;
    }

    /// The value of a number, if it is kept.
    fn get(&self, number: u64) -> Option<&Arc<T>> {
        let newer = usize::try_from(self.last.checked_sub(number)?).ok()?;
        self.ring.newest_first().nth(newer)
    }

    fn newest_first(&self) -> Vec<Arc<T>> {
        self.ring.newest_first().cloned().collect()
    }
}

impl Seen {
    /// What the first update says.
    pub fn new(first: Update) -> Self {
        let letters =
            Ring::weighed(KEPT, DEAD_LETTER_BYTES_KEPT, |letter: &Arc<DeadLetter>| letter.weight());
        let mut seen = Self {
            figures: first.figures.clone(),
            rows_of: None,
            traces: Kept::new(Ring::new(SHOWN)),
            outputs: Kept::new(Ring::new(SHOWN)),
            dead_letters: Kept::new(letters),
            events: Kept::new(Ring::new(SHOWN)),
            lines: Kept::new(Ring::new(SHOWN)),
            then: Then::default(),
            next_then: None,
            changes: None,
            warnings: 0,
            letters_trouble: None,
            away: None,
            answers: Vec::new(),
            changed: true,
        };
        seen.take(first);
        seen
    }

    /// Takes an update.
    pub fn take(&mut self, update: Update) {
        if update.anew {
            self.traces.forget();
            self.outputs.forget();
            self.dead_letters.forget();
            self.events.forget();
            self.lines.forget();
        }
        for (number, longer) in update.grown {
            // The same trace gets longer, as it does where it was made.
            if let Some(trace) = self.traces.get(number) {
                trace.follow(&longer);
            }
        }
        self.traces.take(update.traces);
        self.outputs.take(update.outputs);
        self.dead_letters.take(update.dead_letters);
        self.events.take(update.events);
        self.lines.take(update.lines);
        self.warnings = update.warnings;
        self.letters_trouble = update.letters_trouble;
        (self.figures, self.rows_of) = (update.figures, update.rows_of);
        if let Some(then) = self.next_then.take() {
            self.then = then;
        }
        if self.figures.past.is_none() {
            (self.then, self.changes) = (Then::default(), None);
        }
        self.share_traces();
        (self.away, self.changed) = (None, true);
    }

    /// The lists of the next update's moment of the past.
    pub fn expect_then(&mut self, then: Then) {
        self.next_then = Some(then);
    }

    /// Shows what was last known of now. True if it was the past that was shown, or was to be.
    pub fn leave_past(&mut self) -> bool {
        let was = self.figures.past.take().is_some() || self.figures.replaying;
        (self.figures.replaying, self.figures.search, self.changed) = (false, None, true);
        (self.then, self.next_then, self.changes) = (Then::default(), None, None);
        was
    }

    /// Traces of the partition that is looked at closely are those that are known already.
    fn share_traces(&mut self) {
        let Some(opened) = &mut self.figures.partitions.opened else { return };
        for trace in opened.first.iter_mut().chain(&mut opened.traces) {
            let name = |trace: &Trace| (Arc::clone(&trace.pipeline), trace.sequence);
            let mut known = self.traces.ring.newest_first().chain(&self.then.traces);
            if let Some(known) = known.find(|known| name(known) == name(trace)) {
                *trace = Arc::clone(known);
            }
        }
    }

    /// The snapshot of this moment, whose rows are of the view of [`rows_of`](Self::rows_of).
    pub fn snapshot(&self) -> Snapshot {
        let lists = if self.figures.past.is_some() {
            let Then { traces, outputs, dead_letters } = &self.then;
            (traces.clone(), outputs.clone(), dead_letters.clone())
        } else {
            let (traces, outputs) = (self.traces.newest_first(), self.outputs.newest_first());
            (traces, outputs, self.dead_letters.newest_first())
        };
        let (traces, outputs, dead_letters) = lists;
        Snapshot {
            traces,
            outputs,
            dead_letters,
            changes: self.changes.clone(),
            events: self.events.newest_first(),
            log: LogShown { lines: self.lines.newest_first(), warnings: self.warnings },
            away: self.away.clone(),
            ..self.figures.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_is_never_shown_next_to_what_it_did_not_follow() {
        let mut kept = Kept::new(Ring::new(4));
        let delta = |first, values: &[u8]| {
            let values = values.iter().copied().map(Arc::new).collect();
            Delta { first, values }
        };
        let newest =
            |kept: &Kept<u8>| kept.newest_first().iter().map(|value| **value).collect::<Vec<_>>();
        kept.take(delta(1, &[1, 2]));
        kept.take(delta(3, &[]));
        kept.take(delta(3, &[3]));
        assert_eq!(newest(&kept), vec![3_u8, 2, 1]);
        kept.take(delta(4, &[4, 5]));
        assert_eq!(newest(&kept), vec![5, 4, 3, 2]);
        let of = |kept: &Kept<u8>, number| kept.get(number).map(|value| **value);
        assert_eq!([1, 2, 5, 6].map(|number| of(&kept, number)), [None, Some(2), Some(5), None]);
        kept.take(delta(9, &[9]));
        assert_eq!(newest(&kept), vec![9]);
        assert_eq!([5, 9].map(|number| of(&kept, number)), [None, Some(9)]);
        kept.forget();
        kept.take(delta(1, &[1]));
        assert_eq!(newest(&kept), vec![1]);
    }
}
