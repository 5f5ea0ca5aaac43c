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
    let every_source = pipelines.iter().map(|plan| &*plan.name).collect();
    let every_sink = pipelines.iter().flat_map(|plan| plan.sinks.iter().map(|_| &*plan.name));
    let sources = assign("--in", &arguments.inputs, every_source, missing)?;
    let mut sinks = assign("--out", &arguments.outputs, every_sink.collect(), missing)?.into_iter();
    let of_pipeline = |plan: &PipelinePlan| sinks.by_ref().take(plan.sinks.len()).collect();
    Ok(Settings {
        workers: arguments.workers,
        precreate: arguments.precreate,
        resilience: arguments.resilience.settings(),
        frame_limit: arguments.frame_limit.0,
        connection_limit: arguments.connections,
        sinks: pipelines.iter().map(of_pipeline).collect(),
        sources,
        ..Settings::new(topology)
    })
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
