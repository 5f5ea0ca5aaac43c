//! Whole frames that one source delivered together: the unit in which work enters the engine.
//!
//! Invariant: every frame is at least what is around its payload. The frames outlive every message made of them, so
//! that a dead letter at any step has its bytes.
//!
//! In another process than the one that read them, frames have no bytes: see [`away`].

pub mod assembler;
pub mod away;
mod carrying;
pub mod dead_letter;
mod edited;
mod failure;
pub mod framing;
mod hold;
mod home;
mod hop;
pub mod own_cut;
pub mod pieces;
pub mod pins;
pub mod preview;
pub mod probe;
mod split;
pub mod trace;
pub mod trace_budget;
pub mod way;
pub mod wrapping;

use std::sync::Arc;

use bytes::Bytes;

use super::numbers::{SequenceNumber, Timestamp};
use crate::application::Key;
use hold::Both;
pub use hold::{Hold, Writing};
use home::Content;
use pieces::Pieces;
use pins::Watch;
use trace::Trace;
use wrapping::{NUMBER_LENGTH, Wrapping};

/// The name of a source that makes its messages itself, in traces, dead letters and saved positions.
pub const GENERATOR: &str = "generator";

/// Whole frames that one source delivered together, with their source and time.
#[derive(Clone)]
pub struct Frames {
    source: Arc<str>,
    first: SequenceNumber,
    read_at: Timestamp,
    wrapping: Wrapping,
    content: Content,
    traces: Vec<(u32, Arc<Trace>)>,
    /// `None` if no key was pinned when the frames were taken, and they carry no probe.
    watch: Option<Arc<Watch>>,
    holds: Vec<Arc<dyn Hold>>,
    work: Option<Arc<dyn Hold>>,
}

impl Frames {
    /// Frames as [`Framing::cut`](framing::Framing::cut) found them; the first is number `first` of its
    /// pipeline.
    pub fn new(
        source: Arc<str>,
        first: SequenceNumber,
        read_at: Timestamp,
        wrapping: impl Into<Wrapping>,
        pieces: Pieces,
    ) -> Self {
        debug_assert!(pieces.are_whole(), "ends ascend and are within the bytes");
        let (traces, holds) = (Vec::new(), Vec::new());
        let wrapping = wrapping.into();
        let (content, watch, work) = (Content::Home(pieces), None, None);
        Self { source, first, read_at, wrapping, content, traces, watch, holds, work }
    }

    /// Holds this until everything made of the frames is dropped.
    #[must_use]
    pub fn with_hold(mut self, hold: Arc<dyn Hold>) -> Self {
        self.holds.push(hold);
        self
    }

    /// Holds this, too, until all steps are done with the frames. Outputs do not hold it.
    #[must_use]
    pub fn with_work_hold(mut self, hold: Arc<dyn Hold>) -> Self {
        self.work = Some(match self.work.take() {
            None => hold,
            Some(before) => Arc::new(Both(before, hold)),
        });
        self
    }

    /// Reports that outputs of the frames are written, until the returned value is dropped. `None` if nothing is held
    /// for the steps.
    #[must_use]
    pub fn writing(&self) -> Option<Writing> {
        self.work.as_ref().map(Writing::begin)
    }

    /// Charges the holds for outputs of this many bytes.
    pub fn charge(&self, bytes: usize) {
        self.holds.iter().for_each(|hold| hold.charge(bytes));
    }

    /// The frames for their outputs: without what is held for the steps alone.
    #[must_use]
    pub fn after_work(self: &Arc<Self>) -> Arc<Self> {
        match self.work {
            // The case for nearly all frames.
            None => Arc::clone(self),
            Some(_) => Arc::new(Self { work: None, ..Self::clone(self) }),
        }
    }

    /// The source's or the connection's name.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// What the frames have around their payloads.
    pub fn wrapping(&self) -> Wrapping {
        self.wrapping
    }

    /// When the bytes were read.
    pub fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Changes the time from which the latency counts, because time in which the engine was paused does not.
    pub fn set_read_at(&mut self, moment: Timestamp) {
        self.read_at = moment;
    }

    /// The number of frames.
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether there are no frames.
    pub fn is_empty(&self) -> bool {
        self.content.len() == 0
    }

    fn pieces(&self) -> &Pieces {
        self.content.pieces()
    }

    /// The bytes of all frames, headers included.
    pub fn bytes(&self) -> &Bytes {
        self.pieces().bytes()
    }

    /// The end of each frame in [`bytes`](Self::bytes).
    pub fn ends(&self) -> &[u32] {
        self.pieces().ends()
    }

    /// The length of all frames in bytes, headers included.
    pub fn byte_length(&self) -> u64 {
        self.pieces().byte_length()
    }

    /// The number of a frame in its pipeline.
    pub fn sequence(&self, frame: u32) -> SequenceNumber {
        self.first.plus(u64::from(frame))
    }

    /// The numbers of the first and of the last frame.
    pub fn numbers(&self) -> (SequenceNumber, SequenceNumber) {
        (self.first, self.first.plus((self.len() as u64).saturating_sub(1)))
    }

    /// A frame's offset in its source, in bytes; the number of its message if the source makes it itself.
    pub fn offset(&self, frame: u32) -> u64 {
        self.in_source(self.pieces().offset(frame as usize))
    }

    /// The offset of the first frame in its source, in bytes, also if the source makes its messages itself.
    pub fn byte_offset(&self) -> u64 {
        self.pieces().offset(0)
    }

