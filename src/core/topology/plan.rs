//! A checked application: its parts, to be shown and to be run.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::application::{Generate, HasMessage, Key, TypedForm};
use crate::core::frames::framing::Framing;
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace, StepIndex};
use crate::core::steps::{Joined, Segment, WorkerSetup};

/// Makes a segment for one worker.
pub(crate) type SegmentFactory = Box<dyn Fn(&mut WorkerSetup) -> Box<dyn Segment> + Send + Sync>;

/// Decodes a payload for a look at it.
pub(crate) type DecodeToJson = Box<dyn Fn(&[u8]) -> Option<Value> + Send + Sync>;

/// A checked application, ready to run any number of times.
pub struct Topology {
    pub(crate) name: Arc<str>,
    pub(crate) pipelines: Vec<PipelinePlan>,
    pub(crate) states: Vec<StatePlan>,
}

impl Topology {
    /// The application's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The pipelines in the order of their declaration.
    pub fn pipelines(&self) -> &[PipelinePlan] {
        &self.pipelines
    }

    /// The states in the order of their first mention.
    pub fn states(&self) -> &[StatePlan] {
        &self.states
    }

    /// The pipeline with this name.
    pub fn pipeline_index(&self, name: &str) -> Option<PipelineIndex> {
        self.pipelines.iter().position(|pipeline| &*pipeline.name == name).map(PipelineIndex)
    }

    /// The sink that this one is: of the first pipeline that has it.
    pub fn first_place(&self, place: SinkPlace) -> SinkPlace {
        let plan = self.pipelines.get(place.pipeline.0);
        let sink = plan.and_then(|plan| plan.sinks.get(place.sink.0));
        sink.and_then(|sink| sink.same_as).unwrap_or(place)
    }

    /// Where the sink of this first place is, each with the name of its pipeline.
    pub fn places_of(&self, first: SinkPlace) -> impl Iterator<Item = (SinkPlace, &Arc<str>)> {
        let all = self.pipelines.iter().enumerate().flat_map(|(pipeline, plan)| {
            let of = move |sink| SinkPlace { pipeline: PipelineIndex(pipeline), sink };
            (0..plan.sinks.len()).map(move |sink| (of(SinkIndex(sink)), &plan.name))
        });
        all.filter(move |(place, _)| self.first_place(*place) == first)
    }

    /// The segments of every pipeline for one worker.
    #[doc(hidden)]
    pub fn segments(&self, setup: &mut WorkerSetup) -> Vec<Vec<Box<dyn Segment>>> {
        self.pipelines.iter().map(|pipeline| pipeline.segments(setup)).collect()
    }
}

impl fmt::Debug for Topology {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Topology")
            .field("name", &self.name)
            .field("pipelines", &self.pipelines)
            .field("states", &self.states)
            .finish()
    }
}

/// A pipeline: a source, steps and sinks.
pub struct PipelinePlan {
    /// The pipeline's name.
    pub name: Arc<str>,
    /// Its source.
    pub source: SourcePlan,
    /// Its steps in order, from the decoder to the encoders.
    pub steps: Vec<StepPlan>,
    /// Its sinks; none if it ends with `done`.
    pub sinks: Vec<SinkPlan>,
    /// Where it is merged into another pipeline, if it is.
    pub merged: Option<MergedInto>,
    pub(crate) segments: Vec<SegmentFactory>,
}

impl PipelinePlan {
    /// Its steps without those that are another pipeline's into which it is merged.
    pub fn own_steps(&self) -> &[StepPlan] {
        let own = self.merged.map_or(self.steps.len(), |merged| merged.own_steps);
        self.steps.get(..own).unwrap_or(&self.steps)
    }

    /// Its sinks; none if they are another pipeline's into which it is merged.
    pub fn own_sinks(&self) -> &[SinkPlan] {
        if self.merged.is_some() { &[] } else { &self.sinks }
    }

