//! Tests of the queue.

use super::*;

#[test]
fn every_worker_is_told_that_the_queue_is_closed() {
    let (queue, gate) = (Queue::default(), Gate::open());
    assert!(queue.is_idle(&gate));
    queue.close();
    for _worker in 0..2 {
        assert!(!queue.is_idle(&gate));
        assert!(matches!(queue.next(&gate, Timestamp(0), || 1), Next::Closed));
    }
}

#[test]
fn the_positions_follow_what_is_taken_frame_by_frame() {
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::SequenceNumber;
    use bytes::Bytes;

    let frames = |offset| {
        let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\x01b");
        let pieces = Pieces::new(bytes, vec![5, 10], offset);
        Frames::new("x".into(), SequenceNumber(1), Timestamp(0), 4, pieces)
    };
    let (queue, gate) = (Queue::default(), Gate::open());
    gate.pause();
    let slot = Slot(3);
    let waiting =
        |frames, origin| Waiting { slot, frames, trace_all: false, origin, coming: Coming::New };
    let row = JournalPosition { row: 7, frames: 0 };
    queue.push(waiting(frames(0), Origin::Journal(row)));
    queue.push(waiting(frames(100), Origin::Source("file".into())));
    assert!(queue.taken().journal.is_empty());
    gate.step();
    let next = || match queue.next(&gate, Timestamp(0), || usize::MAX) {
        Next::Frames(Taking { number, trace_all, .. }) => (number.0, trace_all),
        _ => panic!("frames wait"),
    };
    assert_eq!(next(), (0, true), "a step is traced");
    assert_eq!(queue.taken().journal.get(&slot), Some(&JournalPosition { row: 7, frames: 1 }));
    gate.resume(Timestamp(0));
    assert_eq!(next(), (1, false));
    assert_eq!(queue.taken().journal.get(&slot), Some(&JournalPosition { row: 7, frames: 2 }));
    assert_eq!(next(), (2, false));
    assert_eq!(queue.taken().sources.get("file"), Some(&110));
}