    /// The offset behind the last frame.
    pub fn end_offset(&self) -> u64 {
        self.in_source(self.pieces().offset(self.len()))
    }

    fn in_source(&self, offset: u64) -> u64 {
        match self.wrapping {
            Wrapping::Number => offset / NUMBER_LENGTH as u64,
            _ => offset,
        }
    }

    /// How many bytes were read: none if the source makes its messages itself.
    pub fn bytes_read(&self) -> u64 {
        if self.wrapping == Wrapping::Number { 0 } else { self.byte_length() }
    }

    /// A frame's bytes, header included.
    pub fn frame(&self, frame: u32) -> &[u8] {
        let found = self.pieces().get(frame as usize);
        debug_assert!(found.is_some(), "a message's frame is one of its batch");
        found.unwrap_or_default()
    }

    /// A frame's payload.
    pub fn payload(&self, frame: u32) -> &[u8] {
        let frame = self.frame(frame);
        frame.get(self.wrapping.payload(frame)).unwrap_or_default()
    }

    /// A frame's payload as `Bytes`, without a copy.
    pub fn shared_payload(&self, frame: u32) -> Bytes {
        self.pieces().bytes().slice_ref(self.payload(frame))
    }

    /// A frame's header as `Bytes`, without a copy.
    pub fn shared_header(&self, frame: u32) -> Bytes {
        self.pieces().bytes().slice_ref(self.wrapping.split(self.frame(frame)).0)
    }

    /// What is behind a frame's payload as `Bytes`, without a copy: the end of a line.
    pub fn shared_end(&self, frame: u32) -> Bytes {
        self.pieces().bytes().slice_ref(self.wrapping.split(self.frame(frame)).2)
    }

    /// The payloads from this frame on in order, with their indices.
    pub fn payloads_from(&self, first: u32) -> impl Iterator<Item = (u32, &[u8])> {
        let (bytes, mut start) =
            (self.pieces().bytes(), self.pieces().start(first as usize) as usize);
        let ends = self.pieces().ends().get(first as usize..).unwrap_or_default();
        (first..).zip(ends).map(move |(frame, end)| {
            let end = *end as usize;
            let payload = match self.wrapping {
                // The common case, and the hot path.
                Wrapping::Header(length) => bytes.get(start + length..end),
                other => bytes.get(start..end).and_then(|frame| frame.get(other.payload(frame))),
            };
            debug_assert!(payload.is_some(), "a frame is at least a header long");
            start = end;
            (frame, payload.unwrap_or_default())
        })
    }

    /// Traces a frame from here on. Traces must begin in the order of their frames.
    pub fn begin_trace(&mut self, pipeline: &Arc<str>, frame: u32) -> Arc<Trace> {
        let trace = self.new_trace(pipeline, frame);
        self.traces.push((frame, Arc::clone(&trace)));
        trace
    }

    fn new_trace(&self, pipeline: &Arc<str>, frame: u32) -> Arc<Trace> {
        let relay = self.relay(frame);
        let bytes = if relay.is_some() { &[] } else { self.frame(frame) };
        let (pipeline, source) = (Arc::clone(pipeline), Arc::clone(&self.source));
        let trace = Trace::new(pipeline, source, self.sequence(frame), bytes, self.read_at);
        Arc::new(trace.relayed(relay))
    }

    /// Whether any frame is traced: false for nearly all frames, so that steps can skip the rest.
    pub fn any_traced(&self) -> bool {
        !self.traces.is_empty() || self.watch.as_ref().is_some_and(|watch| watch.any())
    }

    /// Traces messages of pinned keys from where their key is made.
    pub fn watch(&mut self, watch: Arc<Watch>) {
        self.watch = Some(watch);
    }

    /// Begins the trace of a frame of which a message has a pinned key. `None` if it has a trace
    /// already, the key is not pinned, or there are too many such traces.
    pub fn begin_pinned(
        &self,
        pipeline: &Arc<str>,
        frame: u32,
        (state, key): (&str, &Key),
        now: impl FnOnce() -> Timestamp,
    ) -> Option<Arc<Trace>> {
        let watch = self.watch.as_ref()?;
        if self.trace(frame).is_some() || !watch.takes(state, key, now) {
            return None;
        }
        self.begin_late(watch, pipeline, frame)
    }

    /// The trace of a frame, if it has one.
    pub fn trace(&self, frame: u32) -> Option<Arc<Trace>> {
        let found = self.traces.binary_search_by_key(&frame, |(traced, _)| *traced).ok();
        let early = found.and_then(|found| self.traces.get(found));
        let early = early.map(|(_, trace)| Arc::clone(trace));
        early.or_else(|| self.watch.as_ref()?.trace(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn three() -> Frames {
        let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\0\0\0\0\x02bc");
        let pieces = Pieces::new(bytes, vec![5, 9, 15], 100);
        Frames::new("test".into(), SequenceNumber(10), Timestamp(5), 4, pieces)
    }

    #[test]
    fn a_frame_knows_its_bytes_its_number_and_its_place() {
        let frames = three();
        let payloads: Vec<_> =
            frames.payloads_from(0).map(|(_, payload)| payload.to_vec()).collect();
        assert_eq!(payloads, [b"a".to_vec(), Vec::new(), b"bc".to_vec()]);
        assert_eq!(frames.payload(2), b"bc");
        assert_eq!(frames.frame(2), b"\0\0\0\x02bc");
        assert_eq!(frames.sequence(2), SequenceNumber(12));
        assert_eq!(frames.offset(2), 109);
        assert_eq!(frames.shared_header(2), b"\0\0\0\x02"[..]);
    }
}
