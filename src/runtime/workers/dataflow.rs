//! One pipeline as a Timely dataflow on one worker.
//!
//! The timestamp of a batch is the checkpoint that was begun last when its frames were taken: when the
//! frontier at the end has passed a checkpoint, everything that was taken before it has been processed.
//!
//! The first segment runs where frames enter; each later one behind an exchange by worker. All
//! operators are our own and take their input in order of arrival: Timely's stock operators sort
//! batches by time with an unstable sort, which would break the order of a key's messages.
//!
//! If all workers take frames from one queue, the first operator behind an exchange takes what it gets in the order of
//! the queue's numbers. What arrives early waits, with its time. Behind it, what one worker sends to another keeps its
//! order, so messages of the same keys do.
//!
//! If the engine runs in several processes, what they send each other is in `exchange`, and a last operator takes the
//! outputs to the process that writes them.
//!
//! An operator works for one turn and then lets the others work. The rest of its batch, and the
//! batches after that, keep their order and the time at which they were taken.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;
use timely::dataflow::operators::generic::operator::source;
use timely::dataflow::operators::probe::{self, Probe};
use timely::dataflow::{Scope, StreamVec};
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::ahead::LOOK_AGAIN;
use super::arrivals::{Arrivals, NoBatch};
use super::common::Common;
use super::exchange::{Exchanged, Time};
use super::gather::gather;
use super::sampler::Sampler;
use super::stage::{Stage, StagePlace};
use super::turn::Turn;
use crate::core::clock::Clock;
use crate::core::numbers::{Epoch, PipelineIndex};
use crate::core::replay::schedule::StageIndex;
use crate::core::steps::Segment;
use crate::endpoints::ToSink;
use crate::runtime::ingress::queue::{Next, Queue, Taking};
use crate::runtime::shared::Shared;

/// A pipeline as one worker runs it.
pub(crate) struct WorkerPipeline {
    pub index: PipelineIndex,
    /// Its first segment.
    pub first: StageIndex,
    pub name: Arc<str>,
    pub segments: Vec<Box<dyn Segment>>,
    pub queue: Arc<Queue>,
    /// Whether all workers take frames from this queue.
    pub shares_queue: bool,
    pub sinks: Vec<ToSink>,
    /// The checkpoint that was begun last.
    pub epoch: Rc<Cell<Epoch>>,
}

/// The dataflow of a pipeline.
pub(crate) struct Built {
    /// Activate it when the queue has something and `takes` is true, or when the epoch has changed.
    pub activator: Activator,
    /// False while the operator where frames enter is too far ahead of those behind it to take any.
    pub takes: Rc<Cell<bool>>,
    /// What has been processed to its end.
    pub processed: probe::Handle<Time>,
}

/// Builds the dataflow of a pipeline.
pub(crate) fn build(
    worker: &mut Worker,
    pipeline: WorkerPipeline,
    common: &Common,
) -> Option<Built> {
    let WorkerPipeline { index, first, name, segments, queue, shares_queue, sinks, epoch } =
        pipeline;
    let stage = |(at, segment), behind| {
        let place = StagePlace { pipeline: index, index: StageIndex(at) };
        Stage::new(segment, place, sinks.clone(), common.clone(), behind)
    };
    let mut segments = (first.0..).zip(segments);
    let mut arrivals = Rc::new(Arrivals::default());
    let first = stage(segments.next()?, shares_queue.then(|| Rc::clone(&arrivals)));
    worker.dataflow_named::<Time, _, _>(&name, |scope| {
        let takes = Rc::new(Cell::new(true));
        let (activator, mut stream) =
            enter(scope, first, (index, &name), Entry { queue, epoch, takes: Rc::clone(&takes) });
        for segment in segments {
            let arrived = mem::take(&mut arrivals);
            stream = process(scope, stream, stage(segment, None), arrived);
        }
        if common.neighbours.is_some() {
            stream = gather(stream, index, sinks.clone(), common.clone());
        }
        let (processed, _) = stream.probe();
        Some(Built { activator, takes, processed })
    })
}

