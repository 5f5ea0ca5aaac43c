//! Where the engine stops: at the first message, in the order of the recording, of which a breakpoint holds.

use std::sync::Arc;

use super::judge::Hit;
use super::{Breakpoints, stops_nothing};
use crate::runtime::RunState;
use crate::session::Session;
use crate::session::orders::BreakpointOrder;
use crate::telemetry::HitShown;

impl Breakpoints {
    /// The first of the messages at which the engine has not stopped yet, and how many there are after it. `None` if there
    /// is none, or if an earlier one may still be judged.
    pub(super) fn next(&mut self) -> Option<(Hit, u64)> {
        if self.examiner.is_busy() {
            return None;
        }
        let mut bench = self.bench.lock();
        let (order, _) = *bench.hits.first_key_value()?.0;
        // Several breakpoints may hold of the same message: one that does tells more than one of which that is not known.
        let of_first = bench.hits.range((order, 0)..=(order, u64::MAX));
        let (at, _) = of_first.min_by_key(|(_, hit)| hit.unjudged.is_some())?;
        let at = *at;
        let first = bench.hits.remove(&at)?;
        if let Some(why) = &first.unjudged {
            let own = |hit: &Hit| hit.breakpoint == first.breakpoint && hit.unjudged.is_some();
            bench.hits.retain(|_, hit| !own(hit));
            let found = bench.breakpoints.iter_mut().find(|one| one.number == first.breakpoint);
            if let Some(breakpoint) = found {
                breakpoint.why_not = Some(Arc::clone(why));
            }
        }
        bench.hits.retain(|(other, _), _| *other != order);
        let mut messages: Vec<_> = bench.hits.keys().map(|(order, _)| order).collect();
        messages.dedup();
        Some((first, messages.len() as u64))
    }

    /// Whether something has changed; and why the judge has failed, if it has and nobody was told.
    pub(super) fn news(&self) -> (bool, Option<Arc<str>>) {
        let mut bench = self.bench.lock();
        let changed = std::mem::take(&mut bench.changed);
        let failed = bench.failed.clone().filter(|_| !bench.is_failure_told);
        bench.is_failure_told |= failed.is_some();
        drop(bench);
        if failed.is_some() {
            self.examiner.examine(None);
        }
        (changed, failed)
    }

    fn has_hits(&self) -> bool {
        !self.bench.lock().hits.is_empty()
    }

    /// Whether the engine is paused for hits that nobody has seen.
    pub(in crate::session) fn has_paused(&self) -> bool {
        self.bench.lock().has_paused
    }

    /// The same if no such hit is left: then the engine has to go on, and this is said once.
    fn has_paused_for_nothing(&self) -> bool {
        let mut bench = self.bench.lock();
        bench.hits.is_empty() && std::mem::take(&mut bench.has_paused)
    }

    /// The engine has stopped at this message. Returns what is said of that.
    fn stop(&mut self, hit: Hit, more: u64) -> String {
        let Hit { breakpoint: _, text, trace, step, key, unjudged } = hit;
        self.stops += 1;
        // The pause is seen from now on, and a person ends it.
        self.bench.lock().has_paused = false;
        let shown = HitShown { number: self.stops, text, trace, step, key, unjudged, more };
        self.hit.insert(shown).to_string()
    }
}

impl Session {
    /// Changes the breakpoints.
    ///
    /// # Errors
    ///
    /// That cannot be. The error is a sentence for a person.
    pub(in crate::session) fn order_breakpoint(
        &mut self,
        order: BreakpointOrder,
    ) -> Result<(), String> {
        let said = match order {
            BreakpointOrder::Set(text) => {
                self.breakpoints.set(&text, false)?;
                Some(format!("breakpoint set: {text}"))
            }
            BreakpointOrder::SetHold(text) => {
                self.breakpoints.set(&text, true)?;
                Some(format!("breakpoint set that holds messages before they enter: {text}"))
            }
            BreakpointOrder::SwitchHold(number) => {
                self.breakpoints.switch_hold(number)?.map(|(text, holds)| {
                    let what = if holds {
                        "holds messages before they enter"
                    } else {
                        "stops behind messages"
                    };
                    format!("breakpoint {what} from now on: {text}")
                })
            }
            BreakpointOrder::Remove(number) => {
                self.breakpoints.remove(number).map(|text| format!("breakpoint removed: {text}"))
            }
            BreakpointOrder::Switch(number) => {
                self.breakpoints.switch(number)?.map(|(text, on)| {
                    format!("breakpoint switched {}: {text}", if on { "on" } else { "off" })
                })
            }
        };
        self.say(&said.ok_or("this breakpoint is not there any more")?);
        if self.breakpoints.has_paused_for_nothing() {
            self.engine.resume();
        }
        // The snapshot is another one.
        self.collector.news.notify_one();
        Ok(())
    }

    /// Looks whether a message was found at which the engine stops. True if a new snapshot would differ.
    pub(in crate::session) fn watch_breakpoints(&mut self) -> bool {
        let (changed, failed) = self.breakpoints.news();
        if let Some(why) = failed {
            let text = stops_nothing(&why);
            self.say(&text);
            self.rewind.tell(&text, true);
        }
        if let Some(why) = self.breakpoints.holding.failure_to_tell() {
            self.say(&why);
            self.rewind.tell(&why, true);
        }
        if self.breakpoints.hit.is_some() || !self.breakpoints.has_hits() {
            return changed;
        }
        if self.engine.run_state() == RunState::Running {
            // Somebody has resumed it in between. An engine that ends cannot be paused.
            self.engine.pause();
            self.breakpoints.bench.lock().has_paused = true;
        }
        changed | self.go_to_next_hit()
    }

    /// Goes to the next message at which the engine stops. False if there is none.
    fn go_to_next_hit(&mut self) -> bool {
        let Some((hit, more)) = self.breakpoints.next() else { return false };
        let said = self.breakpoints.stop(hit, more);
        self.say(&said);
        true
    }

    /// The message at which the engine has stopped.
    pub(in crate::session) fn stopped_at(&self) -> Option<&HitShown> {
        self.breakpoints.hit.as_ref()
    }

    /// Goes on after a stop: to the next message that had entered by then and at which the engine stops, or else with the
    /// engine. True if there is such a message.
    pub(in crate::session) fn go_on_from_hit(&mut self) -> bool {
        self.breakpoints.bench.lock().has_paused = false;
        self.breakpoints.hit.take().is_some() && self.go_to_next_hit()
    }

    /// Whether the engine is paused, and not only for messages that nobody has seen yet: then another one begins paused.
    pub(in crate::session) fn stays_paused(&self) -> bool {
        // In this order: one that runs is paused for such a message at any time.
        self.engine.run_state() != RunState::Running && !self.breakpoints.has_paused()
    }

    /// Leaves the message at which the engine has stopped, and those behind it.
    pub(in crate::session) fn leave_hits(&mut self) {
        self.breakpoints.leave();
    }
}
