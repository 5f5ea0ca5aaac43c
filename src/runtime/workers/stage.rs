//! A segment with what it needs to run in turns and to pass on its outputs.

use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::OutputBuilderSession;
use timely::scheduling::Activator;

use super::ahead::{Ahead, LOOK_AGAIN, OnTheWay};
use super::arrivals::{Arrivals, Arrived};
use super::common::Common;
use super::exchange::{Exchanged, NO_BATCH, Time};
use super::turn::Turn;
use crate::core::clock::Clock as _;
use crate::core::frames::Frames;
use crate::core::numbers::{BatchNumber, PipelineIndex, WorkerIndex};
use crate::core::replay::schedule::{Begun, Ran, StageIndex};
use crate::core::steps::batch::{Output, Payload, Produced};
use crate::core::steps::context::{Context, Report};
use crate::core::steps::{PIECE, Progress, Segment};
use crate::endpoints::ToSink;
use crate::runtime::ingress::queue::Taking;
use crate::runtime::ingress::taken::Rereadable;

/// Where an operator's routed batches go.
pub(super) type RoutedOutput<'a> =
    OutputBuilderSession<'a, Time, CapacityContainerBuilder<Vec<Exchanged>>>;

/// A batch that has been started and is not done.
struct Batch {
    /// The time at which it was taken.
    time: Capability<Time>,
    frames: Arc<Frames>,
    /// How the next run of the segment begins.
    begun: Begun,
    /// Of frames that have just entered: whether their source can be read again.
    entered: Option<Rereadable>,
    /// If it is of frames whose order counts behind the exchange.
    numbered: Option<Numbered>,
    #[expect(dead_code, reason = "the messages count as processed when it is dropped")]
    on_the_way: Option<OnTheWay>,
}

/// What is made of a batch of frames is processed in the order of the batches' numbers.
#[derive(Clone, Copy)]
struct Numbered {
    number: BatchNumber,
    /// This worker's own messages go on at once, because it is their turn.
    at_once: bool,
}

/// Reports that a worker panics, if a panic drops this. It is declared after a batch and so dropped before it: so the
/// panic is known when the batch's frames are dropped, which are not done.
struct SaysPanic(Arc<AtomicBool>);

impl Drop for SaysPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Release);
        }
    }
}

/// Which segment of which pipeline it is.
#[derive(Clone, Copy)]
pub(super) struct StagePlace {
    pub pipeline: PipelineIndex,
    pub index: StageIndex,
}

/// A segment with what it needs to run and to pass on what it gives.
pub(super) struct Stage {
    segment: Box<dyn Segment>,
    place: StagePlace,
    sinks: Vec<ToSink>,
    pub common: Common,
    report: Report,
    produced: Produced,
    batch: Option<Batch>,
    /// What has arrived at the operator behind this one, if frames enter here and their order counts there.
    behind: Option<Rc<Arrivals>>,
    ahead: Ahead,
    /// The times of what cannot be processed. They are kept, so that no checkpoint counts without it.
    lost: Vec<Capability<Time>>,
}

impl Stage {
    pub fn new(
        segment: Box<dyn Segment>,
        place: StagePlace,
        sinks: Vec<ToSink>,
        common: Common,
        behind: Option<Rc<Arrivals>>,
    ) -> Self {
        Self {
            segment,
            place,
            sinks,
            common,
            behind,
            report: Report::default(),
            produced: Produced::default(),
            batch: None,
            ahead: Ahead::default(),
            lost: Vec::new(),
        }
    }

    /// Whether a batch is in progress.
    pub fn is_busy(&self) -> bool {
        self.batch.is_some()
    }

    /// Whether the next frames can be taken: the batch before is done, and all that has arrived behind the exchange is
    /// processed. That has waited for longer; and then own messages can go on at once more often.
    pub fn takes_frames(&self) -> bool {
        !self.is_busy() && self.behind.as_ref().is_none_or(|behind| behind.are_processed())
    }

