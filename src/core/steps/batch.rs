//! Messages on their way between steps, a batch at a time.
//!
//! Inside a segment a batch has its type. Between segments, where it may change its worker, the
//! batch (and only the batch) loses it: the segment that takes it knows what it is.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;

use super::ends::recycled::Recycled;
use crate::core::frames::Frames;
use crate::core::frames::trace::Trace;
use crate::core::numbers::{PipelineIndex, SinkIndex, WorkerIndex};

/// A message and the frame that it was made of.
#[derive(Debug, Clone)]
pub struct Item<M> {
    /// The frame's place in its [`Frames`].
    pub frame: u32,
    /// The message.
    pub message: M,
}

/// What a segment is given: frames to decode, or a batch that another segment made.
pub enum Payload {
    /// The frames themselves.
    Frames,
    /// What is in the mailbox that both segments share. About this many messages of the whole batch come this way.
    Own(usize),
    /// A `Vec` of [`Item`]s, whose messages have the type that the two segments agree on.
    Messages(Box<dyn Any + Send>),
    /// The same as bytes, because the two segments are in different processes: see `ends/encoded.rs`.
    Encoded(Bytes),
}

/// A batch for one worker.
pub struct RoutedBatch {
    /// The worker that must process it.
    pub worker: WorkerIndex,
    /// The frames that its messages were made of.
    pub frames: Arc<Frames>,
    /// The messages.
    pub payload: Payload,
    /// How many messages.
    pub messages: usize,
}

/// Encoded messages for a sink.
pub struct Output {
    /// The pipeline that made it: its sink may be one of several pipelines.
    pub pipeline: PipelineIndex,
    /// Which of the pipeline's sinks.
    pub sink: SinkIndex,
    /// The frames that the outputs were made of.
    pub frames: Arc<Frames>,
    /// What to write: an output is a piece.
    pub pieces: Recycled,
    /// The traces of those outputs whose frame is traced.
    pub traces: Vec<Arc<Trace>>,
}

/// What a segment gives: batches for other workers' next segment, and outputs for sinks.
#[derive(Default)]
pub struct Produced {
    /// If there are messages in the mailbox that this segment shares with the next: about how many of the whole batch
    /// come this way.
    pub own: Option<usize>,
    /// Batches for the pipeline's next segment.
    pub routed: Vec<RoutedBatch>,
    /// Bytes for the pipeline's sinks.
    pub outputs: Vec<Output>,
}
