//! Sinks that pipelines share: those of one name are one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::BuildError;
use super::plan::{PipelinePlan, StepKind};
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};

/// Finds for each named sink the first pipeline that has it.
pub(super) fn join_sinks(pipelines: &mut [PipelinePlan]) -> Result<(), BuildError> {
    let mut first: BTreeMap<Arc<str>, SinkPlace> = BTreeMap::new();
    for (at, plan) in pipelines.iter_mut().enumerate() {
        check_names(plan)?;
        for (sink, found) in plan.sinks.iter_mut().enumerate() {
            let Some(name) = &found.name else { continue };
            let place = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(sink) };
            let first = *first.entry(Arc::clone(name)).or_insert(place);
            found.same_as = (first != place).then_some(first);
        }
    }
    Ok(())
}

/// Refuses an empty name, and a name that two sinks of the pipeline have.
fn check_names(plan: &PipelinePlan) -> Result<(), BuildError> {
    let mut encoders = plan.steps.iter().filter(|step| step.kind == StepKind::Encode);
    let mut names = Vec::new();
    for sink in &plan.sinks {
        let step = encoders.next();
        let Some(name) = &sink.name else { continue };
        if name.is_empty() {
            return Err(BuildError::EmptyName(format!("a sink of pipeline `{}`", plan.name)));
        }
        if names.contains(&name) {
            return Err(BuildError::DuplicateSink {
                pipeline: plan.name.to_string(),
                step: step.map(|step| step.name.to_string()).unwrap_or_default(),
                sink: name.to_string(),
            });
        }
        names.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Encoder, Out, Reason, Sink, Source};
    use crate::core::topology::Application;

    fn begin(application: Application, name: &str) -> crate::core::topology::Pipeline<u8> {
        let decode = |payload: &[u8]| Ok::<_, Reason>(payload.first().copied());
        application.pipeline(name, Source::new(decode))
    }

    fn sink() -> Sink<impl Encoder<u8>> {
        Sink::new(|message: &u8, output: &mut Out<'_>| output.byte(*message))
    }

    #[test]
    fn sinks_of_one_name_are_one_and_others_are_not() {
        let first = begin(Application::new("x"), "p").to_sinks([sink(), sink().named("all")]);
        let second = begin(first, "q").to_sinks([sink().named("all"), sink().named("other")]);
        let topology = begin(second, "r").to_sink(sink()).build().unwrap();
        let same = |at: usize| -> Vec<Option<SinkPlace>> {
            topology.pipelines()[at].sinks.iter().map(|sink| sink.same_as).collect()
        };
        let all = SinkPlace { pipeline: PipelineIndex(0), sink: SinkIndex(1) };
        assert_eq!(same(0), [None, None]);
        assert_eq!(same(1), [Some(all), None]);
        assert_eq!(same(2), [None]);
        let place = SinkPlace { pipeline: PipelineIndex(1), sink: SinkIndex(0) };
        assert_eq!(topology.first_place(place), all);
        assert_eq!(topology.first_place(all), all);
    }

    #[test]
    fn a_pipeline_with_two_sinks_of_one_name_or_one_without_letters_is_refused() {
        let message = |application: Application| application.build().unwrap_err().to_string();
        let twice = [sink().named("all"), sink(), sink().named("all")];
        assert_eq!(
            message(begin(Application::new("x"), "p").to_sinks(twice)),
            "pipeline `p`, step `encode`: another sink of the pipeline is named `all`, too: pipelines share a named sink, and each has it once"
        );
        assert_eq!(
            message(begin(Application::new("x"), "p").to_sink(sink().named(""))),
            "a sink of pipeline `p` has an empty name: give it one"
        );
    }
}