/// Where the first operator takes its frames, and at which time.
struct Entry {
    queue: Arc<Queue>,
    /// The checkpoint that was begun last.
    epoch: Rc<Cell<Epoch>>,
    /// Told whether more can be taken.
    takes: Rc<Cell<bool>>,
}

/// The operator where frames enter.
fn enter<'scope>(
    scope: Scope<'scope, Time>,
    mut stage: Stage,
    (index, pipeline): (PipelineIndex, &Arc<str>),
    Entry { queue, epoch, takes }: Entry,
) -> (Activator, StreamVec<'scope, Time, Exchanged>) {
    let mut activator = None;
    let sampler = Sampler::new(index, Arc::clone(pipeline), &stage.common);
    let stream = source(scope, "source", |capability, info| {
        let again = scope.activator_for(info.address.clone());
        activator = Some(scope.activator_for(info.address));
        let mut capability = Some(capability);
        move |output| {
            let Some(time) = &mut capability else { return };
            // A batch in progress keeps the time at which it was taken.
            if *time.time() < epoch.get().0 {
                time.downgrade(&epoch.get().0);
            }
            let mut turn = Turn::default();
            stage.work(&mut turn, output);
            while !turn.is_over() && stage.takes_frames() && !sampler.waits() {
                let Shared { gate, clock, .. } = &*stage.common.shared;
                match queue.next(gate, clock.now(), || sampler.together()) {
                    Next::Frames(Taking { number, frames, trace_all, again }) => {
                        let frames = sampler.start_traces(frames, trace_all, epoch.get());
                        stage.begin_frames(
                            time.clone(),
                            Taking { number, frames, trace_all, again },
                        );
                        stage.work(&mut turn, output);
                    }
                    Next::Nothing => {
                        // A file's first frames wait here.
                        if stage.common.shared.gate.is_paused() {
                            stage.common.shared.observer.waits();
                        }
                        break;
                    }
                    Next::Closed => {
                        capability = None;
                        takes.set(false);
                        return;
                    }
                }
            }
            let more_wait = !queue.is_idle(&stage.common.shared.gate);
            let waits = sampler.waits();
            if waits {
                again.activate_after(LOOK_AGAIN);
            }
            takes.set(stage.go_on_later(more_wait && !waits, &again) && !waits);
        }
    });
    match activator {
        Some(activator) => (activator, stream),
        None => unreachable!("timely makes the operator's logic at once"),
    }
}

/// An operator behind an exchange.
fn process<'scope>(
    scope: Scope<'scope, Time>,
    stream: StreamVec<'scope, Time, Exchanged>,
    mut stage: Stage,
    arrivals: Rc<Arrivals>,
) -> StreamVec<'scope, Time, Exchanged> {
    let by_worker = Exchange::new(|exchanged: &Exchanged| exchanged.worker().0 as u64);
    stream.unary(by_worker, "segment", |_, info| {
        let again = scope.activator_for(info.address.clone());
        arrivals.attach(scope.activator_for(info.address));
        move |input, output| {
            // Not `for_each_time`: it would break the order of a key's messages.
            input.for_each(|time, exchanged| {
                for exchanged in exchanged.drain(..) {
                    let retain = || time.retain(output.output_index());
                    let neighbours = stage.common.neighbours();
                    if let Err(NoBatch) = arrivals.arrive(exchanged, neighbours, retain) {
                        stage.lose(retain());
                    }
                }
            });
            let mut turn = Turn::default();
            stage.work(&mut turn, output);
            while !turn.is_over()
                && !stage.is_busy()
                && let Some(arrived) = arrivals.take()
            {
                stage.begin_routed(arrived);
                stage.work(&mut turn, output);
            }
            arrivals.set_busy(stage.is_busy());
            let _ = stage.go_on_later(!arrivals.is_empty(), &again);
        }
    })
}
