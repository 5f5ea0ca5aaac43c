//! The names of files in saved positions: the same for every path to a file, and in whatever directory the
//! program is started.

use std::fs::canonicalize;
use std::sync::Arc;

use crate::core::frames::GENERATOR;
use crate::core::topology::{PipelinePlan, Topology};
use crate::endpoints::Endpoint;
use crate::resilience::Position;
use crate::runtime::settings::Settings;

/// The names of endpoints in saved positions.
pub(crate) struct SavedNames {
    /// Per pipeline, the name of its source if it is a file or makes its messages itself.
    pub sources: Vec<Option<Arc<str>>>,
    /// Per pipeline, one per sink.
    pub sinks: Vec<Vec<Endpoint>>,
}

impl SavedNames {
    /// The names of the endpoints, which have to be open so that their files exist.
    pub fn new(settings: &Settings, topology: &Topology) -> Self {
        let source = |(plan, endpoint): (&PipelinePlan, &Endpoint)| match whole(endpoint) {
            Endpoint::File(path) => Some(path.display().to_string().into()),
            Endpoint::Null if plan.source.makes_its_messages() => Some(GENERATOR.into()),
            Endpoint::Tcp(_) | Endpoint::Standard | Endpoint::Null => None,
        };
        Self {
            sources: topology.pipelines().iter().zip(&settings.sources).map(source).collect(),
            sinks: settings.sinks.iter().map(|sinks| sinks.iter().map(whole).collect()).collect(),
        }
    }

    /// Whether a sink of this run writes the file of this position, which is not that sink's own position.
    pub fn are_overwritten(&self, position: &Position) -> bool {
        let named = match position {
            Position::Journal { .. } => return false,
            Position::Source { endpoint, .. } => Endpoint::File(endpoint.into()).to_string(),
            Position::Sink { endpoint, .. } => endpoint.clone(),
        };
        self.sinks.iter().flatten().any(|sink| sink.to_string() == named)
    }
}

/// The endpoint with the canonical path of its file.
fn whole(endpoint: &Endpoint) -> Endpoint {
    match endpoint {
        // If the system cannot resolve the path, it stays as it is.
        Endpoint::File(path) => Endpoint::File(canonicalize(path).unwrap_or_else(|_| path.clone())),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_a_file_that_is_written_anew_elsewhere_is_no_position_any_more() {
        let file = |name: &str| Endpoint::File(format!("/nowhere/{name}").into());
        let names = SavedNames { sources: Vec::new(), sinks: vec![vec![file("b"), file("a")]] };
        let sink = |name| Position::Sink {
            pipeline: "p".into(),
            sink: 0,
            endpoint: file(name).to_string(),
            offset: 7,
        };
        let source = |name: &str| Position::Source {
            pipeline: "p".into(),
            endpoint: format!("/nowhere/{name}"),
            offset: 7,
        };
        assert!(names.are_overwritten(&sink("a")) && names.are_overwritten(&source("b")));
        assert!(!names.are_overwritten(&sink("c")) && !names.are_overwritten(&source("c")));
    }
}
