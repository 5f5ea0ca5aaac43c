//! An application that is being put together.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::error::BuildError;
use super::pipeline::Pipeline;
use super::plan::{PipelinePlan, StatePlan, Topology};
use super::sinks::join_sinks;
use crate::application::{Key, Source, SourceCode};
use crate::core::frames::wrapping::Wrapping;
use crate::core::numbers::PipelineIndex;

/// A name and one or more pipelines.
///
/// ```
/// use wallaroo::{Application, BuildError};
///
/// let error = Application::new("empty").build().unwrap_err();
/// assert_eq!(error, BuildError::NoPipelines("empty".to_owned()));
/// ```
#[must_use = "an application does nothing until it is built and run"]
pub struct Application {
    name: String,
    pub(super) pipelines: Vec<PipelinePlan>,
    /// Every mention of a state.
    pub(super) states: Vec<Declaration>,
    /// What is wrong with it already.
    mistake: Option<BuildError>,
}

/// One mention of a state, to be compared with its other mentions.
pub(super) struct Declaration {
    pub pipeline: Arc<str>,
    pub step: Arc<str>,
    pub state: StatePlan,
}

impl Application {
    /// An application without pipelines.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), pipelines: Vec::new(), states: Vec::new(), mistake: None }
    }

    /// Begins a pipeline. It becomes part of the application when it ends, with
    /// [`to_sink`](Pipeline::to_sink) or [`done`](Pipeline::done).
    pub fn pipeline<C: SourceCode>(
        self,
        name: impl Into<String>,
        source: Source<C>,
    ) -> Pipeline<C::Message> {
        Pipeline::begin(self, name.into().into(), source)
    }

    /// Adds a pipeline. Where it is merged is counted from the pipeline `first` on.
    pub(super) fn add(&mut self, first: PipelineIndex, mut plan: PipelinePlan) {
        if let Some(merged) = &mut plan.merged {
            merged.into = PipelineIndex(merged.into.0 + first.0);
        }
        self.pipelines.push(plan);
    }

    /// Takes over what steps of a pipeline that is merged have mentioned.
    pub(super) fn absorb(&mut self, pipeline: &str, other: Self) {
        let Self { name, pipelines, states, mistake } = other;
        if !name.is_empty() || !pipelines.is_empty() {
            let (pipeline, into) = (pipeline.to_owned(), self.name.clone());
            self.mistake.get_or_insert(BuildError::OtherApplication {
                pipeline,
                other: name,
                into,
            });
        }
        self.states.extend(states);
        self.mistake = self.mistake.take().or(mistake);
    }

    /// Checks the application.
    ///
    /// # Errors
    ///
    /// What types cannot rule out: see [`BuildError`].
    pub fn build(mut self) -> Result<Topology, BuildError> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        if self.pipelines.is_empty() {
            return Err(BuildError::NoPipelines(self.name));
        }
        if self.name.is_empty() {
            return Err(BuildError::EmptyName("the application".to_owned()));
        }
        let mut names = BTreeSet::new();
        for pipeline in &self.pipelines {
            check_pipeline(pipeline)?;
            if !names.insert(Arc::clone(&pipeline.name)) {
                return Err(BuildError::DuplicatePipeline(pipeline.name.to_string()));
            }
        }
        join_sinks(&mut self.pipelines)?;
        Ok(Topology {
            name: self.name.into(),
            pipelines: self.pipelines,
            states: check_states(self.states)?,
        })
    }
}

fn check_pipeline(pipeline: &PipelinePlan) -> Result<(), BuildError> {
    if pipeline.name.is_empty() {
        return Err(BuildError::EmptyName("a pipeline".to_owned()));
    }
    match pipeline.source.framing.wrapping() {
        Wrapping::Header(length) if !(1..=8).contains(&length) => {
            Err(BuildError::HeaderLength { pipeline: pipeline.name.to_string(), length })
        }
        _ => Ok(()),
    }
}

fn check_states(declarations: Vec<Declaration>) -> Result<Vec<StatePlan>, BuildError> {
    let mut states: Vec<StatePlan> = Vec::new();
    for Declaration { pipeline, step, state } in declarations {
        let at = (pipeline.to_string(), step.to_string());
        if state.name.is_empty() {
            return Err(BuildError::EmptyName(format!("the state of step `{step}`")));
        }
        let mut keys = BTreeSet::new();
        if let Some(key) = state.keys.iter().find(|key| !keys.insert(*key)) {
            let (pipeline, step) = at;
            return Err(BuildError::DuplicateKey { pipeline, step, key: key.to_string() });
        }
        match states.iter().find(|known| known.name == state.name) {
            None => states.push(state),
            Some(known) if known.type_id == state.type_id && same(&known.keys, &state.keys) => {}
            Some(known) => {
                let (pipeline, step) = at;
                let (before, here) = differences(known, &state);
                let state = state.name.to_string();
                return Err(BuildError::StateMismatch { pipeline, step, state, before, here });
            }
        }
    }
    Ok(states)
}

