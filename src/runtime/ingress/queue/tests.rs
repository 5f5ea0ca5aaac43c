//! Tests of the queue.

use bytes::Bytes;

use super::*;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::SequenceNumber;
use crate::runtime::passes::Passes;

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

/// A queue with two frames of this origin, at a gate whose messages need a pass.
fn looked_at(origin: Origin) -> (Queue, Gate, Arc<Passes>) {
    let passes = Arc::new(Passes::default());
    passes.need(true);
    let gate = Gate::open().with_passes(Some(Arc::clone(&passes)));
    let queue = Queue::of(PipelineIndex(2));
    let bytes = Bytes::from_static(b"\0\0\0\x01a\0\0\0\x01b");
    let pieces = Pieces::new(bytes, vec![5, 10], 100);
    let frames = Frames::new("x".into(), SequenceNumber(7), Timestamp(0), 4, pieces);
    queue.push(Waiting { slot: Slot(3), frames, trace_all: false, origin, coming: Coming::New });
    (queue, gate, passes)
}

/// What is taken of a queue, as it was written; `None` if nothing is.
fn take(queue: &Queue, gate: &Gate) -> Option<(Vec<u8>, Rereadable)> {
    match queue.next(gate, Timestamp(9), || usize::MAX) {
        Next::Frames(Taking { frames, trace_all, again, .. }) => {
            assert_eq!((frames.len(), frames.read_at(), trace_all), (1, Timestamp(9), true));
            Some((frames.frame(0).to_vec(), again))
        }
        Next::Nothing => None,
        Next::Closed => panic!("it is open"),
    }
}

#[test]
fn a_message_enters_when_it_has_a_pass_and_one_at_a_time() {
    let (queue, gate, passes) = looked_at(Origin::Nowhere);
    let front = |number| (PipelineIndex(2), SequenceNumber(number));
    assert!(queue.is_idle(&gate) && take(&queue, &gate).is_none());
    assert_eq!(queue.copy_of_front().unwrap().frame(0), b"\0\0\0\x01a");
    assert!(passes.give(front(7), passes.serving()));
    assert!(!queue.is_idle(&gate));
    assert_eq!(take(&queue, &gate).unwrap().0, b"\0\0\0\x01a");
    assert!(passes.are_used() && take(&queue, &gate).is_none());
    // A person's pause is stronger, and a step is for one message.
    gate.pause();
    assert!(passes.give(front(8), passes.serving()));
    assert!(queue.is_idle(&gate) && take(&queue, &gate).is_none());
    gate.step();
    assert_eq!(take(&queue, &gate).unwrap().0, b"\0\0\0\x01b");
    assert!(!gate.waits_for_pass());
}

#[test]
fn what_is_taken_away_or_exchanged_counts_as_taken_and_the_rest_keeps_its_place() {
    let row = |frames| JournalPosition { row: 5, frames };
    let front = |number| (PipelineIndex(2), SequenceNumber(number));
    let other = Pieces::new(Bytes::from_static(b"\0\0\0\x03xyz"), vec![7], 0);
    for is_file in [true, false] {
        let origin = if is_file { Origin::Source("file".into()) } else { Origin::Journal(row(4)) };
        let position = |queue: &Queue| {
            let taken = queue.taken();
            let of_file = taken.sources.get("file").copied();
            of_file.or(taken.journal.get(&Slot(3)).map(|position| position.frames))
        };
        let (first, last) = if is_file { (105, 110) } else { (5, 6) };
        let (queue, gate, passes) = looked_at(origin.clone());
        let mut told = Vec::new();
        assert!(!queue.take_away(SequenceNumber(8), |_| panic!("that is not the first")));
        assert!(queue.take_away(SequenceNumber(7), |frames| told.push(frames.frame(0).to_vec())));
        assert_eq!((position(&queue), &told[..]), (Some(first), &[b"\0\0\0\x01a".to_vec()][..]));
        assert!(passes.give(front(8), passes.serving()));
        take(&queue, &gate).unwrap();
        assert_eq!(position(&queue), Some(last));

        let (queue, gate, passes) = looked_at(origin);
        let edited = (&Arc::from("edited"), &other);
        assert!(queue.exchange_front(SequenceNumber(7), edited, |frames| {
            assert_eq!(frames.frame(0), b"\0\0\0\x01a");
        }));
        // Until the other one is taken, nothing is.
        assert_eq!(position(&queue), None);
        assert!(passes.give(front(7), passes.serving()));
        // It cannot be read again.
        assert_eq!(take(&queue, &gate), Some((b"\0\0\0\x03xyz".to_vec(), Rereadable::No)));
        assert_eq!(position(&queue), Some(first));
        assert!(passes.give(front(8), passes.serving()));
        assert_eq!(take(&queue, &gate).unwrap().0, b"\0\0\0\x01b");
        assert_eq!(position(&queue), Some(last));
    }
}