    /// Whether only the order of each key's messages counts, and not that of all messages of a source. That is so if the
    /// first exchange sends messages to the owners of their keys.
    pub(crate) fn keeps_order_by_key(&self) -> bool {
        let first_exchange = self.steps.iter().find_map(|step| match step.kind {
            StepKind::Partition { .. } => Some(true),
            StepKind::Parallel => Some(false),
            StepKind::Decode | StepKind::Compute | StepKind::State { .. } | StepKind::Encode => {
                None
            }
        });
        first_exchange.unwrap_or(false)
    }

    fn segments(&self, setup: &mut WorkerSetup) -> Vec<Box<dyn Segment>> {
        let mut segments: Vec<_> = self.segments.iter().map(|factory| factory(setup)).collect();
        if let ([.., before, _], Some(last)) = (segments.as_mut_slice(), self.segments.last())
            && before.join(true)
        {
            let joined = segments.len() - 2;
            let before = segments.remove(joined);
            segments.insert(joined, Box::new(Joined::new(before, last(setup))));
        }
        segments
    }
}

impl fmt::Debug for PipelinePlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PipelinePlan")
            .field("name", &self.name)
            .field("steps", &self.steps)
            .field("sinks", &self.sinks)
            .finish_non_exhaustive()
    }
}

/// A pipeline's source.
pub struct SourcePlan {
    /// How its frames are cut.
    pub framing: Arc<dyn Framing>,
    /// The payload's format in a few words; empty if the author gave none.
    pub format: String,
    /// How a person types a message.
    pub typed: Option<TypedForm>,
    /// How a random message is made.
    pub generate: Option<Generate>,
    /// Whether there is a message of a number, if it makes its messages itself.
    pub(crate) has: Option<HasMessage>,
    /// The name of the type of its messages.
    pub message: String,
    /// A payload's message as JSON; none if the decoder refuses the payload, drops it or panics.
    pub(crate) decode: DecodeToJson,
}

impl SourcePlan {
    /// Whether it makes its messages itself: it has no endpoint then.
    #[must_use]
    pub fn makes_its_messages(&self) -> bool {
        self.has.is_some()
    }

    /// Whether a person types its messages as they are: lines for which the author has no form.
    #[must_use]
    pub fn is_typed_as_it_is(&self) -> bool {
        self.typed.is_none() && self.framing.wrapping() == Wrapping::Line
    }
}

/// Where a pipeline is merged into another one: its other steps and its sinks are those of that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    /// The other pipeline, which comes before it.
    pub into: PipelineIndex,
    /// How many of its first steps are its own.
    pub own_steps: usize,
    /// The first step of the other one that both have.
    pub at: StepIndex,
}

/// A pipeline's sink.
#[derive(Debug, Clone)]
pub struct SinkPlan {
    /// The output's format in a few words; empty if the author gave none.
    pub format: String,
    /// Its name, if it has one: pipelines that name it share it.
    pub name: Option<Arc<str>>,
    /// The sink of an earlier pipeline that this one is.
    pub same_as: Option<SinkPlace>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepKind {
    /// Payloads become messages, or a generator makes them.
    Decode,
    /// A stateless computation.
    Compute,
    /// A stateless computation that runs on all workers, without an order of its messages.
    Parallel,
    /// The partition function of a state.
    Partition {
        /// The state's name.
        state: Arc<str>,
    },
    /// A state computation.
    State {
        /// The state's name.
        state: Arc<str>,
    },
    /// An encoder.
    Encode,
}

/// A step of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepPlan {
    /// The step's name.
    pub name: Arc<str>,
    /// Its place in the pipeline.
    pub index: StepIndex,
    /// What it does.
    pub kind: StepKind,
}

/// A state that steps name.
#[derive(Debug, Clone)]
pub struct StatePlan {
    /// The state's name.
    pub name: Arc<str>,
    /// The declared keys, whose partitions `--precreate` makes.
    pub keys: Vec<Key>,
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
}
