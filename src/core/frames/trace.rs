//! What happened to one message, hop by hop.
//!
//! A trace belongs to a frame: every message made of that frame adds its hops to it, on whichever
//! worker it is. Hops are bounded, so that a message with a thousand outputs stays readable.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::home::Relay;
pub use super::hop::{Hop, HopEvent};
use crate::application::Key;
use crate::core::numbers::{SequenceNumber, Timestamp};

/// The max number of hops that a trace keeps.
pub const HOP_LIMIT: usize = 64;

/// The max bytes of all hops of a trace together, because keys and reasons may have any length.
pub const HOP_BYTES_LIMIT: usize = 256 * 1024;

/// What happened to one message. Hops are added while the message moves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trace {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The source's or connection's name.
    pub source: Arc<str>,
    /// The frame's number in its pipeline.
    pub sequence: SequenceNumber,
    /// The beginning of the frame, header included.
    pub frame: Vec<u8>,
    /// The frame's length in bytes, header included.
    pub frame_length: usize,
    /// When the frame was read.
    pub read_at: Timestamp,
    #[serde(with = "now")]
    hops: Mutex<Hops>,
    /// If the frame is away: then the trace is not shown, and its hops go home as they are added.
    #[serde(skip)]
    relay: Option<Relay>,
}

/// The hops so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Hops {
    kept: Vec<Hop>,
    /// The bytes of their texts.
    bytes: usize,
    /// How many more there were.
    left_out: usize,
    /// When the newest was, also if it is left out, and whether it may be the last.
    newest: Option<(Timestamp, bool)>,
}

impl Hops {
    fn leave_out(&mut self, hops: u64, relay: Option<&Relay>) {
        self.left_out = self.left_out.saturating_add(usize::try_from(hops).unwrap_or(usize::MAX));
        if let Some(relay) = relay {
            relay.leave_out(hops);
        }
    }
}

impl Trace {
    /// A trace without hops.
    pub fn new(
        pipeline: Arc<str>,
        source: Arc<str>,
        sequence: SequenceNumber,
        frame: &[u8],
        read_at: Timestamp,
    ) -> Self {
        Self {
            pipeline,
            source,
            sequence,
            frame: super::preview::preview_bytes(frame),
            frame_length: frame.len(),
            read_at,
            hops: Mutex::default(),
            relay: None,
        }
    }

    /// Takes its hops to the frame's home, if the frame is away.
    pub(super) fn relayed(self, relay: Option<Relay>) -> Self {
        Self { relay, ..self }
    }

    /// Whether it is the trace of a frame that is at home: one to be shown.
    pub fn is_at_home(&self) -> bool {
        self.relay.is_none()
    }

    /// Adds a hop, unless there are [`HOP_LIMIT`] already or their texts would be too long.
    pub fn push(&self, hop: Hop) {
        let mut hops = self.hops.lock();
        let bytes = hops.bytes + hop.event.byte_length();
        hops.newest = Some((hop.at, hop.event.is_end()));
        if hops.kept.len() < HOP_LIMIT && bytes <= HOP_BYTES_LIMIT {
            hops.bytes = bytes;
            if let Some(relay) = &self.relay {
                relay.hop(&hop);
            }
            hops.kept.push(hop);
        } else {
            hops.leave_out(1, self.relay.as_ref());
        }
    }

    /// Counts hops that were made and are not kept.
    pub fn leave_out(&self, hops: u64) {
        self.hops.lock().leave_out(hops, self.relay.as_ref());
    }

    /// The hops so far.
    pub fn hops(&self) -> Vec<Hop> {
        self.hops.lock().kept.clone()
    }

    /// How long the message has taken so far; `None` if more will certainly come.
    pub fn took(&self) -> Option<Duration> {
        let (at, may_be_last) = self.hops.lock().newest?;
        may_be_last.then(|| at.since(self.read_at))
    }

    /// Its approximate size in memory, in bytes.
    pub fn weight(&self) -> usize {
        let hops = self.hops.lock();
        size_of::<Self>() + self.frame.len() + hops.kept.len() * size_of::<Hop>() + hops.bytes
    }

    /// How many hops there were beside those that are kept.
    pub fn hops_left_out(&self) -> usize {
        self.hops.lock().left_out
    }

    /// Takes over the hops of a newer copy of this trace.
    pub fn follow(&self, newer: &Self) {
        let newer = newer.hops.lock().clone();
        *self.hops.lock() = newer;
    }

    /// How many hops there were so far, also those that are not kept: another number if anything has happened.
    pub fn length(&self) -> usize {
        let hops = self.hops.lock();
        hops.kept.len() + hops.left_out
    }

    /// The keys of the partitions that the message has been sent to, from a hop on, and the number of hops so
    /// far.
    pub fn keys_since(&self, hop: usize) -> (Vec<Key>, usize) {
        let hops = self.hops.lock();
        let keys = hops.kept.iter().skip(hop).filter_map(|hop| match &hop.event {
            HopEvent::Partitioned { key, .. } => Some(key.clone()),
            _ => None,
        });
        (keys.collect(), hops.kept.len())
    }
}

/// The hops of this moment.
mod now {
    use parking_lot::Mutex;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Hops;

    pub(super) fn serialize<S: Serializer>(hops: &Mutex<Hops>, to: S) -> Result<S::Ok, S::Error> {
        hops.lock().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(of: D) -> Result<Mutex<Hops>, D::Error> {
        Hops::deserialize(of).map(Mutex::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::numbers::WorkerIndex;

    #[test]
    fn a_trace_is_bounded_in_hops_and_in_bytes() {
        let hop = |event: HopEvent| Hop {
            step: "step".into(),
            worker: WorkerIndex(0),
            at: Timestamp(0),
            event,
        };
        let new = || Trace::new("p".into(), "s".into(), SequenceNumber(1), b"frame", Timestamp(0));
        let trace = new();
        for _ in 0..2 * HOP_LIMIT {
            trace.push(hop(HopEvent::Filtered));
        }
        assert_eq!(trace.hops().len(), HOP_LIMIT);
        assert_eq!(trace.hops_left_out(), HOP_LIMIT);
        trace.push(Hop { at: Timestamp(5_000), ..hop(HopEvent::Written("null".into())) });
        assert_eq!(trace.took(), Some(Duration::from_micros(5)), "by a hop that is left out");

        let trace = new();
        for _ in 0..10 {
            trace.push(hop(HopEvent::DeadLetter("x".repeat(HOP_BYTES_LIMIT / 4))));
        }
        trace.push(hop(HopEvent::Filtered));
        assert_eq!(trace.hops().len(), 5);
    }
}
