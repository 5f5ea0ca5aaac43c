//! Assigns endpoints to pipelines.

use crate::cli::app::AppOptions;
use crate::cli::arguments::EngineArguments;
use crate::cli::failure::Failure;
use crate::core::numbers::{PipelineIndex, SinkIndex, SinkPlace};
use crate::core::topology::{PipelinePlan, SinkPlan, Topology};
use crate::endpoints::Endpoint;
use crate::runtime::Settings;

/// What to do with a pipeline that has no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Missing {
    /// Report an error.
    Refuse,
    /// Use no endpoint.
    Null,
}

/// The settings from the command line.
pub(in crate::cli) fn settings(
    topology: &Topology,
    arguments: &EngineArguments,
    options: &AppOptions,
    missing: Missing,
) -> Result<Settings, Failure> {
    let pipelines = topology.pipelines();
    refuse_input_of_generators(topology, &arguments.inputs)?;
    let reads = pipelines.iter().filter(|plan| !plan.source.makes_its_messages());
    let sources =
        assign("--in", &arguments.inputs, reads.map(Place::of_source).collect(), missing)?;
    let mut sources = sources.into_iter();
    let source = |plan: &PipelinePlan| {
        let source = if plan.source.makes_its_messages() { None } else { sources.next() };
        source.unwrap_or(Endpoint::Null)
    };
    let of_pipelines = sinks(topology, &arguments.outputs, missing)?;
    Ok(Settings {
        workers: arguments.workers,
        precreate: arguments.precreate,
        resilience: arguments.resilience.settings(options),
        frame_limit: arguments.frame_limit.0,
        connection_limit: arguments.connections,
        sinks: of_pipelines,
        sources: pipelines.iter().map(source).collect(),
        ..Settings::new(topology)
    })
}

/// The endpoints of all sinks, pipeline by pipeline.
pub(in crate::cli) fn sinks(
    topology: &Topology,
    outputs: &[String],
    missing: Missing,
) -> Result<Vec<Vec<Endpoint>>, Failure> {
    let sinks = assign("--out", outputs, places_of_sinks(topology), missing)?;
    let mut sinks = sinks.into_iter();
    let mut of_pipelines: Vec<Vec<Endpoint>> = Vec::new();
    for plan in topology.pipelines() {
        let endpoint = |sink: &SinkPlan| match sink.same_as {
            None => sinks.next(),
            Some(first) => of_pipelines.get(first.pipeline.0)?.get(first.sink.0).cloned(),
        };
        let of_pipeline = plan.sinks.iter().map(endpoint);
        let of_pipeline = of_pipeline.map(|endpoint| endpoint.unwrap_or(Endpoint::Null));
        let of_pipeline = of_pipeline.collect();
        of_pipelines.push(of_pipeline);
    }
    Ok(of_pipelines)
}

/// Refuses an input for a pipeline whose source makes its messages itself.
fn refuse_input_of_generators(topology: &Topology, inputs: &[String]) -> Result<(), Failure> {
    let generates = |plan: &&PipelinePlan| plan.source.makes_its_messages();
    let mut generators = topology.pipelines().iter().filter(generates);
    let named = |plan: &PipelinePlan| {
        inputs.iter().any(|text| text.split_once('=').is_some_and(|(name, _)| *name == *plan.name))
    };
    let all_generate = topology.pipelines().iter().all(|plan| generates(&plan));
    match generators.find(|plan| named(plan) || (all_generate && !inputs.is_empty())) {
        None => Ok(()),
        Some(plan) => Err(Failure::Usage(format!(
            "pipeline `{}` makes its messages itself: leave out its --in",
            plan.name
        ))),
    }
}

/// A source or a sink that has an endpoint of its own.
struct Place<'a> {
    /// What it is called where it has none.
    shown: String,
    /// The names by which it may be given one.
    names: Vec<&'a str>,
}

impl<'a> Place<'a> {
    fn of_source(plan: &'a PipelinePlan) -> Self {
        Self { shown: format!("pipeline `{}`", plan.name), names: vec![&plan.name] }
    }

