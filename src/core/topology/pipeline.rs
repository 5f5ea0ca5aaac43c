//! A pipeline that is being put together: its last step gives messages of type `M`.

use std::fmt;
use std::sync::Arc;

use super::application::{Application, Declaration};
use super::plan::{
    DecodeToJson, PipelinePlan, SegmentFactory, SinkPlan, SourcePlan, StatePlan, StepKind, StepPlan,
};
use crate::application::{
    Computation, Cutting, Decoder, Encoder, HasMessage, HasMessageFn, Key, Message,
    PartitionFunction, Sink, Source, SourceCode, StateBuilder, StateComputation, short_type_name,
};
use crate::core::frames::framing::{
    DecoderFraming, LineFraming, NumberFraming, OwnFraming, VarintFraming,
};
use crate::core::frames::preview::to_json;
use crate::core::guard::{drop_guarded, guarded};
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, StepIndex};
use crate::core::steps::context::StepName;
use crate::core::steps::{
    Code, ComputeStep, DecodeStep, DoneEnd, EncodeBatch, EncodeEnd, EncodeStep, Flow, Keys,
    OutputOf, PartitionEnd, ReceiveStep, Segment, SpreadEnd, StateOutputOf, StateStep, WorkerSetup,
};

type FlowFactory<M> = Box<dyn Fn(&mut WorkerSetup) -> Box<dyn Flow<M>> + Send + Sync>;
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

type EncoderFactory<M> = Box<dyn Fn() -> Box<dyn EncodeBatch<M>> + Send + Sync>;

/// A pipeline that is being put together. `M` is what its last step gives and its next step takes.
#[must_use = "a pipeline is not part of its application until it ends, with `to_sink` or `done`"]
pub struct Pipeline<M> {
    application: Application,
    name: Arc<str>,
    source: SourcePlan,
    steps: Vec<StepPlan>,
    segments: Vec<SegmentFactory>,
    flow: FlowFactory<M>,
}