    /// Begins with frames that have entered, when the batch before is done.
    pub fn begin_frames(
        &mut self,
        time: Capability<Time>,
        Taking { number, frames, again, .. }: Taking,
    ) {
        let (frames, entered) = (Arc::new(frames), Some(again));
        let Self { behind, segment, .. } = self;
        let numbered = behind.as_ref().map(|behind| {
            let at_once = segment.own_at_once(behind.is_turn_of(number));
            Numbered { number, at_once }
        });
        let begun = Begun::Frames { at_once: numbered.is_some_and(|numbered| numbered.at_once) };
        let on_the_way = None;
        self.begin(Batch { time, frames, begun, entered, numbered, on_the_way }, Payload::Frames);
    }

    /// Begins with messages of another operator, when the batch before is done.
    pub fn begin_routed(&mut self, Arrived { time, from, batch, on_the_way }: Arrived) {
        let frames = batch.frames;
        let begun = Begun::Routed { from, first: frames.numbers().0 };
        let (entered, numbered) = (None, None);
        self.begin(Batch { time, frames, begun, entered, numbered, on_the_way }, batch.payload);
    }

    fn begin(&mut self, batch: Batch, payload: Payload) {
        debug_assert!(!self.is_busy(), "a batch begins when the one before is done");
        let _says_panic = self.says_panic();
        let mut context = context(&self.common, &mut self.report);
        self.segment.begin(&batch.frames, payload, &mut context);
        if self.report.unreadable {
            self.lose(batch.time.clone());
        }
        self.batch = Some(batch);
    }

    /// Ends the run, because another process has sent what is no batch. Nothing goes on here.
    pub fn lose(&mut self, time: Capability<Time>) {
        self.common.shared.contradict(NO_BATCH);
        self.lost.push(time);
    }

    /// Whether the operator must not go on now.
    fn waits(&self) -> bool {
        self.ahead.is_too_far() || !self.lost.is_empty()
    }

    /// Works on the batch in progress, if there is one, until it is done, the turn is over, or this
    /// operator is too far ahead of those behind it. Passes on the results.
    pub fn work(&mut self, turn: &mut Turn, output: &mut RoutedOutput<'_>) {
        if self.waits() {
            return;
        }
        let Some(mut batch) = self.batch.take() else { return };
        let _says_panic = self.says_panic();
        let (before, mut pieces) = (mem::take(turn), 0);
        let progress = loop {
            let mut context = context(&self.common, &mut self.report);
            let progress = self.segment.next(&batch.frames, &mut context, &mut self.produced);
            pieces += 1;
            *turn = before.after(&self.report, &self.produced);
            if progress == Progress::Done || turn.is_over() {
                break progress;
            }
        };
        let ran = if progress == Progress::Done { Ran::Done } else { Ran::Pieces(pieces) };
        self.note(&mut batch, ran);
        if progress == Progress::Done {
            let mut context = context(&self.common, &mut self.report);
            self.segment.finish(&batch.frames, &mut context, &mut self.produced);
        }
        self.tell(&batch.frames);
        self.pass_on(&batch, output);
        match progress {
            Progress::More => self.batch = Some(batch),
            Progress::Done => self.end(batch, output),
        }
    }

    /// Notes that the segment has run, and which frames have entered with that: so both are in one order.
    fn note(&self, batch: &mut Batch, ran: Ran) {
        let begun = mem::replace(&mut batch.begun, Begun::Continued);
        let Some(recorder) = &self.common.recorder else { return };
        if let Some(again) = batch.entered.take() {
            recorder.entered(self.place.pipeline, &batch.frames, again);
        }
        recorder.ran(self.place.index, begun, ran);
    }