    fn of_sink(plan: &'a PipelinePlan, sink: &'a SinkPlan) -> Self {
        match &sink.name {
            None => Self::of_source(plan),
            Some(name) => Self { shown: format!("sink `{name}`"), names: vec![name, &plan.name] },
        }
    }
}

/// The sinks in their order; one that pipelines share is there once, and has its own name and those of all of them.
fn places_of_sinks(topology: &Topology) -> Vec<Place<'_>> {
    let mut places: Vec<(SinkPlace, Place<'_>)> = Vec::new();
    for (at, plan) in topology.pipelines().iter().enumerate() {
        for (index, sink) in plan.sinks.iter().enumerate() {
            let own = SinkPlace { pipeline: PipelineIndex(at), sink: SinkIndex(index) };
            let first = topology.first_place(own);
            if let Some((_, place)) = places.iter_mut().find(|(known, _)| *known == first) {
                place.names.push(&plan.name);
            } else {
                places.push((own, Place::of_sink(plan, sink)));
            }
        }
    }
    places.into_iter().map(|(_, place)| place).collect()
}

/// Assigns an endpoint to each place: first the endpoints that name their pipeline or sink, then the others in order.
fn assign(
    option: &str,
    given: &[String],
    places: Vec<Place<'_>>,
    missing: Missing,
) -> Result<Vec<Endpoint>, Failure> {
    let mut assigned: Vec<Option<Endpoint>> = vec![None; places.len()];
    let mut unnamed = Vec::new();
    for text in given {
        let known = |name: &str| places.iter().any(|place| place.names.contains(&name));
        let named = text.split_once('=').filter(|(name, _)| known(name));
        let Some((name, endpoint)) = named else {
            unnamed.push(parse(option, text)?);
            continue;
        };
        let has_name = |place: &Place<'_>, own: bool| {
            if own { place.names.first() == Some(&name) } else { place.names.contains(&name) }
        };
        // Those that pipelines share come after a pipeline's own.
        let free = |own| {
            let mut all = places.iter().zip(&assigned);
            all.position(|(place, endpoint)| endpoint.is_none() && has_name(place, own))
        };
        let free = free(true).or_else(|| free(false));
        let Some(place) = free.and_then(|at| assigned.get_mut(at)) else {
            let of_name = places.iter().find(|place| has_name(place, false));
            let shown = of_name.map(|place| place.shown.as_str()).unwrap_or_default();
            return Err(Failure::Usage(format!("{option} is given too often for {shown}")));
        };
        *place = Some(parse(option, endpoint)?);
    }
    let mut unnamed = unnamed.into_iter();
    let mut endpoints = Vec::new();
    for (place, assigned) in places.iter().zip(assigned) {
        endpoints.push(match (assigned.or_else(|| unnamed.next()), missing) {
            (Some(endpoint), _) => endpoint,
            (None, Missing::Null) => Endpoint::Null,
            (None, Missing::Refuse) => {
                return Err(Failure::Usage(format!(
                    "{option} is missing for {}: give a file, tcp://HOST:PORT, - or null",
                    place.shown
                )));
            }
        });
    }
    if unnamed.next().is_some() {
        let names: Vec<&str> =
            places.iter().filter_map(|place| place.names.first().copied()).collect();
        let usage = format!(
            "{option} is given too often: it goes to {}",
            if names.is_empty() { "no pipeline".to_owned() } else { names.join(", ") }
        );
        return Err(Failure::Usage(usage));
    }
    Ok(endpoints)
}

