//! Which endpoint belongs to which pipeline.

use super::arguments::EngineArguments;
use super::failure::Failure;
use crate::core::topology::{PipelinePlan, Topology};
use crate::endpoints::Endpoint;
use crate::runtime::Settings;

/// What becomes of a pipeline that was given no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is an error.
    Refuse,
    /// It has none.
    Null,
}

/// The settings that the command line asks for.
pub(super) fn settings(
    topology: &Topology,
    arguments: &EngineArguments,
    missing: Missing,
) -> Result<Settings, Failure> {
    let pipelines: Vec<&PipelinePlan> = topology.pipelines().iter().collect();
    let with_sink: Vec<&PipelinePlan> =
        pipelines.iter().copied().filter(|plan| !plan.sinks.is_empty()).collect();
    let inputs = assign("--in", &arguments.inputs, &pipelines, missing)?;
    let outputs = assign("--out", &arguments.outputs, &with_sink, missing)?;
    let mut outputs = with_sink.iter().zip(outputs);
    let sinks = pipelines.iter().map(|plan| {
        if plan.sinks.is_empty() {
            Vec::new()
        } else {
            // A pipeline with several sinks sends the same endpoint all their outputs.
            outputs.next().map(|(_, endpoint)| vec![endpoint; plan.sinks.len()]).unwrap_or_default()
        }
    });
    Ok(Settings {
        workers: arguments.workers,
        precreate: arguments.precreate,
        sinks: sinks.collect(),
        sources: inputs,
        ..Settings::new(topology)
    })
}

/// One endpoint a pipeline: those that name their pipeline first, the others in order.
fn assign(
    option: &str,
    given: &[String],
    pipelines: &[&PipelinePlan],
    missing: Missing,
) -> Result<Vec<Endpoint>, Failure> {
    let mut assigned: Vec<Option<Endpoint>> = vec![None; pipelines.len()];
    let mut unnamed = Vec::new();
    for text in given {
        let named = text.split_once('=').and_then(|(name, endpoint)| {
            Some((pipelines.iter().position(|plan| &*plan.name == name)?, endpoint))
        });
        match named {
            None => unnamed.push(parse(option, text)?),
            Some((at, endpoint)) => {
                let endpoint = parse(option, endpoint)?;
                let slot = assigned.get_mut(at);
                if slot.is_some_and(|slot| slot.replace(endpoint).is_some()) {
                    let usage = format!("{option} is given twice for the pipeline of `{text}`");
                    return Err(Failure::Usage(usage));
                }
            }
        }
    }
    let mut unnamed = unnamed.into_iter();
    let mut endpoints = Vec::new();
    for (plan, assigned) in pipelines.iter().zip(assigned) {
        let endpoint = assigned.or_else(|| unnamed.next());
        endpoints.push(match (endpoint, missing) {
            (Some(endpoint), _) => endpoint,
            (None, Missing::Null) => Endpoint::Null,
            (None, Missing::Refuse) => {
                return Err(Failure::Usage(format!(
                    "{option} is missing for pipeline `{}`: give a file, tcp://HOST:PORT, - or null",
                    plan.name
                )));
            }
        });
    }
    if unnamed.next().is_some() {
        let names: Vec<&str> = pipelines.iter().map(|plan| &*plan.name).collect();
        let usage = format!(
            "{option} is given too often: the pipelines that take it are {}",
            names.join(", ")
        );
        return Err(Failure::Usage(usage));
    }
    Ok(endpoints)
}

fn parse(option: &str, text: &str) -> Result<Endpoint, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("{option}: {error}")))
}
