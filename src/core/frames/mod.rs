//! Whole frames that one source delivered together: the unit in which work enters the engine.
//!
//! Invariant: `ends` is ascending and within `bytes`, and every frame is at least a header long. The
//! frames outlive every message made of them, so that a dead letter at any step has its bytes.

pub mod assembler;
pub mod dead_letter;
pub mod framing;
pub mod preview;
pub mod trace;

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;

use super::numbers::{SequenceNumber, Timestamp};
use trace::Trace;

/// What is held as long as anything made of the frames is under way, and released by its drop: the
/// runtime bounds what is in flight with it.
pub type Ticket = Arc<dyn Any + Send + Sync>;

/// Where the memory that frames and their outputs take is added up; what was charged is released by
/// its drop.
pub trait Account: Send + Sync {
    /// Outputs were made of the frames, which take this many bytes until they are written.
    fn charge(&self, bytes: usize);
}

/// Whole frames that one source delivered together, where they came from and when.
#[derive(Clone)]
pub struct Frames {
    source: Arc<str>,
    first: SequenceNumber,
    offset: u64,
    read_at: Timestamp,
    header_length: usize,
    bytes: Bytes,
    ends: Vec<u32>,
    traces: Vec<(u32, Arc<Trace>)>,
    tickets: Vec<Ticket>,
    work: Option<Ticket>,
    account: Option<Arc<dyn Account>>,
}

impl Frames {
    /// The frames of `bytes` that end at `ends`, as [`Framing::cut`](framing::Framing::cut)
    /// found them; the first is number `first` of its pipeline and starts `offset` bytes after the
    /// beginning of its source.
    #[must_use]
    pub fn new(
        source: Arc<str>,
        first: SequenceNumber,
        offset: u64,
        read_at: Timestamp,
        header_length: usize,
        bytes: Bytes,
        ends: Vec<u32>,
    ) -> Self {
        Self {
            source,
            first,
            offset,
            read_at,
            header_length,
            bytes,
            ends,
            traces: Vec::new(),
            tickets: Vec::new(),
            work: None,
            account: None,
        }
    }

    /// Charges this account with what is made of the frames, until all of it is gone.
    #[must_use]
    pub fn with_account(mut self, account: Arc<dyn Account>) -> Self {
        self.account = Some(account);
        self
    }

    /// Charges the account, where there is one, with outputs of this many bytes.
    pub fn charge(&self, bytes: usize) {
        if let Some(account) = &self.account {
            account.charge(bytes);
        }
    }

    /// Holds this ticket, too, until everything made of the frames is gone.
    #[must_use]
    pub fn with_ticket(mut self, ticket: Ticket) -> Self {
        self.tickets.push(ticket);
        self
    }

    /// Holds this ticket until all steps are done with the frames. Outputs that wait to be written do not
    /// hold it.
    #[must_use]
    pub fn with_work_ticket(self, ticket: Ticket) -> Self {
        Self { work: Some(ticket), ..self }
    }

    /// The frames as their outputs hold them, when all steps are done with those.
    #[must_use]
    pub fn after_work(self: &Arc<Self>) -> Arc<Self> {
        match self.work {
            // For nearly all frames.
            None => Arc::clone(self),
            Some(_) => Arc::new(Self { work: None, ..Self::clone(self) }),
        }
    }

    /// The source's or the connection's name.
    #[must_use]
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// When the bytes were read.
    #[must_use]
    pub fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// Counts from another moment on: time in which the engine was paused is no latency.
    pub fn set_read_at(&mut self, moment: Timestamp) {
        self.read_at = moment;
    }

    /// How many frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All frames, one after another, headers included.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Where each frame ends in [`bytes`](Self::bytes).
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The length of all frames in bytes, headers included.
    #[must_use]
    pub fn byte_length(&self) -> u64 {
        self.ends.last().copied().map_or(0, u64::from)
    }

    /// The number of a frame in its pipeline.
    #[must_use]
    pub fn sequence(&self, frame: u32) -> SequenceNumber {
        self.first.plus(u64::from(frame))
    }

    /// How many bytes after the beginning of its source a frame starts.
    #[must_use]
    pub fn offset(&self, frame: u32) -> u64 {
        self.offset + self.start(frame) as u64
    }

    /// A frame's bytes, header included; empty where there is no such frame.
    #[must_use]
    pub fn frame(&self, frame: u32) -> &[u8] {
        let end = self.ends.get(frame as usize).map_or(0, |end| *end as usize);
        self.bytes.get(self.start(frame)..end).unwrap_or_default()
    }