    /// A batch is done. Each worker is told that it gets no more of it, if it has to know.
    fn end(&self, batch: Batch, output: &mut RoutedOutput<'_>) {
        let (Some(Numbered { number, at_once }), Some(behind)) = (batch.numbered, &self.behind)
        else {
            return;
        };
        let Common { worker: own, workers, .. } = self.common;
        let told = (0..workers).map(WorkerIndex).filter(|worker| !at_once || *worker != own);
        let told = told.map(|worker| Exchanged::All { of: number, worker });
        output.session(&batch.time).give_iterator(told);
        if at_once {
            behind.end(number);
        }
    }

    fn says_panic(&self) -> SaysPanic {
        SaysPanic(Arc::clone(&self.common.shared.panicked))
    }

    /// Makes the operator continue in its next turn, if a batch is in progress or more wait. Returns false if
    /// it is too far ahead for that, and looks again after a while.
    pub fn go_on_later(&self, more_wait: bool, again: &Activator) -> bool {
        if !self.is_busy() && !more_wait {
            // It is activated when more come.
            return true;
        }
        let waits = self.waits();
        if waits {
            again.activate_after(LOOK_AGAIN);
        } else {
            again.activate();
        }
        !waits
    }

    /// Tells the observer what happened.
    fn tell(&mut self, frames: &Frames) {
        let Self { common, report, place, .. } = self;
        // Before outputs are written: a trace begins before its last hop.
        for trace in report.traces.drain(..) {
            common.shared.observer.trace_started(&trace);
        }
        common.shared.observer.processed(place.pipeline, common.worker, report);
        if report.ended > 0 {
            let latency = common.shared.clock.now().since(frames.read_at());
            common.shared.observer.finished(place.pipeline, report.ended, latency);
        }
        report.clear();
    }

    /// Passes the outputs to the sinks, and the messages to the operator behind.
    fn pass_on(&mut self, batch: &Batch, output: &mut RoutedOutput<'_>) {
        let Self { common, produced, ahead, sinks, .. } = self;
        let mut session = output.session(&batch.time);
        if let Some(neighbours) = common.writers() {
            let outputs = produced.outputs.drain(..);
            session.give_iterator(
                outputs.map(|output| Exchanged::output(output, common.worker, neighbours)),
            );
        } else {
            let _writing = (!produced.outputs.is_empty()).then(|| batch.frames.writing());
            for output in produced.outputs.drain(..) {
                let Some(sink) = sinks.get(output.sink.0) else {
                    unreachable!("an output is of a sink of its pipeline")
                };
                write_to(sink, output);
            }
        }
        let of = batch.numbered.map(|numbered| numbered.number);
        let routed = produced.routed.drain(..).map(|batch| {
            let on_the_way = ahead.count(batch.messages);
            let from = (of, common.worker);
            Exchanged::batch(from, batch, on_the_way, common.neighbours())
        });
        session.give_iterator(routed);
    }
}

/// Writes outputs to their sink. What is held for the steps alone is released.
pub(super) fn write_to(sink: &ToSink, mut output: Output) {
    output.frames = output.frames.after_work();
    sink.write(output);
}

fn context<'a>(common: &'a Common, report: &'a mut Report) -> Context<'a> {
    Context { worker: common.worker, clock: &common.shared.clock, piece: PIECE, report }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    /// Notes when dropped whether a panic has been reported.
    struct Frame<'a>(&'a AtomicBool, &'a mut Option<bool>);

    impl Drop for Frame<'_> {
        fn drop(&mut self) {
            *self.1 = Some(self.0.load(Ordering::Acquire));
        }
    }

    #[test]
    fn a_panic_is_said_before_the_frames_are_dropped_that_it_ends() {
        for panics in [false, true] {
            let (panicked, mut seen) = (Arc::new(AtomicBool::new(false)), None);
            let _ = catch_unwind(AssertUnwindSafe(|| {
                let _frame = Frame(&panicked, &mut seen);
                let _says_panic = SaysPanic(Arc::clone(&panicked));
                assert!(!panics, "on purpose");
            }));
            assert_eq!(seen, Some(panics));
        }
    }
}
