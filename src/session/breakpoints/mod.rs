//! The breakpoints of a session: a condition each, that is judged of every message while the engine goes on.
//!
//! Invariant: while a breakpoint is on, no message passes that is not judged: the engine waits for the judge. At the first
//! one of which a condition holds, the engine is paused. What had entered by then is judged, too, before the session says
//! which message was the first.

mod condition;
mod deciding;
mod holding;
mod judge;
mod stopping;

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::application::Key;
use crate::core::guard::guarded;
use crate::core::topology::Topology;
use crate::runtime::Entrance;
use crate::runtime::examiner::{Examined, Examiner, Extent};
use crate::runtime::passes::Passes;
use crate::telemetry::{BreakpointShown, BreakpointsShown, HeldShown, HitShown};
use condition::{Condition, compile};
use holding::Holding;
use holding::desk::Decision;
use judge::{Bench, Breakpoint, judge};

/// The max number of breakpoints: each message is judged by all of them.
const MAX_BREAKPOINTS: usize = 16;

/// The breakpoints of a session.
pub(super) struct Breakpoints {
    topology: Arc<Topology>,
    examiner: Arc<Examiner>,
    bench: Arc<Mutex<Bench>>,
    /// What is to be judged; `None` once the thread of the judge has it.
    to_judge: Option<Receiver<Examined>>,
    /// The number of the last breakpoint, and of the last stop.
    last: u64,
    stops: u64,
    hit: Option<HitShown>,
    holding: Holding,
    is_alone: bool,
}

impl Breakpoints {
    /// None yet.
    pub fn new(topology: Arc<Topology>) -> Self {
        let (examiner, to_judge) = Examiner::new();
        Self {
            topology,
            examiner: Arc::new(examiner),
            bench: Arc::default(),
            to_judge: Some(to_judge),
            last: 0,
            stops: 0,
            hit: None,
            holding: Holding::new(),
            is_alone: true,
        }
    }

    /// What an engine has to be given for them.
    pub fn examiner(&self) -> Arc<Examiner> {
        Arc::clone(&self.examiner)
    }

    /// An engine begins. `news` is notified of hits from now on, and `is_alone` is false if several processes run it.
    pub fn begin(&mut self, news: &Arc<Notify>, is_alone: bool) {
        self.bench.lock().news = Arc::clone(news);
        self.is_alone = is_alone;
    }

    /// What says in an engine which message may enter.
    pub fn passes(&self) -> Arc<Passes> {
        self.holding.passes()
    }

    /// The engine has begun: messages enter there.
    pub fn enter(&self, entrance: Entrance) {
        self.holding.enter(entrance);
    }

    /// The engine has ended, and another one comes: what was on its way is not judged.
    pub fn forget(&mut self) {
        self.examiner.forget();
        self.holding.forget();
        self.leave();
    }

    /// Nothing of what was counted is kept, but the breakpoints are.
    pub fn begin_anew(&mut self) {
        self.forget();
        for breakpoint in &mut self.bench.lock().breakpoints {
            (breakpoint.hits, breakpoint.unjudged, breakpoint.why_not) = (0, 0, None);
        }
    }

    /// Leaves the message at which the engine has stopped, and those behind it.
    pub fn leave(&mut self) {
        self.hit = None;
        let mut bench = self.bench.lock();
        bench.hits.clear();
        bench.has_paused = false;
    }

    /// Sets one: one that stops behind a message, or one that holds it before.
    ///
    /// # Errors
    ///
    /// Its condition is none, there are too many, or their thread has failed. The error is a sentence for a person.
    pub fn set(&mut self, text: &str, hold: bool) -> Result<(), String> {
        let condition = compile(text)?;
        if hold {
            self.can_hold(&*condition)?;
        }
        if self.bench.lock().breakpoints.len() >= MAX_BREAKPOINTS {
            return Err(format!("{MAX_BREAKPOINTS} breakpoints are set already: remove one first"));
        }
        if hold {
            self.holding.begin(&self.topology, &self.bench)?;
        }
        self.begin_to_judge()?;
        self.last += 1;
        let only_key = condition.only_key(&self.topology);
        self.bench.lock().breakpoints.push(Breakpoint {
            number: self.last,
            text: text.into(),
            condition,
            only_key,
            on: true,
            hold,
            hits: 0,
            unjudged: 0,
            why_not: None,
        });
        self.examine();
        self.hold();
        Ok(())
    }

