//! What one that looks has been sent of the moment of the past that it looks at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sent::{EVENT, ROOM, shortened};
use crate::core::frames::dead_letter::DeadLetter;
use crate::core::frames::trace::Trace;
use crate::session::Session;
use crate::session::orders::Answer;
use crate::session::past::Past;
use crate::session::wire::messages::{Then, ToViewer};
use crate::telemetry::{ChangesShown, OutputShown, Snapshot};

/// How often the lists of one moment are sent: while the engine goes on, it drops what they have of its own lists.
const EVERY: Duration = Duration::from_secs(1);

/// How many bytes of each list are sent, about.
const ROOM_OF_LIST: usize = ROOM / 4;

/// The max bytes of one dead letter.
const LONG_LETTER: usize = ROOM_OF_LIST / 4;

/// What a change may take beside its trace, about.
const CHANGE: usize = 400;

/// What was sent of the past; nothing while it is now.
#[derive(Default)]
pub(super) struct ThenSent {
    /// The number of the moment, its lists, and how long its traces were.
    lists: Option<(u64, Then, usize)>,
    changes: Option<Arc<ChangesShown>>,
    /// When the lists of the same moment may be sent again.
    next: Option<Instant>,
}

impl ThenSent {
    /// The figures of the moment that is looked at in place of these, what is to be sent before them, and whether there will
    /// be more.
    pub fn figures(
        &mut self,
        session: &Session,
        past: Option<&Past>,
        now: Snapshot,
    ) -> (Snapshot, Vec<ToViewer>, bool) {
        if past.is_none() {
            *self = Self::default();
            return (now, Vec::new(), false);
        }
        let letters = session.dead_letters_kept();
        let mut then = session.as_of_then(past, Snapshot { dead_letters: letters, ..now });
        let lists = Then {
            traces: std::mem::take(&mut then.traces),
            outputs: std::mem::take(&mut then.outputs),
            dead_letters: std::mem::take(&mut then.dead_letters),
        };
        let changes = then.changes.take();
        // Until it is found, now is seen.
        let Some(moment) = then.past.as_ref().map(|past| past.message) else {
            *self = Self::default();
            return (then, Vec::new(), false);
        };
        let mut messages = Vec::new();
        let more = self.lists(moment, lists, &mut messages);
        let is_known =
            |changes: &Arc<_>| self.changes.as_ref().is_some_and(|sent| Arc::ptr_eq(sent, changes));
        match changes {
            Some(changes) if is_known(&changes) => {}
            Some(changes) => {
                let fitting = fitting_changes(&changes);
                let (all, count) = (changes.changes.len(), fitting.changes.len());
                messages.push(ToViewer::Changes(Some(fitting)));
                if count < all {
                    let text = format!(
                        "of {all} changes, the newest {count} are listed: the others are too long"
                    );
                    messages.push(ToViewer::Answer(Answer::Told(text)));
                }
                self.changes = Some(changes);
            }
            // Another past has taken the place of the one that they were listed in.
            None if self.changes.take().is_some() => messages.push(ToViewer::Changes(None)),
            None => {}
        }
        (then, messages, more)
    }

    /// Adds the lists if they have changed. True if they have and are sent later.
    fn lists(&mut self, moment: u64, lists: Then, messages: &mut Vec<ToViewer>) -> bool {
        let length = lists.traces.iter().map(|trace| trace.length()).sum();
        if let Some((sent, before, before_length)) = &self.lists
            && *sent == moment
        {
            if are_same(before, &lists) && *before_length == length {
                return false;
            }
            if self.next.is_some_and(|next| Instant::now() < next) {
                return true;
            }
        }
        messages.push(ToViewer::Then(Box::new(fitting(&lists))));
        (self.lists, self.next) = (Some((moment, lists, length)), Some(Instant::now() + EVERY));
        false
    }
}

