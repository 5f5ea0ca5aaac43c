//! One of the lines of a pipeline that is being put together: a source, and the steps up to where it is now.
//!
//! A pipeline has one line. Merged pipelines have a line each, and a step that comes behind the merge is added to all of
//! them, with the same code and the same states.

use std::sync::Arc;

use super::plan::{
    DecodeToJson, MergedInto, PipelinePlan, SegmentFactory, SinkPlan, SourcePlan, StepKind,
    StepPlan,
};
use crate::application::{
    Cutting, Decoder, HasMessage, HasMessageFn, Message, PartitionFunction, Source, SourceCode,
    short_type_name,
};
use crate::core::frames::framing::{
    DecoderFraming, LineFraming, NumberFraming, OwnFraming, VarintFraming,
};
use crate::core::frames::preview::to_json;
use crate::core::guard::{drop_guarded, guarded};
use crate::core::numbers::StepIndex;
use crate::core::steps::context::StepName;
use crate::core::steps::{DecodeStep, Flow, Keys, PartitionEnd, WorkerSetup};

pub(super) type FlowFactory<M> = Box<dyn Fn(&mut WorkerSetup) -> Box<dyn Flow<M>> + Send + Sync>;

/// A source, and the steps up to where it is now, which give messages of type `M`.
pub(super) struct Line<M> {
    pub name: Arc<str>,
    source: SourcePlan,
    steps: Vec<StepPlan>,
    segments: Vec<SegmentFactory>,
    pub flow: FlowFactory<M>,
    /// Where it was merged into another line: `into` counts the lines of the pipeline.
    pub merged: Option<MergedInto>,
}

impl<M: Message> Line<M> {
    pub fn begin<C>(name: Arc<str>, source: Source<C>) -> Self
    where
        C: SourceCode<Message = M>,
    {
        let (decoder, has) = source.decoder.into_parts();
        let (decoder, has) = (Arc::new(decoder), has.map(guarded_has));
        let does = if has.is_some() { "generate" } else { "decode" };
        let first = StepPlan { name: does.into(), index: StepIndex(0), kind: StepKind::Decode };
        let step_name = step_name(&name, &first);
        let plan = SourcePlan {
            framing: match source.cutting {
                Cutting::Header => Arc::new(DecoderFraming(Arc::clone(&decoder))),
                Cutting::Lines => Arc::new(LineFraming),
                Cutting::Varint => Arc::new(VarintFraming),
                Cutting::Numbers => Arc::new(NumberFraming),
                Cutting::Own(functions) => Arc::new(OwnFraming(functions)),
            },
            format: source.format,
            typed: source.typed,
            generate: source.generate,
            has,
            message: short_type_name::<M>(),
            decode: decode_to_json(Arc::clone(&decoder)),
        };
        let flow: FlowFactory<M> = Box::new(move |_| {
            Box::new(DecodeStep { name: step_name.clone(), decoder: Arc::clone(&decoder), next: 0 })
        });
        let (steps, segments, merged) = (vec![first], Vec::new(), None);
        Self { name, source: plan, steps, segments, flow, merged }
    }

    /// The number of its steps.
    pub fn length(&self) -> usize {
        self.steps.len()
    }

    /// Adds a step to what is shown of it.
    pub fn add_step(&mut self, name: &str, kind: StepKind) -> StepName {
        let step = StepPlan { name: name.into(), index: StepIndex(self.steps.len()), kind };
        let name = step_name(&self.name, &step);
        self.steps.push(step);
        name
    }

    /// Goes on with what `next` makes of the flow.
    pub fn map<N>(self, next: impl FnOnce(FlowFactory<M>) -> FlowFactory<N>) -> Line<N> {
        let Self { name, source, steps, segments, flow, merged } = self;
        Line { name, source, steps, segments, flow: next(flow), merged }
    }

    /// Ends the segment, and goes on with another.
    pub fn exchange<N>(
        self,
        end: impl FnOnce(FlowFactory<M>) -> SegmentFactory,
        next: FlowFactory<N>,
    ) -> Line<N> {
        let Self { name, source, steps, mut segments, flow, merged } = self;
        segments.push(end(flow));
        Line { name, source, steps, segments, flow: next, merged }
    }

    /// Ends the line.
    pub fn end(
        self,
        sinks: Vec<SinkPlan>,
        last: impl FnOnce(FlowFactory<M>) -> SegmentFactory,
    ) -> PipelinePlan {
        let Self { name, source, steps, mut segments, flow, merged } = self;
        segments.push(last(flow));
        PipelinePlan { name, source, steps, sinks, merged, segments }
    }
}

/// Decodes payloads for a look at them, whatever the decoder does.
fn decode_to_json<D: Decoder>(decoder: Arc<D>) -> DecodeToJson {
    Box::new(move |payload| {
        let tried = guarded(|| Ok(decoder.decode(payload).ok().flatten()));
        tried.ok().flatten().and_then(|message| {
            let json = to_json(&message).ok();
            drop_guarded(message);
            json
        })
    })
}

/// A number whose message cannot be made, because the generator panics, is one that there is: it becomes a dead letter.
fn guarded_has(HasMessageFn(has): HasMessageFn) -> HasMessage {
    Arc::new(move |number| guarded(|| Ok(has(number))).unwrap_or(true))
}

fn step_name(pipeline: &Arc<str>, step: &StepPlan) -> StepName {
    StepName { pipeline: Arc::clone(pipeline), step: Arc::clone(&step.name), index: step.index }
}

pub(super) fn partition_end<M: Message, P: PartitionFunction<M>>(
    before: FlowFactory<M>,
    keys_of: impl Fn(&WorkerSetup) -> Keys<P> + Send + Sync + 'static,
) -> SegmentFactory {
    Box::new(move |setup| {
        let (before, keys) = (before(setup), keys_of(setup));
        let name = keys.name.clone();
        let mailbox = setup.mailbox(&name);
        let end = PartitionEnd::new(before, keys, setup.worker(), mailbox);
        setup.sending::<M>(name, Box::new(end))
    })
}
