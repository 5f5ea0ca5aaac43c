//! The outputs that a stream writes next.
//!
//! Invariant: an output is kept, and holds its frames' share of the budget, until it is written.

use std::collections::VecDeque;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::sink_log::SinkLog;
use crate::core::steps::batch::Output;

/// The max number of outputs per write: few, to keep latency low.
const BATCHES: usize = 16;

/// The max memory for joined bytes that is kept for the next write.
const KEPT: usize = 1024 * 1024;

/// Answers a report: with the length of the sink's file, or `None` if it does not write a regular file.
pub(crate) type Reply = oneshot::Sender<Option<u64>>;

/// An order to a sink.
pub enum SinkOrder {
    /// Write these outputs.
    Write(Output),
    /// Say when all that was to be written before is written. For a TCP sink, written is what the receiver's
    /// system has acknowledged.
    Report(Reply),
}

/// What a sink has to do next.
pub(crate) enum Todo {
    /// Write the pending outputs.
    Write,
    /// Report: nothing is pending.
    Report(Reply),
    /// Nothing any more.
    End,
}

/// The outputs that a sink writes next.
pub(crate) struct Pending<'engine> {
    orders: UnboundedReceiver<SinkOrder>,
    /// The orders after the outputs in `taken`.
    later: VecDeque<SinkOrder>,
    received: Vec<SinkOrder>,
    taken: Vec<Output>,
    /// The bytes of `taken`, if there are several: a write is a system call, and often a switch to
    /// another thread.
    joined: Vec<u8>,
    log: &'engine SinkLog,
}

impl<'engine> Pending<'engine> {
    pub fn new(orders: UnboundedReceiver<SinkOrder>, log: &'engine SinkLog) -> Self {
        let (taken, joined) = (Vec::with_capacity(BATCHES), Vec::new());
        let (later, received) = (VecDeque::new(), Vec::with_capacity(BATCHES));
        Self { orders, later, received, taken, joined, log }
    }

    /// Waits for something to do. Cancel-safe. Call it when the pending outputs are written.
    pub async fn fill(&mut self) -> Todo {
        loop {
            if !self.taken.is_empty() {
                return Todo::Write;
            }
            while self.taken.len() < BATCHES {
                match self.later.pop_front() {
                    None => break,
                    Some(SinkOrder::Write(output)) => self.taken.push(output),
                    Some(SinkOrder::Report(reply)) if self.taken.is_empty() => {
                        return Todo::Report(reply);
                    }
                    Some(report) => {
                        self.later.push_front(report);
                        break;
                    }
                }
            }
            if self.taken.len() > 1 {
                self.joined.clear();
                self.joined.shrink_to(KEPT);
                self.taken
                    .iter()
                    .for_each(|output| self.joined.extend_from_slice(output.pieces.bytes()));
            }
            if self.taken.is_empty() {
                if self.orders.recv_many(&mut self.received, BATCHES).await == 0 {
                    return Todo::End;
                }
                self.later.extend(self.received.drain(..));
            }
        }
    }

    /// What is to be written.
    pub fn bytes(&self) -> &[u8] {
        match self.taken.as_slice() {
            [output] => output.pieces.bytes(),
            _ => &self.joined,
        }
    }

    /// The bytes are written. Drops the outputs, which gives back their share of the budget.
    pub fn written(&mut self) {
        self.taken.drain(..).for_each(|output| self.log.written(&output));
    }
}
