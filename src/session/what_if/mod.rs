//! A branch of a session's recording: done by a thread of its own, while the engine goes on.
//!
//! Invariant: a branch never touches the engine, and nothing here waits for the thread.

mod edits;
mod shared;
mod working;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::past::Sources;
use crate::telemetry::BranchShown;
pub use edits::{MAX_BYTES, MAX_EDITS, MAX_TIMES, MessageName, Spot, WhatIf};
use shared::Shared;
use working::Working;

/// A branch that is done, or is being done. Its drop ends the thread.
pub(super) struct Branch {
    shared: Arc<Shared>,
}

impl Branch {
    /// Starts the thread.
    pub fn begin(sources: Sources, edits: Vec<WhatIf>) -> io::Result<Self> {
        let shown = BranchShown { done: 0, all: 0, outcome: None, without_newest: false };
        let shared = Arc::new(Shared {
            shown: Mutex::new(shown),
            changed: AtomicBool::new(true),
            end: Arc::default(),
            news: Arc::clone(&sources.news),
        });
        let working = Working { sources, edits, shared: Arc::clone(&shared) };
        thread::Builder::new()
            .name("wallaroo-branch".to_owned())
            .spawn(move || working.work_to_the_end())?;
        Ok(Self { shared })
    }

    /// How far it is, and what came of it.
    pub fn shown(&self) -> BranchShown {
        self.shared.shown.lock().clone()
    }

    /// Whether a front end would show something else than when this was asked last.
    pub fn take_changed(&self) -> bool {
        self.shared.changed.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Branch {
    fn drop(&mut self) {
        self.shared.end.store(true, Ordering::Relaxed);
    }
}
