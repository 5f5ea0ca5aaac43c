//! What has arrived at an operator behind an exchange, and the order in which it is processed.

use std::cell::{Cell, OnceCell, RefCell};

use timely::dataflow::operators::Capability;
use timely::scheduling::Activator;

use super::ahead::OnTheWay;
use super::exchange::{Exchanged, Time};
use crate::core::in_order::InOrder;
use crate::core::numbers::{BatchNumber, WorkerIndex};
use crate::core::steps::batch::RoutedBatch;
use crate::runtime::processes::neighbours::Neighbours;

/// A routed batch that has arrived.
pub(super) struct Arrived {
    /// The time at which its frames were taken.
    pub time: Capability<Time>,
    /// The worker that sent it.
    pub from: WorkerIndex,
    pub batch: RoutedBatch,
    /// `None` if it comes from another process, which counts it until the steps are done.
    pub on_the_way: Option<OnTheWay>,
}

/// What has arrived is nothing that another process may send here.
pub(super) struct NoBatch;

/// What has arrived at an operator. If batches are numbered, the operator where frames enter shares it, to know whether
/// its worker's own messages may go on at once.
#[derive(Default)]
pub(super) struct Arrivals {
    in_order: RefCell<InOrder<Arrived>>,
    /// Whether something that was taken is not processed to its end.
    busy: Cell<bool>,
    /// Activates the operator.
    operator: OnceCell<Activator>,
}

impl Arrivals {
    /// Says which operator is behind the exchange.
    pub fn attach(&self, operator: Activator) {
        let is_first = self.operator.set(operator).is_ok();
        debug_assert!(is_first, "arrivals are of one operator");
    }

    /// Something has arrived. `time` makes a capability for it.
    pub fn arrive(
        &self,
        exchanged: Exchanged,
        neighbours: Option<&Neighbours>,
        time: impl FnOnce() -> Capability<Time>,
    ) -> Result<(), NoBatch> {
        let mut in_order = self.in_order.borrow_mut();
        let ((of, from), batch, on_the_way) = match exchanged {
            Exchanged::Routed { from, batch, on_the_way } => (from, batch, Some(on_the_way)),
            Exchanged::Lent(lent) => {
                let from = lent.from;
                (from, neighbours.and_then(|lender| lent.borrow(lender)).ok_or(NoBatch)?, None)
            }
            Exchanged::All { of, .. } => {
                in_order.end(of);
                return Ok(());
            }
            Exchanged::Output(_) => return Err(NoBatch),
        };
        in_order.arrive(of, Arrived { time: time(), from, batch, on_the_way });
        Ok(())
    }

    /// Takes what is processed next.
    pub fn take(&self) -> Option<Arrived> {
        self.in_order.borrow_mut().take()
    }

    /// Whether nothing can be taken now.
    pub fn is_empty(&self) -> bool {
        self.in_order.borrow().is_empty()
    }

    /// Whether all that could be taken is processed to its end.
    pub fn are_processed(&self) -> bool {
        !self.busy.get() && self.is_empty()
    }

    /// Whether all that this worker gets of the batches before this one is processed.
    pub fn is_turn_of(&self, of: BatchNumber) -> bool {
        !self.busy.get() && self.in_order.borrow().is_turn_of(of)
    }

    /// All that this worker gets of a batch has gone on at once. What had to wait for it goes on.
    pub fn end(&self, of: BatchNumber) {
        let mut in_order = self.in_order.borrow_mut();
        in_order.end(of);
        if let Some(operator) = self.operator.get().filter(|_| !in_order.is_empty()) {
            operator.activate();
        }
    }

    /// Says whether something that was taken is not processed to its end.
    pub fn set_busy(&self, busy: bool) {
        self.busy.set(busy);
    }
}