    /// Whether a breakpoint with this condition can hold messages.
    fn can_hold(&self, condition: &dyn Condition) -> Result<(), String> {
        if !self.is_alone {
            return Err("messages are held where one process runs the application".to_owned());
        }
        condition.only_afterwards().map_or(Ok(()), |why| Err(why.to_owned()))
    }

    /// Makes one hold messages before they enter, or stop behind them. Returns its condition, and whether it holds;
    /// `None` if there is none of this number.
    ///
    /// # Errors
    ///
    /// It cannot hold messages: then it stops behind them as before. The error is a sentence for a person.
    pub fn switch_hold(&mut self, number: u64) -> Result<Option<(Arc<str>, bool)>, String> {
        let found = |one: &&mut Breakpoint| one.number == number;
        let condition = {
            let mut bench = self.bench.lock();
            let breakpoint = bench.breakpoints.iter_mut().find(found);
            let Some(breakpoint) = breakpoint else { return Ok(None) };
            (!breakpoint.hold).then(|| Arc::clone(&breakpoint.condition))
        };
        if let Some(condition) = condition {
            self.can_hold(&*condition)?;
            self.holding.begin(&self.topology, &self.bench)?;
        }
        let mut bench = self.bench.lock();
        let Some(breakpoint) = bench.breakpoints.iter_mut().find(found) else { return Ok(None) };
        breakpoint.hold = !breakpoint.hold;
        let switched = (Arc::clone(&breakpoint.text), breakpoint.hold);
        bench.hits.retain(|_, hit| hit.breakpoint != number);
        drop(bench);
        self.examine();
        self.hold();
        Ok(Some(switched))
    }

    /// Holds the messages that have to be held.
    fn hold(&self) {
        let holds = |one: &&Breakpoint| one.on && one.hold;
        let numbers = |bench: &Bench| {
            bench.breakpoints.iter().filter(holds).map(|one| one.number).collect::<Vec<_>>()
        };
        let on = numbers(&self.bench.lock());
        self.holding.hold(&on);
    }

    /// The message that is held.
    pub fn held(&self) -> Option<Arc<HeldShown>> {
        self.holding.held()
    }

    /// Decides what becomes of the message with this number that is held. Returns what is said of that; `None` if it is
    /// not held any more.
    pub fn decide(&self, number: u64, decision: Decision) -> Option<String> {
        self.holding.decide(number, decision)
    }

    /// Takes one away. Returns its condition; `None` if there is none of this number.
    pub fn remove(&mut self, number: u64) -> Option<Arc<str>> {
        let mut bench = self.bench.lock();
        let place = bench.breakpoints.iter().position(|one| one.number == number)?;
        let removed = bench.breakpoints.remove(place);
        bench.hits.retain(|_, hit| hit.breakpoint != number);
        drop(bench);
        self.examine();
        self.hold();
        Some(removed.text)
    }