fn parse(option: &str, text: &str) -> Result<Endpoint, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("{option}: {error}")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::application::{Out, Reason, Sink, Source};
    use crate::core::topology::Application;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        engine: EngineArguments,
    }

    /// The sources of an application of a generator between two pipelines that read.
    fn sources(options: &[&str]) -> Result<Vec<String>, String> {
        let read = || Source::new(|bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied()));
        let write = || Sink::new(|byte: &u8, output: &mut Out<'_>| output.byte(*byte));
        let topology = Application::new("x")
            .pipeline("first", read())
            .to_sink(write())
            .pipeline("made", Source::generator(|_| Some(0_u8)))
            .done()
            .pipeline("last", read())
            .done()
            .build()
            .unwrap();
        read_line(&topology, options)
    }

    /// The sinks of two pipelines that share their second one.
    fn sinks(options: &[&str]) -> Result<Vec<String>, String> {
        let read = || Source::new(|bytes: &[u8]| Ok::<_, Reason>(bytes.first().copied()));
        let write = || Sink::new(|byte: &u8, output: &mut Out<'_>| output.byte(*byte));
        let topology = Application::new("x")
            .pipeline("p", read())
            .to_sinks([write(), write().named("all")])
            .pipeline("q", read())
            .to_sinks([write(), write().named("all")])
            .build()
            .unwrap();
        let ends = ["x", "--in", "null", "--in", "null"];
        let line = Line::parse_from(ends.iter().chain(options));
        let settings = settings(&topology, &line.engine, &AppOptions::default(), Missing::Refuse);
        let settings = settings.map_err(|failure| failure.to_string())?;
        Ok(settings.sinks.iter().flatten().map(ToString::to_string).collect())
    }

    #[test]
    fn a_sink_that_pipelines_share_has_one_output() {
        let all = ["file:a", "file:b", "file:c", "file:b"].map(str::to_owned).to_vec();
        assert_eq!(sinks(&["--out", "a", "--out", "b", "--out", "c"]), Ok(all.clone()));
        assert_eq!(sinks(&["--out", "all=b", "--out", "a", "--out", "q=c"]), Ok(all.clone()));
        assert_eq!(sinks(&["--out", "q=c", "--out", "p=a", "--out", "q=b"]), Ok(all));
        let missing = sinks(&["--out", "p=a", "--out", "all=b"]).unwrap_err();
        assert!(missing.contains("--out is missing for pipeline `q`"), "{missing}");
        let missing = sinks(&["--out", "a"]).unwrap_err();
        assert!(missing.contains("--out is missing for sink `all`"), "{missing}");
        let more = sinks(&["--out", "all=b", "--out", "all=c"]).unwrap_err();
        assert_eq!(more, "--out is given too often for sink `all`");
        let more = sinks(&["--out", "null"].repeat(4)).unwrap_err();
        assert_eq!(more, "--out is given too often: it goes to p, all, q");
    }

    fn read_line(topology: &Topology, options: &[&str]) -> Result<Vec<String>, String> {
        let line = Line::parse_from(["x"].iter().chain(options).chain(&["--out", "null"]));
        let settings = settings(topology, &line.engine, &AppOptions::default(), Missing::Refuse);
        let settings = settings.map_err(|failure| failure.to_string())?;
        Ok(settings.sources.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_pipeline_that_makes_its_messages_takes_no_input_and_needs_none() {
        let all = ["file:a", "null", "file:b"].map(str::to_owned).to_vec();
        assert_eq!(sources(&["--in", "a", "--in", "b"]), Ok(all.clone()));
        assert_eq!(sources(&["--in", "last=b", "--in", "a"]), Ok(all));
        assert!(sources(&["--in", "a"]).unwrap_err().contains("pipeline `last`"));
        let refused = "pipeline `made` makes its messages itself: leave out its --in";
        assert_eq!(sources(&["--in", "made=c"]).unwrap_err(), refused);
        let alone = Application::new("x")
            .pipeline("made", Source::generator(|_| Some(0_u8)))
            .to_sink(Sink::new(|byte: &u8, output: &mut Out<'_>| output.byte(*byte)))
            .build()
            .unwrap();
        assert_eq!(read_line(&alone, &[]), Ok(vec!["null".to_owned()]));
        assert_eq!(read_line(&alone, &["--in", "c"]).unwrap_err(), refused);
    }
}
