//! Going to a session's past and back, for each that looks at it.

use super::Session;
use super::orders::{Answer, Order};
use super::past::{News, Told, Travel};
use super::rewind::Rewind;
use crate::core::numbers::PipelineIndex;
use crate::telemetry::PartitionView;

impl Rewind {
    /// Goes to a moment of the past, or back to now. It is looked for while the engine goes on: snapshots show it when
    /// it is found, and are of the moment before until then. What has to be told is among the [`told`](Self::told).
    pub fn travel(&mut self, session: &Session, travel: Travel) {
        // From here on it is a moment that its user has chosen: it stays if somebody else resumes the engine.
        self.is_of_stop &= travel == Travel::Stay;
        if travel == Travel::Live {
            self.past = None;
            return;
        }
        if self.past.is_none() {
            if travel == Travel::Stay {
                return;
            }
            if travel.is_forth() {
                return self.tell("this is now: nothing comes after it", false);
            }
            self.begin(session);
        }
        if let Some(past) = &mut self.past {
            past.go(travel);
        }
    }

    /// Begins a past that has all that has happened until now. If there is none, that is told.
    fn begin(&mut self, session: &Session) {
        // First: its place is free then.
        self.past = None;
        match session.begin_past() {
            Ok(past) => self.past = Some(past),
            Err(why) => self.tell(&why, true),
        }
    }

    /// Takes what the user has to be told of the past.
    pub fn told(&mut self) -> impl Iterator<Item = Answer> + use<> {
        let answer =
            |Told { text, bad }| if bad { Answer::Refused(text) } else { Answer::Told(text) };
        self.take_told().into_iter().map(answer)
    }

    /// Leaves the past for an order whose effect is to be seen.
    pub fn leave_for(&mut self, order: &Order) {
        if order.is_seen_now() && self.past.take().is_some() {
            self.is_of_stop = false;
            self.tell("this is now again", false);
        }
    }

    /// Looks at what has been found of the past, and whether the engine has stopped at a breakpoint. True if a new snapshot
    /// would differ.
    pub fn look(&mut self, session: &Session, view: &PartitionView) -> bool {
        let stopped = self.follow_stops(session);
        let Some(past) = &mut self.past else { return stopped || self.has_told() };
        past.look(view);
        let News { changed, told, is_over } = past.news();
        self.note(told);
        if is_over {
            (self.past, self.is_of_stop) = (None, false);
        }
        stopped || changed || is_over || self.has_told()
    }

    /// Goes to the message at which the engine has stopped, and back to now when it goes on. True if something has changed.
    fn follow_stops(&mut self, session: &Session) -> bool {
        let Some(hit) = session.stopped_at() else {
            return std::mem::take(&mut self.is_of_stop) && self.past.take().is_some();
        };
        if hit.number == self.stop {
            return false;
        }
        let has_own = self.past.is_some() && !self.is_of_stop;
        if session.is_recorded() && (self.goes_to_stops || !has_own) {
            // Anew: what has happened since the last one was begun is not in that. Its place is free then.
            self.past = None;
            let mut past = match session.begin_past() {
                Ok(past) => past,
                Err(_) if self.refused == hit.number => return false,
                Err(why) => {
                    // It is tried again until there is a place.
                    self.refused = hit.number;
                    self.tell(&why, true);
                    return true;
                }
            };
            let pipeline = session.engine().topology().pipeline_index(&hit.trace.pipeline);
            let pipeline = pipeline.unwrap_or(PipelineIndex(0));
            past.go(Travel::ToMessageOf(pipeline, hit.trace.sequence));
            (self.past, self.is_of_stop) = (Some(past), true);
        }
        self.stop = hit.number;
        true
    }
}
