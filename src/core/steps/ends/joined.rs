//! Two segments that one worker runs as one.

use std::sync::Arc;

use crate::core::frames::Frames;
use crate::core::steps::batch::{Payload, Produced};
use crate::core::steps::context::Context;
use crate::core::steps::{Progress, Segment};

/// A segment that ends in a partition step, and the pipeline's last segment, which is given the messages that stay on
/// this worker at once: a piece is in the processor's first cache then. Messages of other workers come through the
/// exchange to another instance of the last segment, with the same partition tables.
///
/// The messages of a key keep their order if own ones go on at once only when all that came before them has been processed
/// here ([`Segment::own_at_once`]).
pub(crate) struct Joined {
    first: Box<dyn Segment>,
    last: Box<dyn Segment>,
    /// While the last segment is at work: whether more comes of the first.
    working: Option<Progress>,
}

impl Joined {
    pub fn new(first: Box<dyn Segment>, last: Box<dyn Segment>) -> Self {
        Self { first, last, working: None }
    }
}

impl Segment for Joined {
    fn begin(&mut self, frames: &Frames, payload: Payload, context: &mut Context<'_>) {
        debug_assert!(self.working.is_none(), "a batch begins when the one before is done");
        self.first.begin(frames, payload, context);
    }

    fn next(
        &mut self,
        frames: &Arc<Frames>,
        context: &mut Context<'_>,
        produced: &mut Produced,
    ) -> Progress {
        let progress = if let Some(progress) = self.working.take() {
            progress
        } else {
            let progress = self.first.next(frames, context, produced);
            let Some(expected) = produced.own.take() else { return progress };
            self.last.begin(frames, Payload::Own(expected), context);
            progress
        };
        match self.last.next(frames, context, produced) {
            Progress::More => {
                self.working = Some(progress);
                Progress::More
            }
            Progress::Done => progress,
        }
    }

    fn finish(&mut self, frames: &Arc<Frames>, context: &mut Context<'_>, produced: &mut Produced) {
        self.first.finish(frames, context, produced);
        self.last.finish(frames, context, produced);
    }

    fn own_at_once(&mut self, at_once: bool) -> bool {
        self.first.join(at_once) && at_once
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::application::{Key, Out, Reason, Sink, Source};
    use crate::core::clock::LogicalClock;
    use crate::core::frames::pieces::Pieces;
    use crate::core::numbers::{SequenceNumber, Timestamp, WorkerIndex};
    use crate::core::partitions::placement::Placement;
    use crate::core::steps::WorkerSetup;
    use crate::core::steps::context::Report;
    use crate::core::topology::{Application, Topology};

    /// Counts frames of one byte by that byte.
    fn topology() -> Topology {
        Application::new("x")
            .pipeline("p", Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied())))
            .to_state_partition(
                |_: u8, count: &mut u64| {
                    *count += 1;
                    (Some(*count), true)
                },
                |_: &Key| 0,
                "counts",
                |byte: &u8| *byte,
            )
            .to_sink(Sink::new(|count: &u64, out: &mut Out<'_>| out.decimal(*count)))
            .build()
            .unwrap()
    }

    /// How many outputs the first segment of a worker makes of a frame of each byte, and how many messages it sends to
    /// which workers.
    fn first_segment(worker: usize, workers: usize) -> (usize, Vec<(WorkerIndex, usize)>) {
        let placement = Placement::new(NonZeroUsize::new(workers).unwrap());
        let mut setup = WorkerSetup::new(WorkerIndex(worker), placement, false);
        let mut segments = topology().segments(&mut setup).remove(0);
        let bytes: Vec<u8> = (0..=u8::MAX).flat_map(|byte| [0, 0, 0, 1, byte]).collect();
        let pieces = Pieces::new(bytes.into(), (1..=256).map(|end| end * 5).collect(), 0);
        let frames = Frames::new("test".into(), SequenceNumber(1), Timestamp(0), 4, pieces);
        let (frames, mut report) = (Arc::new(frames), Report::default());
        let (clock, mut produced) = (LogicalClock::default(), Produced::default());
        let worker = WorkerIndex(worker);
        let mut context = Context { worker, clock: &clock, piece: 100, report: &mut report };
        segments[0].begin(&frames, Payload::Frames, &mut context);
        while segments[0].next(&frames, &mut context, &mut produced) == Progress::More {}
        segments[0].finish(&frames, &mut context, &mut produced);
        let outputs = produced.outputs.iter().map(|output| output.pieces.len()).sum();
        (outputs, produced.routed.iter().map(|batch| (batch.worker, batch.messages)).collect())
    }

    #[test]
    fn own_messages_become_outputs_at_once_and_those_of_others_are_sent_to_them() {
        assert_eq!(first_segment(0, 1), (256, Vec::new()));
        let (own, sent) = first_segment(0, 2);
        assert!(own > 50, "{own}");
        assert_eq!(sent, [(WorkerIndex(1), 256 - own)]);
        assert_eq!(first_segment(1, 2), (256 - own, vec![(WorkerIndex(0), own)]));
    }
}