impl<M: Message> Pipeline<M> {
    pub(super) fn begin<C>(application: Application, name: Arc<str>, source: Source<C>) -> Self
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
        let (steps, segments) = (vec![first], Vec::new());
        Self { application, name, source: plan, steps, segments, flow }
    }

    /// Adds a stateless step, which must take what the step before it gives:
    ///
    /// ```compile_fail
    /// use wallaroo::{Application, Reason, Source};
    ///
    /// Application::new("mismatch")
    ///     .pipeline("numbers", Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied())))
    ///     .to(|number: u8| Some(u64::from(number)))
    ///     .to(|text: String| Some(text.len())); // a `u64` is no `String`
    /// ```
    pub fn to<C: Computation<M>>(mut self, computation: C) -> Pipeline<OutputOf<C, M>> {
        let name = self.add_step(computation.name(), StepKind::Compute);
        let computation = Arc::new(computation);
        let before = self.flow;
        let flow: FlowFactory<OutputOf<C, M>> = Box::new(move |setup| {
            Box::new(ComputeStep::new(name.clone(), before(setup), Arc::clone(&computation)))
        });
        let Self { application, name, source, steps, segments, .. } = self;
        Pipeline { application, name, source, steps, segments, flow }
    }

    /// Adds a stateless step that runs on all workers at once. Its messages have no order any more,
    /// not even those of one key.
    pub fn to_parallel<C: Computation<M>>(mut self, computation: C) -> Pipeline<OutputOf<C, M>> {
        let name = self.add_step(computation.name(), StepKind::Parallel);
        let before = self.flow;
        self.segments.push(Box::new(move |setup| {
            Box::new(SpreadEnd {
                before: before(setup),
                placement: setup.placement(),
                next: setup.worker().0,
                gathered: Vec::new(),
            })
        }));
        let computation = Arc::new(computation);
        let flow: FlowFactory<OutputOf<C, M>> = Box::new(move |_| {
            let before: Box<dyn Flow<M>> = Box::new(ReceiveStep::new());
            Box::new(ComputeStep::new(name.clone(), before, Arc::clone(&computation)))
        });
        let Self { application, name, source, steps, segments, .. } = self;
        Pipeline { application, name, source, steps, segments, flow }
    }

    /// Adds a step with one state for the whole application: one partition, with an empty key.
    pub fn to_stateful<C, B>(
        self,
        computation: C,
        builder: B,
        state: impl Into<String>,
    ) -> Pipeline<StateOutputOf<C, M, B::State>>
    where
        B: StateBuilder,
        C: StateComputation<M, B::State>,
    {
        self.to_state_partition(computation, builder, state, one_state)
    }

    /// Adds a step with one state per key. The first message of a key creates its partition.
    pub fn to_state_partition<C, B, P>(
        self,
        computation: C,
        builder: B,
        state: impl Into<String>,
        function: P,
    ) -> Pipeline<StateOutputOf<C, M, B::State>>
    where
        B: StateBuilder,
        C: StateComputation<M, B::State>,
        P: PartitionFunction<M>,
    {
        self.to_state_partition_with_keys(computation, builder, state, function, Vec::new())
    }

    /// Adds a step with one state per key, some of which are known beforehand: with `--precreate`
    /// their partitions exist from the start. All others are created by their first message.
    pub fn to_state_partition_with_keys<C, B, P>(
        mut self,
        computation: C,
        builder: B,
        state: impl Into<String>,
        function: P,
        keys: Vec<Key>,
    ) -> Pipeline<StateOutputOf<C, M, B::State>>
    where
        B: StateBuilder,
        C: StateComputation<M, B::State>,
        P: PartitionFunction<M>,
    {
        let state: Arc<str> = state.into().into();
        let partition = StepKind::Partition { state: Arc::clone(&state) };
        let partition = self.add_step(short_partition_name::<P>(), partition);
        let kind = StepKind::State { state: Arc::clone(&state) };
        let name = self.add_step(computation.name(), kind);
        self.application.states.push(Declaration {
            pipeline: Arc::clone(&self.name),
            step: Arc::clone(&name.step),
            state: StatePlan::of::<B::State>(Arc::clone(&state), keys.clone()),
        });
        let function = Arc::new(function);
        let keys_of = move |setup: &WorkerSetup| {
            Keys::new(partition.clone(), Arc::clone(&function), setup.placement())
        };
        self.segments.push(partition_end(self.flow, keys_of.clone()));

        let (computation, builder) = (Arc::new(computation), Arc::new(builder));
        let flow: FlowFactory<StateOutputOf<C, M, B::State>> = Box::new(move |setup| {
            let table = setup.table(&state, &*builder, &keys);
            let keys = keys_of(setup);
            let mailbox = setup.mailbox(&keys.name);
            let (computation, builder) = (Arc::clone(&computation), Arc::clone(&builder));
            let (name, state) = (name.clone(), Arc::clone(&state));
            let code = Code { name, state, computation, builder, keys };
            Box::new(StateStep::<M, C, B, P>::new(code, table, mailbox))
        });
        let Self { application, name, source, steps, segments, .. } = self;
        Pipeline { application, name, source, steps, segments, flow }
    }

    /// Ends the pipeline with a sink.
    pub fn to_sink<E: Encoder<M, W>, W: 'static>(self, sink: Sink<E>) -> Application {
        self.to_sinks([sink])
    }

    /// Ends the pipeline with several sinks, each of which gets every output. Sinks with encoders of
    /// different types are [`boxed`](Sink::boxed).
    pub fn to_sinks<E: Encoder<M, W>, W: 'static>(
        mut self,
        sinks: impl IntoIterator<Item = Sink<E>>,
    ) -> Application {
        let mut encoders = Vec::new();
        let mut plans = Vec::new();
        let pipeline = PipelineIndex(self.application.pipelines.len());
        for (at, sink) in sinks.into_iter().enumerate() {
            let place = SinkPlace { pipeline, sink: SinkIndex(at) };
            let name = self.add_step("encode".to_owned(), StepKind::Encode);
            let encoder = Arc::new(sink.encoder);
            let encode: EncoderFactory<M> = Box::new(move || {
                let (name, encoder) = (name.clone(), Arc::clone(&encoder));
                Box::new(EncodeStep::<E, W>::new(name, place, encoder))
            });
            encoders.push(encode);
            let name = sink.name.map(Into::into);
            plans.push(SinkPlan { format: sink.format, name, same_as: None });
        }
        self.end(plans, move |before| EncodeEnd {
            before,
            encoders: encoders.iter().map(|encoder| encoder()).collect(),
            input: Vec::new(),
        })
    }

    /// Ends the pipeline without a sink: what the last step gives is dropped.
    pub fn done(self) -> Application {
        self.end(Vec::new(), |before| DoneEnd { before, input: Vec::new() })
    }

    /// Ends the pipeline: `last` makes the end of its last segment.
    fn end<E: Segment + 'static>(
        self,
        sinks: Vec<SinkPlan>,
        last: impl Fn(Box<dyn Flow<M>>) -> E + Send + Sync + 'static,
    ) -> Application {
        let Self { mut application, name, source, steps, mut segments, flow } = self;
        segments.push(Box::new(move |setup| Box::new(last(flow(setup)))));
        application.pipelines.push(PipelinePlan { name, source, steps, sinks, segments });
        application
    }

    fn add_step(&mut self, name: String, kind: StepKind) -> StepName {
        let step = StepPlan { name: name.into(), index: StepIndex(self.steps.len()), kind };
        let name = step_name(&self.name, &step);
        self.steps.push(step);
        name
    }
}

/// The key of all messages of a state that is not partitioned.
fn one_state<M>(_: &M) -> Key {
    Key::default()
}

fn step_name(pipeline: &Arc<str>, step: &StepPlan) -> StepName {
    StepName { pipeline: Arc::clone(pipeline), step: Arc::clone(&step.name), index: step.index }
}

/// A partition function has the name that its author gave it; a closure is just `partition`.
fn short_partition_name<P>() -> String {
    match short_type_name::<P>() {
        closure if closure == "closure" => "partition".to_owned(),
        name => name,
    }
}

fn partition_end<M: Message, P: PartitionFunction<M>>(
    before: FlowFactory<M>,
    keys_of: impl Fn(&WorkerSetup) -> Keys<P> + Send + Sync + 'static,
) -> SegmentFactory {
    Box::new(move |setup| {
        let (before, keys) = (before(setup), keys_of(setup));
        let mailbox = setup.mailbox(&keys.name);
        Box::new(PartitionEnd::new(before, keys, setup.worker(), mailbox))
    })
}

impl<M> fmt::Debug for Pipeline<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pipeline")
            .field("name", &self.name)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