/// Whether two lists have the same keys, in any order. Neither has a key twice.
fn same(one: &[Key], other: &[Key]) -> bool {
    one.len() == other.len() && one.iter().all(|key| other.contains(key))
}

fn differences(before: &StatePlan, here: &StatePlan) -> (String, String) {
    if before.type_id == here.type_id {
        let keys = |plan: &StatePlan| format!("{} declared keys", plan.keys.len());
        if before.keys.len() == here.keys.len() {
            ("other declared keys".to_owned(), "these".to_owned())
        } else {
            (keys(before), keys(here))
        }
    } else {
        (format!("type `{}`", before.type_name), format!("type `{}`", here.type_name))
    }
}

impl StatePlan {
    pub(super) fn of<S: 'static>(name: Arc<str>, keys: Vec<Key>) -> Self {
        Self { name, keys, type_id: TypeId::of::<S>(), type_name: std::any::type_name::<S>() }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Application")
            .field("name", &self.name)
            .field("pipelines", &self.pipelines)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Decoder, Encoder, Out, Reason, Sink};

    fn source() -> Source<impl Decoder<Message = u8>> {
        Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied()))
    }

    fn sink() -> Sink<impl Encoder<u8>> {
        Sink::new(|message: &u8, output: &mut Out<'_>| output.byte(*message))
    }

    fn count(message: u8, state: &mut u64) -> (Option<u8>, bool) {
        *state += 1;
        (Some(message), true)
    }

    fn partitioned(application: Application, name: &str, keys: Vec<Key>) -> Application {
        let by_message = |message: &u8| *message;
        application
            .pipeline(name, source())
            .to_state_partition_with_keys(count, |_: &Key| 0_u64, "count", by_message, keys)
            .to_sink(sink())
    }

    fn message(application: Application) -> String {
        application.build().unwrap_err().to_string()
    }

    #[test]
    fn an_application_without_pipelines_is_refused() {
        assert_eq!(
            message(Application::new("x")),
            "application `x` has no pipeline: add one with `.pipeline(name, source)`"
        );
    }

    #[test]
    fn empty_names_are_refused() {
        let unnamed = Application::new("").pipeline("a", source()).to_sink(sink());
        assert_eq!(message(unnamed), "the application has an empty name: give it one");
        let pipeline = Application::new("x").pipeline("", source()).to_sink(sink());
        assert_eq!(message(pipeline), "a pipeline has an empty name: give it one");
    }

    #[test]
    fn two_pipelines_of_one_name_are_refused() {
        let twice = Application::new("x").pipeline("a", source()).done();
        let twice = twice.pipeline("a", source()).to_sink(sink());
        assert_eq!(message(twice), "two pipelines are named `a`: give each its own name");
    }

    #[test]
    fn a_key_declared_twice_is_refused() {
        let keys = vec!['a'.into(), 'b'.into(), 'a'.into()];
        assert_eq!(
            message(partitioned(Application::new("x"), "p", keys)),
            "pipeline `p`, step `count`: key `a` is declared twice"
        );
    }

    #[test]
    fn a_state_name_with_two_meanings_is_refused() {
        let one = partitioned(Application::new("x"), "p", vec!['a'.into()]);
        assert!(message(partitioned(one, "q", Vec::new())).contains("state `count` was declared"));

        let one = partitioned(Application::new("x"), "p", Vec::new());
        let other_type = |message: u8, _: &mut String| (Some(message), true);
        let by_message = |message: &u8| *message;
        let two = one
            .pipeline("q", source())
            .to_state_partition(other_type, |_: &Key| String::new(), "count", by_message)
            .to_sink(sink());
        let text = message(two);
        assert!(text.contains("`u64`") && text.contains("String"), "{text}");
    }

    #[test]
    fn one_state_may_be_shared_by_two_pipelines_in_any_order_of_its_keys() {
        let one = partitioned(Application::new("x"), "p", vec!['a'.into(), 'b'.into()]);
        let topology = partitioned(one, "q", vec!['b'.into(), 'a'.into()]).build().unwrap();
        assert_eq!(topology.states().len(), 1);
        assert_eq!(topology.pipelines().len(), 2);
    }

    struct LongHeader;

    impl Decoder for LongHeader {
        type Message = u8;
        fn header_length(&self) -> usize {
            9
        }
        fn decode(&self, _: &[u8]) -> Result<Option<u8>, Reason> {
            Ok(None)
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused() {
        let long = Application::new("x").pipeline("p", Source::new(LongHeader)).done();
        assert_eq!(
            message(long),
            "pipeline `p`: the decoder's header_length is 9, and it must be 1 to 8 bytes"
        );
    }
}
