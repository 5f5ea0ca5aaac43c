//! A pipeline that is being put together: its last step gives messages of type `M`.

use std::fmt;
use std::sync::Arc;

use super::application::{Application, Declaration};
use super::line::{FlowFactory, Line, partition_end};
use super::plan::{MergedInto, SinkPlan, StatePlan, StepKind};
use crate::application::{
    Computation, Encoder, Key, Message, PartitionFunction, Sink, Source, SourceCode, StateBuilder,
    StateComputation, short_type_name,
};
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, StepIndex};
use crate::core::steps::{
    Code, ComputeStep, DoneEnd, EncodeBatch, EncodeEnd, EncodeStep, Flow, Keys, OutputOf,
    ReceiveStep, SpreadEnd, StateOutputOf, StateStep, WorkerSetup,
};

type EncoderFactory<M> = Box<dyn Fn() -> Box<dyn EncodeBatch<M>> + Send + Sync>;

/// A pipeline that is being put together. `M` is what its last step gives and its next step takes.
#[must_use = "a pipeline is not part of its application until it ends, with `to_sink` or `done`"]
pub struct Pipeline<M> {
    application: Application,
    /// One, or that of each of the pipelines that were merged. The first one is its own.
    lines: Vec<Line<M>>,
}

impl<M: Message> Pipeline<M> {
    pub(super) fn begin<C>(application: Application, name: Arc<str>, source: Source<C>) -> Self
    where
        C: SourceCode<Message = M>,
    {
        Self { application, lines: vec![Line::begin(name, source)] }
    }

    /// A pipeline that is of no application yet, to be [merged](Self::merge) into one that is.
    pub fn new<C>(name: impl Into<String>, source: Source<C>) -> Self
    where
        C: SourceCode<Message = M>,
    {
        Self::begin(Application::new(""), name.into().into(), source)
    }

    /// Merges another pipeline into this one, which must give messages of the same type: the steps that come behind
    /// take the messages of both. Each keeps its source, with its own decoder, input and position, and its own name.
    /// Messages of one key that come from one source keep their order; those of two sources come in between each other
    /// as they may.
    ///
    /// ```
    /// use wallaroo::{Application, Key, Out, Pipeline, Reason, Sink, Source, TestDriver};
    ///
    /// let text = |line: &[u8]| -> Result<Option<String>, Reason> {
    ///     Ok(Some(std::str::from_utf8(line)?.to_owned()))
    /// };
    /// let count = |word: String, count: &mut u64| {
    ///     *count += 1;
    ///     (Some(format!("{word} {count}\n")), true)
    /// };
    /// let numbers = Pipeline::new("numbers", Source::generator(|number| (number < 3).then_some(number)))
    ///     .to(|number: u64| Some(number.to_string()));
    /// let topology = Application::new("words")
    ///     .pipeline("words", Source::new(text).lines())
    ///     .merge(numbers)
    ///     .to_state_partition(count, |_: &Key| 0, "counts", |word: &String| word.clone())
    ///     .to_sink(Sink::new(|text: &String, out: &mut Out<'_>| out.text(text)))
    ///     .build()?;
    ///
    /// let mut driver = TestDriver::new(&topology);
    /// driver.push("words", b"one\n2\n")?;
    /// driver.generate("numbers", 3)?;
    /// driver.run();
    /// assert_eq!(driver.outputs("words")?.concat(), b"one 1\n2 1\n0 1\n1 1\n2 2\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// What gives messages of another type cannot be merged:
    ///
    /// ```compile_fail
    /// use wallaroo::{Application, Pipeline, Source};
    ///
    /// Application::new("mismatch")
    ///     .pipeline("numbers", Source::generator(|number: u64| Some(number)))
    ///     .merge(Pipeline::new("texts", Source::generator(|number: u64| Some(number.to_string()))));
    /// ```
    pub fn merge(mut self, other: Self) -> Self {
        let Self { application, lines } = other;
        if let Some(line) = lines.first() {
            self.application.absorb(&line.name, application);
        }
        let (first, at) = (self.lines.len(), StepIndex(self.lines.first().map_or(0, Line::length)));
        for (own, mut line) in lines.into_iter().enumerate() {
            line.merged = Some(if let Some(merged) = line.merged {
                // Of the pipeline that was merged: it stands further back now.
                MergedInto { into: PipelineIndex(merged.into.0 + first), ..merged }
            } else {
                debug_assert_eq!(own, 0, "the first line of a pipeline is its own");
                MergedInto { into: PipelineIndex(0), own_steps: line.length(), at }
            });
            self.lines.push(line);
        }
        self
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
    pub fn to<C: Computation<M>>(self, computation: C) -> Pipeline<OutputOf<C, M>> {
        let computation = Arc::new(computation);
        self.each(|mut line| {
            let name = line.add_step(&computation.name(), StepKind::Compute);
            let computation = Arc::clone(&computation);
            line.map(|before| {
                Box::new(move |setup| {
                    let computation = Arc::clone(&computation);
                    Box::new(ComputeStep::new(name.clone(), before(setup), computation))
                })
            })
        })
    }

    /// Adds a stateless step that runs on all workers at once. Its messages have no order any more,
    /// not even those of one key.
    pub fn to_parallel<C: Computation<M>>(self, computation: C) -> Pipeline<OutputOf<C, M>> {
        let computation = Arc::new(computation);
        self.each(|mut line| {
            let name = line.add_step(&computation.name(), StepKind::Parallel);
            let computation = Arc::clone(&computation);
            let sender = name.clone();
            let flow: FlowFactory<OutputOf<C, M>> = Box::new(move |_| {
                let before: Box<dyn Flow<M>> = Box::new(ReceiveStep::new(name.clone()));
                Box::new(ComputeStep::new(name.clone(), before, Arc::clone(&computation)))
            });
            let end = |before: FlowFactory<M>| -> super::plan::SegmentFactory {
                Box::new(move |setup| {
                    let end = SpreadEnd {
                        before: before(setup),
                        placement: setup.placement(),
                        next: setup.worker().0,
                        gathered: Vec::new(),
                    };
                    setup.sending::<M>(sender.clone(), Box::new(end))
                })
            };
            line.exchange(end, flow)
        })
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
        let step: Arc<str> = computation.name().into();
        // All lines mean the same, so one mention is enough.
        self.application.states.extend(self.lines.first().map(|line| Declaration {
            pipeline: Arc::clone(&line.name),
            step: Arc::clone(&step),
            state: StatePlan::of::<B::State>(Arc::clone(&state), keys.clone()),
        }));
        let (function, keys) = (Arc::new(function), Arc::new(keys));
        let (computation, builder) = (Arc::new(computation), Arc::new(builder));
        self.each(|mut line| {
            let partition = StepKind::Partition { state: Arc::clone(&state) };
            let partition = line.add_step(&short_partition_name::<P>(), partition);
            let name = line.add_step(&step, StepKind::State { state: Arc::clone(&state) });
            let function = Arc::clone(&function);
            let keys_of = move |setup: &WorkerSetup| {
                Keys::new(partition.clone(), Arc::clone(&function), setup.placement())
            };
            let to_keys = keys_of.clone();
            let (computation, builder) = (Arc::clone(&computation), Arc::clone(&builder));
            let (state, keys) = (Arc::clone(&state), Arc::clone(&keys));
            let flow: FlowFactory<StateOutputOf<C, M, B::State>> = Box::new(move |setup| {
                let table = setup.table(&state, &*builder, &keys);
                let keys = keys_of(setup);
                let mailbox = setup.mailbox(&keys.name);
                let (computation, builder) = (Arc::clone(&computation), Arc::clone(&builder));
                let (name, state) = (name.clone(), Arc::clone(&state));
                let code = Code { name, state, computation, builder, keys };
                Box::new(StateStep::<M, C, B, P>::new(code, table, mailbox))
            });
            line.exchange(|before| partition_end(before, to_keys), flow)
        })
    }

    /// Ends the pipeline with a sink.
    pub fn to_sink<E: Encoder<M, W>, W: 'static>(self, sink: Sink<E>) -> Application {
        self.to_sinks([sink])
    }

