//! One pipeline as a Timely dataflow on one worker.
//!
//! The timestamp of a batch is the checkpoint that was begun last when its frames were taken: when the
//! frontier at the end has passed a checkpoint, everything that was taken before it has been processed.
//!
//! The first segment runs where frames enter; each later one behind an exchange by worker. All
//! operators are our own and take their input in order of arrival: Timely's stock operators sort
//! batches by time with an unstable sort, which would break the order of a key's messages.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::Operator;
use timely::dataflow::operators::generic::operator::source;
use timely::dataflow::operators::probe::{self, Probe};
use timely::dataflow::{Scope, StreamVec};
use timely::scheduling::Activator;
use timely::worker::Worker;

use super::exchange::Exchanged;
use crate::core::clock::Clock;
use crate::core::frames::Frames;
use crate::core::numbers::{Epoch, PipelineIndex, Timestamp, WorkerIndex};
use crate::core::observer::Observer;
use crate::core::steps::Segment;
use crate::core::steps::batch::{Outlet, Parcel, Payload};
use crate::core::steps::context::{Context, Report};
use crate::endpoints::SinkOrder;
use crate::runtime::ingress::queue::{Next, Queue};
use crate::runtime::parts::ToSink;
use crate::runtime::shared::Shared;

/// An [`Epoch`], for Timely.
type Time = u64;

/// How many frames enter before other operators have their turn.
const MAX_FRAMES_PER_TURN: usize = 8192;

/// What the operators of a worker share.
#[derive(Clone)]
pub(crate) struct Common {
    pub worker: WorkerIndex,
    pub shared: Arc<Shared>,
}

/// A pipeline as one worker runs it.
pub(crate) struct Lane {
    pub index: PipelineIndex,
    pub name: Arc<str>,
    pub segments: Vec<Box<dyn Segment>>,
    pub queue: Arc<Queue>,
    pub sinks: Vec<ToSink>,
    /// The checkpoint that was begun last.
    pub epoch: Rc<Cell<Epoch>>,
}

/// The dataflow of a pipeline.
pub(crate) struct Built {
    /// Activate it when the queue has something, or the epoch has changed.
    pub activator: Activator,
    /// What has been processed to its end.
    pub processed: probe::Handle<Time>,
}

/// Builds the dataflow of a pipeline.
pub(crate) fn build(worker: &mut Worker, lane: Lane, common: &Common) -> Option<Built> {
    let Lane { index, name, segments, queue, sinks, epoch } = lane;
    let last = segments.len().saturating_sub(1);
    let mut stages = segments.into_iter().enumerate().map(|(at, segment)| Stage {
        segment,
        pipeline: index,
        sinks: sinks.clone(),
        ends_without_sink: at == last && sinks.is_empty(),
        common: common.clone(),
        report: Report::default(),
        outlet: Outlet::default(),
    });
    let first = stages.next()?;
    worker.dataflow_named::<Time, _, _>(&name, |scope| {
        let (activator, mut stream) = enter(scope, first, &name, queue, epoch);
        for stage in stages {
            stream = process(stream, stage);
        }
        let (processed, _) = stream.probe();
        Some(Built { activator, processed })
    })
}

/// The operator where frames enter.
fn enter<'scope>(
    scope: Scope<'scope, Time>,
    mut stage: Stage,
    pipeline: &Arc<str>,
    queue: Arc<Queue>,
    epoch: Rc<Cell<Epoch>>,
) -> (Activator, StreamVec<'scope, Time, Exchanged>) {
    let mut activator = None;
    let mut sampler = Sampler::new(Arc::clone(pipeline), &stage.common);
    let stream = source(scope, "source", |capability, info| {
        let again = scope.activator_for(info.address.clone());
        activator = Some(scope.activator_for(info.address));
        let mut capability = Some(capability);
        move |output| {
            let Some(time) = &mut capability else { return };
            if *time.time() < epoch.get().0 {
                time.downgrade(&epoch.get().0);
            }
            let mut frames_taken = 0;
            while frames_taken < MAX_FRAMES_PER_TURN {
                match queue.next(&stage.common.shared.gate, stage.common.shared.clock.now()) {
                    Next::Frames(mut frames, trace_all) => {
                        frames_taken += frames.len();
                        sampler.start_traces(&mut frames, trace_all);
                        stage.run(&Arc::new(frames), Payload::Frames);
                    }
                    Next::Nothing => break,
                    Next::Closed => {
                        capability = None;
                        return;
                    }
                }
                output.session(&*time).give_iterator(stage.parcels());
            }
            if !queue.is_idle(&stage.common.shared.gate) {
                again.activate();
            }
        }
    });
    match activator {
        Some(activator) => (activator, stream),
        None => unreachable!("timely makes the operator's logic at once"),
    }
}