fn are_same(one: &Then, other: &Then) -> bool {
    fn all<T>(one: &[Arc<T>], other: &[Arc<T>]) -> bool {
        let same = |(one, other)| Arc::ptr_eq(one, other);
        one.len() == other.len() && one.iter().zip(other).all(same)
    }
    let Then { traces, outputs, dead_letters } = one;
    all(traces, &other.traces)
        && all(outputs, &other.outputs)
        && all(dead_letters, &other.dead_letters)
}

/// As much of the lists as there is room for.
fn fitting(lists: &Then) -> Then {
    let short = |letter: &Arc<DeadLetter>| {
        if letter.weight() > LONG_LETTER {
            Arc::new(shortened(letter, LONG_LETTER))
        } else {
            Arc::clone(letter)
        }
    };
    let letters = lists.dead_letters.iter().map(short);
    Then {
        traces: newest(lists.traces.iter().cloned(), Trace::weight),
        outputs: newest(lists.outputs.iter().cloned(), |one: &OutputShown| EVENT + one.bytes.len()),
        dead_letters: newest(letters, DeadLetter::weight),
    }
}

/// The newest that there is room for; without those that are longer than all the room.
fn newest<T>(all: impl Iterator<Item = Arc<T>>, weigh: impl Fn(&T) -> usize) -> Vec<Arc<T>> {
    let mut left = ROOM_OF_LIST;
    let short = all.filter(|value| weigh(value) <= ROOM_OF_LIST);
    let fits = |value: &Arc<T>| {
        let weight = weigh(value);
        let fits = weight <= left;
        left = left.saturating_sub(weight);
        fits
    };
    short.take_while(fits).collect()
}

fn fitting_changes(changes: &Arc<ChangesShown>) -> Arc<ChangesShown> {
    let mut left = ROOM;
    let fitting = changes.changes.iter().take_while(|change| {
        let weight = CHANGE + change.trace.weight();
        let fits = weight <= left;
        left = left.saturating_sub(weight);
        fits
    });
    let count = fitting.count();
    if count == changes.changes.len() {
        return Arc::clone(changes);
    }
    let fitting = changes.changes.iter().take(count).cloned().collect();
    Arc::new(ChangesShown { of: changes.of.clone(), changes: fitting, is_all: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::{PipelineIndex, SequenceNumber, SinkIndex, Timestamp};

    #[test]
    fn a_list_has_the_newest_that_there_is_room_for_and_none_that_has_no_room_alone() {
        let list = |lengths: &[usize]| {
            let values = lengths.iter().map(|length| Arc::new(*length));
            newest(values, |length| *length).into_iter().map(|length| *length).collect::<Vec<_>>()
        };
        let half = ROOM_OF_LIST / 2;
        assert_eq!(list(&[half, 1, half - 1, 1, 1]), [half, 1, half - 1]);
        assert_eq!(list(&[ROOM_OF_LIST + 1, half, half]), [half, half]);
        assert_eq!(list(&[1, ROOM_OF_LIST, 1]), [1]);
    }

    #[test]
    fn lists_are_the_same_if_they_have_the_same_values() {
        let output = |bytes: &'static [u8]| {
            Arc::new(OutputShown {
                pipeline: PipelineIndex(0),
                sink: SinkIndex(0),
                endpoint: "out".into(),
                bytes: bytes.into(),
                length: bytes.len(),
                source: "in".into(),
                first: SequenceNumber(1),
                last: SequenceNumber(1),
                read_at: Timestamp(0),
                at: Timestamp(0),
            })
        };
        let (one, other) = (output(b"a"), output(b"b"));
        let then = |outputs: &[&Arc<OutputShown>]| {
            let outputs = outputs.iter().map(|output| Arc::clone(output)).collect();
            Then { outputs, ..Then::default() }
        };
        assert!(are_same(&then(&[&one, &other]), &then(&[&one, &other])));
        for different in [then(&[&one]), then(&[&other, &one]), then(&[&one, &other, &one])] {
            assert!(!are_same(&then(&[&one, &other]), &different));
        }
    }
}
