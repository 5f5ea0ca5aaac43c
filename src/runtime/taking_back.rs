//! Takes messages back, from a thread of its own.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use tokio::sync::watch;

use super::durable::Durable;
use super::parts::TakeBack;
use super::taken_back::{Claim, TakenBackAnswer};
use crate::core::numbers::Epoch;
use crate::core::replay::recording::{SavedState, TakenBack};
use crate::endpoints::{Budget, Injector};

/// Takes messages of an engine back. It does nothing any more when the engine is gone.
pub struct TakesBack {
    pub(super) durable: Durable,
    pub(super) injectors: Vec<Injector>,
    pub(super) budgets: Vec<Arc<Budget>>,
    /// True when the recovery is complete: what the journal has has entered.
    pub(super) may_begin: watch::Receiver<bool>,
}

impl TakesBack {
    /// Whether the recovery is complete: all that the journal has has been processed.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        *self.may_begin.borrow()
    }

    /// Whether no message is on its way: the recovery is complete, all that was injected has been read, and all that was read
    /// has been processed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_recovered()
            && self.injectors.iter().all(Injector::is_idle)
            && self.budgets.iter().all(|budget| budget.used() == 0)
    }

    /// As [`Engine::save`](super::Engine::save).
    #[must_use]
    pub fn save(&self) -> Receiver<()> {
        self.durable.save()
    }

    /// Takes a message back: these partitions become others, or [gone](crate::core::partitions::saved::SavedPartition::gone).
    /// They are as of the checkpoint `after`. The answer comes when that counts. If the run ends before, or the claim was
    /// taken by somebody else, the sender is dropped.
    #[must_use]
    pub fn take_back(
        &self,
        message: TakenBack,
        put_back: Vec<SavedState>,
        after: Epoch,
        claim: Claim,
    ) -> Receiver<TakenBackAnswer> {
        let (done, told) = mpsc::channel();
        self.durable.take_back(TakeBack { message, put_back, after, claim, done });
        told
    }
}