/// An operator behind an exchange.
fn process(
    stream: StreamVec<'_, Time, Exchanged>,
    mut stage: Stage,
) -> StreamVec<'_, Time, Exchanged> {
    let by_worker = Exchange::new(|parcel: &Exchanged| parcel.0.worker.0 as u64);
    stream.unary(by_worker, "segment", |_, _| {
        move |input, output| {
            // Not `for_each_time`: it would break the order of a key's messages.
            input.for_each(|time, parcels| {
                for Exchanged(Parcel { frames, payload, .. }) in parcels.drain(..) {
                    stage.run(&frames, payload);
                }
                output.session(&time).give_iterator(stage.parcels());
            });
        }
    })
}

/// A segment with what it needs to run and to pass on what it gives.
struct Stage {
    segment: Box<dyn Segment>,
    pipeline: PipelineIndex,
    sinks: Vec<ToSink>,
    ends_without_sink: bool,
    common: Common,
    report: Report,
    outlet: Outlet,
}

impl Stage {
    /// Runs the segment, passes its outputs to the sinks, and tells the observer.
    fn run(&mut self, frames: &Arc<Frames>, payload: Payload) {
        let Self { segment, common, report, outlet, .. } = self;
        let shared = &common.shared;
        let mut context = Context { worker: common.worker, clock: &shared.clock, report };
        segment.run(frames, payload, &mut context, outlet);
        if self.ends_without_sink {
            // The last step may give nothing: then what it processed is what has ended.
            let given = report.steps.last().copied().unwrap_or_default();
            let messages = given.max(report.stateful);
            let latency = shared.clock.now().since(frames.read_at());
            shared.observer.finished(self.pipeline, messages, latency);
        }
        for mut output in outlet.outputs.drain(..) {
            output.frames = output.frames.after_work();
            let Some(sink) = self.sinks.get(output.sink.0) else {
                unreachable!("an output is of a sink of its pipeline")
            };
            // A sink that is gone has failed, and the engine is ending with its error.
            let _ = sink.send(SinkOrder::Write(output));
        }
        shared.observer.processed(self.pipeline, common.worker, report);
        report.clear();
    }

    /// The batches for the next segment.
    fn parcels(&mut self) -> impl Iterator<Item = Exchanged> {
        self.outlet.parcels.drain(..).map(Exchanged)
    }
}

/// Chooses the frames that are traced.
struct Sampler {
    pipeline: Arc<str>,
    observer: Arc<dyn Observer>,
    every: Option<Duration>,
    last: Option<Timestamp>,
}

impl Sampler {
    fn new(pipeline: Arc<str>, common: &Common) -> Self {
        let Shared { observer, settings, .. } = &*common.shared;
        Self { pipeline, observer: Arc::clone(observer), every: settings.sample_every, last: None }
    }

    /// Traces every frame where that is wanted, and now and then one of the others.
    fn start_traces(&mut self, frames: &mut Frames, trace_all: bool) {
        let traced =
            if trace_all { frames.len() } else { usize::from(self.is_due(frames.read_at())) };
        for frame in (0_u32..).take(traced.min(frames.len())) {
            self.observer.trace_started(&frames.begin_trace(&self.pipeline, frame));
        }
    }

    fn is_due(&mut self, now: Timestamp) -> bool {
        let Some(every) = self.every else { return false };
        let due = self.last.is_none_or(|last| now.since(last) >= every);
        if due {
            self.last = Some(now);
        }
        due
    }
}