    /// A frame's payload; empty where there is no such frame.
    #[must_use]
    pub fn payload(&self, frame: u32) -> &[u8] {
        self.frame(frame).get(self.header_length..).unwrap_or_default()
    }

    /// A frame's payload to keep, without copying it; empty where there is no such frame.
    #[must_use]
    pub fn shared_payload(&self, frame: u32) -> Bytes {
        self.bytes.slice_ref(self.payload(frame))
    }

    /// A frame's header to keep, without copying it; empty where there is no such frame.
    #[must_use]
    pub fn shared_header(&self, frame: u32) -> Bytes {
        let frame = self.frame(frame);
        self.bytes.slice_ref(frame.get(..self.header_length).unwrap_or(frame))
    }

    /// Every payload, in order, with its place among the frames.
    pub fn payloads(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.payloads_from(0)
    }

    /// The payloads from this frame on, in order, with their places among the frames.
    pub fn payloads_from(&self, first: u32) -> impl Iterator<Item = (u32, &[u8])> {
        let mut start = self.start(first);
        let ends = self.ends.get(first as usize..).unwrap_or_default();
        (first..).zip(ends).map(move |(frame, end)| {
            let end = *end as usize;
            let payload = self.bytes.get(start + self.header_length..end).unwrap_or_default();
            start = end;
            (frame, payload)
        })
    }

    fn start(&self, frame: u32) -> usize {
        let before = (frame as usize).checked_sub(1);
        before.and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize)
    }

    /// Traces a frame from here on. Traces must begin in the order of their frames.
    pub fn begin_trace(&mut self, pipeline: &Arc<str>, frame: u32) -> Arc<Trace> {
        let trace = Arc::new(Trace::new(
            Arc::clone(pipeline),
            Arc::clone(&self.source),
            self.sequence(frame),
            self.frame(frame),
            self.read_at,
        ));
        self.traces.push((frame, Arc::clone(&trace)));
        trace
    }

    /// Whether any frame is traced: false for nearly all frames, so that steps can skip the rest.
    #[must_use]
    pub fn any_traced(&self) -> bool {
        !self.traces.is_empty()
    }

    /// The trace of a frame, where it has one.
    #[must_use]
    pub fn trace(&self, frame: u32) -> Option<&Arc<Trace>> {
        let found = self.traces.binary_search_by_key(&frame, |(traced, _)| *traced).ok()?;
        self.traces.get(found).map(|(_, trace)| trace)
    }

    /// Takes the first frame off, for stepping one message at a time. `None` where there is none.
    pub fn split_first(&mut self) -> Option<Self> {
        let end = *self.ends.first()?;
        let first = Self {
            bytes: self.bytes.slice(..(end as usize).min(self.bytes.len())),
            ends: vec![end],
            traces: Vec::new(),
            ..self.clone()
        };
        self.bytes = self.bytes.slice((end as usize).min(self.bytes.len())..);
        self.ends.remove(0);
        for later in &mut self.ends {
            *later -= end;
        }
        self.first = self.first.plus(1);
        self.offset += u64::from(end);
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Frames {
        let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\0\0\0\0\x02bc");
        Frames::new("test".into(), SequenceNumber(10), 100, Timestamp(5), 4, bytes, vec![5, 9, 15])
    }

    #[test]
    fn a_frame_knows_its_bytes_its_number_and_its_place() {
        let frames = three();
        let payloads: Vec<_> = frames.payloads().map(|(_, payload)| payload.to_vec()).collect();
        assert_eq!(payloads, [b"a".to_vec(), Vec::new(), b"bc".to_vec()]);
        assert_eq!(frames.payload(2), b"bc");
        assert_eq!(frames.frame(2), b"\0\0\0\x02bc");
        assert_eq!(frames.sequence(2), SequenceNumber(12));
        assert_eq!(frames.offset(2), 109);
        assert_eq!(frames.payload(3), b"");
        assert_eq!(frames.shared_header(2), b"\0\0\0\x02"[..]);
        assert!(frames.shared_header(3).is_empty());
    }

    #[test]
    fn taking_frames_off_one_by_one_gives_the_same_frames() {
        let whole = three();
        let mut rest = three();
        for frame in 0..3 {
            let first = rest.split_first().unwrap();
            assert_eq!(first.len(), 1);
            assert_eq!(first.frame(0), whole.frame(frame));
            assert_eq!(first.sequence(0), whole.sequence(frame));
            assert_eq!(first.offset(0), whole.offset(frame));
        }
        assert!(rest.is_empty());
        assert!(rest.split_first().is_none());
    }
}
