//! What one that looks has been sent of what is kept of single messages and events, and what is new since then.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::core::event::EngineEvent;
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::session::Session;
use crate::session::view::SHOWN;
use crate::session::wire::messages::{Delta, Update};
use crate::telemetry::ring::Ring;
use crate::telemetry::{OutputShown, Snapshot};

/// How many bytes of single messages one update has, about: there is room for the figures beside them.
pub(super) const ROOM: usize = 4 * 1024 * 1024;

/// The max bytes of one dead letter.
const LONG_LETTER: usize = 8 * 1024 * 1024;

/// What an event may take, about.
pub(super) const EVENT: usize = 200;

/// The numbers of the last ones that were sent.
pub(super) struct Sent {
    /// How many resets there had been: another life begins with each.
    resets: u64,
    /// Whether nothing of this life was sent.
    anew: bool,
    traces: u64,
    /// Traces that may get longer, with their lengths when they were sent.
    growing: VecDeque<(u64, Arc<Trace>, usize)>,
    outputs: u64,
    dead_letters: u64,
    events: u64,
    lines: u64,
}

impl Sent {
    /// Nothing of the life of this session.
    pub fn nothing(session: &Session) -> Self {
        Self {
            resets: session.resets,
            anew: true,
            traces: 0,
            growing: VecDeque::new(),
            outputs: 0,
            dead_letters: 0,
            events: 0,
            lines: 0,
        }
    }

    /// Whether the session has begun anew since then.
    pub fn is_of_another_life(&self, session: &Session) -> bool {
        self.resets != session.resets
    }

    /// The figures with what is new, and whether there is more than one update has room for.
    pub fn update(
        &mut self,
        session: &Session,
        figures: Snapshot,
        rows_of: Option<u64>,
    ) -> (Update, bool) {
        let collector = &session.collector;
        let mut room = Room { left: ROOM, more: false };
        let grown = self.grown(&mut room);
        let traces =
            room.delta(&collector.traces, &mut self.traces, |trace: &Trace| trace.weight());
        // Their lengths are noted before they are written: what comes meanwhile is sent again.
        let begun = (traces.first..).zip(&traces.values);
        self.growing.extend(begun.map(|(at, trace)| (at, Arc::clone(trace), trace.length())));
        let old = self.growing.len().saturating_sub(SHOWN);
        self.growing.drain(..old);
        let log = collector.reporter.log();
        let lines = log.map_or((1, Vec::new(), 0), |log| log.since(self.lines, SHOWN));
        let (first, values, warnings) = lines;
        self.lines = first - 1 + values.len() as u64;
        let weigh = |output: &OutputShown| EVENT + output.bytes.len();
        let update = Update {
            figures,
            rows_of,
            anew: std::mem::take(&mut self.anew),
            traces,
            grown,
            outputs: room.delta(&collector.outputs, &mut self.outputs, weigh),
            dead_letters: self.letters(&collector.dead_letters, &mut room),
            events: room.delta(&collector.events, &mut self.events, |_: &EngineEvent| EVENT),
            lines: Delta { first, values },
            warnings,
            letters_trouble: session.dead_letters_lost().map(|lost| lost.to_string()),
            orders_heard: 0,
        };
        (update, room.more)
    }

    /// The traces that have got longer since they were sent.
    fn grown(&mut self, room: &mut Room) -> Vec<(u64, Arc<Trace>)> {
        let mut grown = Vec::new();
        for (at, trace, length) in &mut self.growing {
            let now = trace.length();
            if now != *length && room.take(trace.weight(), grown.is_empty()) {
                *length = now;
                grown.push((*at, Arc::clone(trace)));
            }
        }
        grown
    }

    /// All that are kept, so that a filter finds old ones.
    fn letters(
        &mut self,
        kept: &Mutex<Ring<Arc<DeadLetter>>>,
        room: &mut Room,
    ) -> Delta<Arc<DeadLetter>> {
        let mut delta =
            room.all(kept, &mut self.dead_letters, |letter| letter.weight().min(LONG_LETTER));
        for letter in &mut delta.values {
            if letter.weight() > LONG_LETTER {
                *letter = Arc::new(shortened(letter, LONG_LETTER));
            }
        }
        delta
    }
}

/// A dead letter that is too long for a frame, with so many of its bytes.
pub(super) fn shortened(letter: &DeadLetter, limit: usize) -> DeadLetter {
    let (kept, length) = (limit.min(letter.bytes.len()), letter.bytes.len());
    let reason =
        format!("{} (another process shows the first {kept} of its {length} bytes)", letter.reason);
    DeadLetter { bytes: letter.bytes.slice(..kept), reason, ..letter.clone() }
}

/// The room that one update has for single messages.
struct Room {
    left: usize,
    /// Whether something had no room.
    more: bool,
}

impl Room {
    /// Whether there is room for something of this weight. There always is for the first of its kind, or it would
    /// never be sent.
    fn take(&mut self, weight: usize, first: bool) -> bool {
        let fits = weight <= self.left || first;
        self.left = self.left.saturating_sub(if fits { weight } else { 0 });
        self.more |= !fits;
        fits
    }

    /// Those of the newest that were not sent, as far as there is room.
    fn delta<T>(
        &mut self,
        kept: &Mutex<Ring<Arc<T>>>,
        sent: &mut u64,
        weigh: impl Fn(&T) -> usize,
    ) -> Delta<Arc<T>> {
        let newest = kept.lock().pushed().saturating_sub(SHOWN as u64);
        *sent = (*sent).max(newest);
        self.all(kept, sent, weigh)
    }

    /// The same of all that are kept.
    fn all<T>(
        &mut self,
        kept: &Mutex<Ring<Arc<T>>>,
        sent: &mut u64,
        weigh: impl Fn(&T) -> usize,
    ) -> Delta<Arc<T>> {
        let mut delta = Delta { first: *sent + 1, values: Vec::new() };
        for (number, value) in kept.lock().since(*sent) {
            if !self.take(weigh(value), delta.values.is_empty()) {
                break;
            }
            if delta.values.is_empty() {
                delta.first = number;
            }
            delta.values.push(Arc::clone(value));
            *sent = number;
        }
        delta
    }
}
