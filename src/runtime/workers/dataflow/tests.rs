//! Tests: what is no batch ends the run, and nothing of it counts as done.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::application::{Key, Out, Reason, Sink, Source};
use crate::core::frames::Frames;
use crate::core::frames::pieces::Pieces;
use crate::core::numbers::{ProcessIndex, SequenceNumber, SinkIndex, Timestamp, WorkerIndex};
use crate::core::partitions::placement::Placement;
use crate::core::steps::WorkerSetup;
use crate::core::steps::batch::{Output, Payload, RoutedBatch};
use crate::core::topology::{Application, Topology};
use crate::runtime::earlier::Earlier;
use crate::runtime::error::EngineError;
use crate::runtime::parts::News;
use crate::runtime::processes::neighbours::Neighbours;
use crate::runtime::processes::tests::{seen::Seen, share};
use crate::runtime::settings::Settings;
use crate::runtime::workers::ahead::Ahead;

fn topology() -> Arc<Topology> {
    let decode = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
    let count = |byte: u8, (): &mut ()| (Some(byte), true);
    let application = Application::new("x")
        .pipeline("p", Source::new(decode))
        .to_state_partition(count, |_: &Key| (), "seen", |byte: &u8| *byte)
        .to_sink(Sink::new(|byte: &u8, out: &mut Out<'_>| out.byte(*byte)));
    Arc::new(application.build().unwrap())
}

/// A process with one worker, of so many.
fn neighbours(
    me: usize,
    processes: usize,
    failed: &Arc<std::sync::atomic::AtomicBool>,
) -> Arc<Neighbours> {
    let (me, failed) = (ProcessIndex(me), Arc::clone(failed));
    Arc::new(Neighbours::new(me, NonZeroUsize::MIN, processes, failed, Arc::default(), |_| ()))
}

/// Two frames of another process.
fn frames() -> Arc<Frames> {
    let pieces = Pieces::new(Bytes::from_static(b"ab"), vec![1, 2], 0);
    Arc::new(Frames::new("test".into(), SequenceNumber(1), Timestamp(0), 0, pieces))
}

/// A batch with these bytes that process `from` of so many sends to worker 0.
fn batch(from: usize, processes: usize, bytes: &'static [u8]) -> Exchanged {
    let (worker, frames) = (WorkerIndex(0), frames());
    let payload = Payload::Encoded(Bytes::from_static(bytes));
    let batch = RoutedBatch { worker, frames, payload, messages: 1 };
    let sender = neighbours(from, processes, &Arc::default());
    Exchanged::batch((None, WorkerIndex(from)), batch, Ahead::default().count(1), Some(&sender))
}

/// An output for this sink of process 0.
fn output(from: usize, processes: usize, sink: usize) -> Exchanged {
    let pieces = Pieces::new(b"x".to_vec(), vec![1], 0).into();
    let (pipeline, sink, frames, traces) =
        (PipelineIndex(0), SinkIndex(sink), frames(), Vec::new());
    let output = Output { pipeline, sink, frames, pieces, traces };
    let sender = neighbours(from, processes, &Arc::default());
    Exchanged::output(output, WorkerIndex(from), &sender)
}

/// Which operator something comes to.
#[derive(Clone, Copy)]
enum Operator {
    Segment,
    Gather,
}

/// What has come of something that has arrived.
struct Came {
    /// Whether a checkpoint could count it as processed.
    passed: bool,
    news: UnboundedReceiver<News>,
    failed: bool,
    /// How many loans are not returned.
    held: usize,
}

/// Gives something to an operator of worker 0 of process 0, which is one of two.
fn give(made: fn() -> Exchanged, operator: Operator) -> Came {
    let topology = topology();
    let (settings, earlier) = (Settings::new(&topology), Earlier::none(&topology));
    let (send, news) = unbounded_channel();
    let shared = share(&topology, &settings, &earlier, Arc::<Seen>::default(), send, 0);
    let shared = Arc::new(shared);
    let neighbours = neighbours(0, 2, &shared.panicked);
    let (of_worker, of_process) = (Arc::clone(&shared), Arc::clone(&neighbours));
    let passed = timely::execute_directly(move |worker| {
        let placement = Placement::new(NonZeroUsize::new(2).unwrap());
        let setup = WorkerSetup::new(WorkerIndex(0), placement, false);
        let mut segments = topology.segments(&mut setup.with_local(0..1)).remove(0);
        let common = Common {
            worker: WorkerIndex(0),
            workers: 1,
            shared: of_worker,
            neighbours: Some(of_process),
            recorder: None,
        };
        let probe = worker.dataflow::<Time, _, _>(|scope| {
            let stream = source(scope, "other process", |capability, _| {
                let mut time = Some(capability);
                move |output| {
                    if let Some(time) = time.take() {
                        output.session(&time).give(made());
                    }
                }
            });
            let (index, sinks) = (PipelineIndex(0), Vec::new());
            let stream = match operator {
                Operator::Segment => {
                    let last = segments.pop().unwrap();
                    let stage = Stage::new(
                        last,
                        StagePlace { pipeline: index, index: StageIndex(0) },
                        sinks,
                        common,
                        None,
                    );
                    process(scope, stream, stage, Rc::default())
                }
                Operator::Gather => gather(stream, index, sinks, common),
            };
            stream.probe().0
        });
        for _ in 0..100 {
            worker.step();
        }
        let passed = probe.done();
        for dataflow in worker.installed_dataflows() {
            worker.drop_dataflow(dataflow);
        }
        passed
    });
    let failed = shared.panicked.load(Ordering::Relaxed);
    Came { passed, news, failed, held: neighbours.open_loans().1 }
}

/// Checks that something ends the run, and is held for ever with so many loans.
fn refuses(made: fn() -> Exchanged, operator: Operator, held: usize) {
    let mut came = give(made, operator);
    assert!(!came.passed && came.failed, "it does not count as processed");
    let news = came.news.try_recv();
    assert!(matches!(news, Ok(News::Failed(EngineError::Contradiction(_)))));
    assert_eq!(came.held, held);
}

/// A batch of one message, `2`, of the second frame.
const GOOD: &[u8] = &[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2];

#[test]
fn a_batch_of_another_process_is_processed_and_returned() {
    // Without a message that comes to the sink, which this pipeline's worker has not.
    let mut came = give(|| batch(1, 2, b"\0\0\0\0"), Operator::Segment);
    assert!(came.passed && !came.failed && came.news.try_recv().is_err());
    assert_eq!(came.held, 0);
}

#[test]
fn bytes_that_are_no_batch_end_the_run() {
    refuses(|| batch(1, 2, &GOOD[..GOOD.len() - 1]), Operator::Segment, 1);
    refuses(|| batch(1, 2, b""), Operator::Segment, 1);
    refuses(|| batch(1, 2, &[1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]), Operator::Segment, 1);
}

#[test]
fn what_comes_from_an_unknown_process_or_to_another_operator_ends_the_run() {
    refuses(|| batch(7, 8, GOOD), Operator::Segment, 0);
    refuses(|| output(1, 2, 0), Operator::Segment, 0);
    refuses(|| output(7, 8, 0), Operator::Gather, 0);
    refuses(|| batch(1, 2, GOOD), Operator::Gather, 0);
}

#[test]
fn an_output_for_a_sink_that_is_not_there_ends_the_run() {
    refuses(|| output(1, 2, 0), Operator::Gather, 1);
}

#[test]
fn only_what_goes_to_another_process_has_bytes() {
    let bytes = |exchanged: &Exchanged| rmp_serde::to_vec(exchanged);
    for exchanged in [batch(1, 2, GOOD), output(1, 2, 3)] {
        let read: Exchanged = rmp_serde::from_slice(&bytes(&exchanged).unwrap()).unwrap();
        assert_eq!(read.worker(), exchanged.worker());
    }
    let (worker, frames) = (WorkerIndex(0), frames());
    let own = RoutedBatch { worker, frames, payload: Payload::Frames, messages: 1 };
    let own = Exchanged::batch((None, WorkerIndex(0)), own, Ahead::default().count(1), None);
    assert!(bytes(&own).is_err());
}
