//! Routed batches as Timely exchanges them between workers.
//!
//! Between workers of one process they move as they are. To another process goes the [`LentBatch`] or the
//! [`LentOutput`]: bytes, with a loan in place of the frames.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::ahead::OnTheWay;
use crate::cluster::loans::Loan;
use crate::core::frames::Frames;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{BatchNumber, PipelineIndex, ProcessIndex, SinkIndex, WorkerIndex};
use crate::core::steps::batch::{Output, Payload, RoutedBatch};
use crate::core::steps::ends::recycled::Recycled;
use crate::runtime::processes::neighbours::{FIRST, Neighbours};

/// An [`Epoch`](crate::core::numbers::Epoch), for Timely.
pub(super) type Time = u64;

/// Why a run ends that is given something else.
pub(super) const NO_BATCH: &str = "another process has sent what is no batch";

/// Of which batch of frames a routed batch was made, if those are processed in the order of their numbers; and the worker
/// that made it.
pub(super) type From = (Option<BatchNumber>, WorkerIndex);

/// What is on its way to a worker. Timely serializes it only if that worker is in another process.
#[derive(Serialize, Deserialize)]
pub(crate) enum Exchanged {
    /// That this worker gets no more of this batch of frames.
    All { of: BatchNumber, worker: WorkerIndex },
    /// A batch for a worker of another process.
    Lent(Box<LentBatch>),
    /// Outputs for a sink, which is in another process.
    Output(Box<LentOutput>),
    /// A routed batch. It is never serialized, and therefore the last: serde counts only the others when it reads.
    #[serde(skip)]
    Routed { from: From, batch: RoutedBatch, on_the_way: OnTheWay },
}

impl Exchanged {
    /// A routed batch. If its worker is in another process, its frames stay here, and it is on its way until the steps
    /// there are done.
    pub fn batch(
        from: From,
        batch: RoutedBatch,
        on_the_way: OnTheWay,
        neighbours: Option<&Neighbours>,
    ) -> Self {
        match neighbours.filter(|neighbours| !neighbours.is_local(batch.worker)) {
            None => Self::Routed { from, batch, on_the_way },
            Some(neighbours) => {
                Self::Lent(Box::new(LentBatch::new(from, batch, on_the_way, neighbours)))
            }
        }
    }

    /// Outputs of this worker, for a sink of process 0.
    pub fn output(output: Output, worker: WorkerIndex, neighbours: &Neighbours) -> Self {
        Self::Output(Box::new(LentOutput::new(output, worker, neighbours)))
    }

    pub fn worker(&self) -> WorkerIndex {
        match self {
            Self::Routed { batch, .. } => batch.worker,
            Self::All { worker, .. } => *worker,
            Self::Lent(batch) => batch.worker,
            Self::Output(output) => output.worker,
        }
    }
}

/// A routed batch for a worker of another process.
#[derive(Serialize, Deserialize)]
pub(crate) struct LentBatch {
    /// As of [`Exchanged::Routed`].
    pub from: From,
    worker: WorkerIndex,
    /// The process that lends the frames.
    lender: ProcessIndex,
    loan: Loan,
    bytes: Bytes,
    messages: usize,
}

impl LentBatch {
    fn new(from: From, batch: RoutedBatch, on_the_way: OnTheWay, neighbours: &Neighbours) -> Self {
        let RoutedBatch { worker, frames, payload, messages } = batch;
        let Payload::Encoded(bytes) = payload else {
            unreachable!("the end of a segment gives batches for other processes as bytes")
        };
        // Until the steps are done: outputs may wait for a receiver much longer.
        let frames = Frames::clone(&frames).with_work_hold(Arc::new(on_the_way));
        let loan = neighbours.lend(neighbours.process_of(worker), &Arc::new(frames));
        Self { from, worker, lender: neighbours.me(), loan, bytes, messages }
    }

    /// The batch where it has arrived. `None` if no such process can have sent it.
    pub fn borrow(self, neighbours: &Neighbours) -> Option<RoutedBatch> {
        let Self { worker, lender, loan, bytes, messages, .. } = self;
        let frames = Arc::new(neighbours.borrow(lender, &loan)?);
        Some(RoutedBatch { worker, frames, payload: Payload::Encoded(bytes), messages })
    }
}

/// Outputs for a sink of another process.
#[derive(Serialize, Deserialize)]
pub(crate) struct LentOutput {
    /// The worker that writes them.
    worker: WorkerIndex,
    /// The process that lends the frames.
    lender: ProcessIndex,
    loan: Loan,
    sink: SinkIndex,
    #[serde(with = "pieces")]
    pieces: Recycled,
    /// The places of the frames of the traced outputs.
    traced: Vec<u32>,
}

impl LentOutput {
    fn new(output: Output, worker: WorkerIndex, neighbours: &Neighbours) -> Self {
        let Output { sink, frames, pieces, traces, .. } = output;
        let (first, _) = frames.numbers();
        let place = |trace: &Arc<Trace>| u32::try_from(trace.sequence.0.checked_sub(first.0)?).ok();
        Self {
            worker: neighbours.writer_for(worker),
            lender: neighbours.me(),
            loan: neighbours.lend(FIRST, &frames),
            sink,
            pieces,
            traced: traces.iter().filter_map(place).collect(),
        }
    }

    /// The outputs where they have arrived. `None` if no such process can have sent them.
    pub fn borrow(self, pipeline: PipelineIndex, neighbours: &Neighbours) -> Option<Output> {
        let Self { lender, loan, sink, pieces, traced, .. } = self;
        // Before anything is borrowed, which would be returned.
        if !traced.iter().all(|frame| loan.lent.traced.binary_search(frame).is_ok()) {
            return None;
        }
        let frames = Arc::new(neighbours.borrow(lender, &loan)?);
        let traces = traced.into_iter().filter_map(|frame| frames.trace(frame)).collect();
        Some(Output { pipeline, sink, frames, pieces, traces })
    }
}

/// Pieces whose memory is used again, as bytes.
mod pieces {
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::core::frames::pieces::Pieces;
    use crate::core::steps::ends::recycled::Recycled;

    struct AsBytes<'a>(&'a [u8]);

    impl Serialize for AsBytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    pub fn serialize<S: Serializer>(pieces: &Recycled, serializer: S) -> Result<S::Ok, S::Error> {
        (AsBytes(pieces.bytes()), pieces.ends()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recycled, D::Error> {
        let (bytes, ends) = <(Bytes, Vec<u32>)>::deserialize(deserializer)?;
        let pieces = Pieces::new(Vec::from(bytes), ends, 0);
        if !pieces.are_whole() {
            return Err(D::Error::custom("the pieces of an output are not within its bytes"));
        }
        Ok(pieces.into())
    }
}
