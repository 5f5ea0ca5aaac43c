//! Where workers give their outputs: nothing and regular files take them at once, in the worker; for all
//! others there is a task.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::pending::SinkOrder;
use super::shared_file::{Reported, SharedFile};
use super::sink_log::SinkLog;
use crate::core::steps::batch::Output;

/// Where a sink's outputs go. The sink ends when the last of them is dropped.
#[derive(Clone)]
pub struct ToSink(Way);

#[derive(Clone)]
enum Way {
    Nowhere(Arc<SinkLog>),
    File(Arc<SharedFile>, UnboundedSender<Reported>),
    Task(UnboundedSender<SinkOrder>),
}

impl ToSink {
    pub(super) fn nowhere(log: SinkLog) -> Self {
        Self(Way::Nowhere(Arc::new(log)))
    }

    pub(super) fn file(file: Arc<SharedFile>, reports: UnboundedSender<Reported>) -> Self {
        Self(Way::File(file, reports))
    }

    pub(super) fn task(orders: UnboundedSender<SinkOrder>) -> Self {
        Self(Way::Task(orders))
    }

    /// Writes outputs, or has them written. A sink that has failed drops them: the engine is ending with its
    /// error.
    pub fn write(&self, output: Output) {
        match &self.0 {
            Way::Nowhere(log) => log.written(&output),
            Way::File(file, _) => file.write(&output),
            Way::Task(orders) => drop(orders.send(SinkOrder::Write(output))),
        }
    }

    /// Asks the sink to say when all outputs that were given to it before are written, and how many bytes its
    /// file then has; `None` if it is not a regular file. A sink that has failed never answers.
    #[must_use]
    pub fn report(&self) -> oneshot::Receiver<Option<u64>> {
        let (reply, reported) = oneshot::channel();
        match &self.0 {
            Way::Nowhere(_) => drop(reply.send(None)),
            Way::File(file, reports) => {
                if let Some(length) = file.length() {
                    drop(reports.send(Reported { length, reply }));
                }
            }
            Way::Task(orders) => drop(orders.send(SinkOrder::Report(reply))),
        }
        reported
    }
}
