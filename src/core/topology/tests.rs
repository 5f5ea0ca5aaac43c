//! Merged pipelines: where they meet, and what `build` refuses.

use super::{Application, Pipeline};
use crate::application::{Decoder, Encoder, Key, Out, Reason, Sink, Source};
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};

fn source() -> Source<impl Decoder<Message = u8>> {
    Source::new(|payload: &[u8]| Ok::<_, Reason>(payload.first().copied()))
}

fn sink() -> Sink<impl Encoder<u8>> {
    Sink::new(|message: &u8, output: &mut Out<'_>| output.byte(*message))
}

/// Counts messages, with these declared keys.
fn counting(pipeline: Pipeline<u8>, keys: &[char]) -> Pipeline<u8> {
    let count = |message: u8, count: &mut u64| {
        *count += 1;
        (Some(message), true)
    };
    let (by_message, keys) = (|message: &u8| *message, keys.iter().copied().map(Key::from));
    pipeline.to_state_partition_with_keys(count, |_: &Key| 0, "count", by_message, keys.collect())
}

fn message(application: Application) -> String {
    application.build().unwrap_err().to_string()
}

#[test]
fn a_pipeline_of_another_application_is_not_merged() {
    let other = Application::new("y").pipeline("q", source());
    let merged = Application::new("x").pipeline("p", source()).merge(other).to_sink(sink());
    assert_eq!(
        message(merged),
        "pipeline `q` is of application `y` and was merged into one of `x`: begin it with `Pipeline::new`"
    );
    let alone = Pipeline::new("q", source()).to_sink(sink());
    assert_eq!(message(alone), "the application has an empty name: give it one");
    let twice = Application::new("x").pipeline("p", source());
    let twice = twice.merge(Pipeline::new("p", source())).done();
    assert_eq!(message(twice), "two pipelines are named `p`: give each its own name");
}

#[test]
fn a_state_of_a_pipeline_that_is_merged_is_checked_as_any_other() {
    let with_keys = |keys: &[char]| counting(Pipeline::new("q", source()), keys);
    let begun = || {
        let one = counting(Application::new("x").pipeline("o", source()), &['a']).done();
        one.pipeline("p", source())
    };
    let twice = message(begun().merge(with_keys(&['a', 'a'])).done());
    assert_eq!(twice, "pipeline `q`, step `closure`: key `a` is declared twice");
    assert!(message(begun().merge(with_keys(&['b'])).done()).contains("pipeline `q`"));
    assert_eq!(begun().merge(with_keys(&['a'])).done().build().unwrap().states().len(), 1);
}

#[test]
fn merged_pipelines_know_where_they_meet_and_have_one_sink() {
    let pass = |message: u8| Some(message);
    let inner = Pipeline::new("r", source()).to(pass).merge(Pipeline::new("s", source()));
    let topology = counting(Application::new("x").pipeline("o", source()), &[])
        .to_sink(sink())
        .pipeline("p", source())
        .merge(Pipeline::new("q", source()).to(pass))
        .to(pass)
        .merge(inner.to(pass))
        .to_sink(sink())
        .build()
        .unwrap();
    let merged: Vec<_> = topology
        .pipelines()
        .iter()
        .map(|plan| plan.merged.map(|at| (at.into.0, at.own_steps, at.at.0)))
        .collect();
    assert_eq!(merged, [None, None, Some((1, 2, 1)), Some((1, 3, 2)), Some((3, 1, 2))]);
    let sinks: Vec<_> = topology.pipelines().iter().map(|plan| plan.sinks[0].same_as).collect();
    let first = Some(SinkPlace { pipeline: PipelineIndex(1), sink: SinkIndex(0) });
    assert_eq!(sinks, [None, None, first, first, first]);
    let lengths =
        topology.pipelines().iter().map(|plan| (plan.steps.len(), plan.own_steps().len()));
    assert_eq!(lengths.collect::<Vec<_>>(), [(4, 4), (3, 3), (4, 2), (4, 3), (3, 1)]);
}
