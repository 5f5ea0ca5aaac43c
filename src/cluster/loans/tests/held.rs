//! Frames that can be told from each other, and what they hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::application::Key;
use crate::core::frames::dead_letter::{Cause, Failure};
use crate::core::frames::pieces::Pieces;
use crate::core::frames::trace::{Hop, HopEvent};
use crate::core::frames::{Frames, Hold};
use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};

pub const FRAMES: u32 = 3;
/// What one batch of frames holds, and how often that was released.
#[derive(Default)]
pub struct Held {
    pub released: AtomicUsize,
    pub charged: AtomicUsize,
    pub writes: AtomicUsize,
}

/// Held by frames.
pub struct Count(pub Arc<Held>);

impl Hold for Count {
    fn charge(&self, bytes: usize) {
        assert_eq!(self.0.released.load(Ordering::Relaxed), 0, "charged after the release");
        self.0.charged.fetch_add(bytes, Ordering::Relaxed);
    }

    fn write(&self, _: bool) {
        self.0.writes.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.0.released.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn payload(read: usize, frame: u32) -> Vec<u8> {
    format!("{read:05}:{frame}").into_bytes()
}

pub fn failure(reason: String) -> Failure {
    Failure {
        pipeline: "p".into(),
        step: "step".into(),
        cause: Cause::Refused,
        reason,
        key: Some(Key::from("k")),
        at: Timestamp(1),
    }
}

pub fn hop(at: u64) -> Hop {
    let event = HopEvent::Computed(vec!["1".to_owned()]);
    Hop { step: "step".into(), worker: WorkerIndex(0), at: Timestamp(at), event }
}

/// Three frames of nine bytes.
pub fn frames_of(read: usize) -> Frames {
    let bytes: Vec<u8> =
        (0..FRAMES).flat_map(|frame| [&[0, 0][..], &payload(read, frame)].concat()).collect();
    let ends = vec![9, 18, 27];
    let first = SequenceNumber(100 * read as u64);
    let pieces = Pieces::new(Bytes::from(bytes), ends, 0);
    Frames::new(read.to_string().into(), first, Timestamp(0), 2, pieces)
}