    /// Switches one off, or on again. Returns its condition, and whether it is on; `None` if there is none of this number.
    ///
    /// # Errors
    ///
    /// Nothing is judged any more, or nothing is held. The error is a sentence for a person.
    pub fn switch(&mut self, number: u64) -> Result<Option<(Arc<str>, bool)>, String> {
        let found = |one: &&mut Breakpoint| one.number == number;
        let begins_to_hold = {
            let mut bench = self.bench.lock();
            let failed = bench.failed.clone();
            let Some(breakpoint) = bench.breakpoints.iter_mut().find(found) else {
                return Ok(None);
            };
            if let Some(why) = failed.filter(|_| !breakpoint.on) {
                return Err(stops_nothing(&why));
            }
            !breakpoint.on && breakpoint.hold
        };
        if begins_to_hold {
            self.holding.begin(&self.topology, &self.bench)?;
        }
        let mut bench = self.bench.lock();
        let Some(breakpoint) = bench.breakpoints.iter_mut().find(found) else { return Ok(None) };
        breakpoint.on = !breakpoint.on;
        let switched = (Arc::clone(&breakpoint.text), breakpoint.on);
        if !switched.1 {
            bench.hits.retain(|_, hit| hit.breakpoint != number);
        }
        drop(bench);
        self.examine();
        self.hold();
        Ok(Some(switched))
    }

    /// Starts the thread of the judge, if it was not.
    fn begin_to_judge(&mut self) -> Result<(), String> {
        if let Some(why) = &self.bench.lock().failed {
            return Err(stops_nothing(why));
        }
        let Some(to_judge) = self.to_judge.take() else { return Ok(()) };
        let (topology, bench) = (Arc::clone(&self.topology), Arc::clone(&self.bench));
        let work = move || {
            let judged = guarded(|| {
                judge(&topology, &bench, &to_judge);
                Ok(())
            });
            // First: whoever hears the news finds that nothing is left.
            drop(to_judge);
            if let Err(why) = judged {
                let mut bench = bench.lock();
                (bench.failed, bench.changed) = (Some(why.into()), true);
                bench.news.notify_one();
            }
        };
        let started = thread::Builder::new().name("wallaroo-breakpoints".to_owned()).spawn(work);
        started.map(drop).map_err(|error| {
            let why = format!("no thread for breakpoints could be started: {error}");
            let mut bench = self.bench.lock();
            (bench.failed, bench.is_failure_told) = (Some(why.as_str().into()), true);
            why
        })
    }

    /// Examines the messages that have to be judged.
    fn examine(&self) {
        let bench = self.bench.lock();
        let on = || bench.breakpoints.iter().filter(|one| one.on && !one.hold);
        let keys: Option<Vec<Key>> = on().map(|one| one.only_key.clone()).collect();
        let extent = match keys {
            // Nobody would judge them.
            _ if bench.failed.is_some() || on().next().is_none() => None,
            // What begins in another process is traced there within a budget.
            Some(keys) if self.is_alone => Some(Extent::Keys(keys.into())),
            Some(_) | None => Some(Extent::All),
        };
        drop(bench);
        self.examiner.examine(extent);
    }

    /// What is seen of them.
    pub fn shown(&self) -> Arc<BreakpointsShown> {
        let bench = self.bench.lock();
        if bench.breakpoints.is_empty() && self.hit.is_none() {
            return Arc::default();
        }
        let all = bench.breakpoints.iter().map(|one| BreakpointShown {
            number: one.number,
            text: Arc::clone(&one.text),
            on: one.on,
            hold: one.hold,
            hits: one.hits,
            unjudged: one.unjudged,
            trouble: bench
                .failed
                .as_deref()
                .map(|why| stops_nothing(why).into())
                .or_else(|| self.holding.failed().filter(|_| one.hold))
                .or_else(|| one.why_not.clone())
                .or_else(|| one.condition.trouble().map(Arc::from)),
        });
        let is_judging = self.examiner.is_busy();
        Arc::new(BreakpointsShown {
            all: all.collect(),
            is_judging,
            hit: self.hit.clone(),
            held: self.held(),
            looked: self.holding.looked(),
        })
    }
}

/// What is said of breakpoints when their thread has failed.
fn stops_nothing(why: &str) -> String {
    format!("breakpoints stop nothing any more, until the program is started again: {why}")
}

#[cfg(test)]
#[cfg(feature = "workbench")]
mod tests;
