//! Assigns endpoints to pipelines.

use crate::cli::arguments::EngineArguments;
use crate::cli::failure::Failure;
use crate::core::topology::{PipelinePlan, Topology};
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
    missing: Missing,
) -> Result<Settings, Failure> {
    let pipelines = topology.pipelines();
    let reads = |plan: &&PipelinePlan| !plan.source.makes_its_messages();
    let every_source = pipelines.iter().filter(reads).map(|plan| &*plan.name).collect();
    refuse_input_of_generators(topology, &arguments.inputs)?;
    let every_sink = pipelines.iter().flat_map(|plan| plan.sinks.iter().map(|_| &*plan.name));
    let mut sources = assign("--in", &arguments.inputs, every_source, missing)?.into_iter();
    let source = |plan: &PipelinePlan| {
        let source = if plan.source.makes_its_messages() { None } else { sources.next() };
        source.unwrap_or(Endpoint::Null)
    };
    let mut sinks = assign("--out", &arguments.outputs, every_sink.collect(), missing)?.into_iter();
    let of_pipeline = |plan: &PipelinePlan| sinks.by_ref().take(plan.sinks.len()).collect();
    Ok(Settings {
        workers: arguments.workers,
        precreate: arguments.precreate,
        resilience: arguments.resilience.settings(),
        frame_limit: arguments.frame_limit.0,
        connection_limit: arguments.connections,
        sinks: pipelines.iter().map(of_pipeline).collect(),
        sources: pipelines.iter().map(source).collect(),
        ..Settings::new(topology)
    })
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

/// Assigns an endpoint to each place, which has the name of its pipeline: first the endpoints that name their
/// pipeline, then the others in order.
fn assign(
    option: &str,
    given: &[String],
    places: Vec<&str>,
    missing: Missing,
) -> Result<Vec<Endpoint>, Failure> {
    let mut assigned: Vec<Option<Endpoint>> = vec![None; places.len()];
    let mut unnamed = Vec::new();
    for text in given {
        let named = text.split_once('=').filter(|(name, _)| places.contains(name));
        let Some((name, endpoint)) = named else {
            unnamed.push(parse(option, text)?);
            continue;
        };
        let mut free = places.iter().zip(&mut assigned).filter(|(place, _)| **place == name);
        let Some((_, place)) = free.find(|(_, endpoint)| endpoint.is_none()) else {
            let usage = format!("{option} is given too often for pipeline `{name}`");
            return Err(Failure::Usage(usage));
        };
        *place = Some(parse(option, endpoint)?);
    }
    let mut unnamed = unnamed.into_iter();
    let mut endpoints = Vec::new();
    for (name, assigned) in places.iter().zip(assigned) {
        endpoints.push(match (assigned.or_else(|| unnamed.next()), missing) {
            (Some(endpoint), _) => endpoint,
            (None, Missing::Null) => Endpoint::Null,
            (None, Missing::Refuse) => {
                return Err(Failure::Usage(format!(
                    "{option} is missing for pipeline `{name}`: give a file, tcp://HOST:PORT, - or null"
                )));
            }
        });
    }
    if unnamed.next().is_some() {
        let usage = format!(
            "{option} is given too often: it goes to {}",
            if places.is_empty() { "no pipeline".to_owned() } else { places.join(", ") }
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

    fn read_line(topology: &Topology, options: &[&str]) -> Result<Vec<String>, String> {
        let line = Line::parse_from(["x"].iter().chain(options).chain(&["--out", "null"]));
        let settings = settings(topology, &line.engine, Missing::Refuse);
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