    /// Ends the pipeline with several sinks, each of which gets every output. Sinks with encoders of
    /// different types are [`boxed`](Sink::boxed).
    pub fn to_sinks<E: Encoder<M, W>, W: 'static>(
        self,
        sinks: impl IntoIterator<Item = Sink<E>>,
    ) -> Application {
        let mut encoders = Vec::new();
        let mut plans = Vec::new();
        for Sink { encoder, format, name } in sinks {
            encoders.push(Arc::new(encoder));
            plans.push(SinkPlan { format, name: name.map(Into::into), same_as: None });
        }
        let Self { mut application, lines } = self;
        let first = PipelineIndex(application.pipelines.len());
        for (at, mut line) in lines.into_iter().enumerate() {
            let mut plans = plans.clone();
            let mut of_line: Vec<EncoderFactory<M>> = Vec::new();
            for (sink, (encoder, plan)) in encoders.iter().zip(&mut plans).enumerate() {
                let name = line.add_step("encode", StepKind::Encode);
                let (pipeline, sink) = (PipelineIndex(first.0 + at), SinkIndex(sink));
                let (place, encoder) = (SinkPlace { pipeline, sink }, Arc::clone(encoder));
                of_line.push(Box::new(move || {
                    let (name, encoder) = (name.clone(), Arc::clone(&encoder));
                    Box::new(EncodeStep::<E, W>::new(name, place, encoder))
                }));
                plan.same_as = (at > 0).then_some(SinkPlace { pipeline: first, sink });
            }
            application.add(
                first,
                line.end(plans, |flow| {
                    Box::new(move |setup| {
                        Box::new(EncodeEnd {
                            before: flow(setup),
                            encoders: of_line.iter().map(|encoder| encoder()).collect(),
                            input: Vec::new(),
                        })
                    })
                }),
            );
        }
        application
    }

    /// Ends the pipeline without a sink: what the last step gives is dropped.
    pub fn done(self) -> Application {
        let Self { mut application, lines } = self;
        let first = PipelineIndex(application.pipelines.len());
        for line in lines {
            application.add(
                first,
                line.end(Vec::new(), |flow| {
                    Box::new(move |setup| {
                        Box::new(DoneEnd { before: flow(setup), input: Vec::new() })
                    })
                }),
            );
        }
        application
    }

    /// Adds the same to each line.
    fn each<N>(self, mut add: impl FnMut(Line<M>) -> Line<N>) -> Pipeline<N> {
        let Self { application, lines } = self;
        Pipeline { application, lines: lines.into_iter().map(&mut add).collect() }
    }
}

/// The key of all messages of a state that is not partitioned.
fn one_state<M>(_: &M) -> Key {
    Key::default()
}

/// A partition function has the name that its author gave it; a closure is just `partition`.
fn short_partition_name<P>() -> String {
    match short_type_name::<P>() {
        closure if closure == "closure" => "partition".to_owned(),
        name => name,
    }
}

impl<M> fmt::Debug for Pipeline<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.lines.iter().map(|line| &*line.name).collect();
        formatter.debug_struct("Pipeline").field("lines", &names).finish_non_exhaustive()
    }
}
