//! Breakpoints that hold: a message is looked at before it enters, and waits until a person says what becomes of it.

pub mod desk;
mod judging;
mod looker;

use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::judge::Bench;
use crate::core::guard::guarded;
use crate::core::topology::Topology;
use crate::runtime::Entrance;
use crate::runtime::passes::Passes;
use crate::telemetry::HeldShown;
use desk::{Decision, Desk, Doing};
use looker::{At, Looker};

/// Holds messages before they enter.
pub struct Holding {
    desk: Arc<Mutex<Desk>>,
    passes: Arc<Passes>,
    has_begun: bool,
}

impl Holding {
    /// Looks at nothing yet.
    pub fn new() -> Self {
        Self { desk: Arc::default(), passes: Arc::default(), has_begun: false }
    }

    /// What an engine has to be given for it.
    pub fn passes(&self) -> Arc<Passes> {
        Arc::clone(&self.passes)
    }

    /// An engine has started: messages enter there.
    pub fn enter(&self, entrance: Entrance) {
        self.desk.lock().entrance = Some(entrance);
        self.passes.wake();
    }

    /// The engine has ended, and another one comes.
    pub fn forget(&self) {
        let mut desk = self.desk.lock();
        (desk.entrance, desk.held) = (None, None);
        desk.life += 1;
        drop(desk);
        self.passes.forget();
    }

    /// Holds messages of which these breakpoints hold that are on: of numbers. Without any, all go on. To be asked when
    /// the thread that looks has [begun](Self::begin); if it has failed meanwhile, nothing is held.
    pub fn hold(&self, on: &[u64]) {
        let mut desk = self.desk.lock();
        if on.is_empty() || desk.failed.is_some() {
            return desk.all_go_on(&self.passes);
        }
        if desk.doing == Doing::ThenAllGoOn {
            desk.doing = Doing::Decided;
        }
        // It is looked at again, by those that are left.
        desk.held.take_if(|held| !on.contains(&held.breakpoint) && held.shown.decided.is_none());
        if self.passes.are_needed() {
            self.passes.wake();
        } else {
            self.passes.need(true);
        }
    }

    /// Starts the thread that looks, if it was not. To be asked before anything is changed.
    ///
    /// # Errors
    ///
    /// It has failed, or cannot be started. The error is a sentence for a person.
    pub fn begin(
        &mut self,
        topology: &Arc<Topology>,
        bench: &Arc<Mutex<Bench>>,
    ) -> Result<(), String> {
        if let Some(why) = self.failed() {
            return Err(why.to_string());
        }
        if self.has_begun {
            return Ok(());
        }
        let (passes, desk) = (Arc::clone(&self.passes), Arc::clone(&self.desk));
        let (topology, bench) = (Arc::clone(topology), Arc::clone(bench));
        let work = move || {
            let (passes_left, desk_left) = (Arc::clone(&passes), Arc::clone(&desk));
            let bench_left = Arc::clone(&bench);
            let mut looker = Looker { topology, bench, passes, desk, at: At::default() };
            let worked = guarded(|| {
                looker.work();
                Ok(())
            });
            if let Err(why) = worked {
                let why =
                    format!("nothing is held any more, until the program is started again: {why}");
                desk_left.lock().fail(why.into(), &passes_left);
                let mut bench = bench_left.lock();
                bench.changed = true;
                bench.news.notify_one();
            }
        };
        let started = thread::Builder::new().name("wallaroo-holding".to_owned()).spawn(work);
        started.map_err(|error| {
            format!("no thread that looks at messages could be started: {error}")
        })?;
        self.has_begun = true;
        Ok(())
    }

    /// Why nothing is held any more, if that is so.
    pub fn failed(&self) -> Option<Arc<str>> {
        self.desk.lock().failed.clone()
    }

    /// The same, once.
    pub fn failure_to_tell(&self) -> Option<Arc<str>> {
        let mut desk = self.desk.lock();
        let failed = desk.failed.clone().filter(|_| !desk.is_failure_told);
        desk.is_failure_told |= failed.is_some();
        failed
    }

    /// As if the thread that looks had failed.
    #[cfg(all(test, feature = "workbench"))]
    pub fn fail(&self, why: &str) {
        self.desk.lock().fail(why.into(), &self.passes);
    }

    /// The message that is held.
    pub fn held(&self) -> Option<Arc<HeldShown>> {
        self.desk.lock().held.as_ref().map(|held| Arc::new(held.shown.clone()))
    }

    /// How many messages were looked at before they entered; `None` while none are.
    pub fn looked(&self) -> Option<u64> {
        self.passes.are_needed().then(|| self.desk.lock().looked)
    }

    /// Decides what becomes of the message with this number that is held. Returns what is said of that; `None` if it is
    /// not held any more.
    pub fn decide(&self, number: u64, decision: Decision) -> Option<String> {
        let said = self.desk.lock().decide(number, decision);
        self.passes.wake();
        said
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.desk.lock().is_over = true;
        self.passes.need(false);
    }
}
